"""What one row says of its architecture: names of operations, a matrix or edges, whatever form the row came in."""

from __future__ import annotations

import re
from itertools import chain
from operator import index
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.io.lists import is_missing, looks_like_list, parse_list
from neural_predictor.io.untrusted import parse_json, shown
from neural_predictor.ranking.cells import MAX_NODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

EXAMPLE = '{"operations": ["input", "conv3x3", "output"], "edges": [[0, 1], [1, 2]]}'
_FOREIGN = (
    (re.compile(r"\s*\|[^|~]+~\d+\|"), "a NAS-Bench-201 string, whose operations stand on edges"),
    (re.compile(r"\s*Genotype\("), "a DARTS genotype, whose operations stand on edges"),
    (re.compile(r"\s*(?:strict )?digraph\b"), "a graph in the DOT language"),
    (re.compile(r"\s*<graphml|\s*<\?xml"), "a graph in GraphML"),
)
_FOREIGN_START = re.compile(r"\s*[|Gds<]")
_ODD = re.compile(r"[^\w .,+-]|\n|\r")
"""Letters that a name between commas may have and a part of a list has too."""
PARALLEL = "parallel edges cannot be told from one: keep one, or put a node, such as add, on each"


class FaultyRowError(ArchitectureError):
    """A row is no architecture: which of its columns, and why."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(f"{column}: {why}")


class OtherEdgesError(FaultyRowError):
    """A list of edges that cannot be those of the row's nodes."""


def shorten(value: object, width: int = 60) -> str:
    """A value for a message, cut in the middle if it is long."""
    text = shown(value, 10**6)
    text = " ".join(text.split()) if isinstance(value, np.ndarray) else text
    return text if len(text) <= width else f"{text[: width - 20]} .. {text[-16:]}"


def foreign(value: Any) -> str | None:
    """What a text in another form of architectures is, and the form that is read; None for any other value."""
    if not isinstance(value, str) or not _FOREIGN_START.match(value):
        return None
    for form, what in _FOREIGN:
        if form.match(value):
            return f"{what}; make each operation a node, such as {EXAMPLE}"
    return None


def plain(value: Any) -> Any:
    """Arrays, series and sparse matrices as NumPy's arrays; tuples as lists; anything else as it is."""
    if isinstance(value, str | list | dict | np.ndarray | bytes):
        return value
    if isinstance(value, tuple):
        return list(value)
    for convert in ("toarray", "__array__"):  # SciPy; pandas, PyTorch, TensorFlow
        if hasattr(value, convert):
            return value.toarray() if convert == "toarray" else np.asarray(value)
    return value


def _listed(value: Any) -> Any:
    """A list, array or text of a list as a list; anything else as it is.

    Raises:
        ValueError: for a text that begins as a list and is none.
    """
    value = plain(value)
    if isinstance(value, str) and looks_like_list(value):
        value = plain(parse_list(value))
    return value.tolist() if isinstance(value, np.ndarray) else value


def names_of(value: Any) -> list[str]:
    """Names of the operations of an architecture, one a node.

    Raises:
        FaultyRowError: if the value names none, or something else than texts.
    """

    def fail(why: str) -> NoReturn:
        raise FaultyRowError(
            "operations",
            f"{shorten(value)} {why}; allowed is one name a node, 1 to {MAX_NODES} of them, such as "
            'input,conv3x3,output, or a list such as ["input", "conv3x3", "output"]',
        )

    if is_missing(value):
        fail("names no operation")
    try:
        found = _listed(value)
    except ValueError:
        fail("is in brackets or quotes, but no list of names")
    if isinstance(found, str):
        text, found = found, found.split(",")
        if _ODD.search(text) and (odd := list(filter(is_part, found))):
            fail(f"has the name {shorten(odd[0])}, with a quote, a bracket or a line break")
    if not isinstance(found, list):
        fail(f"is no list of names, but of type {type(value).__name__}")
    if why := _no_names(found):
        fail(why)
    return [str.__str__(name).strip() for name in found]


def is_part(name: str) -> bool:
    """Whether a name between commas is a part of something else: of a list, or of a name that has commas itself."""
    brackets = any(name.count(opening) != name.count(closing) for opening, closing in ("()", "[]", "{}"))
    return brackets or looks_like_list(name) or len(name.strip().splitlines()) > 1


def _no_names(found: list[Any]) -> str | None:
    """Why a list is none of names; None where it is."""
    if not found:
        return "names no operation"
    for node, name in enumerate(found):
        if not isinstance(name, str):
            return f"has {shorten(name)} of type {type(name).__name__} for the name of node {node}, which is no text"
        if not name.strip():
            return f"has no name for node {node}"
    return f"has {len(found)} nodes" if len(found) > MAX_NODES else None


def matrix_of(value: Any) -> str | NDArray[np.uint8]:
    """The matrix of `adjacency`: the text of its digits as it is, not checked; or an array (v, v) of 0 and 1.

    Raises:
        FaultyRowError: for anything else.
    """

    def fail(why: str) -> NoReturn:
        raise FaultyRowError("adjacency", f"{shorten(value)} {why}")

    try:
        found = plain(value) if isinstance(value, np.ndarray) else _listed(value)
    except ValueError:
        fail("is in brackets or quotes, but no matrix; allowed are digits, or a list of rows such as [[0, 1], [0, 0]]")
    if isinstance(found, list) and found and all(isinstance(row, str) for row in found):
        found = "".join(found)
    if isinstance(found, str):
        return found.strip()
    if not isinstance(found, list | np.ndarray):
        fail("is no text and no matrix; allowed is the matrix as a text of 0 and 1 (a number would lose its leading "
             "zeros), or as a list of rows")  # fmt: skip
    array = _rectangular(found)
    if array is None:
        fail("is no square matrix: its rows are not equally long; allowed is a list of v rows of v entries 0 or 1")
    if array.ndim == 1 and len(array) and round(len(array) ** 0.5) ** 2 == len(array):
        array = array.reshape(round(len(array) ** 0.5), -1)  # row by row, as the text has it
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        fail(f"has the shape {array.shape}; allowed is a square matrix, (v, v)")
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        whole = array.dtype.kind in "iuf" and (array >= 0).all() and (array == np.floor(array)).all()
        fail(f"holds {int(array.max())}: {PARALLEL}" if whole else "holds other values than 0 and 1")
    return array.astype(np.uint8)


