"""Training of many replicates of a predictor at once.

Replicates (other seeds, other training sets) are stacked on a leading axis and trained by one compiled epoch: a
loop over the steps that never leaves the device, on which the graphs lie from the start and are gathered by index.
A replicate's weights, order and dropout come from its own seed, whatever is trained beside it. On a CPU the
replicates are dealt to `workers` threads, each running its own stack, or one large replicate after another; a GPU takes
them all in one stack.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from neural_predictor.errors import PredictorError
from neural_predictor.predictors import network
from neural_predictor.predictors.kernels import padded
from neural_predictor.predictors.label_units import normal_scores
from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.losses import LOSSES, Batch
from neural_predictor.predictors.propagation import network_inputs
from neural_predictor.predictors.replicates import Replicates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe_base import NeuralRecipe
    from neural_predictor.spaces import GraphBatch

STEPS_A_CALL = 64
"""Steps that one call of the compiled loop does at most; those of several short epochs go into one call."""
GRAPHS_ROUNDED_TO = 256
"""Numbers of training graphs are rounded up to multiples of it: fits of different N have equal shapes, and are compiled
once."""
STACKED_BYTES = 2**22
"""On a CPU, replicates whose weights, moments and gradients take more than this are trained one after another: several
of them do not stay in its cache together."""
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # Adam as Keras has it, which the paper does not say otherwise


class Rates(NamedTuple):
    """Numbers of a recipe that compiled training is given, as float32 scalars."""

    learning_rate: Any
    weight_decay: Any
    hinge: Any  # 1 where the loss of pairs is the hinge, 0 where it is logistic
    margin: Any

    @classmethod
    def of(cls, recipe: NeuralRecipe) -> Self:
        """Those of a recipe."""
        numbers = (recipe.learning_rate, recipe.weight_decay, float(recipe.loss == "hinge"), recipe.margin)
        return cls(*(tf.constant(number, tf.float32) for number in numbers))


@lru_cache(maxsize=32)
def _compiled_steps(key: NeuralRecipe) -> Any:
    """Up to `STEPS_A_CALL` steps of training by a recipe's `compile_key`, as one compiled function.

    It takes (state, graphs, batches, schedule) to (state, losses).

    state: weights, first and second moments, and gradients, lists of equal shapes. A step moves the weights by the
    gradients of the step before, then computes its own. Nothing reads the old weights once the new ones are there, so
    that XLA overwrites them in place of copying them. graphs: all training graphs. batches: rows (S, R, B) of the
    graphs, targets (S, R, B), shares (S, B) that sum to one over real places, and dropout masks (S, R, B, hidden) of
    each hidden layer, or none. schedule: steps done before, steps in all (float32 scalars), how many of the S there
    are to do, and the recipe's `Rates`. losses: (S, R).
    """
    loss_of = LOSSES[key.loss].function

    @tf.function(jit_compile=True, autograph=False)
    def advance(state: Any, graphs: Any, batches: Any, schedule: Any) -> Any:
        rows, targets, shares, keep = batches
        done, total, steps, rates = schedule

        def step(k: Any, state: Any, losses: Any) -> Any:
            part = (done + tf.cast(k, tf.float32) - 1, total)
            moved = adam(state, part, rates, decoupled=key.optimizer == "adamw")
            batch = tuple(tf.gather(part, rows[k]) for part in graphs)
            masks = [mask[k] for mask in keep]
            with tf.GradientTape() as tape:
                tape.watch(moved[0])
                scores = network.forward(moved[0], batch, key, masks)
                errors = loss_of(Batch(scores, targets[k], shares[k], rates.hinge, rates.margin))
                objective = tf.reduce_sum(errors)
            return k + 1, (*moved, tape.gradient(objective, moved[0])), losses.write(k, errors)

        count, replicates = rows.shape[:2]
        start = (0, state, tf.TensorArray(tf.float32, count, element_shape=(replicates,)))
        _, state, losses = tf.while_loop(lambda k, *_: k < steps, step, start)
        return state, losses.stack()

    return advance


def adam(state: Any, part: tuple[Any, Any], rates: Rates, *, decoupled: bool) -> Any:
    """Weights and moments after one step of Adam with decay of kernels and a cosine to zero.

    `state` is as in `_compiled_steps`. `part` is the step's number, counted from 0 as Keras schedules do, and that of
    all steps; number -1 stands before the first and moves nothing. `decoupled` decay is beside Adam, in place of a term
    of the gradient.
    """
    number, total = part
    moves, step = number >= 0, tf.maximum(number, 0.0)
    (keep_1, take_1), (keep_2, take_2) = (
        (tf.where(moves, beta, 1.0), tf.where(moves, 1 - beta, 0.0)) for beta in (BETA_1, BETA_2)
    )
    cosine = tf.where(moves, rates.learning_rate * 0.5 * (1 + tf.cos(np.pi * step / total)), 0.0)
    rate = cosine * tf.sqrt(1 - tf.pow(BETA_2, step + 1)) / (1 - tf.pow(BETA_1, step + 1))
    new: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    for weight, first, second, gradient in zip(*state, strict=True):
        kernel = weight.shape.rank == 3
        decayed = gradient + rates.weight_decay * weight if kernel and not decoupled else gradient
        moment = keep_1 * first + take_1 * decayed
        square = keep_2 * second + take_2 * tf.square(decayed)
        kept = weight - cosine * rates.weight_decay * weight if kernel and decoupled else weight
        moved = kept - rate * moment / (tf.sqrt(square) + EPSILON)
        for values, value in zip(new, (moved, moment, square), strict=True):
            values.append(value)
    return new


@dataclass(frozen=True, eq=False)
class Stack:
    """The replicates that one thread trains together."""

    recipe: NeuralRecipe
    weights: list[NDArray[np.float32]]  # each (R, ...)
    rows: NDArray[np.int32]  # (R, N) training graphs of each replicate
    targets: NDArray[np.float32]  # (R, N) z-scored labels
    sizes: NDArray[np.intp]  # (R,) how many of these count
    rngs: list[np.random.Generator]  # for order and dropout

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return -(-self.rows.shape[1] // self.recipe.batch_size)

    def epochs(self) -> Iterator[tuple[Any, Any, Any, tuple[Any, ...]]]:
        """The batches of each epoch, as `_compiled_steps` takes them."""
        recipe, (count, size) = self.recipe, self.rows.shape
        places = np.arange(self.steps * recipe.batch_size)
        real = (places < size).reshape(self.steps, recipe.batch_size)
        shares = (real / real.sum(axis=1, keepdims=True)).astype(np.float32)
        keep_rate = 1 - recipe.dropout
        for _ in range(recipe.epochs):
            pairs = zip(self.rngs, self.sizes, strict=True)
            order = np.stack([rng.permutation(own)[places % own] for rng, own in pairs])
            rows = np.take_along_axis(self.rows, order, axis=1).reshape(count, *real.shape)
            targets = np.take_along_axis(self.targets, order, axis=1).reshape(count, *real.shape)
            keep = []
            for hidden in recipe.hidden if recipe.dropout else ():
                uniform = np.stack([rng.random((*real.shape, hidden), np.float32) for rng in self.rngs], axis=1)
                keep.append((uniform < keep_rate) / np.float32(keep_rate))
            yield rows.swapaxes(0, 1), targets.swapaxes(0, 1), shares, tuple(keep)

    def train(self, graphs: Any, advance: Callable[[int], None]) -> tuple[list[Any], NDArray[np.float32]]:
        """Final weights (R, ...) and the mean training loss (R, epochs) in z-scored units."""
        recipe, count, done = self.recipe, len(self.rngs), 0
        run, rates, last = _compiled_steps(recipe.compile_key), Rates.of(recipe), recipe.epochs * self.steps
        weights, total = [tf.constant(weight) for weight in self.weights], tf.constant(float(last))
        state = (weights, *([tf.zeros_like(weight) for weight in weights] for _ in range(3)))
        losses = np.zeros((last, count), np.float32)
        for steps, block in _blocks(self.epochs()):
            schedule = (tf.constant(float(done)), total, tf.constant(steps), rates)
            state, lost = run(state, graphs, block, schedule)
            found = losses[done : done + steps] = lost.numpy()[:steps]
            if not np.isfinite(found).all():
                wrong = int(np.argmin(np.isfinite(found).all(axis=1)))
                raise PredictorError(
                    f"training diverged in epoch {(done + wrong) // self.steps + 1}: the loss is "
                    f"{found[wrong].tolist()}; lower learning_rate (it is {recipe.learning_rate:g})"
                )
            finished = (done + steps) // self.steps - done // self.steps
            done += steps
            advance(count * finished)
        weights = adam(state, (total - 1, total), rates, decoupled=recipe.optimizer == "adamw")[0]
        return [weight.numpy() for weight in weights], losses.reshape(-1, self.steps, count).mean(axis=1).T


def _blocks(epochs: Iterator[Any]) -> Iterator[tuple[int, Any]]:
    """The steps of all epochs in turn, `STEPS_A_CALL` a block, on the device: how many there are, and the batches.

    The last block is padded.
    """
    waiting = next(epochs)
    for batches in chain(epochs, [None]):
        least = 1 if batches is None else STEPS_A_CALL
        while len(waiting[0]) >= least:
            block = tf.nest.map_structure(lambda part: part[:STEPS_A_CALL], waiting)
            waiting = tf.nest.map_structure(lambda part: part[STEPS_A_CALL:], waiting)
            yield len(block[0]), tf.nest.map_structure(lambda part: padded(part, STEPS_A_CALL), block)
        if batches is not None:
            waiting = tf.nest.map_structure(lambda *parts: np.concatenate(parts), waiting, batches)


def fit_replicates(
    graphs: GraphBatch,
    labels: NDArray[np.floating],
    recipe: NeuralRecipe,
    seeds: Sequence[int],
    rows: NDArray[np.integer] | None = None,
    *,
    sizes: Sequence[int] | None = None,
    workers: int = 1,
    initial: list[NDArray[np.float32]] | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Replicates:
    """Train one replicate of the predictor a seed.

    Args:
        graphs: the graphs that training rows point to.
        labels: (R, N) labels of each replicate's training set: in any unit, z-scored with their own mean and deviation
            (for a loss of the order: normal scores of their ranks), or 0 and 1 where the recipe's loss is logistic.
        recipe: the predictor and its training.
        seeds: R seeds, each of one replicate's weights, order and dropout.
        rows: (R, N) row in `graphs` of each label; None where every replicate trains on all graphs in order.
        sizes: R numbers of rows, each replicate's first, that it trains on; None for all N. One of fewer goes through
            them more often: all train for equally many steps, and are compiled once.
        workers: threads that train stacks of replicates side by side; 1 on a GPU.
        initial: weights (R, ...) to start from, laid out as `network.Weights` says; None draws them from the seeds.
        advance: called with the number of replicates that have finished one more epoch.

    Raises:
        PredictorError: for shapes that do not fit, labels that are not finite, all equal, or not 0 and 1 for a
            logistic loss, or a loss that diverges.
    """
    rows, values, counts = _training_sets(graphs, labels, seeds, rows, sizes)
    mean, deviation, targets = _label_units(values, counts, recipe)
    used, local = np.unique(rows, return_inverse=True)
    train_graphs = graphs.take(used)
    width = recipe.width_for(values.shape[1])
    streams = [np.random.default_rng(seed).spawn(2) for seed in seeds]
    inputs = network_inputs(train_graphs, recipe)
    weights = initial or _initial(recipe, width, inputs[0].shape[1:], [stream[0] for stream in streams])
    places, rngs = local.reshape(rows.shape).astype(np.int32), [stream[1] for stream in streams]
    stacks = _stacks(Stack(recipe, weights, places, targets.astype(np.float32), counts, rngs), workers)
    held = -(-len(used) // GRAPHS_ROUNDED_TO) * GRAPHS_ROUNDED_TO
    device_graphs = tuple(padded(part, held) for part in inputs)
    with ThreadPoolExecutor(min(workers, len(stacks))) as pool:
        trained = list(pool.map(lambda stack: stack.train(device_graphs, advance), stacks))
    found = tuple(np.concatenate(parts) for parts in zip(*(weights for weights, _ in trained), strict=True))
    if recipe.ranks:
        scores = _training_scores(recipe, found, device_graphs, places)
        mean, deviation = _lines(scores, values, counts)
    return Replicates(
        recipe=recipe,
        width=width,
        features=graphs.features,
        weights=found,
        label_mean=mean,
        label_deviation=deviation,
        loss=np.concatenate([loss for _, loss in trained]),
    )


def _training_sets(
    graphs: GraphBatch,
    labels: NDArray[np.floating],
    seeds: Sequence[int],
    rows: NDArray[np.integer] | None,
    sizes: Sequence[int] | None,
) -> tuple[NDArray[np.integer], NDArray[np.float64], NDArray[np.intp]]:
    """Rows (R, N), labels (R, N) and sizes (R,) of `fit_replicates`, of shapes that fit together.

    Raises:
        PredictorError: if they do not.
    """
    values: NDArray[np.float64] = np.asarray(labels, np.float64)
    if rows is None:
        rows = np.broadcast_to(np.arange(len(graphs)), (len(seeds), len(graphs)))
    if values.shape != rows.shape or values.shape[0] != len(seeds):
        raise PredictorError(f"{len(seeds)} seeds, rows {rows.shape} and labels {values.shape} do not fit together")
    counts = np.asarray([values.shape[1]] * len(seeds) if sizes is None else sizes, np.intp)
    if len(counts) != len(seeds) or (counts < 1).any() or (counts > values.shape[1]).any():
        raise PredictorError(f"sizes {counts.tolist()}: {len(seeds)} numbers from 1 to {values.shape[1]}, one a seed")
    return rows, values, counts


def _initial(
    recipe: NeuralRecipe, width: int, node_shape: tuple[int, ...], rngs: Sequence[np.random.Generator]
) -> list[NDArray[np.float32]]:
    """Weights (R, ...) that a predictor of graphs of (places, features) starts from, a replicate a generator."""
    places, features = node_shape
    drawn = [network.initial_weights(recipe, width, places, features, rng) for rng in rngs]
    return [np.stack(parts) for parts in zip(*drawn, strict=True)]


def _stacks(whole: Stack, workers: int) -> list[Stack]:
    """A stack's replicates in as many stacks as there are workers, of sizes that differ by one at most.

    On a CPU, large ones (`STACKED_BYTES`) are in stacks of one.
    """
    replicates = len(whole.rngs)
    state = 4 * sum(weight.nbytes for weight in whole.weights) // replicates
    alone = state > STACKED_BYTES and not tf.config.list_logical_devices("GPU")
    return [
        Stack(
            whole.recipe,
            [weight[part] for weight in whole.weights],
            whole.rows[part],
            whole.targets[part],
            whole.sizes[part],
            [whole.rngs[k] for k in part],
        )
        for part in np.array_split(np.arange(replicates), replicates if alone else min(workers, replicates))
    ]


def _training_scores(
    recipe: NeuralRecipe, weights: tuple[NDArray[np.float32], ...], graphs: Any, rows: NDArray[np.int32]
) -> NDArray[np.float64]:
    """(R, N) each replicate's scores of its own training graphs; once a fit, so that compiling would not pay."""
    on_device = tuple(map(tf.constant, weights))
    batch = tuple(tf.gather(part, tf.constant(rows)) for part in graphs)
    return np.asarray(network.forward(on_device, batch, recipe).numpy(), np.float64)


