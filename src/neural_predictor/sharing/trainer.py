"""Steps on shared weights: along paths, or through all choices at once.

A path is data, so that one graph serves all of them: it gathers the path's weights, takes a step, and puts them back.
Weights that a path does not meet stay as they are, and so do the optimizer's slots of them.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow as tf

from neural_predictor.children import optimizers
from neural_predictor.children.feeds import Order, unpack
from neural_predictor.children.preprocessing import augment, scale
from neural_predictor.children.trainer import EVALUATION_BATCHES, Evaluation, settings, totals_of
from neural_predictor.errors import ChildError
from neural_predictor.sharing.supernet import Supernet, mixed_forward
from neural_predictor.spaces.proxylessnas.layers import BLOCKS, CHOICES, check_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from neural_predictor.children.feeds import Feed
    from neural_predictor.config.child_recipes import NetworkRecipe, TrainingRecipe

ALL = 0
"""In place of a number of branches: every choice of a layer, each with its own weights."""


class Batch(NamedTuple):
    """Images that lie on the device, and which of them a step takes.

    Attributes:
        images: (m, words) int64, packed.
        labels: (m,) int32.
        rows: (b,) int32.
    """

    images: Any
    labels: Any
    rows: Any


class Values(NamedTuple):
    """What training changes: (parameters,) float32 each; `slots` are the optimizer's."""

    weights: Any
    slots: tuple[Any, ...]


