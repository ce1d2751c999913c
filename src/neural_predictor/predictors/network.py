"""The predictors' networks for R replicates at once: weights with a leading axis R, in TensorFlow operations.

The GCN is the same function as `gcn.build_gcn`, laid out for speed: the kernels of both directions of a layer stand
side by side, (R, f, 2 D), so that a layer is one matrix product; with `reach` there are four directions. Initial
weights are drawn with NumPy, so that a replicate starts the same on every device and beside any others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from neural_predictor.predictors import sequences
from neural_predictor.predictors.dagnn import dagnn, dagnn_weights
from neural_predictor.predictors.kernels import glorot, multiply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe import NeuralRecipe

LOWEST = -1e9  # of padding, where a maximum over nodes is taken
KERNEL = 3  # neighbouring places that a convolution of the CNN sees
Graphs = tuple[Any, Any, Any]
Weights = tuple[Any, ...]
"""Kernel and bias of each layer in turn: (R, i, 2 D), (R, 2 D) for convolutions; (R, i + D, 4 D), (R, 4 D) for LSTM
layers; (R, i + D, 3 D + 1), (R, 3 D + 1) for sweeps of a DAGNN; (R, i, o), (R, o) for the rest."""


def initial_weights(
    recipe: NeuralRecipe, width: int, places: int, features: int, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Initial kernels (Glorot-uniform, times the recipe's gain) and biases of one replicate, without the leading axis.

    Args:
        recipe: kind, layers and hidden widths.
        width: D.
        places: v, nodes of a graph with its padding (only the MLP and the CNN depend on it).
        features: f, kinds of operation.
        rng: where the weights come from.
    """
    body = _WEIGHTS.get(recipe.kind, _layer_weights)
    sizes = {"mlp": places * (features + places), "cnn": features + places}
    weights = body(recipe, width, sizes.get(recipe.kind, features), rng)
    size = width * (3 if recipe.readout == "mean-sum-max" else 1)
    if recipe.kind == "dagnn":
        size = min(recipe.layers, 2) * (size + width)
    for out in (*recipe.hidden, 1):
        weights += [glorot(rng, size, out), np.zeros(out, np.float32)]
        size = out
    return weights


def _layer_weights(recipe: NeuralRecipe, width: int, size: int, rng: np.random.Generator) -> list[NDArray[np.float32]]:
    """Kernel and bias of each layer of a GCN, MLP or CNN whose first layer takes `size` numbers."""
    weights: list[NDArray[np.float32]] = []
    for _ in range(recipe.layers):
        if recipe.kind == "gcn":
            kernel = np.concatenate([glorot(rng, size, width) for _ in range(recipe.directions)], axis=1)
            kernel *= np.float32(recipe.initial_gain)
        elif recipe.kind == "cnn":
            kernel = glorot(rng, KERNEL * size, KERNEL * width, width)
        else:
            kernel = glorot(rng, size, width)
        weights += [kernel, np.zeros(kernel.shape[1], np.float32)]
        size = width
    return weights


def convolve(nodes: Any, propagation: Any, kernel: Any, bias: Any, recipe: NeuralRecipe) -> Any:
    """One bidirectional graph convolution.

    Args:
        nodes: (R, b, v, f) embeddings.
        propagation: (R, b, d, v, v) A_hat along and against the edges, and their closures where d is 4.
        kernel: (R, f, d D), the kernels of all directions side by side.
        bias: (R, d D).
        recipe: its precision.

    Returns:
        (R, b, v, D) embeddings.
    """
    batch, v, f = (nodes.shape[k] for k in (1, 2, 3))
    directions = propagation.shape[2]
    all_sides = multiply(tf.reshape(nodes, (-1, batch * v, f)), kernel, recipe)
    sides = tf.split(tf.reshape(all_sides, (-1, batch, v, kernel.shape[-1])), directions, axis=-1)
    biases = tf.split(bias[:, None, None, :], directions, axis=-1)
    return tf.add_n(
        [
            0.5 * tf.nn.relu(tf.matmul(propagation[:, :, k], side) + offset)
            for k, (side, offset) in enumerate(zip(sides, biases, strict=True))
        ]
    )


def head(pooled: Any, weights: Weights, recipe: NeuralRecipe, keep: Sequence[Any]) -> Any:
    """Fully connected layers on (R, b, D) pooled embeddings: (R, b) scores.

    `keep` holds the dropout masks (R, b, hidden), scaled by 1 / (1 - rate), of the hidden layers; empty in inference.
    """
    hidden = pooled
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    for k, (kernel, bias) in enumerate(layers[:-1]):
        hidden = tf.nn.relu(multiply(hidden, kernel, recipe) + bias[:, None])
        if keep:
            hidden *= keep[k]
    kernel, bias = layers[-1]
    return (tf.matmul(hidden, kernel) + bias[:, None])[..., 0]


