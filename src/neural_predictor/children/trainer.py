"""Training of child networks: one architecture is traced once, and trained from as many seeds as are asked for.

An epoch is a loop inside one graph that never leaves the device: it gathers its batches from resident images, and
carries all weights in one vector. `network.build_network` with Keras's optimizer, given the same weights and order,
takes the same steps to rounding; it is several times slower on small images.

`Trainer` traces a graph for each architecture and trains one seed after another, which suits large maps. On small ones
`stack_trainer.StackTrainer` is faster; `stack_trainer.make_trainer` chooses.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow as tf

from neural_predictor.children import optimizers
from neural_predictor.children.architecture import blocks
from neural_predictor.children.feeds import Order, unpack
from neural_predictor.children.first_steps import FirstSteps
from neural_predictor.children.forward import forward
from neural_predictor.children.layout import Layout
from neural_predictor.children.preprocessing import augment, scale
from neural_predictor.errors import ChildError
from neural_predictor.predictors import gpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from neural_predictor.children.feeds import Feed, Section
    from neural_predictor.config.child_recipes import NetworkRecipe, TrainingRecipe

EVALUATION_BATCHES = 4
"""Training batches that are evaluated at once: without gradients, few activations are held at a time."""


@dataclass(frozen=True, eq=False)
class State:
    """A training between two epochs: all that the rest of it follows from.

    Attributes:
        seed: of weights, order and augmentation.
        epoch: epochs done.
        weights: (parameters,) float32, laid out as in `Layout`.
        statistics: moving means and variances, float32.
        slots: the optimizer's, each (parameters,) float32.
    """

    seed: int
    epoch: int
    weights: NDArray[np.float32]
    statistics: NDArray[np.float32]
    slots: tuple[NDArray[np.float32], ...]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The state by name, for `np.savez`; `Trainer.restore` takes it back."""
        slots = {f"slot_{k}": slot for k, slot in enumerate(self.slots)}
        place = np.array([self.seed, self.epoch], np.int64)
        return {"place": place, "weights": self.weights, "statistics": self.statistics, **slots}


class Epoch(NamedTuple):
    """What an epoch gives.

    Attributes:
        state: after it.
        loss: mean cross-entropy of the training images, each when it was trained on, without the L2 term.
        accuracy: share of them that were right then.
    """

    state: State
    loss: float
    accuracy: float

    @property
    def diverged(self) -> bool:
        """Whether the loss or a weight is no finite number: nothing can be learnt any more."""
        return not (np.isfinite(self.loss) and np.isfinite(self.state.weights).all())


class Evaluation(NamedTuple):
    """Mean cross-entropy, and share of images that are right."""

    loss: float
    accuracy: float


def on_gpu() -> bool:
    """Whether TensorFlow computes on a GPU."""
    return bool(tf.config.list_logical_devices("GPU"))


def core_seconds() -> float:
    """Seconds that the cores of this process have worked, whatever else the machine does; on a GPU, of the clock."""
    return time.monotonic() if on_gpu() else time.process_time()


class Settings(NamedTuple):
    """How a recipe is computed: the type of convolutions, whether XLA compiles the step, and the depthwise form."""

    dtype: Any
    compiled: bool
    depthwise: str


def settings(training: TrainingRecipe) -> Settings:
    """What a recipe asks for; "auto" is float32 without XLA, by the library's depthwise convolution.

    On a GPU half precision searches for an algorithm for each new shape of a convolution, and XLA compiles a network of
    sixty convolutions, for minutes each; every architecture has new shapes. Where that was measured to be better
    (`probe`), the recipe that arrives here says so.
    """
    mixed = training.precision == "mixed_bfloat16"
    depthwise = "standard" if training.depthwise == "auto" else training.depthwise
    return Settings(tf.bfloat16 if mixed else tf.float32, training.xla is True, depthwise)


