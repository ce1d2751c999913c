"""Labelled directed acyclic graphs of any space: in topological order, packed into bytes, encoded for predictors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.graphs import GraphBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MAX_NODES = 200
MAX_OPERATIONS = 1000
"""Kinds of operation that files may name; more are names of nodes, from which nothing can be learnt."""


class Vocabulary:
    """Names of operations, numbered as they are met."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """The number of an operation; a new one if it has none.

        Raises:
            ArchitectureError: when there are more than `MAX_OPERATIONS` names, or the name is no Unicode.
        """
        if name not in self.numbers:
            try:
                name.encode()
            except UnicodeEncodeError as error:  # half of a pair, such as \ud800
                raise ArchitectureError(f"operation {name!r} is no text ({error})") from None
            if len(self.numbers) == MAX_OPERATIONS:
                raise ArchitectureError(
                    f"operation {name!r} would be the {MAX_OPERATIONS + 1:,}th; at most {MAX_OPERATIONS:,} are "
                    "allowed: name the kind of a node, such as conv3x3, not the node"
                )
            self.numbers[name] = len(self.numbers)
        return self.numbers[name]

    def places(self, trained: int) -> NDArray[np.intp]:
        """(f,) place of each number on the one-hot axis: the first `trained` by name, then the others by name."""
        names = list(self.numbers)
        order = sorted(range(len(names)), key=lambda k: (k >= trained, names[k]))
        places = np.empty(len(names), np.intp)
        places[order] = np.arange(len(names))
        return places


@dataclass(frozen=True, eq=False)
class Cells:
    """n graphs, padded to v nodes; every edge goes from a lower to a higher node.

    Attributes:
        kinds: (n, v) int16, number of each node's operation in a `Vocabulary`; -1 on padding.
        adjacency: (n, v, v) uint8, `[k, i, j] == 1` for an edge i -> j of graph k.
    """

    kinds: NDArray[np.int16]
    adjacency: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def sizes(self) -> NDArray[np.int16]:
        """(n,) number of nodes."""
        return np.asarray(np.sum(self.kinds >= 0, axis=1), np.int16)

    def take(self, rows: NDArray[np.integer]) -> Self:
        """The graphs at these rows."""
        return type(self)(self.kinds[rows], self.adjacency[rows])

    def encode(self, places: NDArray[np.intp]) -> GraphBatch:
        """The graphs for a predictor: `places` (f,) says where on the one-hot axis each operation is."""
        mask = self.kinds >= 0
        nodes = np.zeros((*self.kinds.shape, len(places)), np.float32)
        rows, columns = np.nonzero(mask)
        nodes[rows, columns, places[self.kinds[rows, columns]]] = 1
        return GraphBatch(nodes, self.adjacency, mask)

    def pack(self) -> tuple[list[bytes], list[bytes]]:
        """For each graph its kinds and its edges as bytes, without padding: equal bytes, equal graphs."""
        kinds, edges = [b""] * len(self), [b""] * len(self)
        for size, rows in _by_value(self.sizes):
            bits = np.packbits(self.adjacency[rows, :size, :size].reshape(len(rows), -1), axis=1)
            for row, kind, edge in zip(rows, self.kinds[rows, :size], bits, strict=True):
                kinds[row], edges[row] = kind.tobytes(), edge.tobytes()
        return kinds, edges

    def digests(self) -> NDArray[np.void]:
        """(n,) 16 bytes for each graph: equal ones for graphs that are equal node by node."""
        found = b"".join(
            hashlib.blake2b(kind + edge, digest_size=16).digest() for kind, edge in zip(*self.pack(), strict=True)
        )
        return np.frombuffer(found, np.dtype("V16"))

    @classmethod
    def unpack(cls, kinds: Sequence[bytes], edges: Sequence[bytes]) -> Self:
        """The graphs of `pack`, padded to the largest of them."""
        sizes = np.array([len(kind) // 2 for kind in kinds], np.intp)
        cells = cls.empty(sizes)
        for size, rows in _by_value(sizes):
            flat = np.frombuffer(b"".join(kinds[row] for row in rows), np.int16)
            cells.kinds[rows, :size] = flat.reshape(len(rows), size)
            bits = np.frombuffer(b"".join(edges[row] for row in rows), np.uint8).reshape(len(rows), -1)
            matrix = np.unpackbits(bits, axis=1, count=size * size).reshape(len(rows), size, size)
            cells.adjacency[rows, :size, :size] = matrix
        return cells

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """All graphs of some parts, one after the other."""
        joined = cls.empty(np.concatenate([part.sizes for part in parts]))
        start = 0
        for part in parts:
            width = part.kinds.shape[1]
            joined.kinds[start : start + len(part), :width] = part.kinds
            joined.adjacency[start : start + len(part), :width, :width] = part.adjacency
            start += len(part)
        return joined

    @classmethod
    def empty(cls, sizes: NDArray[np.integer]) -> Self:
        """Room for graphs of these sizes (n,): all padding, no edges."""
        n, v = len(sizes), int(sizes.max(initial=0))
        return cls(np.full((n, v), -1, np.int16), np.zeros((n, v, v), np.uint8))


def _by_value(values: NDArray[np.integer]) -> list[tuple[int, NDArray[np.intp]]]:
    """Each value with the rows that have it."""
    return [(int(value), np.flatnonzero(values == value)) for value in np.unique(values)]


def ordered(cells: Cells) -> tuple[Cells, NDArray[np.bool_]]:
    """The same graphs in topological order (Kahn: of the nodes whose inputs are all placed, the lowest number first).

    Returns:
        The graphs, and which of them (n,) have a cycle: those are left as they were.
    """
    n, v = cells.kinds.shape
    backward = np.tril(cells.adjacency).any(axis=(1, 2))
    cyclic = np.zeros(n, np.bool_)
    rows = np.flatnonzero(backward)
    if not len(rows):
        return cells, cyclic
    adjacency, mask = cells.adjacency[rows], cells.kinds[rows] >= 0
    waits = adjacency.sum(axis=1, dtype=np.int32)  # inputs of each node that are not placed yet
    waits[~mask] = v + 1
    order = np.tile(np.arange(v), (len(rows), 1))
    every = np.arange(len(rows))
    for place in range(v):
        chosen = np.argmin(waits > 0, axis=1)
        stuck = (waits[every, chosen] > 0) & (place < mask.sum(axis=1))
        cyclic[rows[stuck]] = True
        going = (waits[every, chosen] == 0) & ~stuck
        order[going, place] = chosen[going]
        waits -= np.where(going[:, None], adjacency[every, chosen], 0)
        waits[every[going], chosen[going]] = v + 1
    fine = ~cyclic[rows]
    rows, order = rows[fine], order[fine]
    kinds, matrices = cells.kinds.copy(), cells.adjacency.copy()
    kinds[rows] = np.take_along_axis(cells.kinds[rows], order, axis=1)
    matrices[rows] = cells.adjacency[rows[:, None, None], order[:, :, None], order[:, None, :]]
    return Cells(kinds, matrices), cyclic


def cycle_of(adjacency: NDArray[np.uint8]) -> list[int]:
    """Nodes of one cycle of a graph (v, v) that has one, the first again at the end."""
    left = np.arange(len(adjacency))
    while True:  # what no cycle leads to falls away
        inner = adjacency[np.ix_(left, left)]
        kept = left[inner.any(axis=0)]
        if len(kept) == len(left):
            break
        left = kept
    path = [int(left[0])]
    while True:  # backwards, until a node is met again
        before = next(int(node) for node in left if adjacency[node, path[-1]])
        if before in path:
            return [before, *path[path.index(before) :][::-1]]
        path.append(before)
