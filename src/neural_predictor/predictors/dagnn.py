"""A recurrent network that runs along the edges of directed acyclic graphs, for R replicates at once.

Source: Thost and Chen, "Directed Acyclic Graph Neural Networks", ICLR 2021. There as here, nodes are visited in
topological order and a gated recurrent unit makes a node's state of what it is and of its predecessors' states, which
attention weighs: one sweep carries what an input is to every output, however many nodes lie between, where a graph
convolution passes it on by one edge a layer. What differs:

- The score of a predecessor's attention is linear in its numbers and its state. There the hearing node has a part in
  it too, which is the same for all that it hears and so cancels in the softmax.
- Sweeps alternate, along the edges and against them, and each reads the states of the one before; there the two
  directions have networks of their own, joined at the end.
- One vector a graph is what the recipe's readout makes of all nodes, and beside it the mean state of those nodes where
  a sweep ends: outputs of one along the edges, inputs of one against them. There it is the maximum over these alone.
- Update gates start with a bias of `UPDATE_BIAS`, so that a new network listens to the node more than it passes on.
- With `reach`, a node also hears all nodes that lead to it, weighed by the same scores, by a kernel of its own.

Edges must lead from lower to higher node numbers.
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

UPDATE_BIAS = -1.0
"""sigmoid(-1) = .27 of what is heard of the predecessors is passed on as it is."""
SCORE_LIMIT = 6.0
"""Scores of attention are bent to lie between -6 and 6: their exponentials are summed before the largest is known."""


def dagnn_weights(
    recipe: NeuralRecipe, width: int, features: int, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Kernel (i + D, 3 D + 1), or (i + 2 D, 3 D + 1) with `reach`, and bias (3 D + 1) of each sweep, one replicate's.

    The rows of a kernel are the node's own numbers, what it hears of its predecessors and, with `reach`, of all that
    lead to it; the columns the update gate, the reset gate, the candidate and the score of attention, which takes the
    node's new state in place of what it hears of its predecessors. All are Glorot-uniform.
    """
    weights: list[NDArray[np.float32]] = []
    size = features
    for _ in range(recipe.layers):
        rows = [size] + [width] * (recipe.directions // 2)
        gates = np.concatenate([glorot(rng, count, width, 3 * width) for count in rows])
        score = np.concatenate([glorot(rng, count, width, 1) for count in rows])
        bias = np.repeat(np.array([UPDATE_BIAS, 0, 0, 0], np.float32), [width, width, width, 1])
        weights += [np.concatenate([gates, score], axis=1), bias]
        size = width
    return weights


def _sweep(inputs: Any, links: Sequence[Any], kernel: Any, bias: Any, recipe: NeuralRecipe) -> Any:
    """The states (R, b, v, D) of all nodes, visited in the order of their numbers.

    A state is added to what its hearers hear as soon as it is known, so that a step of the loop keeps for the gradient
    what is of one node alone, and memory grows with the number of nodes, not with its square.

    Args:
        inputs: (R, b, v, i) numbers of each node.
        links: of predecessors and, with `reach`, of all that lead to a node: (R, b, v, v), in row j the shares that
            earlier nodes have in what node j hears, before attention weighs them.
        kernel: as `dagnn_weights` has it.
        bias: (R, 3 D + 1).
        recipe: its precision.
    """
    count, batch, places, size = inputs.shape
    width = bias.shape[1] // 3
    own = multiply(tf.reshape(inputs, (count, batch * places, size)), kernel[:, :size], recipe) + bias[:, None]
    own = tf.transpose(tf.reshape(own, (count, batch, places, 3 * width + 1)), (2, 0, 1, 3))
    shares = [tf.transpose(link, (3, 2, 0, 1))[..., None] for link in links]  # (from, to, R, b, 1)
    near, far = kernel[:, size : size + width], kernel[:, size + width :]
    gates, score = near[..., : 3 * width], near[..., 3 * width :]
    states = tf.TensorArray(tf.float32, places, element_shape=(count, batch, width))

    def step(place: Any, heard: Any, states: Any) -> Any:
        means = [tf.math.divide_no_nan(sums[place], weights[place]) for sums, weights in heard]
        driven = own[place] if len(means) == 1 else own[place] + multiply(means[1], far, recipe)
        own_update, own_reset, own_new, own_score = tf.split(driven, [width, width, width, 1], axis=-1)
        update, reset, new = tf.split(multiply(means[0], gates, recipe), 3, axis=-1)
        kept = tf.sigmoid(own_update + update)
        state = (1 - kept) * tf.tanh(own_new + tf.sigmoid(own_reset + reset) * new) + kept * means[0]
        weight = tf.exp(SCORE_LIMIT * tf.tanh((own_score + tf.matmul(state, score)) / SCORE_LIMIT))
        weighed = weight * state
        heard = tuple(
            (sums + share[place] * weighed, weights + share[place] * weight)
            for (sums, weights), share in zip(heard, shares, strict=True)
        )
        return place + 1, heard, states.write(place, state)

    silence = tuple((tf.zeros((places, count, batch, width)), tf.zeros((places, count, batch, 1))) for _ in links)
    loop = tf.while_loop(lambda k, *_: k < places, step, (0, silence, states), maximum_iterations=places)
    return tf.transpose(loop[2].stack(), (1, 2, 0, 3))


def _shares(propagation: Any) -> Any:
    """Rows of A_hat (.., v, v) without the nodes themselves, brought back to a sum of one; zero where none is left."""
    others = propagation * (1 - tf.eye(propagation.shape[-1]))
    return tf.math.divide_no_nan(others, tf.reduce_sum(others, axis=-1, keepdims=True))


def dagnn(weights: Sequence[Any], graphs: tuple[Any, Any, Any], recipe: NeuralRecipe) -> tuple[Any, Any]:
    """States (R, b, v, 2 D) of the last two sweeps, or of the only one; and their means (R, b, 2 D) where each ends."""
    hidden, propagation, pooling = graphs
    real = tf.cast(pooling > 0, tf.float32)
    shares = tf.unstack(_shares(propagation), axis=2)
    sweeps, ends = [], []
    for k in range(recipe.layers):
        against = k % 2 == 1
        links = shares[0::2] if against else shares[1::2]
        last = real * tf.cast(tf.reduce_sum(shares[1 if against else 0], axis=-1) <= 0, tf.float32)
        if against:
            hidden, links = tf.reverse(hidden, [2]), [tf.reverse(link, [2, 3]) for link in links]
        hidden = _sweep(hidden, links, weights[2 * k], weights[2 * k + 1], recipe)
        hidden = tf.reverse(hidden, [2]) if against else hidden
        sweeps.append(hidden)
        total = tf.reduce_sum(hidden * last[..., None], axis=2)
        ends.append(total / tf.maximum(tf.reduce_sum(last, axis=2), 1)[..., None])
    return tf.concat(sweeps[-2:], axis=-1), tf.concat(ends[-2:], axis=-1)
