"""Input-output paths of labelled directed acyclic graphs, of which features of graphs and nodes are made.

Edges must lead from lower to higher node numbers.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from neural_predictor.spaces import GraphBatch


class Paths:
    """Paths of n graphs, from the nodes without incoming edges to those without outgoing ones.

    Attributes:
        edges: (n, v, v) bool.
        inputs: (n, v) real nodes without incoming edges.
        outputs: (n, v) real nodes without outgoing edges.
    """

    def __init__(self, graphs: GraphBatch) -> None:
        self.edges = graphs.adjacency.astype(np.bool_)
        self.inputs = graphs.mask & ~self.edges.any(axis=1)
        self.outputs = graphs.mask & ~self.edges.any(axis=2)

    def forwards(self) -> Iterator[tuple[int, NDArray[np.bool_]]]:
        """Each node j with its predecessors (n, j), in topological order."""
        for j in range(self.edges.shape[1]):
            yield j, self.edges[:, :j, j]

    def backwards(self) -> Iterator[tuple[int, NDArray[np.bool_]]]:
        """Each node i with its successors among i + 1, ..: (n, v - i - 1), the last node first."""
        for i in reversed(range(self.edges.shape[1])):
            yield i, self.edges[:, i, i + 1 :]

    @cached_property
    def depth(self) -> NDArray[np.float64]:
        """(n, v) longest distance of each node from an input."""
        depth = np.zeros(self.inputs.shape)
        for j, before in self.forwards():
            depth[:, j] = np.where(before, depth[:, :j] + 1, 0).max(axis=1, initial=0)
        return depth

    @cached_property
    def height(self) -> NDArray[np.float64]:
        """(n, v) longest distance of each node to an output."""
        height = np.zeros(self.inputs.shape)
        for i, after in self.backwards():
            height[:, i] = np.where(after, height[:, i + 1 :] + 1, 0).max(axis=1, initial=0)
        return height

    @cached_property
    def _behind(self) -> NDArray[np.float64]:
        """(n, v) number of paths from an input to each node."""
        behind = np.zeros(self.inputs.shape)
        for j, before in self.forwards():
            behind[:, j] = np.where(self.inputs[:, j], 1, (before * behind[:, :j]).sum(axis=1))
        return behind

    @cached_property
    def total(self) -> NDArray[np.float64]:
        """(n,) number of input-output paths, at least 1."""
        return np.asarray(np.maximum((self._behind * self.outputs).sum(axis=1), 1), np.float64)

    @cached_property
    def share(self) -> NDArray[np.float64]:
        """(n, v) share of the input-output paths that run through each node."""
        ahead = np.zeros(self.inputs.shape)
        for i, after in self.backwards():
            ahead[:, i] = np.where(self.outputs[:, i], 1, (after * ahead[:, i + 1 :]).sum(axis=1))
        return np.asarray(self._behind * ahead / self.total[:, None])


def transitive_closure(graphs: GraphBatch) -> NDArray[np.bool_]:
    """(n, v, v) bool: whether a path leads from node i to node j; every real node reaches itself."""
    v = graphs.mask.shape[1]
    # Bits of the nodes that reach a node, eight to a byte: a union is one bitwise or.
    bits = np.zeros((len(graphs), v, -(-v // 8)), np.uint8)
    for j in range(v):
        bits[:, j, j // 8] = graphs.mask[:, j].astype(np.uint8) << (7 - j % 8)
        for i in np.flatnonzero(graphs.adjacency[:, :j, j].any(axis=0)):
            bits[:, j] |= bits[:, i] * graphs.adjacency[:, i, j, None]
    return np.unpackbits(bits, axis=2, count=v).swapaxes(1, 2).astype(np.bool_)
