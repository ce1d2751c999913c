"""The one representation of an architecture that every predictor reads: a padded batch of labelled DAGs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from neural_predictor.errors import ArchitectureError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class GraphBatch:
    """A batch of n directed acyclic graphs, padded to v nodes, with f kinds of operation.

    Attributes:
        nodes: (n, v, f) float32, one-hot operation of each node; zero rows on padding.
        adjacency: (n, v, v) uint8, `[k, i, j] == 1` for an edge i -> j of graph k.
        mask: (n, v) bool, true on real nodes. Padding takes no part in anything.

    Raises:
        ArchitectureError: for shapes or types that do not fit together, a real node that is not one-hot,
            or a padding node that has an operation or an edge.
    """

    nodes: NDArray[np.float32]
    adjacency: NDArray[np.uint8]
    mask: NDArray[np.bool_]

    def __post_init__(self) -> None:
        n, v = self.mask.shape if self.mask.ndim == 2 else (-1, -1)
        found = f"nodes {self.nodes.shape}, adjacency {self.adjacency.shape}, mask {self.mask.shape}"
        if self.nodes.shape[:2] != (n, v) or self.nodes.ndim != 3 or self.adjacency.shape != (n, v, v):
            raise ArchitectureError(
                f"a GraphBatch takes nodes (n, v, f), adjacency (n, v, v), mask (n, v); found {found}"
            )
        if not (self.nodes.dtype == np.float32 and self.adjacency.dtype == np.uint8 and self.mask.dtype == np.bool_):
            raise ArchitectureError(
                "a GraphBatch takes nodes float32, adjacency uint8, mask bool; found "
                f"{self.nodes.dtype}, {self.adjacency.dtype}, {self.mask.dtype}"
            )
        wrong = np.any(self.nodes.sum(axis=2) != self.mask, axis=1)
        wrong |= np.any(self.adjacency.any(axis=1) & ~self.mask, axis=1)
        wrong |= np.any(self.adjacency.any(axis=2) & ~self.mask, axis=1)
        if wrong.any():
            raise ArchitectureError(
                f"graph {int(np.argmax(wrong))} of the batch: "
                "real nodes carry one operation each, padding none and no edge"
            )

    def __len__(self) -> int:
        return int(self.mask.shape[0])

    @property
    def features(self) -> int:
        """Number of kinds of operation, f."""
        return int(self.nodes.shape[2])

    def take(self, rows: NDArray[np.integer] | Sequence[int] | slice) -> Self:
        """The graphs at these rows, in this order."""
        return type(self)(self.nodes[rows], self.adjacency[rows], self.mask[rows])

    def padded(self, width: int) -> Self:
        """The same graphs with room for `width` nodes.

        Raises:
            ArchitectureError: if a graph of the batch already has room for more.
        """
        extra = width - self.mask.shape[1]
        if extra < 0:
            raise ArchitectureError(f"cannot pad a batch of {self.mask.shape[1]} nodes a graph to {width}")
        return type(self)(
            np.pad(self.nodes, ((0, 0), (0, extra), (0, 0))),
            np.pad(self.adjacency, ((0, 0), (0, extra), (0, extra))),
            np.pad(self.mask, ((0, 0), (0, extra))),
        )

    def permuted(self, order: NDArray[np.integer]) -> Self:
        """The same graphs with node `order[i]` at place i."""
        return type(self)(self.nodes[:, order], self.adjacency[:, order][:, :, order], self.mask[:, order])
