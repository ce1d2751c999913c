"""What a neural predictor takes of a graph: nodes, normalised adjacency, weights of the mean over nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.predictors.graph_recipe import GraphRecipe
from neural_predictor.predictors.paths import Paths, transitive_closure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe_base import NeuralRecipe
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
    return _both_ways(with_self)


def _both_ways(links: NDArray[np.float32]) -> NDArray[np.float32]:
    """Links (n, v, v) and their reverse, each with rows divided by their sums: (n, 2, v, v)."""
    both = np.stack([links, links.swapaxes(1, 2)], axis=1)
    return np.asarray(both / np.maximum(both.sum(axis=3, keepdims=True), 1))


POSITIONAL_SCALE = 0.3
"""Factor of `positional_features`, small beside one-hot operations; docs/lab/predictors.md says how it was chosen."""


def positional_features(graphs: GraphBatch) -> NDArray[np.float32]:
    """Where each node stands in its graph: (n, v, 5) float32, zero on padding.

    Logarithms (of one plus) of the longest distance from an input and to an output, and of the numbers of edges in and
    out; the share of input-output paths that run through it. Edges must lead from lower to higher numbers.
    """
    paths, edges = Paths(graphs), graphs.adjacency
    incoming, outgoing = edges.sum(axis=1, dtype=np.int64), edges.sum(axis=2, dtype=np.int64)
    places = [np.log1p(paths.depth), np.log1p(paths.height), paths.share, np.log1p(incoming), np.log1p(outgoing)]
    return np.asarray(np.stack(places, axis=2) * graphs.mask[..., None], np.float32)


def network_inputs(
    graphs: GraphBatch, recipe: NeuralRecipe | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """What a neural predictor takes of n graphs: nodes (n, v, f), propagation (n, 2, v, v), pooling (n, v).

    A recipe with `positional_features` has f + 5 numbers a node, one with `transitive_closure` four directions.
    """
    nodes, propagation = graphs.nodes, propagation_matrices(graphs)
    if isinstance(recipe, GraphRecipe) and recipe.positional_features:
        nodes = np.concatenate([nodes, np.float32(POSITIONAL_SCALE) * positional_features(graphs)], axis=2)
    if isinstance(recipe, GraphRecipe) and recipe.transitive_closure:
        closure = transitive_closure(graphs).astype(np.float32)
        propagation = np.concatenate([propagation, _both_ways(closure)], axis=1)
    return nodes, propagation, pooling_weights(graphs)


def pooling_weights(graphs: GraphBatch) -> NDArray[np.float32]:
    """Weights of the mean over real nodes: (n, v) float32, rows that sum to one, zero on padding."""
    mask = graphs.mask.astype(np.float32)
    return np.asarray(mask / mask.sum(axis=1, keepdims=True))
