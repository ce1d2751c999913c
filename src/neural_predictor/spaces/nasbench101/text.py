"""NAS-Bench-101 cells as text, as the benchmark writes them: digits of a matrix, and a list of operations."""

from __future__ import annotations

from functools import lru_cache
from math import isqrt
from reprlib import Repr
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.nasbench101 import cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

_NAMES = {name: kind for kind, name in enumerate(cells.OPERATIONS)} | {
    "conv1x1": 1,
    "1x1": 1,
    "conv3x3": 2,
    "3x3": 2,
    "mp3x3": 3,
    "pool": 3,
}
_BRIEFLY = Repr()
_BRIEFLY.maxstring = _BRIEFLY.maxother = 80
_SIDES = {v * v: v for v in range(cells.MIN_VERTICES, cells.MAX_VERTICES + 1)}


def row_name(row: int) -> str:
    """How errors name a row that has no better name; rows count from 0."""
    return f"row {row}"


def briefly(value: object) -> str:
    """A value as an error shows it: its `repr`, shortened in the middle where it is longer than any cell."""
    return _BRIEFLY.repr(value)


def codes_of(
    adjacency: Iterable[str], operations: Iterable[str], where: Callable[[int], str] = row_name
) -> NDArray[np.uint8]:
    """Codes of cells in text form, without their dangling vertices: (n, CODE_LENGTH) uint8.

    Args:
        adjacency: for each cell the 0/1 entries of its matrix, row by row, 2 to 7 vertices.
        operations: for each cell the operations of all its vertices, separated by commas; besides the names
            in `OPERATIONS`, `conv1x1` or `1x1`, `conv3x3` or `3x3`, and `mp3x3` or `pool` are understood.
        where: gives the words by which an error names a row, such as `cells.csv, line 7`.

    Raises:
        ArchitectureError: names the first row that is not a cell of the space, and what is wrong with it.
    """
    matrices, lists = list(adjacency), list(operations)
    if len(matrices) != len(lists):
        raise ArchitectureError(f"{len(matrices)} adjacency matrices but {len(lists)} lists of operations")
    n = len(matrices)
    kinds = [_kinds(text) if isinstance(text, str) else b"" for text in lists]
    sides = np.array([_SIDES.get(len(text), 0) if isinstance(text, str) else 0 for text in matrices], np.intp)
    sides[sides != np.array([len(row) for row in kinds], np.intp)] = 0
    whole_adjacency = np.zeros((n, cells.MAX_VERTICES, cells.MAX_VERTICES), np.uint8)
    whole_kinds = np.zeros((n, cells.MAX_VERTICES), np.uint8)
    for side in _SIDES.values():
        rows = np.flatnonzero(sides == side)
        digits = "".join(matrices[row] for row in rows).encode("ascii", "replace")
        whole_adjacency[rows, :side, :side] = np.frombuffer(digits, np.uint8).reshape(-1, side, side) - ord("0")
        whole_kinds[rows, :side] = np.frombuffer(b"".join(kinds[row] for row in rows), np.uint8).reshape(-1, side)
    good = (sides > 0) & ~np.tril(whole_adjacency).any(axis=(1, 2)) & (whole_adjacency <= 1).all(axis=(1, 2))
    keep = cells.on_path(whole_adjacency, np.maximum(sides, cells.MIN_VERTICES))
    good &= keep.any(axis=1) & (cells.edges_between(whole_adjacency, keep) <= cells.MAX_EDGES)
    if not good.all():
        row = int(np.argmin(good))
        raise ArchitectureError(f"{where(row)}: {_problem(matrices[row], lists[row])}")
    return cells.pack(*cells.compress(whole_adjacency, whole_kinds, keep))