class SupernetTrainer:
    """Takes steps on the weights of a supernet, and evaluates paths.

    Args:
        network: what architectures are built as.
        training: how the weights are trained.
        feed: the images.
        branches: paths that a step takes side by side; `ALL`: every choice.
    """

    def __init__(self, network: NetworkRecipe, training: TrainingRecipe, feed: Feed, branches: int = 1) -> None:
        self.network, self.training, self.feed, self.branches = network, training, feed, branches
        self.steps = -(-feed.size("train") // training.batch_size)  # of an epoch
        self._graphs = _graphs(network, training, feed.shape, feed.classes, self.steps, branches)
        self.supernet = self._graphs.supernet
        self.parameters = self.supernet.layout.parameters

    def start(self, seed: int, *, alike: bool) -> Values:
        """Values before the first step; weights follow from the seed alone.

        Args:
            seed: of the training.
            alike: whether choices of a layer start alike (`Supernet.alike`), or as stand-alone networks do.
        """
        weights, _ = self.supernet.layout.initial(np.random.default_rng((seed, 0)))
        weights = self.supernet.alike(weights) if alike else weights
        slots = (tf.zeros(self.parameters),) * optimizers.SLOTS[self.training.optimizer.name]
        return Values(tf.constant(weights), slots)

    def batches(self, split: str, order: Order | None, size: int | None = None) -> Iterator[Batch]:
        """One pass over a split, as `Feed.sections` orders it, step by step."""
        for section in self.feed.sections(split, size or self.training.batch_size, order):
            for rows in section.rows:
                yield Batch(section.images, section.labels, rows)

    def step(
        self, values: Values, batch: Batch, paths: NDArray[np.uint8], gates: Any, place: tuple[int, int]
    ) -> tuple[Values, Any]:
        """Values after a step on the weights, and summed cross-entropy and number of right images, (2,).

        Args:
            values: before it.
            batch: training images.
            paths: (branches, 22) op codes; with `ALL` branches they are not asked for.
            gates: (22, branches) float32, with several branches; None with one.
            place: seed of the training, and steps done before.

        Raises:
            ArchitectureError: for a path outside the space.
            ChildError: if the device's memory is exhausted.
        """
        rest = () if gates is None else (gates,)
        found: tuple[Values, Any] = self._call(
            self._graphs.step, values, *batch, self._codes(paths), tf.constant(place, tf.int64), *rest
        )
        return found

    def evaluate(self, values: Values, path: NDArray[np.uint8], calibration: list[Batch], split: str) -> Evaluation:
        """Loss and accuracy of a path on a split.

        Its batch normalisations take the mean of the moments that they have on the batches of `calibration`.

        Raises:
            ArchitectureError: for a path outside the space.
            ChildError: if the device's memory is exhausted.
        """
        weights = self._graphs.gathered(values.weights, self._codes(path[None]))
        moments = [self._call(self._graphs.moments, weights, batch.images, batch.rows) for batch in calibration]
        statistics = tf.add_n(moments) / len(moments)
        size = EVALUATION_BATCHES * self.training.batch_size
        found = [
            self._call(self._graphs.totals, weights, statistics, *batch).numpy()
            for batch in self.batches(split, None, size)
        ]
        loss, right = np.array(found, np.float64).sum(axis=0) / self.feed.size(split)
        return Evaluation(float(loss), float(right))

    def calibration(self, seed: int, count: int) -> list[Batch]:
        """`count` batches of training images at most, the same for all paths."""
        return list(islice(self.batches("train", Order(seed, self.training.epochs)), count))

    @staticmethod
    def _codes(paths: NDArray[np.uint8]) -> Any:
        check_codes(paths)
        return tf.constant(paths.T, tf.int32)

    def _call(self, function: Any, *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except tf.errors.ResourceExhaustedError as error:
            size, branches = self.training.batch_size, self.branches or len(BLOCKS)
            one = "" if branches == 1 else f" through {branches} choices of each layer at once; methods of one path fit"
            raise ChildError(
                f"the device's memory does not hold a step of {size} images{one}: set batch_size to {size // 2 or 1}, "
                "or width or resolution lower"
            ) from error


class _Graphs:
    """What is computed for some recipes, to be traced when it is first called; batches of any size share one trace.

    Args:
        network: what architectures are built as.
        training: how the weights are trained.
        shape: of a stored image.
        classes: number of classes.
        steps: of an epoch.
        branches: of `SupernetTrainer`.
    """

    def __init__(
        self,
        network: NetworkRecipe,
        training: TrainingRecipe,
        shape: tuple[int, int, int],
        classes: int,
        steps: int,
        branches: int,
    ) -> None:
        self._network, self._training, self._shape, self._branches = network, training, shape, branches
        self._total_steps, self._settings = training.epochs * steps, settings(training)
        self.supernet = Supernet(network, shape[2], classes)
        self._parameters = self.supernet.layout.parameters
        self._layers = self.supernet.widest(branches) if branches else self.supernet.layers
        self._layout = self.supernet.layout_of(self._layers) if branches else self.supernet.layout
        self._path = self.supernet.widest(1)
        self._path_layout = self.supernet.layout_of(self._path)
        self._compile()

    def _compile(self) -> None:
        vector = tf.TensorSpec((self._parameters,))
        words = -(-int(np.prod(self._shape)) // 8)
        images, integers = tf.TensorSpec((None, words), tf.int64), tf.TensorSpec((None,), tf.int32)
        batch = (images, integers, integers)
        codes, one = (tf.TensorSpec((len(CHOICES), count), tf.int32) for count in (self._branches or 1, 1))
        gates = () if self._branches == 1 else (tf.TensorSpec((len(CHOICES), self._branches or len(BLOCKS))),)
        values = Values(vector, (vector,) * optimizers.SLOTS[self._training.optimizer.name])
        path = tf.TensorSpec((self._path_layout.parameters,))
        statistics = tf.TensorSpec((2 * sum(self._path_layout.channels),))
        self.step = self._compiled(self._take, values, *batch, codes, tf.TensorSpec((2,), tf.int64), *gates)
        self.gathered = self._compiled(self._gather_path, vector, one)
        self.moments = self._compiled(self._moments_of, path, images, integers)
        self.totals = self._compiled(self._test, path, statistics, *batch)

    def _compiled(self, function: Callable[..., Any], *signature: Any) -> Any:
        return tf.function(function, signature, autograph=False, jit_compile=self._settings.compiled)

    def _images(self, images: Any, rows: Any) -> Any:
        return scale(unpack(tf.gather(images, rows), self._shape), self._network.resolution)

    def _forward(self, weights: Any, gates: Any = None, *, images: Any) -> Any:
        dtype, _, depthwise = self._settings
        epsilon = self._network.batch_norm_epsilon
        return mixed_forward(self._layout, self._layers, weights, gates, images, None, epsilon, dtype, depthwise)

    def _take(self, values: Values, images: Any, labels: Any, rows: Any, codes: Any, place: Any, *gates: Any) -> Any:
        training, done = self._training, tf.cast(place[1], tf.float32)
        places = self.supernet.places(codes) if self._branches else None
        weights = values.weights if places is None else _gathered(values.weights, places)
        labels = tf.gather(labels, rows)
        with tf.GradientTape() as tape:
            tape.watch(weights)
            logits = self._forward(weights, *gates, images=augment(self._images(images, rows), training, place)).logits
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(each)
        kernels = weights[: self._layout.regularised]
        rest = self._layout.parameters - self._layout.regularised
        gradient = tape.gradient(loss, weights) + tf.pad(2 * training.l2 * kernels, ((0, rest),))
        rate = optimizers.cosine_rate(training.learning_rate, done, self._total_steps)
        if places is None:
            after = Values(*optimizers.update(training.optimizer, *values, gradient, rate, done))
            return after, totals_of(each, logits, labels)
        whole, met = (self._put_back(part, places) for part in (gradient, tf.ones_like(gradient)))
        after = Values(*optimizers.update(training.optimizer, *values, whole, rate, done))
        after = tf.nest.map_structure(lambda new, old: tf.where(met > 0, new, old), after, values)
        return after, totals_of(each, logits, labels)

    def _put_back(self, part: Any, places: Any) -> Any:
        """(parameters,) sums of what belongs to each place of the vector; that of the zero is left out."""
        return tf.math.unsorted_segment_sum(part, places, self._parameters + 1)[: self._parameters]

    def _gather_path(self, weights: Any, codes: Any) -> Any:
        return _gathered(weights, self.supernet.places(codes))

    def _path_forward(self, weights: Any, images: Any, rows: Any, statistics: Any) -> Any:
        shown, epsilon = self._images(images, rows), self._network.batch_norm_epsilon
        return mixed_forward(
            self._path_layout, self._path, weights, None, shown, statistics, epsilon, self._settings.dtype
        )

    def _moments_of(self, weights: Any, images: Any, rows: Any) -> Any:
        return self._path_forward(weights, images, rows, None).moments

    def _test(self, weights: Any, statistics: Any, images: Any, labels: Any, rows: Any) -> Any:
        logits, own = self._path_forward(weights, images, rows, statistics).logits, tf.gather(labels, rows)
        return totals_of(tf.nn.sparse_softmax_cross_entropy_with_logits(own, logits), logits, own)


_graphs = lru_cache(maxsize=4)(_Graphs)
"""One for all trainers of a process: its traces take seconds."""


def _gathered(weights: Any, places: Any) -> Any:
    """The weights at these places; the place after the last holds 0."""
    return tf.gather(tf.pad(weights, ((0, 1),)), places)
