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
- With the transitive closure, a node also hears all nodes that lead to it, weighed by the same scores, by a kernel of
  its own.

Edges must lead from lower to higher node numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from neural_predictor.predictors.graph_recipe import GraphRecipe, read_out
from neural_predictor.predictors.kernels import glorot, multiply
from neural_predictor.predictors.lazy import tf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.network import Graphs, Weights

UPDATE_BIAS = -1.0
"""sigmoid(-1) = .27 of what is heard of the predecessors is passed on as it is."""
SCORE_LIMIT = 6.0
"""Scores of attention are bent to lie between -6 and 6: their exponentials are summed before the largest is known."""


class DagnnRecipe(GraphRecipe):
    """A recurrent network that runs along the edges and against them, in turn: `layers` are its sweeps.

    A graph's vector has besides the readout the mean state where each of the last two sweeps ends.
    """

    kind: Literal["dagnn"] = "dagnn"

    def embedding_size(self, width: int) -> int:
        """Length of the readout and the ends of the last two sweeps, or of the only one."""
        return min(self.layers, 2) * (super().embedding_size(width) + width)


_LOGISTIC = DagnnRecipe(
    layers=2,
    width=64,
    loss="pairwise-logistic",
    optimizer="adamw",
    learning_rate=3e-3,
    weight_decay=1e-2,
    epochs=50,
    batch_size=8,
    readout="mean-sum-max",
    positional_features=True,
)
NAMED = {
    "dagnn": _LOGISTIC,
    "dagnn-hinge": _LOGISTIC.model_copy(update={"loss": "hinge", "learning_rate": 4e-3, "batch_size": 16}),
}
"""A sweep along the edges, then one against them; and the same with another loss of the order and larger steps: which
of the two ranks better depends on the search space."""


def initial_weights(
    recipe: DagnnRecipe, width: int, places: int, features: int, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Kernel (i + D, 3 D + 1) and bias (3 D + 1) of each sweep, without the leading axis R.

    The rows of a kernel are the node's own numbers and what it hears of its predecessors; with the transitive closure
    there are D more, for what it hears of all that lead to it. The columns are the update gate, the reset gate, the
    candidate and the score of attention, which takes the node's new state in place of what it hears of its
    predecessors. All are Glorot-uniform.

    Args:
        recipe: sweeps and directions.
        width: D.
        places: nodes of a graph with its padding, on which nothing depends.
        features: numbers of a node.
        rng: where the weights come from.
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


def _sweep(inputs: Any, links: Sequence[Any], kernel: Any, bias: Any, recipe: DagnnRecipe) -> Any:
    """The states (R, b, v, D) of all nodes, visited in the order of their numbers.

    A state is added to what its hearers hear as soon as it is known, so that a step of the loop keeps for the gradient
    what is of one node alone, and memory grows with the number of nodes, not with its square.

    Args:
        inputs: (R, b, v, i) numbers of each node.
        links: of predecessors and, with the transitive closure, of all that lead to a node: (R, b, v, v), in row j
            the shares that earlier nodes have in what node j hears, before attention weighs them.
        kernel: as `initial_weights` has it.
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


def embed(weights: Weights, graphs: Graphs, recipe: DagnnRecipe) -> Any:
    """The states of the last two sweeps, read out, and where each ends: one vector a graph, (R, b, 4 D) or (R, b, 8 D).

    Of a single sweep half as many.
    """
    states, ends = _run(weights, graphs, recipe)
    return tf.concat([read_out(states, graphs[2], recipe), ends], axis=-1)


def _run(weights: Weights, graphs: Graphs, recipe: DagnnRecipe) -> tuple[Any, Any]:
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