def texts_of(codes: NDArray[np.uint8]) -> tuple[list[str], list[str]]:
    """The entries of each row's matrix, row by row, and its operations separated by commas."""
    vertices, adjacency, kinds = cells.unpack(codes)
    matrices = [""] * len(codes)
    for v in _SIDES.values():
        rows = np.flatnonzero(vertices == v)
        digits = (adjacency[rows, :v, :v] + ord("0")).reshape(len(rows), v * v)
        for row, text in zip(rows, digits, strict=True):
            matrices[row] = text.tobytes().decode("ascii")
    return matrices, [_names(kind[:v].tobytes()) for kind, v in zip(kinds, vertices, strict=True)]


@lru_cache(maxsize=4096)
def _names(kinds: bytes) -> str:
    return ",".join(cells.OPERATIONS[kind] for kind in kinds)


@lru_cache(maxsize=4096)
def _kinds(text: str) -> bytes:
    """Index of each operation of a list in `OPERATIONS`; nothing if the list breaks a rule."""
    kinds = bytes(_NAMES.get(name.strip(), 255) for name in text.split(","))
    interior = range(1, cells.OUTPUT)
    fits = kinds[:1] == b"\0" and kinds[-1:] == bytes([cells.OUTPUT]) and all(kind in interior for kind in kinds[1:-1])
    return kinds if fits else b""


def _problem(matrix: Any, operations: Any) -> str:
    """What is wrong with a cell that `codes_of` refuses, and what is expected."""
    return (
        _matrix_problem(matrix)
        or _operations_problem(operations, isqrt(len(matrix)))
        or _path_problem(np.array(list(map(int, matrix)), np.uint8))
    )


def _matrix_problem(matrix: Any) -> str | None:
    if not isinstance(matrix, str):
        return f"the adjacency is {briefly(matrix)}, not text: a number loses leading zeros; read the column as text"
    strange = next((place for place, digit in enumerate(matrix) if digit not in "01"), None)
    if strange is not None:
        return f"the adjacency {briefly(matrix)} has {matrix[strange]!r} at place {strange + 1}; expected only 0 and 1"
    side = isqrt(len(matrix))
    if side * side != len(matrix):
        lost = " (it starts with 1: were leading zeros lost? read the column as text)" if matrix[0] == "1" else ""
        sizes = ", ".join(map(str, _SIDES))
        return f"the adjacency {briefly(matrix)} has {len(matrix)} digits, not a square matrix: expected {sizes}{lost}"
    if side not in _SIDES.values():
        return f"the adjacency is of {side} vertices; expected {cells.MIN_VERTICES} to {cells.MAX_VERTICES}"
    entries = np.array(list(matrix)).reshape(side, side) == "1"
    below = np.argwhere(np.tril(entries))
    if len(below):
        i, j = (below[0] + 1).tolist()
        return (
            f"the adjacency {briefly(matrix)} is not upper triangular: row {i}, column {j} is 1; "
            "edges lead from a vertex to a later one"
        )
    return None


def _operations_problem(operations: Any, vertices: int) -> str | None:
    if not isinstance(operations, str):
        return f"the operations are {briefly(operations)}; expected a list such as input,conv3x3-bn-relu,output"
    names = [name.strip() for name in operations.split(",")]
    for name in names:
        if name not in _NAMES:
            return f"unknown operation {briefly(name)}; known are {', '.join(_NAMES)}"
    if len(names) != vertices:
        return f"{len(names)} operations for {vertices} vertices; expected one each, input and output included"
    if names[0] != "input":
        return f"the first operation is {names[0]!r}; expected 'input'"
    if names[-1] != "output":
        return f"the last operation is {names[-1]!r}; expected 'output'"
    for place, name in enumerate(names[1:-1], start=2):
        if name in ("input", "output"):
            return f"operation {place} is {name!r}, which stands only at an end of the list"
    return None


def _path_problem(digits: NDArray[np.uint8]) -> str:
    side = isqrt(len(digits))
    adjacency = digits.reshape(1, side, side)
    keep = cells.on_path(adjacency, np.array([side]))
    if not keep.any():
        return "no path leads from the input to the output"
    edges = int(cells.edges_between(adjacency, keep)[0])
    return f"{edges} edges lie on paths from the input to the output; expected at most {cells.MAX_EDGES}"
