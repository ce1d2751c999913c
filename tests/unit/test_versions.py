"""One set of versions: the lock's, in the conda files too."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


LOCKS = ("requirements.lock", "requirements-cluster.lock")


def locked(name="requirements.lock"):
    """name -> version for Python 3.11, from a lock."""
    pattern = r"^([a-z0-9._-]+)==(\S+?)(?: ; (.*?))?(?: \\)?$"
    rows = re.findall(pattern, (ROOT / name).read_text(), re.MULTILINE)
    return {name: version for name, version, marker in rows if "python_full_version >= '3.12'" not in marker}


def pins(path):
    content = yaml.safe_load(path.read_text())["dependencies"]
    for item in content:
        yield from item["pip"] if isinstance(item, dict) else [item]


@pytest.mark.parametrize("name", ["environment.yml", "envs/cpu.yaml", "envs/gpu.yaml"])
def test_conda_files_name_the_locked_versions(name):
    versions = locked()
    checked = 0
    for pin in pins(ROOT / name):
        package, _, version = re.sub(r"\[.*\]", "", pin).replace("==", "=").partition("=")
        if package in ("python", "pip"):
            continue
        assert versions.get(package) == version, f"{name} pins {pin}; requirements.lock has {versions.get(package)}"
        checked += 1
    assert checked > 10


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "index-url" not in text


def test_the_lock_satisfies_the_projects_own_needs():
    import tomllib

    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = locked()
    for line in project["dependencies"] + project["optional-dependencies"]["dev"]:
        need = Requirement(line)
        assert need.specifier.contains(versions[need.name]), (
            f"{line}: the lock has {versions[need.name]}; run make lock"
        )


def test_what_clusters_need_goes_with_the_lock():
    import tomllib

    from packaging.requirements import Requirement

    versions, added = locked(), locked("requirements-cluster.lock")
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["cluster"]
    assert all(Requirement(line).specifier.contains(added[Requirement(line).name]) for line in needs)
    # Nothing that .venv has already is changed by it.
    executors = {name for name in added if name.startswith("snakemake-executor-plugin-")}
    assert {name for name in added if added[name] != versions.get(name)} == executors


def test_every_conda_file_serves_the_jobs_alike():
    cpu, gpu = (set(pins(ROOT / f"envs/{name}.yaml")) for name in ("cpu", "gpu"))
    assert {pin.replace("[and-cuda]", "") for pin in gpu} == cpu
