"""A training loop that can have the defects of other code; without any, it trains as `predictors.engine` does.

It stands apart from the engine so that no option of an honest fit leads to a defect. Replicates are stacked on a
leading axis R, with the engine's own weights, orders and dropout of each seed: what differs between its scores and the
engine's is the defects alone (and the rounding of float32).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.predictors import network
from neural_predictor.predictors.engine import Rates, Stack, adam
from neural_predictor.predictors.kernels import padded
from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.propagation import network_inputs
from neural_predictor.predictors.registry import NeuralKind, row_of
from neural_predictor.tables.benchmarks import space_of
from neural_predictor.tables.table import metric_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.gcn import GcnRecipe
    from neural_predictor.search.draws import RepeatDraw
    from neural_predictor.spaces import GraphBatch
    from neural_predictor.tables.table import BenchmarkTable

COSINE_STEPS = 10_000
"""Over which the replication's learning rate falls, whatever N is."""
BATCH = 512
"""Graphs that are scored at once."""


@dataclass(frozen=True)
class Faults:
    """Which defects a training has.

    Attributes:
        long_cosine: the learning rate falls over `COSINE_STEPS` steps.
        clipped_head: fully connected layers without activation, and the output min(100, 100 sigmoid + 10) in percent.
        padding_pooled: self-loops and a share of the mean for padding, and symmetric normalisation by row degree.
        gradients_kept: a step follows the sum of the gradients of all steps so far.
    """

    long_cosine: bool = False
    clipped_head: bool = False
    padding_pooled: bool = False
    gradients_kept: bool = False


def fit_and_score(
    table: BenchmarkTable, recipe: GcnRecipe, draws: Sequence[RepeatDraw], faults: Faults
) -> NDArray[np.float64]:
    """Scores (R, n) of all architectures by one predictor a draw, in the unit of the signal."""
    graphs = space_of(table).encode(table.encoding)
    labels = np.stack([draw.labels for draw in draws])
    mean, deviation = labels.mean(axis=1, keepdims=True), labels.std(axis=1, keepdims=True)
    if faults.clipped_head:  # learns percentages as they are
        mean, deviation = np.zeros_like(mean), np.full_like(mean, 1 / metric_of(table.signal).shown[0])
    targets = ((labels - mean) / deviation).astype(np.float32)
    inputs = pooled_with_padding(graphs) if faults.padding_pooled else network_inputs(graphs, recipe)
    weights = _train(inputs, targets, recipe, draws, faults)
    return np.asarray(_scores(weights, inputs, recipe, faults) * deviation + mean, np.float64)


def pooled_with_padding(graphs: GraphBatch) -> tuple[NDArray[np.float32], ...]:
    """Inputs as the replication has them: D^-1/2 (A + I) D^-1/2 by row degree, padding as any node."""
    nodes, places = graphs.nodes, graphs.mask.shape[1]
    along = graphs.adjacency.astype(np.float32) + np.eye(places, dtype=np.float32)
    both = np.stack([along, along.swapaxes(1, 2)], axis=1)
    scale = 1 / np.sqrt(both.sum(axis=3))
    propagation = both * scale[..., :, None] * scale[..., None, :]
    return nodes, propagation.astype(np.float32), np.full(graphs.mask.shape, 1 / places, np.float32)


def _forward(weights: Any, graphs: Any, recipe: GcnRecipe, keep: Sequence[Any], faults: Faults) -> Any:
    """Scores (R, b), honest or by the clipped head."""
    if not faults.clipped_head:
        return network.forward(weights, graphs, recipe, keep)
    hidden = row_of(recipe.kind, NeuralKind).load("embed")(weights, graphs, recipe)
    layers = weights[2 * recipe.layers :]
    for k, (kernel, bias) in enumerate(zip(layers[::2], layers[1::2], strict=True)):
        hidden = tf.matmul(hidden, kernel) + bias[:, None]
        if keep and k < len(keep):
            hidden *= keep[k]
    return tf.minimum(100.0, 100 * tf.sigmoid(hidden[..., 0]) + 10)


