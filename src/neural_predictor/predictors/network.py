"""The predictor's network for R replicates at once: weights with a leading axis R, in TensorFlow operations.

The same function as `gcn.build_gcn`, laid out for speed: the kernels of both directions of a layer stand side by
side, (R, f, 2 D), so that a layer is one matrix product. Initial weights are drawn with NumPy, so that a replicate
starts the same on every device and beside any others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe import GCNRecipe

Weights = tuple[Any, ...]
"""Kernel and bias of each layer in turn: (R, i, 2 D), (R, 2 D) for convolutions; (R, i, o), (R, o) for the rest."""


def _glorot(rng: np.random.Generator, fan_in: int, fan_out: int) -> NDArray[np.float32]:
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out)).astype(np.float32)


def initial_weights(
    recipe: GCNRecipe, width: int, features: int, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Glorot-uniform kernels and zero biases of one replicate, without the leading axis."""
    weights: list[NDArray[np.float32]] = []
    size = features
    for _ in range(recipe.layers):
        directions = [_glorot(rng, size, width), _glorot(rng, size, width)]
        weights += [np.concatenate(directions, axis=1), np.zeros(2 * width, np.float32)]
        size = width
    for out in (*recipe.hidden, 1):
        weights += [_glorot(rng, size, out), np.zeros(out, np.float32)]
        size = out
    return weights


def product(left: Any, kernel: Any, recipe: GCNRecipe) -> Any:
    """Matrix product in the recipe's precision, as float32."""
    if recipe.precision == "mixed_bfloat16":
        low = tf.matmul(tf.cast(left, tf.bfloat16), tf.cast(kernel, tf.bfloat16))
        return tf.cast(low, tf.float32)
    return tf.matmul(left, kernel)


def convolve(nodes: Any, propagation: Any, kernel: Any, bias: Any, recipe: GCNRecipe) -> Any:
    """One bidirectional graph convolution.

    Args:
        nodes: (R, b, v, f) embeddings.
        propagation: (R, b, 2, v, v) A_hat along and against the edges.
        kernel: (R, f, 2 D), the kernels along and against the edges side by side.
        bias: (R, 2 D).
        recipe: its precision.

    Returns:
        (R, b, v, D) embeddings.
    """
    batch, v, f = (nodes.shape[k] for k in (1, 2, 3))
    both = product(tf.reshape(nodes, (-1, batch * v, f)), kernel, recipe)
    along, against = tf.split(tf.reshape(both, (-1, batch, v, kernel.shape[-1])), 2, axis=-1)
    bias_along, bias_against = tf.split(bias[:, None, None, :], 2, axis=-1)
    along = tf.matmul(propagation[:, :, 0], along) + bias_along
    against = tf.matmul(propagation[:, :, 1], against) + bias_against
    return 0.5 * tf.nn.relu(along) + 0.5 * tf.nn.relu(against)


def head(pooled: Any, weights: Weights, recipe: GCNRecipe, keep: Sequence[Any]) -> Any:
    """Fully connected layers on (R, b, D) pooled embeddings: (R, b) scores.

    `keep` holds the dropout masks (R, b, hidden), scaled by 1 / (1 - rate), of the hidden layers; empty in inference.
    """
    hidden = pooled
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    for k, (kernel, bias) in enumerate(layers[:-1]):
        hidden = tf.nn.relu(product(hidden, kernel, recipe) + bias[:, None])
        if keep:
            hidden *= keep[k]
    kernel, bias = layers[-1]
    return (tf.matmul(hidden, kernel) + bias[:, None])[..., 0]


def forward(weights: Weights, graphs: tuple[Any, Any, Any], recipe: GCNRecipe, keep: Sequence[Any] = ()) -> Any:
    """Scores (R, b) of nodes (R, b, v, f), propagation (R, b, 2, v, v), pooling (R, b, v)."""
    nodes, propagation, pooling = graphs
    hidden = nodes
    for k in range(recipe.layers):
        hidden = convolve(hidden, propagation, weights[2 * k], weights[2 * k + 1], recipe)
    pooled = tf.reduce_sum(hidden * pooling[..., None], axis=2)
    return head(pooled, weights[2 * recipe.layers :], recipe, keep)