def _rectangular(found: list[Any] | NDArray[Any]) -> NDArray[Any] | None:
    """A nested list as an array; None where its rows differ in length."""
    if isinstance(found, np.ndarray) and found.dtype != object:
        return found
    rows = [row.tolist() if isinstance(row, np.ndarray) else row for row in found]
    try:
        array = np.array(rows)
    except ValueError:
        return None
    if array.dtype == object and array.ndim < 2 and any(isinstance(row, list | tuple) for row in rows):
        return None
    return array


def edges_of(value: Any, nodes: Mapping[Any, int] | int, column: str = "edges") -> list[list[int]]:
    """Edges as pairs of node numbers, each once.

    Args:
        value: a list of pairs [from, to], or of objects with `source` and `target`, as networkx writes them.
        nodes: the number of nodes, or the number of each node by its name.
        column: where the value stands, for messages.

    Raises:
        FaultyRowError: for anything else, and for an edge that stands there twice.
    """
    try:
        found = _listed(value)
    except ValueError:
        found = value
    if not isinstance(found, list):
        raise FaultyRowError(column, f"{shorten(value)}; allowed is a list of pairs [from, to] of node numbers")
    edges = found if _are_pairs(found, nodes) else [_edge(edge, nodes, column) for edge in found]
    distinct = set(map(tuple, edges))
    if len(distinct) < len(edges):
        twice = next(edge for place, edge in enumerate(edges) if edge in edges[:place])
        raise OtherEdgesError(column, f"edge {twice} stands there {edges.count(twice)} times; {PARALLEL}")
    return edges


def _are_pairs(found: list[Any], nodes: Mapping[Any, int] | int) -> bool:
    """Whether a list holds pairs of node numbers alone, as nearly all do."""
    if not isinstance(nodes, int) or set(map(type, found)) - {list}:
        return False
    ends = list(chain.from_iterable(found))
    return not set(map(type, ends)) - {int} and set(map(len, found)) <= {2} and all(0 <= end < nodes for end in ends)


def _edge(edge: Any, nodes: Mapping[Any, int] | int, column: str) -> list[int]:
    ends = [edge.get("source"), edge.get("target")] if isinstance(edge, dict) else plain(edge)
    ends = ends.tolist() if isinstance(ends, np.ndarray) else ends
    numbered = isinstance(nodes, int)
    if (
        not isinstance(ends, list)
        or len(ends) != 2
        or (numbered and any(isinstance(node, bool) or not hasattr(node, "__index__") for node in ends))
    ):
        raise FaultyRowError(column, f"{shorten(edge)} is no edge; allowed is a pair [from, to] of node numbers")
    if isinstance(nodes, int):
        found = [index(node) for node in ends]
        known = f"the row has {nodes} operations, so nodes 0 to {nodes - 1} are allowed"
        there = all(0 <= node < nodes for node in found)
    else:
        found = [nodes.get(_hashable(node), -1) for node in ends]
        known, there = f"the row has {len(nodes)} nodes", -1 not in found
    if not there:
        raise OtherEdgesError(column, f"edge {shorten(edge)} names a node that is not there; {known}")
    return found


def _hashable(node: Any) -> str:
    """A node's name as a key: numbers, texts and lists, which JSON makes of tuples, apart from each other."""
    return repr(list(node) if isinstance(node, tuple) else node)


def node_link(fields: Mapping[str, Any]) -> tuple[list[str], list[list[int]]] | None:
    """Names of operations and edges of a graph in networkx' node-link form; None where the fields are of another one.

    Args:
        fields: `nodes`, each with `id` and `operation`, and `links` or `edges`, each with `source` and `target`; or
            `graph`, an object that holds these.

    Raises:
        FaultyRowError: if it is of this form and no directed graph.
    """
    graph = fields.get("graph")
    if isinstance(graph, str) and graph.lstrip().startswith("{"):
        try:
            graph = parse_json(graph)
        except ValueError:
            graph = None
    if is_missing(fields.get("nodes")) and isinstance(graph, dict) and "nodes" in graph:
        fields = graph
    if is_missing(fields.get("nodes")):
        return None
    if fields.get("directed") in (False, "false", "False"):
        raise FaultyRowError("directed", "a graph whose edges have no direction; allowed are directed graphs")
    try:
        nodes = _listed(fields["nodes"])
    except ValueError:
        nodes = None
    if not isinstance(nodes, list) or not all(isinstance(node, dict) and "id" in node for node in nodes):
        raise FaultyRowError("nodes", f"{shorten(fields['nodes'])}; allowed is a list of objects with id and operation")
    if bare := [node for node in nodes if node.get("operation") is None]:
        had = shorten(list(bare[0]))
        raise FaultyRowError("nodes", f"node {shorten(bare[0]['id'])} has no operation; it has {had}")
    places = {_hashable(node["id"]): place for place, node in enumerate(nodes)}
    if len(places) < len(nodes):
        raise FaultyRowError("nodes", "two nodes have the same id; allowed is an id of its own for each")
    column = "edges" if is_missing(fields.get("links")) else "links"
    return names_of([node["operation"] for node in nodes]), edges_of(fields.get(column), places, column)
