"""Predictors that read an architecture as a sequence: the assessor, NAO's and PNAS's, for R replicates at once.

All three run an LSTM over the nodes in their order, which is topological: edges lead from lower to higher numbers.
What they have in common here, and their sources do not say or say otherwise:

- A node is described by its operation, one-hot, and by its incoming edges, counted by the operation that they come
  from: the columns of X and of A' X, which are 2 f numbers for a graph of any size. The sources name the inputs of a
  node by their place instead, for spaces where each node has one or two of them. That counts stand in for places,
  so that graphs of any size and any number of edges can be read and scored, is ours; two graphs that differ only in
  which of several nodes of equal operation feeds another are read alike.
- A table of embeddings followed by a kernel is one matrix. The kernel of the first layer is that product, so there
  is no table of its own.
- Labels are z-scored, hence the output is linear, where the sources end in a sigmoid or take accuracies as they are.
- Recipes choose loss, dropout and weight decay, as for every other predictor (`recipe.NeuralRecipe`).

Padding moves no state: the state after the last real node is the state after the last place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from neural_predictor.predictors.kernels import glorot, multiply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe import NeuralRecipe


def lstm_weights(
    recipe: NeuralRecipe, width: int, features: int, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Kernel (i + D, 4 D) and bias (4 D) of each LSTM layer, without the leading axis.

    The rows of a kernel are the layer's inputs and then its own last output; the columns, as Keras has them, the
    input gate, the forget gate, the candidate and the output gate. Both parts are Glorot-uniform (Keras draws an
    orthogonal matrix for the second); biases are 0 and those of forget gates 1.
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
        kernel: (R, i + D, 4 D), as `lstm_weights` has it.
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


def _tokens(graphs: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
    """Operations (R, b, v, f), counts of incoming edges by the operation they come from, and real places (R, b, v)."""
    nodes, propagation, pooling = graphs
    # A row of A_hat against the edges is positive where an edge comes from, and at the node itself.
    places = nodes.shape[2]
    producers = tf.cast(propagation[:, :, 1] > 0, tf.float32) * (1 - tf.eye(places))
    return nodes, tf.matmul(producers, nodes), pooling > 0


def _encode(tokens: Any, real: Any, weights: Sequence[Any], recipe: NeuralRecipe) -> Any:
    """The outputs (s, R, b, D) of the last of the recipe's LSTM layers."""
    hidden = tokens
    for k in range(recipe.layers):
        outputs = lstm(hidden, real, weights[2 * k], weights[2 * k + 1], recipe)
        hidden = tf.transpose(outputs, (1, 2, 0, 3))
    return outputs


def assessor(weights: Sequence[Any], graphs: tuple[Any, Any, Any], recipe: NeuralRecipe) -> Any:
    """Layers one after another through an LSTM; its last output, (R, b, D), goes to fully connected layers.

    Source: Deng, Yan and Lin, "Peephole: Predicting Network Performance Before Training", 2017. What differs, beside
    what the module says: a layer there is an embedded code of type, kernel size and ratio of channels, and has no
    inputs to tell, as the networks are chains; here a layer is its operation, and its incoming edges beside it.
    There the number of epochs trained is embedded and joins the LSTM's output, so that whole learning curves can
    be assessed; here every label is of the same moment and that part is left out.
    """
    operations, incoming, real = _tokens(graphs)
    return _encode(tf.concat([operations, incoming], axis=-1), real, weights, recipe)[-1]


def nao(weights: Sequence[Any], graphs: tuple[Any, Any, Any], recipe: NeuralRecipe) -> Any:
    """The encoder's embedding of an architecture, of unit length, (R, b, D).

    Source: Luo, Tian, Qin, Chen and Liu, "Neural Architecture Optimization", NeurIPS 2018: an LSTM whose outputs
    are brought to unit length, their mean brought to it too, and a fully connected layer on that. What differs,
    beside what the module says: the decoder, which rebuilds the sequence from the encoder's outputs, and its
    reconstruction loss are left out, and with them the search by gradient in the space of embeddings. This is the
    encoder and the predictor alone, trained on the predictor's loss. The dropout of the encoder is left out.
    """
    operations, incoming, real = _tokens(graphs)
    outputs = _encode(tf.concat([operations, incoming], axis=-1), real, weights, recipe)
    shares = tf.transpose(graphs[2], (2, 0, 1))[..., None]
    return _unit(tf.reduce_sum(_unit(outputs) * shares, axis=0))


def _unit(vectors: Any) -> Any:
    return tf.math.l2_normalize(vectors, axis=-1, epsilon=1e-12)


def pnas(weights: Sequence[Any], graphs: tuple[Any, Any, Any], recipe: NeuralRecipe) -> Any:
    """Inputs and operation of each node as tokens of their own through an LSTM; its last output, (R, b, D).

    Source: Liu, Zoph, Neumann and others, "Progressive Neural Architecture Search", ECCV 2018: tokens of inputs and
    of operations, each of the two sorts with its table of embeddings, an LSTM, and a fully connected layer on its
    last output. What differs, beside what the module says: all inputs of a node are one token, the sum of the
    embeddings of what they come from, followed by the token of the node's operation, for there a block has always
    two inputs and two operations. The published predictor is the mean of five, each fitted to another four fifths
    of the data; the recipe is one of the five, and who fits replicates makes the ensemble, by giving each replicate
    the rows of its four fifths (`engine.fit_replicates`), and takes the mean of their scores.
    """
    operations, incoming, real = _tokens(graphs)
    count, batch, places, size = operations.shape
    none = tf.zeros_like(operations)
    inputs, operation = tf.concat([none, incoming], axis=-1), tf.concat([operations, none], axis=-1)
    tokens = tf.reshape(tf.stack([inputs, operation], axis=3), (count, batch, 2 * places, 2 * size))
    return _encode(tokens, tf.repeat(real, 2, axis=2), weights, recipe)[-1]


BODIES = {"assessor": assessor, "nao": nao, "pnas": pnas}
