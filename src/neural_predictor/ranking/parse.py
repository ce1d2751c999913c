"""From rows of plain values to graphs: the one way that files of every form and Python's objects go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.io.lists import is_missing
from neural_predictor.ranking.cells import Cells, cycle_of, ordered
from neural_predictor.ranking.row import (
    EXAMPLE,
    PARALLEL,
    FaultyRowError,
    OtherEdgesError,
    edges_of,
    foreign,
    matrix_of,
    names_of,
    node_link,
    shorten,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from neural_predictor.ranking.cells import Vocabulary

STRUCTURE = ("operations", "adjacency", "edges", "nodes", "links", "directed", "graph")
"""Columns, or fields, that may say an architecture."""
_SPREADSHEET = (
    "a spreadsheet took the text for a number and {harm}. Take the file as it was before, and import the column as "
    "text, or write JSON lines with edges"
)
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?e\+?\d+", re.IGNORECASE)


def parse(
    values: Mapping[str, Sequence[Any]], count: int, vocabulary: Vocabulary, where: Callable[[int], str]
) -> Cells:
    """Graphs of some rows, topologically ordered.

    A value that is missing, see `lists.is_missing`, is as good as one that is not there. `adjacency` says the edges
    where it is there; `edges` beside it may be their number, or anything else but other edges.

    Args:
        values: of each column of `STRUCTURE` that there is, a value a row, as `row` reads them.
        count: of rows, n.
        vocabulary: takes up the names.
        where: says for the number of a row where it stands, for messages.

    Raises:
        ArchitectureError: naming the row, the column, what it holds, and what is allowed.
    """
    names: list[list[str]] = []
    wiring: list[str | NDArray[np.uint8] | list[list[int]]] = []
    columns: list[str] = []
    for row in range(count):
        try:
            column, listed, wired = _row({name: values[name][row] for name in values})
        except FaultyRowError as error:
            raise ArchitectureError(f"{where(row)}, {error}") from None
        columns.append(column)
        names.append(listed)
        wiring.append(wired)
    cells = Cells.empty(np.array([len(listed) for listed in names], np.intp))
    for row, listed in enumerate(names):
        try:
            cells.kinds[row, : len(listed)] = [vocabulary.number(name) for name in listed]
        except ArchitectureError as error:
            raise ArchitectureError(f"{where(row)}, operations: {error}") from None
    _fill(cells, wiring, where)
    _compare(cells, values, columns, where)
    return _checked(cells, columns, where)


def _row(fields: dict[str, Any]) -> tuple[str, list[str], str | NDArray[np.uint8] | list[list[int]]]:
    """The column that says the edges, names of operations, and the edges: digits, a matrix, or pairs."""
    if is_missing(fields.get("operations")) and (found := node_link(fields)) is not None:
        return ("edges", *found)
    wanted = ("adjacency", "edges", "graph") if is_missing(fields.get("operations")) else ("adjacency",)
    for name in ("operations", *wanted):
        if what := foreign(fields.get(name)):
            raise FaultyRowError(name, f"{shorten(fields[name])} is {what}")
    names = names_of(fields.get("operations"))
    if not is_missing(adjacency := fields.get("adjacency")):
        matrix = matrix_of(adjacency)
        if not isinstance(matrix, str) and len(matrix) != len(names):
            raise FaultyRowError(
                "adjacency",
                f"{shorten(adjacency)} is a matrix of {len(matrix)} nodes, but the row names {len(names)} operations; "
                "allowed is one operation a node",
            )
        return "adjacency", names, matrix
    column = "edges" if is_missing(fields.get("links")) else "links"
    if is_missing(fields.get(column)):
        raise FaultyRowError("edges", f"there are none, and no adjacency; allowed is a row such as {EXAMPLE}")
    return column, names, edges_of(fields[column], len(names), column)


def _fill(cells: Cells, wiring: Sequence[Any], where: Callable[[int], str]) -> None:
    """Put the edges of all rows into their matrices."""
    sizes, texts = cells.sizes, np.array([isinstance(wired, str) for wired in wiring], np.bool_)
    for row in map(int, np.flatnonzero(texts)):
        if len(wiring[row]) != int(sizes[row]) ** 2:
            _bad_length(wiring[row], int(sizes[row]), f"{where(row)}, adjacency")
    for size in np.unique(sizes[texts]).astype(np.intp):
        group = np.flatnonzero(texts & (sizes == size)).tolist()
        joined = "".join(wiring[row] for row in group).encode("ascii", "replace")
        digits = (np.frombuffer(joined, np.uint8) - ord("0")).reshape(len(group), size, size)
        wrong = (digits > 1).any(axis=(1, 2))
        if wrong.any():
            row = group[int(np.argmax(wrong))]
            _bad_symbol(wiring[row], f"{where(row)}, adjacency")
        cells.adjacency[group, :size, :size] = digits
    for row in map(int, np.flatnonzero(~texts)):
        wired = wiring[row]
        if isinstance(wired, np.ndarray):
            cells.adjacency[row, : len(wired), : len(wired)] = wired
        elif wired:
            ends = np.asarray(wired, np.intp)
            cells.adjacency[row, ends[:, 0], ends[:, 1]] = 1


def _compare(
    cells: Cells, values: Mapping[str, Sequence[Any]], columns: Sequence[str], where: Callable[[int], str]
) -> None:
    """Refuse rows whose `edges` are a list of edges, and other ones than those of their `adjacency`."""
    beside = values.get("edges", ())
    for row, (edges, column) in enumerate(zip(beside, columns, strict=False)):
        if column != "adjacency" or is_missing(edges) or isinstance(edges, int | float):
            continue
        try:
            pairs = edges_of(edges, int(cells.sizes[row]))
        except OtherEdgesError as error:
            raise ArchitectureError(f"{where(row)}, {error}") from None
        except FaultyRowError:
            continue  # no list of edges: carried
        if sorted(pairs) != np.argwhere(cells.adjacency[row]).tolist():
            raise ArchitectureError(
                f"{where(row)}, edges: {shorten(edges)} are other edges than those of adjacency; keep the right one of "
                "the two columns, rename or drop the other"
            )


def _bad_symbol(text: str, where: str) -> NoReturn:
    if _SCIENTIFIC.fullmatch(text):
        raise ArchitectureError(f"{where}: {shorten(text)}: {_SPREADSHEET.format(harm='kept only its first digits')}")
    symbol = next(symbol for symbol in text if symbol not in "01")
    raise ArchitectureError(
        f"{where}: {shorten(text)} has the symbol {symbol!r}; allowed are 0 and 1, the rows of the matrix one after "
        f"the other{f' ({PARALLEL})' if text.isdecimal() else ''}"
    )


def _bad_length(text: str, size: int, where: str) -> NoReturn:
    """Say why a text is no matrix of `size` nodes."""
    if not set(text) <= {"0", "1"}:
        _bad_symbol(text, where)
    length, root = len(text), round(len(text) ** 0.5)
    if 0 < length < size**2 and (text == "0" or text[0] == "1"):
        padded = np.frombuffer(text.zfill(size**2).encode(), np.uint8).reshape(1, size, size) - ord("0")
        loops = padded[0].diagonal().any()
        if not loops and not ordered(Cells(np.zeros((1, size), np.int16), padded))[1].any():
            raise ArchitectureError(
                f"{where}: {shorten(text)} has {length} digits, but {size} operations need {size * size}, and with "
                f"{size * size - length} zeros in front it is a matrix: "
                f"{_SPREADSHEET.format(harm='dropped its leading zeros')}"
            )
    if root * root == length and length:
        raise ArchitectureError(
            f"{where}: {shorten(text)} is a matrix of {root} nodes, but the row names {size} operations; allowed is "
            f"one operation a node, so {size * size} digits"
        )
    raise ArchitectureError(
        f"{where}: {shorten(text)} has {length} digits, which is no square matrix; {size} operations need {size * size}"
    )


def _checked(cells: Cells, columns: Sequence[str], where: Callable[[int], str]) -> Cells:
    """The graphs in topological order."""
    loops = np.diagonal(cells.adjacency, axis1=1, axis2=2)
    if loops.any():
        row, node = (int(index[0]) for index in np.nonzero(loops))
        raise ArchitectureError(
            f"{where(row)}, {columns[row]}: node {node} has an edge to itself; allowed are edges between different "
            "nodes"
        )
    found, cyclic = ordered(cells)
    if cyclic.any():
        row = int(np.argmax(cyclic))
        cycle = " -> ".join(map(str, cycle_of(cells.adjacency[row])))
        raise ArchitectureError(
            f"{where(row)}, {columns[row]}: nodes {cycle} (the first is 0) are a cycle; allowed are graphs without "
            "one, with nodes in any order"
        )
    return found
