"""What a graph convolution needs of a graph: the normalised adjacency and the weights of the mean over nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe import NeuralRecipe
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


def reachable(graphs: GraphBatch) -> NDArray[np.bool_]:
    """(n, v, v): whether a path leads from node i to node j; every real node reaches itself.

    Edges must lead from lower to higher numbers.
    """
    v = graphs.mask.shape[1]
    reach = np.zeros(graphs.adjacency.shape, np.bool_)
    # Bits of the nodes that reach a node, eight to a byte: a union is one bitwise or.
    bits = np.zeros((len(graphs), v, -(-v // 8)), np.uint8)
    for j in range(v):
        bits[:, j, j // 8] = graphs.mask[:, j].astype(np.uint8) << (7 - j % 8)
        for i in np.flatnonzero(graphs.adjacency[:, :j, j].any(axis=0)):
            bits[:, j] |= bits[:, i] * graphs.adjacency[:, i, j, None]
    reach[:] = np.unpackbits(bits, axis=2, count=v).swapaxes(1, 2)
    return reach


def _reach_matrices(graphs: GraphBatch) -> NDArray[np.float32]:
    """The mean over all nodes that a node reaches, and over all that reach it: (n, 2, v, v) float32."""
    forwards = reachable(graphs).astype(np.float32)
    both = np.stack([forwards, forwards.swapaxes(1, 2)], axis=1)
    return np.asarray(both / np.maximum(both.sum(axis=3, keepdims=True), 1))


STRUCTURE = 5
"""Numbers that `node_structure` gives of a node."""
STRUCTURE_SCALE = 0.3
"""Their factor: beside one-hot operations they are to whisper. Chosen as docs/predictors.md says."""


def node_structure(graphs: GraphBatch) -> NDArray[np.float32]:
    """Where each node stands in its graph: (n, v, STRUCTURE) float32, zero on padding.

    Logarithms (of one plus) of the longest distance from an input and to an output, and of the numbers of edges in and
    out; the share of input-output paths that run through it. Edges must lead from lower to higher numbers.
    """
    edges, shape = graphs.adjacency.astype(np.bool_), graphs.mask.shape
    depth, height, behind, ahead = (np.zeros(shape) for _ in range(4))
    incoming, outgoing = edges.sum(axis=1), edges.sum(axis=2)
    for j in range(shape[1]):
        before = edges[:, :j, j]
        depth[:, j] = np.where(before, depth[:, :j] + 1, 0).max(axis=1, initial=0)
        behind[:, j] = np.where(incoming[:, j], (before * behind[:, :j]).sum(axis=1), 1)
    for i in reversed(range(shape[1])):
        after = edges[:, i, i + 1 :]
        height[:, i] = np.where(after, height[:, i + 1 :] + 1, 0).max(axis=1, initial=0)
        ahead[:, i] = np.where(outgoing[:, i], (after * ahead[:, i + 1 :]).sum(axis=1), 1)
    paths = (behind * (graphs.mask & (outgoing == 0))).sum(axis=1, keepdims=True)
    share = behind * ahead / np.maximum(paths, 1)
    places = [np.log1p(depth), np.log1p(height), share, np.log1p(incoming), np.log1p(outgoing)]
    return np.asarray(np.stack(places, axis=2) * graphs.mask[..., None], np.float32)


def network_inputs(
    graphs: GraphBatch, recipe: NeuralRecipe | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """What a predictor's network takes of n graphs: nodes (n, v, f), propagation (n, 2, v, v), pooling (n, v).

    A recipe with `structure` has f + STRUCTURE numbers a node, one with `reach` four directions.
    """
    nodes, propagation = graphs.nodes, propagation_matrices(graphs)
    if recipe is not None and recipe.structure:
        nodes = np.concatenate([nodes, np.float32(STRUCTURE_SCALE) * node_structure(graphs)], axis=2)
    if recipe is not None and recipe.reach:
        propagation = np.concatenate([propagation, _reach_matrices(graphs)], axis=1)
    return nodes, propagation, pooling_weights(graphs)


def pooling_weights(graphs: GraphBatch) -> NDArray[np.float32]:
    """Weights of the mean over real nodes: (n, v) float32, rows that sum to one, zero on padding."""
    mask = graphs.mask.astype(np.float32)
    return np.asarray(mask / mask.sum(axis=1, keepdims=True))
