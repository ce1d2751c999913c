"""A neural predictor whole: the body that its row in the registry names, and fully connected layers on top.

All tensors have a leading axis R, one place a replicate. Initial weights are drawn with NumPy, so that a replicate
starts the same on every device and beside any others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.predictors.kernels import glorot, multiply
from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.registry import NeuralKind, row_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe_base import NeuralRecipe

Graphs = tuple[Any, Any, Any]
"""What `propagation.network_inputs` makes of graphs: nodes, propagation, pooling; here gathered, (R, b, ...)."""
Weights = tuple[Any, ...]
"""Kernel and bias of each of the recipe's layers in turn, as its `initial_weights` has them but with a leading axis R,
then (R, i, o), (R, o) of each fully connected layer."""


def initial_weights(
    recipe: NeuralRecipe, width: int, places: int, features: int, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Initial kernels and biases of one replicate, without the leading axis.

    Args:
        recipe: kind, layers and hidden widths.
        width: D.
        places: v, nodes of a graph with its padding (only kinds of a fixed size depend on it).
        features: numbers of a node, as `propagation.network_inputs` has them.
        rng: where the weights come from.

    Returns:
        Those of the kind's layers, then those of the fully connected ones, which are Glorot-uniform and zero.
    """
    row = row_of(recipe.kind, NeuralKind)
    weights: list[NDArray[np.float32]] = row.load("initial_weights")(recipe, width, places, features, rng)
    size = recipe.embedding_size(width)
    for out in (*recipe.hidden, 1):
        weights += [glorot(rng, size, out), np.zeros(out, np.float32)]
        size = out
    return weights


def forward(weights: Weights, graphs: Graphs, recipe: NeuralRecipe, keep: Sequence[Any] = ()) -> Any:
    """Scores (R, b) of graphs.

    Args:
        weights: as `Weights` says.
        graphs: nodes (R, b, v, f), propagation (R, b, d, v, v), pooling (R, b, v).
        recipe: kind and layers.
        keep: as in `head`.
    """
    return head(embed(weights, graphs, recipe), weights[2 * recipe.layers :], recipe, keep)


def embed(weights: Weights, graphs: Graphs, recipe: NeuralRecipe) -> Any:
    """Vectors (R, b, E) of graphs, by the layers of the recipe's kind; the arguments are those of `forward`."""
    return row_of(recipe.kind, NeuralKind).load("embed")(weights, graphs, recipe)


def head(embedded: Any, weights: Weights, recipe: NeuralRecipe, keep: Sequence[Any]) -> Any:
    """Fully connected layers on (R, b, E) embedded graphs: (R, b) scores.

    `keep` holds the dropout masks (R, b, hidden), scaled by 1 / (1 - rate), of the hidden layers; empty in inference.
    """
    hidden = embedded
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    for k, (kernel, bias) in enumerate(layers[:-1]):
        hidden = tf.nn.relu(multiply(hidden, kernel, recipe) + bias[:, None])
        if keep:
            hidden *= keep[k]
    kernel, bias = layers[-1]
    return (tf.matmul(hidden, kernel) + bias[:, None])[..., 0]
