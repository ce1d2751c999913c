"""A semi-supervised assessor: an auto-encoder embeds architectures, graph convolutions on their relations score them.

Source: Tang, Wang, Xu and others, "A Semi-Supervised Assessor of Neural Architectures", CVPR 2020. Labelled and
unlabelled architectures of a batch are nodes of one graph, linked by how near their embeddings are; a GCN on it gives
scores; the loss is the squared error of the labelled ones and the reconstruction of all. Here the encoder is the
project's graph convolutions and their mean, and the decoder two fully connected layers that give each place's operation
and each edge. Links are a softmax of negative squared distances in units of the batch's mean, where the source takes
exponentials without that and cuts small ones off.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from neural_predictor.predictors import gcn, network
from neural_predictor.predictors.engine import Rates, adam
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.kernels import glorot
from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.propagation import network_inputs
from neural_predictor.predictors.recipe_base import Positive  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from neural_predictor.spaces.graphs import GraphBatch

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

LABELLED, UNLABELLED = 48, 144
"""Architectures of a batch, in training and in scoring."""
BATCHES_A_CALL = 16
"""Batches that one call of a compiled loop is given; of the last call's, some are repeats that it leaves out."""


class SemiSupervisedRecipe(BaseModel):
    """The assessor and its training.

    Attributes:
        layers: graph convolutions of the encoder.
        width: of a convolution, and of an embedding.
        hidden: width of the decoder's first layer, and of the relation graph's first convolution.
        reconstruction: weight of its loss; the rest is that of the squared error.
        reach: squared distance, in units of the batch's mean, at which a link is weaker by a factor of e.
        steps: of training.
        learning_rate: initial rate of Adam; a cosine brings it to zero.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    layers: Positive = 3
    width: Positive = 32
    hidden: Positive = 64
    reconstruction: Annotated[float, Field(ge=0, lt=1)] = 0.5
    reach: Annotated[float, Field(gt=0)] = 0.1
    steps: Positive = 200
    learning_rate: Annotated[float, Field(gt=0)] = 5e-3

    @property
    def encoder(self) -> GcnRecipe:
        """The graph convolutions."""
        return GcnRecipe(layers=self.layers, width=self.width)


def assess(
    recipe: SemiSupervisedRecipe, graphs: GraphBatch, targets: Floats, train: int, rng: np.random.Generator
) -> Floats:
    """Train an assessor, and score architectures.

    Args:
        recipe: how.
        graphs: N labelled architectures, and m that are to be scored.
        targets: (N,) of the first.
        train: unlabelled architectures that training sees, drawn of the m; all of them where there are fewer.
        rng: of weights and batches.

    Returns:
        (m,) scores, in the unit of the targets.
    """
    count = len(targets)
    inputs = network_inputs(graphs)
    others = count + rng.permutation(len(graphs) - count)
    weights = _train(recipe, inputs, targets, others[:train], rng)
    asked = [np.resize(others[k : k + UNLABELLED], UNLABELLED) for k in range(0, len(others), UNLABELLED)]
    rows = np.stack([np.concatenate([_drawn(count, LABELLED, rng), part]) for part in asked])
    scores, run = np.empty(len(graphs)), _compiled(recipe)[1]
    for places, number in _portions(len(rows)):
        found = run(weights, tuple(part[rows[places]] for part in inputs)).numpy()[:number, LABELLED:]
        scores[rows[places][:number, LABELLED:]] = found
    return scores[count:]


def _portions(count: int) -> Iterator[tuple[Rows, int]]:
    """Places of batches, `BATCHES_A_CALL` at a time, and how many of them are not repeats."""
    for start in range(0, count, BATCHES_A_CALL):
        places = np.arange(start, min(start + BATCHES_A_CALL, count))
        yield np.resize(places, BATCHES_A_CALL), len(places)


def _drawn(count: int, size: int, rng: np.random.Generator) -> Rows:
    """`size` of `count` places, each as often as any other but for one."""
    return np.resize(rng.permutation(count), size)


def _train(
    recipe: SemiSupervisedRecipe,
    inputs: tuple[NDArray[np.float32], ...],
    targets: Floats,
    others: Rows,
    rng: np.random.Generator,
) -> list[Any]:
    weights = [tf.constant(weight[None]) for weight in _initial(recipe, inputs[0].shape[1:], rng)]
    state = (weights, *([tf.zeros_like(weight) for weight in weights] for _ in range(2)))
    zero = tf.constant(0.0)
    rates = Rates(tf.constant(recipe.learning_rate), zero, zero, zero)
    rows = np.empty((recipe.steps, LABELLED + UNLABELLED), np.intp)
    for step in rows:
        step[:LABELLED] = _drawn(len(targets), LABELLED, rng)
        step[LABELLED:] = others[_drawn(len(others), UNLABELLED, rng)]
    for places, number in _portions(recipe.steps):
        drawn = rows[places]
        batches = (tuple(part[drawn] for part in inputs), targets[drawn[:, :LABELLED]].astype(np.float32))
        schedule = [tf.constant(float(step)) for step in (places[0], recipe.steps)]
        state = _compiled(recipe)[0](state, batches, (*schedule, tf.constant(number), rates))
    return list(state[0])


def _initial(
    recipe: SemiSupervisedRecipe, shape: tuple[int, ...], rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Weights of the encoder, then kernel and bias of two layers of the decoder's and of two convolutions."""
    places, features = shape
    weights = gcn.initial_weights(recipe.encoder, recipe.width, places, features, rng)
    decoded = places * (features + 1) + places * places
    for size, out in ((recipe.width, recipe.hidden), (recipe.hidden, decoded), (recipe.width, recipe.hidden)):
        weights += [glorot(rng, size, out), np.zeros(out, np.float32)]
    return [*weights, glorot(rng, recipe.hidden, 1), np.zeros(1, np.float32)]