def _lines(
    scores: NDArray[np.float64], labels: NDArray[np.float64], sizes: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Offset and slope (R,) of the least squares line from scores to labels; a flat one where scores are all equal."""
    offsets, slopes = np.zeros(len(scores)), np.zeros(len(scores))
    for k, size in enumerate(sizes):
        own, label = scores[k, :size], labels[k, :size]
        centred = own - own.mean()
        spread = np.square(centred).sum()
        slopes[k] = max((centred * label).sum() / (spread if spread > 0 else 1), 1e-12)  # the order of the scores stays
        offsets[k] = label.mean() - slopes[k] * own.mean()
    return offsets, slopes


def _label_units(
    labels: NDArray[np.float64], sizes: NDArray[np.intp], recipe: NeuralRecipe
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation (R,) by which labels are z-scored, 0 and 1 for classes; and the targets (R, N)."""
    mean, deviation, targets = np.zeros(len(labels)), np.ones(len(labels)), np.array(labels)
    for k, size in enumerate(sizes):
        own = labels[k, :size]
        if not np.isfinite(own).all() or np.ptp(own) == 0:
            raise PredictorError("labels must be finite and not all equal in each training set")
        if recipe.targets == "classes":
            if not np.isin(own, (0, 1)).all():
                raise PredictorError(f"a {recipe.loss} loss takes labels 0 and 1")
            continue
        mean[k], deviation[k] = own.mean(), own.std()
        targets[k, :size] = normal_scores(own[None])[0] if recipe.ranks else (own - mean[k]) / deviation[k]
    return mean, deviation, targets
