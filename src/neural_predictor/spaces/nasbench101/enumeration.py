"""All classes of NAS-Bench-101 cells, and the class of any cell, from graph isomorphism alone.

The official generator walks through all labelled matrices and hashes each. Here the unlabelled graphs come
first: of all upper triangular matrices whose vertices lie on a path from input to output, the smallest among
those that renumbering the interior can reach stands for its class. Then two labellings of such a graph are
the same cell exactly when one of the graph's automorphisms turns one into the other. Both steps are tables
over a few thousand graphs and at most 243 labellings. The benchmark itself compares cells by hash; a test of
this package shows that the hashes of these classes differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.spaces.nasbench101 import cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MATRICES_PER_CHUNK = 8192
"""Matrices whose images under all renumberings are held at once (8 MB)."""


def _pairs(v: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Sources and targets of the k = v(v-1)/2 possible edges, in row-major order."""
    return np.triu_indices(v, 1)


def _powers(base: int, count: int) -> NDArray[np.int64]:
    """Weights of `count` digits, the first the most significant."""
    return np.array([base ** (count - 1 - place) for place in range(count)], np.int64)


def _renumberings(v: int) -> NDArray[np.intp]:
    """(p, v): the new place of each vertex, for all orders of the interior; input and output stay."""
    orders = [(0, *order, v - 1) for order in permutations(range(1, v - 1))]
    return np.array(orders, np.intp)


def _whole_graphs(v: int) -> NDArray[np.uint8]:
    """(m, k) bits of all matrices of v vertices, at most 9 edges, and no dangling vertex, in ascending order.

    In an upper triangular matrix no vertex dangles exactly if every row but the last and every column but
    the first has an edge.
    """
    sources, targets = _pairs(v)
    numbers = np.arange(2 ** len(sources), dtype=np.int64)
    weights = _powers(2, len(sources))
    wanted = np.ones(len(numbers), np.bool_)
    for vertex in range(v - 1):
        wanted &= (numbers & weights[sources == vertex].sum()) != 0
        wanted &= (numbers & weights[targets == vertex + 1].sum()) != 0
    bits = (numbers[wanted, None] & weights != 0).astype(np.uint8)
    few: NDArray[np.bool_] = bits.sum(axis=1) <= cells.MAX_EDGES
    return np.asarray(bits[few], np.uint8)


@dataclass(frozen=True, eq=False)
class _Classes:
    """The classes of cells of v vertices: g graphs, p renumberings, l = 3 ** (v - 2) labellings.

    Attributes:
        graphs: (g, k) bits of the representatives.
        graph_of: (2 ** k,) row in `graphs` of the graph with these bits, -1 for none.
        renumbering_of: (2 ** k,) a renumbering that leads there.
        relabelled: (l, p) number of the labelling that a renumbering makes of a labelling.
        place: (g, l) place of a labelled graph among the classes of v vertices.
        first: (g, l) bool, whether the labelled graph is the representative of its class.
    """

    graphs: NDArray[np.uint8]
    graph_of: NDArray[np.int32]
    renumbering_of: NDArray[np.uint8]
    relabelled: NDArray[np.int64]
    place: NDArray[np.int64]
    first: NDArray[np.bool_]


def _images(bits: NDArray[np.uint8], v: int) -> NDArray[np.float64]:
    """(m, p) number of each matrix under each renumbering; at least 2 ** k where it is not upper triangular.

    A product of doubles, since NumPy has a fast one only for floats; exact, as all numbers are below 2 ** 53.
    """
    sources, targets = _pairs(v)
    k = len(sources)
    weight = np.full((v, v), 2**k, np.int64)
    weight[sources, targets] = _powers(2, k)
    renumberings = _renumberings(v)
    weights = weight[renumberings[:, sources], renumberings[:, targets]]
    return np.asarray(bits.astype(np.float64) @ weights.T.astype(np.float64))


def _relabelled(v: int) -> NDArray[np.int64]:
    """(l, p): the number of each labelling after each renumbering."""
    weights = _powers(cells.INTERIOR_OPERATIONS, v - 2)
    digits = _labellings(v)
    return np.asarray(digits @ weights[_renumberings(v)[:, 1:-1] - 1].T, np.int64)


