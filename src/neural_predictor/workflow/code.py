"""What a stage's code is: the module that it runs, and the modules of this package that it imports."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
_HOLDS_STATEMENTS = (ast.stmt, ast.ExceptHandler, ast.match_case)
"""All that imports can stand in: expressions are most of a module, and hold none."""


@cache
def _file(module: str) -> Path | None:
    parts = module.split(".")[1:]
    for path in (PACKAGE.joinpath(*parts, "__init__.py"), PACKAGE.joinpath(*parts).with_suffix(".py")):
        if path.is_file():
            return path
    return None


@cache
def _imports(path: Path) -> frozenset[str]:
    """Names of this package that a module imports when it runs, not for type checkers alone."""
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "neural_predictor":
            found.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
        pending.extend(child for child in ast.iter_child_nodes(node) if isinstance(child, _HOLDS_STATEMENTS))
    return frozenset(found)


@cache
def code_of(module: str) -> frozenset[Path]:
    """Files of a module of this package and of all its modules that it imports, directly or not."""
    files: set[Path] = set()
    pending = [module]
    while pending:
        path = _file(pending.pop())
        if path is not None and path not in files:
            files.add(path)
            pending.extend(_imports(path))
    return frozenset(files)


def imported_by(module: str, stage: str) -> frozenset[Path]:
    """Files of a stage of this package that a module imports itself."""
    path = _file(module)
    names = _imports(path) if path else ()
    files = {_file(name) for name in names if name.startswith(f"neural_predictor.{stage}.")}
    return frozenset(file for file in files if file)