def _train(
    inputs: Sequence[NDArray[np.float32]],
    targets: NDArray[np.float32],
    recipe: GcnRecipe,
    draws: Sequence[RepeatDraw],
    faults: Faults,
) -> tuple[Any, ...]:
    """Final weights (R, ...) of one replicate a draw."""
    size = targets.shape[1]
    streams = [np.random.default_rng(draw.seed).spawn(2) for draw in draws]
    width, (nodes, features) = recipe.width_for(size), inputs[0].shape[1:]
    drawn = [network.initial_weights(recipe, width, nodes, features, stream[0]) for stream in streams]
    weights = [np.stack(parts) for parts in zip(*drawn, strict=True)]
    rows = np.stack([draw.train_rows for draw in draws])
    used, places = np.unique(rows, return_inverse=True)
    own = tuple(tf.constant(part[used]) for part in inputs)
    local = np.asarray(places.reshape(rows.shape), np.int32)
    sizes = np.full(len(draws), size, np.intp)
    stack = Stack(recipe, weights, local, targets, sizes, [stream[1] for stream in streams])
    steps = recipe.epochs * stack.steps
    schedule = float(COSINE_STEPS if faults.long_cosine else steps)
    run = _compiled_epoch(recipe, faults, schedule)
    initial = [tf.constant(weight) for weight in weights]
    state = (initial, *([tf.zeros_like(weight) for weight in initial] for _ in range(3)))
    for epoch, batches in enumerate(stack.epochs()):
        state = run(state, own, batches, tf.constant(float(epoch * stack.steps)))
    last = tf.constant(float(min(steps - 1, schedule)))
    return tuple(adam(state, (last, schedule), Rates.of(recipe), decoupled=False)[0])


def _compiled_epoch(recipe: GcnRecipe, faults: Faults, schedule: float) -> Any:
    """One epoch as a compiled function of (state, graphs, batches, steps done before), as the engine has them.

    A step moves the weights by the gradients of the step before, then computes its own.
    """

    def step(state: Any, graphs: Any, batch: Any, number: Any) -> Any:
        rows, targets, shares, keep = batch
        moved = adam(state, (tf.minimum(number - 1, schedule), schedule), Rates.of(recipe), decoupled=False)
        chosen = tuple(tf.gather(part, rows) for part in graphs)
        with tf.GradientTape() as tape:
            tape.watch(moved[0])
            errors = tf.square(_forward(moved[0], chosen, recipe, keep, faults) - targets) * shares
            objective = tf.reduce_sum(errors)
        gradients = tape.gradient(objective, moved[0])
        if faults.gradients_kept:
            gradients = [old + new for old, new in zip(state[3], gradients, strict=True)]
        return (*moved, gradients)

    @tf.function(jit_compile=True, autograph=False)
    def epoch(state: Any, graphs: Any, batches: Any, done: Any) -> Any:
        rows, targets, shares, keep = batches

        def body(k: Any, state: Any) -> Any:
            batch = (rows[k], targets[k], shares[k], [mask[k] for mask in keep])
            return k + 1, step(state, graphs, batch, done + tf.cast(k, tf.float32))

        return tf.while_loop(lambda k, _: k < shares.shape[0], body, (0, state))[1]

    return epoch


def _scores(
    weights: tuple[Any, ...], inputs: Sequence[NDArray[np.float32]], recipe: GcnRecipe, faults: Faults
) -> NDArray[np.float32]:
    """(R, n) outputs for all graphs."""

    @tf.function(jit_compile=True, autograph=False)
    def outputs(graphs: Any) -> Any:
        return _forward(weights, tuple(part[None] for part in graphs), recipe, (), faults)

    found = []
    for start in range(0, len(inputs[0]), BATCH):
        part = [values[start : start + BATCH] for values in inputs]
        found.append(outputs(tuple(padded(values, BATCH) for values in part)).numpy()[:, : len(part[0])])
    return np.concatenate(found, axis=1)
