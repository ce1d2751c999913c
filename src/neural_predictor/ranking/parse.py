"""From what a row says to graphs: operations and their wiring, checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.io.untrusted import parse_json, shown
from neural_predictor.ranking.cells import MAX_NODES, Cells, cycle_of, ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from neural_predictor.ranking.cells import Vocabulary

    Where = Callable[[int, str], str]

_SPREADSHEET = (
    "a spreadsheet took the text for a number and {harm}. Take the file as it was before, and import the column as "
    "text, or write JSON lines with edges"
)
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?e\+?\d+", re.IGNORECASE)


def shorten(value: object, width: int = 60) -> str:
    """A value for a message, cut in the middle if it is long."""
    text = shown(value, 10**6)
    return text if len(text) <= width else f"{text[: width - 20]} .. {text[-16:]}"


def parse(
    operations: Sequence[Any], wiring: Sequence[Any], columns: Sequence[str], vocabulary: Vocabulary, where: Where
) -> Cells:
    """Graphs of some rows, topologically ordered.

    Args:
        operations: of each row, names of its nodes' operations: a list, its JSON text, or a text with commas.
        wiring: of each row, what its column in `columns` holds: of `adjacency`, the row-major text of 0 and 1 of its
            matrix; of `edges`, a list of pairs [from, to], or its JSON text.
        columns: of each row, `adjacency` or `edges`.
        vocabulary: takes up the names.
        where: says for the number of a row here and a column where that stands, for messages.

    Raises:
        ArchitectureError: naming the row, the column, what it holds, and what is allowed.
    """
    names = [_names(value, row, where) for row, value in enumerate(operations)]
    sizes = np.array([len(name) for name in names], np.intp)
    cells = Cells.empty(sizes)
    for row, listed in enumerate(names):
        try:
            cells.kinds[row, : len(listed)] = [vocabulary.number(name) for name in listed]
        except ArchitectureError as error:
            raise ArchitectureError(f"{where(row, 'operations')}: {error}") from None
    texts = np.array([column == "adjacency" for column in columns], np.bool_)
    _fill_matrices(cells, list(wiring), sizes, np.flatnonzero(texts), where)
    _fill_edges(cells, wiring, sizes, np.flatnonzero(~texts), where)
    return _checked(cells, columns, where)


def _names(value: Any, row: int, where: Where) -> list[str]:
    """Names of the operations of a row."""

    def fail(why: str) -> NoReturn:
        raise ArchitectureError(
            f"{where(row, 'operations')}: {shorten(value)} {why}; allowed is one name a node, 1 to {MAX_NODES} of "
            "them, such as input,conv3x3,output (JSON: a list of names)"
        )

    found = _decoded(value)
    if isinstance(found, str):
        found = found.split(",")
    if found is None or found == [""]:
        fail("names no operation")
    if not isinstance(found, list) or any(isinstance(name, bool) or not isinstance(name, str | int) for name in found):
        fail("is no list of names")
    names = [str(name).strip() for name in found]
    if not names:
        fail("names no operation")
    if "" in names:
        fail(f"has no name for node {names.index('')}")
    if len(names) > MAX_NODES:
        fail(f"has {len(names)} nodes")
    return names


def _decoded(value: Any) -> Any:
    """A text with a JSON list as that list; anything else as it is, arrays as lists."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return parse_json(value)
        except ValueError:
            return value
    return value.tolist() if isinstance(value, np.ndarray) else value


def _fill_matrices(
    cells: Cells, texts: list[Any], sizes: NDArray[np.intp], rows: NDArray[np.intp], where: Where
) -> None:
    """Read the rows whose wiring is the text of a matrix."""
    for row in rows:
        if not isinstance(texts[row], str):
            raise ArchitectureError(
                f"{where(int(row), 'adjacency')}: {shorten(texts[row])} is no text; allowed is the matrix as a text of "
                "0 and 1 (a number would lose its leading zeros)"
            )
        texts[row] = texts[row].strip()
        if len(texts[row]) != sizes[row] ** 2:
            _bad_length(texts[row], int(sizes[row]), where(int(row), "adjacency"))
    for size in np.unique(sizes[rows]):
        group = rows[sizes[rows] == size]
        joined = "".join(texts[row] for row in group).encode("ascii", "replace")
        digits = (np.frombuffer(joined, np.uint8) - ord("0")).reshape(len(group), size, size)
        wrong = (digits > 1).any(axis=(1, 2))
        if wrong.any():
            row = int(group[np.argmax(wrong)])
            _bad_symbol(texts[row], where(row, "adjacency"))
        cells.adjacency[group, :size, :size] = digits


def _bad_symbol(text: str, where: str) -> NoReturn:
    if _SCIENTIFIC.fullmatch(text):
        raise ArchitectureError(f"{where}: {shorten(text)}: {_SPREADSHEET.format(harm='kept only its first digits')}")
    symbol = next(symbol for symbol in text if symbol not in "01")
    raise ArchitectureError(
        f"{where}: {shorten(text)} has the symbol {symbol!r}; allowed are 0 and 1, the rows of the matrix one after "
        "the other"
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


def _fill_edges(
    cells: Cells, lists: Sequence[Any], sizes: NDArray[np.intp], rows: NDArray[np.intp], where: Where
) -> None:
    """Read the rows whose wiring is a list of edges."""
    for row in map(int, rows):
        edges, size = _decoded(lists[row]), int(sizes[row])
        if not isinstance(edges, list):
            raise ArchitectureError(
                f"{where(row, 'edges')}: {shorten(edges)}; allowed is a list of pairs [from, to] of node numbers"
            )
        for edge in edges:
            if not isinstance(edge, list | tuple) or [type(node) for node in edge] != [int, int]:
                raise ArchitectureError(
                    f"{where(row, 'edges')}: {shorten(edge)} is no edge; allowed is a pair [from, to] of node numbers"
                )
            if not (0 <= edge[0] < size and 0 <= edge[1] < size):
                raise ArchitectureError(
                    f"{where(row, 'edges')}: edge {list(edge)} names a node that is not there; the row has {size} "
                    f"operations, so nodes 0 to {size - 1} are allowed"
                )
        if edges:
            ends = np.asarray(edges, np.intp)
            cells.adjacency[row, ends[:, 0], ends[:, 1]] = 1


def _checked(cells: Cells, columns: Sequence[str], where: Where) -> Cells:
    """The graphs in topological order."""
    loops = np.diagonal(cells.adjacency, axis1=1, axis2=2)
    if loops.any():
        row, node = (int(index[0]) for index in np.nonzero(loops))
        raise ArchitectureError(
            f"{where(row, columns[row])}: node {node} has an edge to itself; allowed are edges between different nodes"
        )
    found, cyclic = ordered(cells)
    if cyclic.any():
        row = int(np.argmax(cyclic))
        cycle = " -> ".join(map(str, cycle_of(cells.adjacency[row])))
        raise ArchitectureError(
            f"{where(row, columns[row])}: nodes {cycle} (the first is 0) are a cycle; allowed are graphs without one, "
            "with nodes in any order"
        )
    return found
