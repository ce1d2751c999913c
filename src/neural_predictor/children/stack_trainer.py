"""Training of all seeds of an architecture at once, where maps are small.

One graph serves all architectures and all numbers of trainings (`stack_step`): it is traced once in a process, where
`Trainer` traces one for each architecture, which for short trainings takes as long as these.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from neural_predictor.children import optimizers, stack_step
from neural_predictor.children.feeds import Order, Section, joined, unpack
from neural_predictor.children.preprocessing import augment, scale
from neural_predictor.children.stack_layout import HEAD_PIECES, PIECES, StackLayout, Tables, patches, small_maps
from neural_predictor.children.trainer import EVALUATION_BATCHES, Epoch, Evaluation, Settings, State, Trainer, settings
from neural_predictor.spaces.proxylessnas.layers import STEM_KERNEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neural_predictor.children.feeds import Feed
    from neural_predictor.config.child_recipes import NetworkRecipe, TrainingRecipe

STACK_BYTES = 2**30
"""What the maps of a stack may take; a stack that takes more is split."""


def make_trainer(code: NDArray[np.uint8], network: NetworkRecipe, training: TrainingRecipe, feed: Feed) -> Trainer:
    """The faster trainer for an architecture: that of stacks for small maps in float32 without XLA.

    Raises:
        ArchitectureError: for a code outside the space.
    """
    plain = settings(training) == Settings(tf.float32, compiled=False, depthwise="standard")
    return (StackTrainer if small_maps(network) and plain else Trainer)(code, network, training, feed)


class StackTrainer(Trainer):
    """Trains one architecture from several seeds at once; arguments as of `Trainer`.

    Each training takes the steps that `Trainer` takes, to rounding.
    """

    def _graphs(self) -> tuple[Any, Any]:
        graphs = _graphs(self.network, self.training, self.feed.shape, self.feed.classes, self.steps)
        return graphs.train, graphs.test

    def _layout(self, trainings: int) -> StackLayout:
        return StackLayout(self.layout, self.network.resolution, trainings)

    @property
    def stack(self) -> int:
        """As many as `STACK_BYTES` hold, but at least one."""
        return max(1, STACK_BYTES // self._layout(1).bytes_needed(self.training.batch_size))

    def run_epoch(self, state: State) -> Epoch:
        """Train one more epoch; see `Trainer.run_epoch`."""
        return self.run_epochs([state])[0]

    def evaluate(self, state: State, split: str) -> Evaluation:
        """Loss and accuracy on a split; see `Trainer.evaluate`."""
        return self.evaluations([state], split)[0]

    def run_epochs(self, states: Sequence[State]) -> list[Epoch]:
        """Train each of at most `stack` trainings, all after as many epochs, one more epoch.

        Raises:
            ChildError: if the device's memory is exhausted, or all epochs are done.
        """
        epoch = states[0].epoch
        self.check_unfinished(states[0])
        layout = self._layout(len(states))
        values = (
            layout.join(np.stack([state.weights for state in states])),
            layout.join_statistics(np.stack([state.statistics for state in states])),
            tuple(layout.join(np.stack(slots)) for slots in zip(*(state.slots for state in states), strict=True)),
        )
        values = tf.nest.map_structure(tf.constant, values)
        tables, seeds = tf.nest.map_structure(tf.constant, layout.tables()), [state.seed for state in states]
        done, summed = epoch * self.steps, []
        feeds = [self.feed.sections("train", self.training.batch_size, Order(seed, epoch)) for seed in seeds]

        def call(section: Section) -> Any:
            place = tf.constant([[seed, done] for seed in seeds], tf.int64)
            return self.train_steps(values, tables, section, place)

        with self.first_steps() as watch, self.memory_advice() as tried:
            for sections in zip(*feeds, strict=True):
                section = joined(sections)
                tried(call, section)
                values, total = call(section)
                summed.append(total)
                done += section.rows.shape[0]
                if watch:
                    watch(section.rows.shape[0])
            weights, statistics, slots = tf.nest.map_structure(lambda value: value.numpy(), values)
            found = np.array([total.numpy() for total in summed], np.float64).sum(axis=0) / self.feed.size("train")
        parts = zip(
            seeds, layout.part(weights), layout.part_statistics(statistics), *map(layout.part, slots), strict=True
        )
        after = [State(seed, epoch + 1, own, moving, tuple(rest)) for seed, own, moving, *rest in parts]
        return [Epoch(state, *totals) for state, totals in zip(after, found.tolist(), strict=True)]

    def evaluations(self, states: Sequence[State], split: str) -> list[Evaluation]:
        """Loss and accuracy of each of at most `stack` trainings on a split; see `Trainer.evaluate`.

        Raises:
            ChildError: if the device's memory is exhausted.
        """
        layout = self._layout(len(states))
        weights, statistics = (
            np.stack([getattr(state, name) for state in states]) for name in ("weights", "statistics")
        )
        vector = tf.constant(layout.infer(weights, statistics, self.network.batch_norm_epsilon))
        tables = tf.nest.map_structure(tf.constant, layout.tables())
        with self.memory_advice():
            sections = self.feed.sections(split, EVALUATION_BATCHES * self.training.batch_size)
            totals = [self.test_steps(vector, tables, section).numpy() for section in sections]
        found = np.array(totals, np.float64).sum(axis=0) / self.feed.size(split)
        return [Evaluation(*each) for each in found.tolist()]


class _Graphs:
    """The steps of a section, in training and in inference, for all architectures of the recipes.

    Args:
        network: the recipe of networks.
        training: the recipe of training.
        shape: of a stored image.
        classes: number of classes.
        steps: of an epoch.
    """

    def __init__(
        self, network: NetworkRecipe, training: TrainingRecipe, shape: tuple[int, int, int], classes: int, steps: int
    ) -> None:
        self._network, self._training, self._shape, self._classes = network, training, shape, classes
        self._total_steps = training.epochs * steps
        self._places = patches(network.resolution, STEM_KERNEL, network.stem_stride, shape[2])
        vector, words = tf.TensorSpec((None,)), -(-int(np.prod(shape)) // 8)
        integers, numbers = (partial(tf.TensorSpec, dtype=dtype) for dtype in (tf.int32, tf.int64))
        tables = Tables(
            integers((None, sum(PIECES.values()))),
            integers(()),
            vector,
            integers((sum(HEAD_PIECES.values()),)),
            integers(()),
            integers(()),
        )
        values = (vector, vector, (vector,) * optimizers.SLOTS[training.optimizer.name])
        images = (numbers((None, words)), integers((None,)))
        train = (values, tables, Section(*images, integers((None, None, None))), numbers((None, 2)))
        self.train = tf.function(self._train, train, autograph=False)
        self.test = tf.function(self._test, (vector, tables, Section(*images, integers((None, None)))), autograph=False)

    def _train(self, values: Any, tables: Tables, section: Section, place: Any) -> Any:
        """Values after a section's steps; totals (trainings, 2). `place` is seed and steps done of each training."""
        images = scale(unpack(section.images, self._shape), self._network.resolution)

        def step(k: Any, values: Any, total: Any) -> Any:
            now = place + tf.cast(tf.stack([0, k]), tf.int64)
            shown = self._moved(tf.gather(images, section.rows[k]), now)
            values, added = self._step(values, tables, shown, tf.gather(section.labels, section.rows[k]), now[0, 1])
            return k + 1, values, total + added

        start = (0, values, tf.zeros((tf.shape(place)[0], 2)))
        return tf.while_loop(lambda k, *_: k < tf.shape(section.rows)[0], step, start, parallel_iterations=1)[1:]

    def _moved(self, images: Any, place: Any) -> Any:
        """(trainings, b, r, r, c) augmented, each training by its own seed and step."""
        if not (self._training.flip or self._training.crop):
            return images
        each = tf.TensorSpec((None, *images.shape[2:]))
        return tf.map_fn(lambda own: augment(own[0], self._training, own[1]), (images, place), fn_output_signature=each)

    def _step(self, values: Any, tables: Tables, images: Any, labels: Any, done: Any) -> Any:
        (weights, statistics, slots), network, training = values, self._network, self._training
        found = stack_step.step(
            weights, self._patched(images), labels, tables, self._classes, network.batch_norm_epsilon
        )
        gradient = found.gradient
        if training.l2:
            decay = 2 * training.l2 * weights[: tables.regularised]
            gradient += tf.pad(decay, [[0, tf.shape(weights)[0] - tables.regularised]])
        done = tf.cast(done, tf.float32)
        rate = optimizers.cosine_rate(training.learning_rate, done, self._total_steps)
        weights, slots = optimizers.update(training.optimizer, weights, slots, gradient, rate, done)
        momentum = network.batch_norm_momentum
        return (weights, momentum * statistics + (1 - momentum) * found.moments, slots), found.totals

    def _patched(self, images: Any) -> Any:
        """(trainings, b, r, r, c) as (trainings, taps x c, pixels x b): what the stem's kernel meets."""
        flat = tf.reshape(images, tf.concat([tf.shape(images)[:2], [-1]], 0))
        turned = tf.transpose(tf.pad(flat, ((0, 0), (0, 0), (0, 1))), (0, 2, 1))
        met = tf.gather(turned, tf.constant(self._places), axis=1)
        return tf.reshape(met, tf.stack([tf.shape(flat)[0], STEM_KERNEL**2 * self._shape[2], -1]))

    def _test(self, weights: Any, tables: Tables, section: Section) -> Any:
        """Totals (trainings, 2) of a section; all trainings see the same images."""

        def step(k: Any, total: Any) -> Any:
            images = unpack(tf.gather(section.images, section.rows[k]), self._shape)
            shown = self._patched(scale(images, self._network.resolution)[None])
            labels = tf.gather(section.labels, section.rows[k])[None]
            return k + 1, total + stack_step.infer(weights, shown, labels, tables, self._classes)

        start = (0, tf.zeros((tables.trainings, 2)))
        return tf.while_loop(lambda k, *_: k < tf.shape(section.rows)[0], step, start, parallel_iterations=1)[1]


@lru_cache(maxsize=4)
def _graphs(
    network: NetworkRecipe, training: TrainingRecipe, shape: tuple[int, int, int], classes: int, steps: int
) -> _Graphs:
    """One for all trainers of a process: its traces take seconds."""
    return _Graphs(network, training, shape, classes, steps)
