"""Architectures that Python's own objects hold: pairs of matrix and operations, directed graphs, rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import ArchitectureError, RankingError
from neural_predictor.ranking.architectures import Architectures
from neural_predictor.ranking.readers import CHUNK_ROWS, find_columns
from neural_predictor.ranking.row import plain, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from neural_predictor.ranking.cells import Vocabulary

_FORMS = "allowed are pairs (adjacency, operations), directed graphs of networkx, and dicts with operations and edges"


class ArchitectureList:
    """A `Source` of Python's objects.

    Args:
        name: of the argument that they are, for messages.
        objects: the architectures.
        operation: attribute of a directed graph's nodes that names their operation.
        labels: one an architecture, in a column `label`; None for no such column.
        costs: likewise, in a column `cost`.

    Raises:
        RankingError: if the objects have no order, or not as many labels or costs.
    """

    def __init__(
        self,
        name: str,
        objects: Iterable[Any],
        operation: str,
        labels: Iterable[Any] | None = None,
        costs: Iterable[Any] | None = None,
    ) -> None:
        self.name, self.notes, self._operation = name, list[str](), operation
        self._objects, self._columns = _in_order(name, objects), dict[str, list[Any]]()
        for column, values in (("label", labels), ("cost", costs)):
            if values is None:
                continue
            self._objects, self._columns[column] = list(self._objects), _column(f"{column}s", values)
            if len(self._columns[column]) != len(self._objects):
                kind = "training architecture" if column == "label" else "architecture"
                raise RankingError(
                    f"{column}s have the shape ({len(self._columns[column])},); expected one a {kind}, "
                    f"({len(self._objects)},)"
                )

    def __len__(self) -> int:
        """Number of the labels, and of the objects then; 0 without labels."""
        return len(self._columns.get("label", ()))

    def has(self, column: str) -> bool:
        """As `Source.has`."""
        return column in self._columns

    def chunks(self, vocabulary: Vocabulary, named: Sequence[str] = ()) -> Iterator[Architectures]:
        """As `Source.chunks`."""
        objects, start = iter(self._objects), 0
        while block := list(islice(objects, CHUNK_ROWS)):
            rows = [_fields(one, f"{self.name}[{start + k}]", self._operation) for k, one in enumerate(block)]
            values: dict[str, Sequence[Any]] = {
                column: [row.get(column) for row in rows] for column in {name: None for row in rows for name in row}
            }
            values |= {name: column[start : start + len(block)] for name, column in self._columns.items()}
            places = [f"[{start + k}]" for k in range(len(block))]
            yield Architectures.from_values(self.name, places, values, named, vocabulary)
            start += len(block)
        if not start:
            raise RankingError(f"{self.name}: no architecture; expected some")


def _in_order(name: str, objects: Any) -> Iterable[Any]:
    if hasattr(objects, "to_dict") and hasattr(objects, "columns"):  # a pandas data frame
        return list(objects.to_dict("records"))
    if isinstance(objects, Mapping | str | bytes | set | frozenset) or hasattr(objects, "nodes"):
        raise RankingError(
            f"{name} is one {type(objects).__name__}; expected a list of architectures (of a dict, list(d.values()))"
        )
    if not isinstance(objects, Iterable):
        raise RankingError(f"{name} is {shorten(objects)}; expected a list of architectures")
    return objects


def _column(name: str, values: Any) -> list[Any]:
    """Labels or costs one by one, as they are."""
    order = "the training architectures" if name == "labels" else "their architectures"
    if isinstance(values, Mapping | str | bytes | set | frozenset) or not isinstance(values, Iterable):
        raise RankingError(
            f"{name} are one {type(values).__name__}; expected a list of numbers in the order of {order}"
        )
    found = plain(values)
    if isinstance(found, np.ndarray) and found.ndim != 1:
        kind = "training architecture" if name == "labels" else "architecture"
        raise RankingError(f"{name} have the shape {found.shape}; expected one a {kind}, (N,)")
    return list(found)


def _fields(one: Any, where: str, operation: str) -> dict[str, Any]:
    """An architecture as the fields of a row."""
    if hasattr(one, "nodes") and hasattr(one, "edges"):
        return _from_graph(one, where, operation)
    if isinstance(one, Mapping):
        names = [name for name in one if isinstance(name, str)]
        return {wanted: one[name] for wanted, name in find_columns(where, names, ()).items()}
    pair = one.tolist() if isinstance(one, np.ndarray) and one.dtype == object else one
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise ArchitectureError(f"{where}: {shorten(one)} is no architecture; {_FORMS}")
    return {"adjacency": pair[0], "operations": pair[1]}


def _from_graph(graph: Any, where: str, operation: str) -> dict[str, Any]:
    if hasattr(graph, "is_directed") and not graph.is_directed():
        raise ArchitectureError(f"{where}: a graph whose edges have no direction; allowed are directed graphs")
    if not callable(graph.nodes) or not callable(graph.edges):
        raise ArchitectureError(f"{where}: {shorten(graph)} is no architecture; {_FORMS}")
    nodes = list(graph.nodes(data=True))
    place = {node: number for number, (node, _) in enumerate(nodes)}
    bare = [node for node, data in nodes if operation not in data]
    if bare:
        raise ArchitectureError(f"{where}: node {bare[0]!r} has no attribute {operation!r}, which names its operation")
    return {
        "operations": [data[operation] for _, data in nodes],
        "edges": [[place[edge[0]], place[edge[1]]] for edge in graph.edges()],
    }
