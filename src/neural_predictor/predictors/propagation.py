"""What a graph convolution needs of a graph: the normalised adjacency and the weights of the mean over nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.spaces import GraphBatch


def propagation_matrices(graphs: GraphBatch) -> NDArray[np.float32]:
    """A_hat (paper, section 3) along the edges, and the same against them: (n, 2, v, v) float32.

    Each is the adjacency (or its transpose) + I with rows divided by their sums; rows of padding are zero. The
    paper says that A^T reverses the direction of A; that its rows are normalised likewise, and it is not the
    transpose of the normalised A, is our reading. On NAS-Bench-Graph tables that no figure uses (photo, citeseer,
    physics, computers; N = 172) it gives a higher Kendall tau: docs/predictors.md.
    """
    with_self = graphs.adjacency.astype(np.float32)
    real = np.arange(graphs.mask.shape[1])
    with_self[:, real, real] += graphs.mask
    both = np.stack([with_self, with_self.swapaxes(1, 2)], axis=1)
    return np.asarray(both / np.maximum(both.sum(axis=3, keepdims=True), 1))


def network_inputs(graphs: GraphBatch) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """What a predictor's network takes of n graphs: nodes (n, v, f), propagation (n, 2, v, v), pooling (n, v)."""
    return graphs.nodes, propagation_matrices(graphs), pooling_weights(graphs)


def pooling_weights(graphs: GraphBatch) -> NDArray[np.float32]:
    """Weights of the mean over real nodes: (n, v) float32, rows that sum to one, zero on padding."""
    mask = graphs.mask.astype(np.float32)
    return np.asarray(mask / mask.sum(axis=1, keepdims=True))
