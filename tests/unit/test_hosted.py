"""The hosted workflows and issue forms: valid by GitHub's own schemas, and made of this project's targets."""

import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
HOSTED = ROOT / ".github"
WORKFLOWS = sorted((HOSTED / "workflows").glob("*.yml"))
FORMS = sorted(set((HOSTED / "ISSUE_TEMPLATE").glob("*.yml")) - {HOSTED / "ISSUE_TEMPLATE/config.yml"})
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
STEPS = [
    (path.name, name, step)
    for path in WORKFLOWS
    for name, job in yaml.safe_load(path.read_text())["jobs"].items()
    for step in job["steps"]
]


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.github-issue-forms", FORMS),
        ("vendor.github-issue-config", [HOSTED / "ISSUE_TEMPLATE/config.yml"]),
        ("vendor.citation-file-format", [ROOT / "CITATION.cff"]),
    ],
)
def test_files_follow_their_schema(schema, files):
    if find_spec("check_jsonschema") is None:
        pytest.skip("check-jsonschema is not installed: make docs")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_job_may_do_no_more_than_it_needs(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        assert job.get("permissions", {}) in ({}, {"id-token": "write"}), name
        assert job["timeout-minutes"] <= 60
        assert {*([job["needs"]] if "needs" in job else [])} <= set(workflow["jobs"])
    assert "secrets." not in path.read_text()


@pytest.mark.parametrize(("file", "job", "step"), STEPS, ids=str)
def test_a_step_is_an_action_of_a_version_or_a_command_of_the_project(file, job, step):
    assert ("uses" in step) != ("run" in step)
    if "uses" in step:
        assert re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", step["uses"])
        return
    words = step["run"].split()
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:.*##", (ROOT / "Makefile").read_text(), re.MULTILINE), words
    elif words[0] == ".ci/run":
        assert (ROOT / ".ci/run").exists()
    elif words[:3] == [".venv/bin/python", "-m", "pytest"]:
        assert all((ROOT / word).exists() for word in words[3:])
    else:
        assert step["name"] == "The tag is the version"


def test_the_tests_run_on_every_python_that_the_project_supports():
    workflow = yaml.safe_load((HOSTED / "workflows/ci.yml").read_text())
    tested = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    supported = SpecifierSet(PROJECT["requires-python"])
    assert tested == [f"3.{minor}" for minor in range(30) if f"3.{minor}" in supported]
    named = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", line)]
    assert named == tested


def test_the_tag_that_is_published_is_the_version():
    done = subprocess.run([sys.executable, "-m", "hatchling", "version"], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == PROJECT["version"]
    head = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert head[1] == PROJECT["version"]