@lru_cache(maxsize=8)
def _compiled(recipe: SemiSupervisedRecipe) -> tuple[Any, Any]:
    """Steps of training, and scores of batches, both one after another."""

    def embed(weights: Any, batch: Any) -> Any:
        return network.embed(weights, tuple(part[None] for part in batch), recipe.encoder)

    def scores(embedded: Any, weights: Any) -> Any:
        """(b,) by two convolutions on the graph of relations."""
        norms = tf.reduce_sum(tf.square(embedded), axis=-1)
        squared = norms[:, :, None] + norms[:, None] - 2 * tf.matmul(embedded, embedded, transpose_b=True)
        links = tf.nn.softmax(-squared / (recipe.reach * tf.stop_gradient(tf.reduce_mean(squared)) + 1e-9), axis=-1)
        hidden = tf.nn.relu(_dense(tf.matmul(links, embedded), weights[:2]))
        return _dense(tf.matmul(links, hidden), weights[2:])[0, :, 0]

    def step(state: Any, batch: Any, targets: Any, part: Any, rates: Any) -> Any:
        weights = state[0]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            embedded = embed(weights[:-8], batch)
            error = tf.reduce_mean(tf.square(scores(embedded, weights[-4:])[:LABELLED] - targets))
            share = recipe.reconstruction
            total = (1 - share) * error + share * _lost(embedded, batch, weights[-8:-4])
        return adam((*state, tape.gradient(total, weights)), part, rates, decoupled=False)

    @tf.function(jit_compile=True, autograph=False)
    def advance(state: Any, batches: Any, schedule: Any) -> Any:
        graphs, targets = batches
        done, total, number, rates = schedule

        def one(place: Any, state: Any) -> Any:
            batch = tuple(part[place] for part in graphs)
            part = (done + tf.cast(place, tf.float32), total)
            return place + 1, step(state, batch, targets[place], part, rates)

        return tf.while_loop(lambda place, _: place < number, one, (tf.constant(0), state))[1]

    @tf.function(jit_compile=True, autograph=False)
    def run(weights: Any, batches: Any) -> Any:
        return tf.map_fn(lambda batch: scores(embed(weights[:-8], batch), weights[-4:]), batches, tf.float32)

    return advance, run


def _dense(values: Any, weights: Any) -> Any:
    return tf.matmul(values, weights[0]) + weights[1][:, None]


def _lost(embedded: Any, batch: Any, weights: Any) -> Any:
    """Cross-entropy of operations and of edges, each a mean."""
    nodes, propagation, pooling = batch
    size, places, features = nodes.shape
    decoded = _dense(tf.nn.relu(_dense(embedded, weights[:2])), weights[2:])[0]
    kinds = tf.reshape(decoded[:, : places * (features + 1)], (size, places, features + 1))
    edges = tf.reshape(decoded[:, places * (features + 1) :], (size, places, places))
    wanted = tf.concat([nodes, tf.cast(pooling == 0, tf.float32)[..., None]], axis=-1)
    linked = tf.cast(propagation[:, 0] > 0, tf.float32) * (1 - tf.eye(places))
    of_kinds = tf.nn.softmax_cross_entropy_with_logits(wanted, kinds)
    return tf.reduce_mean(of_kinds) + tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(linked, edges))
