"""What the assessor, NAO and PNAS share: an LSTM over the nodes of an architecture, for R replicates at once.

All three read the nodes in their order, which is topological: edges lead from lower to higher numbers. What they have
in common here, and their sources do not say or say otherwise:

- A node is described by its operation, one-hot, and by its incoming edges, counted by the operation that they come
  from: the columns of X and of A' X, which are 2 f numbers for a graph of any size. The sources name the inputs of a
  node by their place instead, for spaces where each node has one or two of them. That counts stand in for places,
  so that graphs of any size and any number of edges can be read and scored, is ours; two graphs that differ only in
  which of several nodes of equal operation feeds another are read alike.
- A table of embeddings followed by a kernel is one matrix. The kernel of the first layer is that product, so there
  is no table of its own.
- Labels are z-scored, hence the output is linear, where the sources end in a sigmoid or take accuracies as they are.
- Recipes choose loss, dropout and weight decay, as for every other predictor (`recipe_base.NeuralRecipe`).

Padding moves no state: the state after the last real node is the state after the last place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.predictors.kernels import glorot, multiply
from neural_predictor.predictors.lazy import tf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.predictors.network import Graphs, Weights
    from neural_predictor.predictors.recipe_base import NeuralRecipe

SEQUENCE_SETTINGS: dict[str, Any] = {
    "layers": 1,
    "width": 100,
    "hidden": (),
    "epochs": 50,
    "learning_rate": 5e-3,
    "weight_decay": 0.0,
}
"""Of the named recipes, with the one rate and length that suit all three on development thirds."""


def initial_weights(
    recipe: NeuralRecipe, width: int, places: int, features: int, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Kernel (i + D, 4 D) and bias (4 D) of each LSTM layer, without the leading axis R.

    The rows of a kernel are the layer's inputs and then its own last output; the columns, as Keras has them, the
    input gate, the forget gate, the candidate and the output gate. Both parts are Glorot-uniform (Keras draws an
    orthogonal matrix for the second); biases are 0 and those of forget gates 1.

    Args:
        recipe: layers.
        width: D.
        places: nodes of a graph with its padding, on which nothing depends.
        features: f, kinds of operation; a token has 2 f numbers.
        rng: where the weights come from.
    """
    weights: list[NDArray[np.float32]] = []
    size = 2 * features
    for _ in range(recipe.layers):
        kernel = np.concatenate([glorot(rng, size, 4 * width), glorot(rng, width, 4 * width)])
        weights += [kernel, np.repeat(np.array([0, 1, 0, 0], np.float32), width)]
        size = width
    return weights


def lstm(inputs: Any, real: Any, kernel: Any, bias: Any, recipe: NeuralRecipe) -> Any:
    """The outputs of one LSTM layer at every place of its sequences.

    Args:
        inputs: (R, b, s, i) sequences of s tokens.
        real: (R, b, s) whether a token is one; the state passes over others as it is.
        kernel: (R, i + D, 4 D), as `initial_weights` has it.
        bias: (R, 4 D).
        recipe: its precision.

    Returns:
        (s, R, b, D) outputs; at a token that is none, that of the token before.
    """
    count, batch, length, size = inputs.shape
    width = kernel.shape[1] - size
    tokens, kept = tf.transpose(inputs, (2, 0, 1, 3)), tf.transpose(real, (2, 0, 1))[..., None]
    outputs = tf.TensorArray(tf.float32, length, element_shape=(count, batch, width))

    def step(place: Any, output: Any, cell: Any, outputs: Any) -> Any:
        driven = multiply(tf.concat([tokens[place], output], axis=-1), kernel, recipe) + bias[:, None]
        gates = tf.split(driven, 4, axis=-1)
        moved = tf.sigmoid(gates[1]) * cell + tf.sigmoid(gates[0]) * tf.tanh(gates[2])
        shown = tf.sigmoid(gates[3]) * tf.tanh(moved)
        output = tf.where(kept[place], shown, output)
        return place + 1, output, tf.where(kept[place], moved, cell), outputs.write(place, output)

    start = tf.zeros((count, batch, width))
    state = (0, start, start, outputs)
    return tf.while_loop(lambda k, *_: k < length, step, state, maximum_iterations=length)[3].stack()


def tokens(graphs: Graphs) -> tuple[Any, Any, Any]:
    """Operations (R, b, v, f), counts of incoming edges by the operation they come from, and real places (R, b, v)."""
    nodes, propagation, pooling = graphs
    # A row of A_hat against the edges is positive where an edge comes from, and at the node itself.
    places = nodes.shape[2]
    producers = tf.cast(propagation[:, :, 1] > 0, tf.float32) * (1 - tf.eye(places))
    return nodes, tf.matmul(producers, nodes), pooling > 0


def encode(sequence: Any, real: Any, weights: Weights, recipe: NeuralRecipe) -> Any:
    """The outputs (s, R, b, D) of the last of the recipe's LSTM layers; `sequence` and `real` are as in `lstm`."""
    hidden = sequence
    for k in range(recipe.layers):
        outputs = lstm(hidden, real, weights[2 * k], weights[2 * k + 1], recipe)
        hidden = tf.transpose(outputs, (1, 2, 0, 3))
    return outputs
