"""One set of versions: the lock's, in the conda files too."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CORE = PYPROJECT["project"]["dependencies"]
EXTRAS = PYPROJECT["project"]["optional-dependencies"]

LOCKS = ("requirements.lock", *(f"requirements-{name}.lock" for name in ("gpu", "cluster", "docs", "uv")))

DRIVER = {"psutil", "pygments", "snakemake"}
"""What the workflow itself needs, and none of its jobs."""


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


@pytest.mark.parametrize(
    ("lock", "needs"),
    [
        ("requirements.lock", CORE + EXTRAS["workflow"] + EXTRAS["dev"]),
        ("requirements-gpu.lock", CORE + EXTRAS["gpu"]),
        ("requirements-cluster.lock", PYPROJECT["dependency-groups"]["cluster"]),
        ("requirements-docs.lock", PYPROJECT["dependency-groups"]["docs"]),
        ("requirements-uv.lock", PYPROJECT["dependency-groups"]["uv"]),
    ],
)
def test_a_lock_satisfies_the_projects_own_needs(lock, needs):
    versions = locked(lock)
    for line in needs:
        need = Requirement(line)
        assert need.specifier.contains(versions[need.name]), f"{line}: {lock} has {versions[need.name]}; run make lock"


@pytest.mark.parametrize(
    ("lock", "prefix"),
    [
        ("requirements-gpu.lock", "nvidia-"),
        ("requirements-cluster.lock", "snakemake-executor-plugin-"),
        ("requirements-docs.lock", ""),
    ],
)
def test_a_lock_adds_to_requirements_lock_and_changes_nothing_of_it(lock, prefix):
    versions, added = locked(), locked(lock)
    new = {name for name in added if added[name] != versions.get(name)}
    assert new == {name for name in added if name.startswith(prefix)} - set(versions)
    assert new


def test_every_conda_file_serves_the_jobs_alike():
    cpu, gpu = (set(pins(ROOT / f"envs/{name}.yaml")) for name in ("cpu", "gpu"))
    assert {pin.replace("[and-cuda]", "") for pin in gpu} == cpu


@pytest.mark.parametrize(("name", "beyond"), [("environment.yml", set()), ("envs/cpu.yaml", DRIVER)])
def test_a_conda_file_names_every_need(name, beyond):
    needs = {Requirement(line).name for line in CORE + EXTRAS["workflow"]} - {"xgboost-cpu"}
    assert {re.split("[=[]", pin)[0] for pin in pins(ROOT / name)} - {"python", "pip"} == needs - beyond
