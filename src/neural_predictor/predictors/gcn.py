"""The paper's predictor: graph convolutions along and against the edges, the mean over nodes, a scalar.

Wen et al. 2020, section 3; `keras_gcn` has the same function one replicate at a time, for reading. Here it is laid out
for speed: the kernels of both directions of a layer stand side by side, (R, f, 2 D), so that a layer is one matrix
product; with the transitive closure there are four directions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from neural_predictor.predictors.graph_recipe import GraphRecipe, read_out
from neural_predictor.predictors.kernels import glorot, multiply
from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.recipe_base import NeuralRecipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.predictors.network import Graphs, Weights


class GcnRecipe(GraphRecipe):
    """The paper's graph convolutional network.

    Attributes:
        initial_gain: factor of the Glorot-uniform kernels of graph convolutions at the start. 2 undoes the halves of
            the paper's equation: with 1, each layer passes on about half of what it gets, three layers bear that, and
            eighteen pass on a hundred thousandth, so that the fit never leaves the mean (bench/chains.py).
    """

    kind: Literal["gcn"] = "gcn"
    initial_gain: Annotated[float, Field(gt=0)] = 1.0

    not_compiled: ClassVar[frozenset[str]] = NeuralRecipe.not_compiled | {"initial_gain"}

    @property
    def scores_by_distinct_nodes(self) -> bool:
        """Whether a node's embedding depends on its neighbourhood alone and a graph is the mean of its nodes."""
        return self.readout == "mean" and not (self.transitive_closure or self.positional_features)


_HINGE = GcnRecipe(
    width=64,
    loss="hinge",
    optimizer="adamw",
    learning_rate=1e-3,
    weight_decay=1e-2,
    epochs=150,
    batch_size=16,
    readout="mean-sum-max",
    positional_features=True,
)
NAMED = {
    "paper": GcnRecipe(),
    "gcn-hinge": _HINGE,
    "gcn-reach": _HINGE.model_copy(update={"transitive_closure": True}),
    "gcn-logistic": _HINGE.model_copy(update={"loss": "pairwise-logistic"}),
    "gcn-listwise": _HINGE.model_copy(update={"loss": "listwise"}),
    "gcn-squared": _HINGE.model_copy(update={"loss": "squared"}),
}
"""`paper` is that of Wen et al., one stage. The others have a loss of the order: docs/lab/predictors.md has what else
was tried."""


def initial_weights(
    recipe: GcnRecipe, width: int, places: int, features: int, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Kernel (i, d D) and bias (d D) of each graph convolution for d directions, without the leading axis R.

    Args:
        recipe: layers, directions and gain.
        width: D.
        places: nodes of a graph with its padding, on which nothing depends.
        features: numbers of a node.
        rng: where the weights come from.
    """
    weights: list[NDArray[np.float32]] = []
    size = features
    for _ in range(recipe.layers):
        kernel = np.concatenate([glorot(rng, size, width) for _ in range(recipe.directions)], axis=1)
        kernel *= np.float32(recipe.initial_gain)
        weights += [kernel, np.zeros(kernel.shape[1], np.float32)]
        size = width
    return weights


def embed(weights: Weights, graphs: Graphs, recipe: GcnRecipe) -> Any:
    """The last convolution's embeddings as one vector a graph, (R, b, D) or (R, b, 3 D)."""
    hidden, propagation, pooling = graphs
    for k in range(recipe.layers):
        hidden = convolve(hidden, propagation, weights[2 * k], weights[2 * k + 1], recipe)
    return read_out(hidden, pooling, recipe)


def convolve(nodes: Any, propagation: Any, kernel: Any, bias: Any, recipe: GcnRecipe) -> Any:
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
    # A product with ones, whose gradient is one too: as a sum over nodes, XLA computes it four times slower on a CPU.
    offsets = tf.reshape(
        tf.matmul(tf.ones((nodes.shape[0], batch * v, 1)), bias[:, None]), (-1, batch, v, bias.shape[-1])
    )
    offsets = tf.split(offsets, directions, axis=-1)
    return tf.add_n(
        [
            0.5 * tf.nn.relu(tf.matmul(propagation[:, :, k], side) + offset)
            for k, (side, offset) in enumerate(zip(sides, offsets, strict=True))
        ]
    )