def _gcn(weights: Weights, graphs: Graphs, recipe: NeuralRecipe) -> Any:
    """The last convolution's embeddings as one vector a graph, (R, b, D) or (R, b, 3 D)."""
    hidden, propagation, pooling = graphs
    for k in range(recipe.layers):
        hidden = convolve(hidden, propagation, weights[2 * k], weights[2 * k + 1], recipe)
    return _read_out(hidden, pooling, recipe)


def _dagnn(weights: Weights, graphs: Graphs, recipe: NeuralRecipe) -> Any:
    """The states of the last two sweeps as one vector a graph, (R, b, 4 D) or (R, b, 8 D)."""
    states, ends = dagnn(weights, graphs, recipe)
    return tf.concat([_read_out(states, graphs[2], recipe), ends], axis=-1)


def _read_out(nodes: Any, pooling: Any, recipe: NeuralRecipe) -> Any:
    """One vector (R, b, D) of each graph's nodes (R, b, v, D), or three side by side, as the recipe's readout says."""
    mean = tf.reduce_sum(nodes * pooling[..., None], axis=2)
    if recipe.readout == "mean":
        return mean
    real = pooling[..., None] > 0
    count = tf.reduce_sum(tf.cast(real, tf.float32), axis=2)
    return tf.concat([mean, mean * tf.sqrt(count), tf.reduce_max(tf.where(real, nodes, LOWEST), axis=2)], axis=-1)


def _mlp(weights: Weights, graphs: Graphs, recipe: NeuralRecipe) -> Any:
    """Fully connected ReLU layers on operations and A_hat of all places, (R, b, D)."""
    nodes, propagation, _ = graphs
    hidden = tf.concat([nodes, propagation[:, :, 0]], axis=-1)
    hidden = tf.reshape(hidden, (hidden.shape[0], hidden.shape[1], -1))
    for k in range(recipe.layers):
        hidden = tf.nn.relu(multiply(hidden, weights[2 * k], recipe) + weights[2 * k + 1][:, None])
    return hidden


def _cnn(weights: Weights, graphs: Graphs, recipe: NeuralRecipe) -> Any:
    """Convolutions over three neighbouring places, ReLU, max-pooling by two; the mean over real places, (R, b, D)."""
    nodes, propagation, pooling = graphs
    hidden = tf.concat([nodes, propagation[:, :, 0]], axis=-1)
    real = tf.cast(pooling > 0, tf.float32)
    for k in range(recipe.layers):
        count, batch, v, size = hidden.shape
        wide = tf.pad(hidden, ((0, 0), (0, 0), (1, 1), (0, 0)))
        windows = tf.concat([wide[:, :, i : i + v] for i in range(KERNEL)], axis=-1)
        windows = tf.reshape(windows, (count, batch * v, KERNEL * size))
        hidden = tf.nn.relu(multiply(windows, weights[2 * k], recipe) + weights[2 * k + 1][:, None])
        hidden = tf.reshape(hidden, (count, batch, v, hidden.shape[-1])) * real[..., None]
        hidden, real = _halved(hidden), _halved(real[..., None])[..., 0]
    return tf.reduce_sum(hidden, axis=2) / tf.maximum(tf.reduce_sum(real, axis=2), 1)[..., None]


def _halved(values: Any) -> Any:
    """Maximum over pairs of places (R, b, v, c); all values are at least 0, so padding changes nothing."""
    count, batch, v, size = values.shape
    even = tf.pad(values, ((0, 0), (0, 0), (0, v % 2), (0, 0)))
    return tf.reduce_max(tf.reshape(even, (count, batch, -(-v // 2), 2, size)), axis=3)


_WEIGHTS = {"dagnn": dagnn_weights, **dict.fromkeys(sequences.BODIES, sequences.lstm_weights)}
_BODIES = {"gcn": _gcn, "dagnn": _dagnn, "mlp": _mlp, "cnn": _cnn, **sequences.BODIES}
"""Each makes one vector (R, b, ..) a graph with the first 2 * `layers` weights: a kernel and a bias a layer."""


def forward(weights: Weights, graphs: Graphs, recipe: NeuralRecipe, keep: Sequence[Any] = ()) -> Any:
    """Scores (R, b) of nodes (R, b, v, f), propagation (R, b, 2 or 4, v, v), pooling (R, b, v)."""
    pooled = _BODIES[recipe.kind](weights, graphs, recipe)
    return head(pooled, weights[2 * recipe.layers :], recipe, keep)
