"""The house: stages in their order, no circles, files and functions of a size that a reader holds in mind."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src/neural_predictor"
STAGES = (
    ("errors", "seeds", "records"),
    ("io",),
    ("spaces",),
    ("tables",),
    ("images",),
    ("predictors",),
    ("search",),
    ("config",),
    ("sources",),
    ("statistics",),
    ("fits",),
    ("ranking",),
    ("children", "latency"),
    ("sharing",),
    ("figures",),
    ("claims",),
    ("workflow",),
    ("cli", "__main__"),
)
"""A module imports from its own stage and from those before it, also for type checkers alone."""
PLACE = {name: place for place, names in enumerate(STAGES) for name in names}
MAX_LINES, MAX_FUNCTION_LINES = 400, 50
FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path):
    return ".".join(("neural_predictor", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {module_of(path): path for path in FILES}


def imports_of(path, *, at_run_time):
    """Modules of the package that a file imports; at run time: at its top, and not for type checkers alone."""
    found = set()
    pending = list(ast.parse(path.read_text()).body)
    while pending:
        node = pending.pop()
        typing_alone = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if at_run_time and (typing_alone or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "neural_predictor":
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found.update(name if name in MODULES else node.module for name in names)
        pending.extend(ast.iter_child_nodes(node))
    return found


def stage_of(module):
    return module.split(".")[1] if "." in module else "errors"  # the package itself holds its version


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_module_imports_from_its_own_stage_and_earlier_ones(path):
    own = stage_of(module_of(path))
    if path == PACKAGE / "__init__.py":
        return  # the front door opens what it names when it is asked for
    assert own in PLACE, f"add the stage {own} to STAGES"
    later = {name for name in imports_of(path, at_run_time=False) if PLACE[stage_of(name)] > PLACE[own]}
    assert not later, f"{module_of(path)} is of the stage {own}, and imports upwards: {', '.join(sorted(later))}"


def test_there_are_no_circles():
    graph = {name: imports_of(path, at_run_time=False) & set(MODULES) - {name} for name, path in MODULES.items()}
    packages = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    for name in graph:
        graph[name] -= {package for package in packages if name.startswith(f"{package}.")}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"modules import each other: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_files_and_functions_are_short(path):
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
            docstring = node.body[0].end_lineno - node.body[0].lineno + 1 if documented else 0
            length = node.end_lineno - node.lineno + 1 - docstring
            assert length <= MAX_FUNCTION_LINES, f"{node.name} has {length} lines without its docstring"