def _labellings(v: int) -> NDArray[np.int64]:
    """(l, v - 2): all operations of the interior, numbered from 0, in ascending order."""
    base, count = cells.INTERIOR_OPERATIONS, v - 2
    return np.arange(base**count)[:, None] // _powers(base, count) % base


def _classify(v: int) -> _Classes:
    """The tables for cells of v vertices."""
    bits = _whole_graphs(v)
    k = bits.shape[1]
    numbers = bits @ _powers(2, k)
    smallest = np.empty(len(bits), np.int64)
    renumbering = np.empty(len(bits), np.uint8)
    for start in range(0, len(bits), _MATRICES_PER_CHUNK):
        part = slice(start, start + _MATRICES_PER_CHUNK)
        images = _images(bits[part], v)
        renumbering[part] = images.argmin(axis=1)
        smallest[part] = images.min(axis=1)
    graphs = bits[smallest == numbers]
    representatives = numbers[smallest == numbers]
    graph_of = np.full(2**k, -1, np.int32)
    graph_of[numbers] = np.searchsorted(representatives, smallest)
    renumbering_of = np.zeros(2**k, np.uint8)
    renumbering_of[numbers] = renumbering

    automorphism = _images(graphs, v) == representatives[:, None]
    relabelled = _relabelled(v)
    lowest = np.tile(np.arange(len(relabelled)), (len(graphs), 1))
    for p in range(relabelled.shape[1]):
        symmetric = automorphism[:, p]
        lowest[symmetric] = np.minimum(lowest[symmetric], relabelled[:, p])
    first = lowest == np.arange(len(relabelled))
    place = (np.cumsum(first) - 1).reshape(first.shape)
    place = np.take_along_axis(place, lowest, axis=1)
    return _Classes(graphs, graph_of, renumbering_of, relabelled, place, first)


class Enumeration:
    """Every class of cells, by vertices, then graph, then labelling. Building it takes under a second.

    Attributes:
        codes: (423624, CODE_LENGTH) uint8, the representatives in order; read-only.
        counts: number of vertices -> number of classes.
    """

    def __init__(self) -> None:
        sizes = range(cells.MIN_VERTICES, cells.MAX_VERTICES + 1)
        self._classes = {v: _classify(v) for v in sizes}
        self.counts = {v: int(classes.first.sum()) for v, classes in self._classes.items()}
        self.codes = np.concatenate([self._rows(v) for v in sizes])
        self.codes.setflags(write=False)

    def _rows(self, v: int) -> NDArray[np.uint8]:
        classes = self._classes[v]
        graph, labelling = np.nonzero(classes.first)
        rows = np.zeros((len(graph), cells.CODE_LENGTH), np.uint8)
        rows[:, 0] = v
        rows[:, 1 + _edge_places(v)] = classes.graphs[graph]
        start = 1 + cells.EDGE_PLACES
        rows[:, start : start + v - 2] = _labellings(v)[labelling] + 1
        return rows

    def index_of(self, codes: NDArray[np.uint8]) -> NDArray[np.intp]:
        """Index of each cell's class in `codes`: (n,).

        Args:
            codes: (n, CODE_LENGTH), cells of the space without dangling vertices, in any numbering.
        """
        indices = np.empty(len(codes), np.intp)
        before = 0
        for v, classes in self._classes.items():
            at = np.flatnonzero(codes[:, 0] == v)
            if len(at):
                places = _edge_places(v)
                number = codes[at][:, 1 + places] @ _powers(2, len(places))
                interior = codes[at, 1 + cells.EDGE_PLACES : 1 + cells.EDGE_PLACES + v - 2].astype(np.int64) - 1
                labelling = interior @ _powers(cells.INTERIOR_OPERATIONS, v - 2)
                labelling = classes.relabelled[labelling, classes.renumbering_of[number]]
                indices[at] = before + classes.place[classes.graph_of[number], labelling]
            before += self.counts[v]
        return indices


def _edge_places(v: int) -> NDArray[np.intp]:
    """Where the edges of a cell of v vertices stand among the 21 of a row."""
    return np.flatnonzero(v > cells.TARGETS)


@cache
def enumeration() -> Enumeration:
    """The enumeration, built once a process."""
    return Enumeration()
