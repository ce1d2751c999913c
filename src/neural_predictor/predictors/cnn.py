"""Convolutions over neighbouring places of a graph with max-pooling (appendix Fig. 1).

As the replication has it, on A alone, but with padding masked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from neural_predictor.predictors.kernels import glorot, multiply
from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.recipe_base import NeuralRecipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.predictors.network import Graphs, Weights

WINDOW = 3
"""Neighbouring places that a convolution sees."""


class CnnRecipe(NeuralRecipe):
    """A convolutional network over places, which reads rows of A_hat: it is made for graphs of one size."""

    kind: Literal["cnn"] = "cnn"

    fixed_size: ClassVar[bool] = True


NAMED = {"cnn": CnnRecipe()}


def initial_weights(
    recipe: CnnRecipe, width: int, places: int, features: int, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Kernel (WINDOW i, D) and bias (D) of each convolution, without the leading axis R.

    Args:
        recipe: layers.
        width: D.
        places: v, nodes of a graph with its padding: a place has f + v numbers.
        features: f, numbers of a node.
        rng: where the weights come from.
    """
    weights: list[NDArray[np.float32]] = []
    size = features + places
    for _ in range(recipe.layers):
        weights += [glorot(rng, WINDOW * size, WINDOW * width, width), np.zeros(width, np.float32)]
        size = width
    return weights


def embed(weights: Weights, graphs: Graphs, recipe: CnnRecipe) -> Any:
    """Convolutions over `WINDOW` places, ReLU, max-pooling by two; the mean over real places, (R, b, D)."""
    nodes, propagation, pooling = graphs
    hidden = tf.concat([nodes, propagation[:, :, 0]], axis=-1)
    real = tf.cast(pooling > 0, tf.float32)
    for k in range(recipe.layers):
        count, batch, v, size = hidden.shape
        wide = tf.pad(hidden, ((0, 0), (0, 0), (1, 1), (0, 0)))
        windows = tf.concat([wide[:, :, i : i + v] for i in range(WINDOW)], axis=-1)
        windows = tf.reshape(windows, (count, batch * v, WINDOW * size))
        hidden = tf.nn.relu(multiply(windows, weights[2 * k], recipe) + weights[2 * k + 1][:, None])
        hidden = tf.reshape(hidden, (count, batch, v, hidden.shape[-1])) * real[..., None]
        hidden, real = _halved(hidden), _halved(real[..., None])[..., 0]
    return tf.reduce_sum(hidden, axis=2) / tf.maximum(tf.reduce_sum(real, axis=2), 1)[..., None]


def _halved(values: Any) -> Any:
    """Maximum over pairs of places (R, b, v, c); all values are at least 0, so padding changes nothing."""
    count, batch, v, size = values.shape
    even = tf.pad(values, ((0, 0), (0, 0), (0, v % 2), (0, 0)))
    return tf.reduce_max(tf.reshape(even, (count, batch, -(-v // 2), 2, size)), axis=3)
