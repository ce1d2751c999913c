"""What each set of dependencies is for: code imports what is declared, and what is declared is used."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/neural_predictor"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]

CORE = {"errors", "seeds", "io", "spaces", "predictors", "config", "statistics", "ranking", "cli"}
"""Stages that work with the core dependencies alone; `cli` to the point where a command imports its stage."""

NOT_IMPORTED = {
    "editables": "hatchling needs it for `pip install --editable`",
    "hatchling": "builds the package",
    "importlib-resources": "tensorflow-datasets imports it and does not say so",
    "mypy": "make lint",
    "pandas-stubs": "types for mypy",
    "pygments": "snakemake --report",
    "pytest-xdist": "make test",
    "ruff": "make lint",
    "snakefmt": "make lint",
    "tabulate": "pandas.DataFrame.to_markdown",
    "types-pyyaml": "types for mypy",
    "types-tqdm": "types for mypy",
}
"""Dependencies that no code imports, and what they are for."""

COMES_WITH = {
    "docutils": "snakemake",
    "joblib": "scikit-learn",
    "protobuf": "tensorflow",
    "pydantic-core": "pydantic",
    "threadpoolctl": "scikit-learn",
}
"""Packages that are imported but not declared: each is a part of another, which pins it."""


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*extras):
    """Names of the core dependencies, or of the extras' own, that this system needs."""
    lines = [line for extra in extras for line in PROJECT["optional-dependencies"][extra]]
    needs = [Requirement(line) for line in (lines if extras else PROJECT["dependencies"])]
    return {normal(need.name) for need in needs if need.marker is None or need.marker.evaluate()}


@cache
def imports(path):
    """Dotted names that a file imports, anywhere in it; of `from a import b` both a and a.b."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


DOCS = {normal(Requirement(line).name) for line in PYPROJECT["dependency-groups"]["docs"]}
"""What tests of the site may import, where it is installed."""

DISTRIBUTIONS = packages_distributions()


@cache
def packages(path):
    """Distributions that a file imports; names of test modules and of the standard library have none."""
    found = set()
    for name in imports(path):
        names = {normal(one) for one in DISTRIBUTIONS.get(name.partition(".")[0], [])}
        if len(names) > 1:  # a name that several share, such as google: the one that has the module
            place = name.replace(".", "/")
            names = {one for one in names if any(str(file).startswith(place) for file in distribution(one).files or [])}
        found |= {COMES_WITH.get(one, one) for one in names}
    return found - {"neural-predictor"}


def module(name):
    """The file of a module of the package, or None where the name is of something in a module."""
    base = ROOT / "src" / name.replace(".", "/")
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def stage(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


MODULES = sorted(PACKAGE.rglob("*.py"))
STAGES = sorted({stage(path) for path in MODULES} - {"__init__", "__main__"})
CORE_MODULES = [path for path in MODULES if stage(path) in CORE]
TESTS = [path for folder in ("tests", "bench", "workflow", "docs") for path in sorted((ROOT / folder).rglob("*.py"))]
DATA_PACKAGES = {
    normal(row["package"])
    for row in yaml.safe_load((ROOT / "config/sources.yaml").read_text())["sources"].values()
    if "package" in row
}
"""Packages whose files are data of config/sources.yaml."""


def reached(path):
    """A module and those of the package that it imports, however far; a command of `cli` imports any stage."""
    found, new = set(), {path}
    while new:
        found |= new
        inner = {module(name) for one in new for name in imports(one) if name.startswith("neural_predictor.")}
        new = inner - found - {None}
    return found


def imported(paths):
    return set().union(*map(packages, paths))


def test_core_stages_exist():
    assert set(STAGES) >= CORE


@pytest.mark.parametrize("path", CORE_MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_core_stages_import_core_dependencies_alone(path):
    for one in {path} if stage(path) == "cli" else reached(path):
        beyond = packages(one) - declared()
        assert not beyond, f"{one.relative_to(ROOT)} imports {beyond}, which `pip install neural-predictor` leaves out"


@pytest.mark.parametrize("name", [name for name in STAGES if name not in CORE])
def test_other_stages_import_what_the_extra_workflow_adds(name):
    for path in MODULES:
        beyond = packages(path) - declared() - declared("workflow") if stage(path) == name else None
        assert not beyond, f"{path.relative_to(ROOT)} imports {beyond}: name it in the extra `workflow`"


def test_tests_and_benches_import_what_is_declared():
    for path in TESTS:
        beyond = packages(path) - declared() - declared("workflow", "dev")
        beyond -= DOCS if path.is_relative_to(ROOT / "tests/docs") else set()
        assert not beyond, f"{path.relative_to(ROOT)} imports {beyond}: name it in the extra `dev`"


def test_no_dependency_is_unused():
    used = {
        "dependencies": (declared(), imported(CORE_MODULES)),
        "workflow": (declared("workflow"), imported(MODULES) | DATA_PACKAGES),
        "dev": (declared("dev"), imported(TESTS)),
    }
    for name, (needs, imported_by) in used.items():
        unused = needs - imported_by - set(NOT_IMPORTED)
        assert not unused, f"pyproject.toml, {name}: nothing imports {unused}; drop it, or say in NOT_IMPORTED why not"


def test_the_tables_of_this_file_hold_nothing_stale():
    everything = declared() | declared(*PROJECT["optional-dependencies"])
    assert set(NOT_IMPORTED) <= everything
    assert not set(NOT_IMPORTED) & imported([*MODULES, *TESTS])
    assert set(COMES_WITH.values()) <= everything
    sets = [declared(), declared("workflow"), declared("dev")]
    assert sum(map(len, sets)) == len(set().union(*sets)), "a dependency is in two sets"


def closure(names):
    """Distributions, and all that their metadata say they need here."""
    found, new = set(), {(name, "") for name in names}
    while new:
        found |= new
        needs = {(need, extra) for name, extra in new for need in required(name, extra)}
        new = {(normal(need.name), extra) for need, _ in needs for extra in ("", *need.extras)} - found
    return {name for name, _ in found}


def required(name, extra):
    lines = [Requirement(line) for line in distribution(name).requires or []]
    return [need for need in lines if need.marker is None or need.marker.evaluate({"extra": extra})]


WITHOUT = """
import importlib, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
for name in {modules!r}:
    importlib.import_module(name)
"""


def test_core_stages_can_be_imported_where_only_core_dependencies_are_installed():
    there = closure(declared()) | {"neural-predictor"}
    blocked = {name for name, owners in DISTRIBUTIONS.items() if not there & {normal(one) for one in owners}}
    assert {"snakemake", "tensorflow_datasets", "mlxtend", "matplotlib", "PIL"} <= blocked
    modules = [
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
        for path in CORE_MODULES
    ]
    code = WITHOUT.format(blocked=blocked, modules=modules)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "src", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
