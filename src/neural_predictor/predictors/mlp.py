"""Fully connected layers on the operations and A_hat of all places of a graph (appendix Fig. 1).

As the replication has it, on A alone, but with the activation that its fully connected layer lacks.
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


class MlpRecipe(NeuralRecipe):
    """A multilayer perceptron, which tells places apart: it is made for graphs of one size."""

    kind: Literal["mlp"] = "mlp"

    fixed_size: ClassVar[bool] = True


NAMED = {"mlp": MlpRecipe()}


def initial_weights(
    recipe: MlpRecipe, width: int, places: int, features: int, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Kernel (i, D) and bias (D) of each layer, without the leading axis R.

    Args:
        recipe: layers.
        width: D.
        places: v, nodes of a graph with its padding: the first layer takes v (f + v) numbers.
        features: f, numbers of a node.
        rng: where the weights come from.
    """
    weights: list[NDArray[np.float32]] = []
    size = places * (features + places)
    for _ in range(recipe.layers):
        weights += [glorot(rng, size, width), np.zeros(width, np.float32)]
        size = width
    return weights


def embed(weights: Weights, graphs: Graphs, recipe: MlpRecipe) -> Any:
    """The last ReLU layer's numbers, (R, b, D)."""
    nodes, propagation, _ = graphs
    hidden = tf.concat([nodes, propagation[:, :, 0]], axis=-1)
    hidden = tf.reshape(hidden, (hidden.shape[0], hidden.shape[1], -1))
    for k in range(recipe.layers):
        hidden = tf.nn.relu(multiply(hidden, weights[2 * k], recipe) + weights[2 * k + 1][:, None])
    return hidden