class Trainer:
    """Trains one architecture, from one seed after another.

    Args:
        code: (22,) op codes.
        network: what they are built as.
        training: how it is trained.
        feed: the images; one feed serves the trainers of many architectures.

    Raises:
        ArchitectureError: for a code outside the space.
    """

    def __init__(self, code: NDArray[np.uint8], network: NetworkRecipe, training: TrainingRecipe, feed: Feed) -> None:
        self.network, self.training, self.feed = network, training, feed
        self.layout = Layout(blocks(code, network, feed.shape[2]), feed.classes)
        self.steps = -(-feed.size("train") // training.batch_size)  # of an epoch
        self.train_steps, self.test_steps = self._graphs()
        self._begun = False

    def _graphs(self) -> tuple[Any, Any]:
        """The steps of a section in training and in inference, to be traced when they are first called."""
        self._settings = settings(self.training)
        # XLA gets the step alone: it compiles anew for each shape, and sections differ in their number of steps.
        self._one = (
            tf.function(self._step, autograph=False, jit_compile=True) if self._settings.compiled else self._step
        )
        weights, statistics = tf.TensorSpec((self.layout.parameters,)), tf.TensorSpec((2 * sum(self.layout.channels),))
        slots = (weights,) * optimizers.SLOTS[self.training.optimizer.name]
        words = -(-int(np.prod(self.feed.shape)) // 8)
        section = (
            tf.TensorSpec((None, words), tf.int64),
            tf.TensorSpec((None,), tf.int32),
            tf.TensorSpec((None, None), tf.int32),
        )
        place = tf.TensorSpec((2,), tf.int64)
        # Batches of any size share one trace, so that the smaller last one costs none of its own.
        return (
            tf.function(self._train, ((weights, statistics, slots), section, place), autograph=False),
            tf.function(self._test, ((weights, statistics), section), autograph=False),
        )

    def start(self, seed: int) -> State:
        """The state before the first epoch. Weights follow from the seed alone, the same on every device."""
        weights, statistics = self.layout.initial(np.random.default_rng((seed, 0)))
        slots = tuple(np.zeros_like(weights) for _ in range(optimizers.SLOTS[self.training.optimizer.name]))
        return State(seed, 0, weights, statistics, slots)

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> State:
        """The state that `State.arrays` gave.

        Raises:
            ChildError: if it is of another network or optimizer.
        """
        expected = {name: (array.shape, array.dtype) for name, array in self.start(0).arrays().items()}
        found = {name: (arrays[name].shape, arrays[name].dtype) for name in arrays}
        if found != expected:
            raise ChildError(f"the saved state has {found}, this training needs {expected}: it is of another training")
        seed, epoch = arrays["place"].tolist()
        slots = tuple(arrays[name] for name in expected if name.startswith("slot_"))
        return State(seed, epoch, arrays["weights"], arrays["statistics"], slots)

    @property
    def stack(self) -> int:
        """How many trainings one call takes at most."""
        return 1

    def run_epochs(self, states: Sequence[State]) -> list[Epoch]:
        """Train each of at most `stack` trainings, all after as many epochs, one more epoch; see `run_epoch`."""
        return [self.run_epoch(state) for state in states]

    def evaluations(self, states: Sequence[State], split: str) -> list[Evaluation]:
        """`evaluate` for each of at most `stack` trainings."""
        return [self.evaluate(state, split) for state in states]

    def run_epoch(self, state: State) -> Epoch:
        """Train one more epoch.

        Order and augmentation follow from the state's seed and number of epochs: from a state that was stored and
        restored, the same device computes the same bits, if its operations are deterministic (on CPUs they are).

        Raises:
            ChildError: if the device's memory is exhausted, or all epochs are done.
        """
        self.check_unfinished(state)
        size, done = self.feed.size("train"), state.epoch * self.steps
        values: Any = tf.nest.map_structure(tf.constant, (state.weights, state.statistics, state.slots))
        sections = self.feed.sections("train", self.training.batch_size, Order(state.seed, state.epoch))
        totals = []

        def call(section: Section) -> Any:
            return self.train_steps(values, section, tf.constant([state.seed, done], tf.int64))

        with self.first_steps() as watch, self.memory_advice() as tried:
            for section in watch.pieces(sections) if watch else sections:
                tried(call, section)
                values, total = call(section)
                totals.append(total)
                done += section.rows.shape[0]
                if watch:
                    total.numpy()
                    watch(section.rows.shape[0])
            weights, statistics, slots = tf.nest.map_structure(lambda value: value.numpy(), values)
            loss, right = np.array([total.numpy() for total in totals], np.float64).sum(axis=0)
        return Epoch(State(state.seed, state.epoch + 1, weights, statistics, slots), loss / size, right / size)

    def evaluate(self, state: State, split: str) -> Evaluation:
        """Loss and accuracy on a split, with the moving statistics and without augmentation; in float32 by any setting.

        Raises:
            ChildError: if the device's memory is exhausted.
        """
        values = (tf.constant(state.weights), tf.constant(state.statistics))
        with self.memory_advice():
            sections = self.feed.sections(split, EVALUATION_BATCHES * self.training.batch_size)
            totals = [self.test_steps(values, section).numpy() for section in sections]
        loss, right = np.array(totals, np.float64).sum(axis=0) / self.feed.size(split)
        return Evaluation(float(loss), float(right))

    def check_unfinished(self, state: State) -> None:
        """Refuse a training all of whose epochs are done."""
        if state.epoch >= self.training.epochs:
            raise ChildError(f"all {self.training.epochs} epochs are done; a longer training needs another recipe")

    @contextmanager
    def first_steps(self) -> Iterator[FirstSteps | None]:
        """Tell of the first epoch of this trainer, which traces; None for later ones."""
        if self._begun:
            yield None
            return
        with FirstSteps(self.steps, f"architecture of {self.layout.parameters:,} parameters") as watch:
            yield watch
        self._begun = True

    @contextmanager
    def memory_advice(self) -> Iterator[Callable[[Callable[[Section], Any], Section], None]]:
        """Turn exhausted memory of the device into advice: the batch of which a step fits, as is then tried.

        Yields:
            Call it with a function and the section that it is about to take.
        """
        calls: list[tuple[Callable[[Section], Any], Section]] = []
        try:
            yield lambda call, section: calls.__setitem__(slice(None), [(call, section)])
        except tf.errors.ResourceExhaustedError as error:
            size, pixels = self.training.batch_size, self.network.resolution
            fits = _fitting(*calls[0], size) if calls else size // 2
            advice = f"set batch_size to {fits}" if fits else "set resolution or width lower"
            told = f"the device's memory does not hold a step of {size} images at {pixels} pixels"
            told += f", but one of {fits}" if fits and calls else ""
            crowd = gpus.crowded(os.getpid())
            raise ChildError(f"{told}: {advice}{f'. {crowd}' if crowd else ''}") from error

    def _images(self, section: Any, k: Any) -> tuple[Any, Any]:
        """Scaled images and labels of step `k` of a section."""
        words, labels, rows = section
        images = unpack(tf.gather(words, rows[k]), self.feed.shape)
        return scale(images, self.network.resolution), tf.gather(labels, rows[k])

    def _train(self, values: Any, section: Any, place: Any) -> Any:
        """Values after a section's steps; summed cross-entropy and number of right images as one vector (2,)."""
        steps = tf.shape(section[2])[0]

        def step(k: Any, values: Any, total: Any) -> Any:
            now = place + tf.cast(tf.stack([0, k]), tf.int64)
            images, labels = self._images(section, k)
            values, added = self._one(values, augment(images, self.training, now), labels, now[1])
            return k + 1, values, total + added

        start = (0, values, tf.zeros(2))
        return tf.while_loop(lambda k, *_: k < steps, step, start, parallel_iterations=1)[1:]

    def _step(self, values: Any, images: Any, labels: Any, done: Any) -> Any:
        """One step on a batch; `done` is the number of steps before it."""
        weights, statistics, slots = values
        network, training, layout, (dtype, _, depthwise) = self.network, self.training, self.layout, self._settings
        with tf.GradientTape() as tape:
            tape.watch(weights)
            found = forward(layout, weights, images, None, network.batch_norm_epsilon, dtype, depthwise)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, found.logits)
            loss = tf.reduce_mean(each)
        kernels = weights[: layout.regularised]
        decay = tf.pad(2 * training.l2 * kernels, ((0, layout.parameters - layout.regularised),))
        gradient = tape.gradient(loss, weights) + decay
        done = tf.cast(done, tf.float32)
        rate = optimizers.cosine_rate(training.learning_rate, done, training.epochs * self.steps)
        weights, slots = optimizers.update(training.optimizer, weights, slots, gradient, rate, done)
        momentum = network.batch_norm_momentum
        statistics = momentum * statistics + (1 - momentum) * found.moments
        return (weights, statistics, slots), totals_of(each, found.logits, labels)

    def _test(self, values: Any, section: Any) -> Any:
        """Summed cross-entropy and number of right images of a section, as one vector (2,)."""
        weights, statistics = values
        steps = tf.shape(section[2])[0]

        def step(k: Any, total: Any) -> Any:
            images, labels = self._images(section, k)
            found = forward(self.layout, weights, images, statistics, self.network.batch_norm_epsilon, tf.float32)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, found.logits)
            return k + 1, total + totals_of(each, found.logits, labels)

        return tf.while_loop(lambda k, *_: k < steps, step, (0, tf.zeros(2)), parallel_iterations=1)[1]


def _fitting(call: Callable[[Section], Any], section: Section, size: int) -> int:
    """The largest of the halves of a batch of which a step fits the memory; 0 if none does."""
    while size := size // 2:
        try:
            tf.nest.map_structure(
                lambda value: value.numpy(), call(section._replace(rows=section.rows[:1, ..., :size]))
            )
        except tf.errors.ResourceExhaustedError:
            continue
        return size
    return 0


def totals_of(each: Any, logits: Any, labels: Any) -> Any:
    """Summed cross-entropy and number of right images, as one vector (2,)."""
    right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
    return tf.stack([tf.reduce_sum(each), tf.reduce_sum(tf.cast(right, tf.float32))])
