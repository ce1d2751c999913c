"""Steps on shared weights: along paths, or through all choices at once.

A path is data, so that one graph serves all of them: it gathers the path's weights, takes a step, and puts them back.
Weights that a path does not meet stay as they are, and so do the optimizer's slots of them.
"""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow as tf

from neural_predictor.children import optimizers
from neural_predictor.children.feeds import Order, unpack
from neural_predictor.children.preprocessing import augment, scale
from neural_predictor.children.trainer import EVALUATION_BATCHES, Evaluation, settings, totals_of
from neural_predictor.errors import ChildError
from neural_predictor.sharing.paths import Generated, GeneratedWeights, SharedWeights
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
        generated: sizes of the hypernetwork that generates the weights of a path; None: paths share them.
    """

    def __init__(
        self,
        network: NetworkRecipe,
        training: TrainingRecipe,
        feed: Feed,
        branches: int = 1,
        generated: Generated | None = None,
    ) -> None:
        self.network, self.training, self.feed, self.branches = network, training, feed, branches
        self.steps = -(-feed.size("train") // training.batch_size)  # of an epoch
        self._graphs = _graphs(network, training, feed.shape, feed.classes, self.steps, branches, generated)
        self.supernet, self.parameters = self._graphs.supernet, self._graphs.source.parameters

    def start(self, seed: int, *, alike: bool) -> Values:
        """Values before the first step; weights follow from the seed alone.

        Args:
            seed: of the training.
            alike: whether choices of a layer start alike (`Supernet.alike`), or as stand-alone networks do.
        """
        weights = self._graphs.source.initial(seed, alike=alike)
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

    def gate_gradient(self, values: Values, batch: Batch, paths: NDArray[np.uint8], gates: Any) -> NDArray[np.float64]:
        """(22, branches) gradient of a batch's mean cross-entropy with respect to gates; arguments as in `step`."""
        found = self._call(self._graphs.gate_gradient, values.weights, *batch, self._codes(paths), gates)
        return np.asarray(found.numpy(), np.float64)

    def glance(self, values: Values, batch: Batch, path: NDArray[np.uint8]) -> float:
        """Accuracy of a path (22,) on one batch, which also normalises it."""
        weights = self._graphs.gathered(values.weights, self._codes(path[None]))
        _, right = self._call(self._graphs.glance, weights, *batch).numpy()
        return float(right) / len(batch.rows)

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
            self._call(self._graphs.totals, weights, *batch, statistics).numpy()
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
        generated: likewise.
    """

    def __init__(
        self,
        network: NetworkRecipe,
        training: TrainingRecipe,
        shape: tuple[int, int, int],
        classes: int,
        steps: int,
        branches: int,
        generated: Generated | None,
    ) -> None:
        self._network, self._training, self._shape, self._branches = network, training, shape, branches
        self._total_steps, self._settings = training.epochs * steps, settings(training)
        self.supernet = Supernet(network, shape[2], classes)
        self.source: SharedWeights | GeneratedWeights = (
            SharedWeights(self.supernet) if generated is None else GeneratedWeights(self.supernet, generated)
        )
        self._layers = self.supernet.widest(branches) if branches else self.supernet.layers
        self._layout = self.supernet.layout_of(self._layers) if branches else self.supernet.layout
        self._path = self.supernet.widest(1)
        self._path_layout = self.supernet.layout_of(self._path)
        self._compile()

    def _compile(self) -> None:
        vector = tf.TensorSpec((self.source.parameters,))
        words = -(-int(np.prod(self._shape)) // 8)
        images, integers = tf.TensorSpec((None, words), tf.int64), tf.TensorSpec((None,), tf.int32)
        batch = (images, integers, integers)
        codes, one = (tf.TensorSpec((len(CHOICES), count), tf.int32) for count in (self._branches or 1, 1))
        gate = tf.TensorSpec((len(CHOICES), self._branches or len(BLOCKS)))
        gates = () if self._branches == 1 else (gate,)
        values = Values(vector, (vector,) * optimizers.SLOTS[self._training.optimizer.name])
        path = tf.TensorSpec((self._path_layout.parameters,))
        statistics = tf.TensorSpec((2 * sum(self._path_layout.channels),))
        self.step = self._compiled(self._take, values, *batch, codes, tf.TensorSpec((2,), tf.int64), *gates)
        self.gate_gradient = self._compiled(self._of_gates, vector, *batch, codes, gate)
        self.gathered = self._compiled(self.source.path, vector, one)
        self.moments = self._compiled(self._moments_of, path, images, integers)
        self.totals = self._compiled(self._test, path, *batch, statistics)
        self.glance = self._compiled(partial(self._test, statistics=None), path, *batch)

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
        labels = tf.gather(labels, rows)
        weights = self.source.path(values.weights, codes) if self._branches else values.weights
        with tf.GradientTape() as tape:
            tape.watch(weights)
            logits = self._forward(weights, *gates, images=augment(self._images(images, rows), training, place)).logits
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(each)
        kernels = weights[: self._layout.regularised]
        rest = self._layout.parameters - self._layout.regularised
        gradient = tape.gradient(loss, weights) + tf.pad(2 * training.l2 * kernels, ((0, rest),))
        rate = optimizers.cosine_rate(training.learning_rate, done, self._total_steps)
        back = self.source.back if self._branches else lambda vector, codes, whole: (whole, None)
        whole, met = back(values.weights, codes, gradient)
        after = Values(*optimizers.update(training.optimizer, *values, whole, rate, done))
        if met is not None:
            after = tf.nest.map_structure(lambda new, old: tf.where(met, new, old), after, values)
        return after, totals_of(each, logits, labels)

    def _of_gates(self, vector: Any, images: Any, labels: Any, rows: Any, codes: Any, gates: Any) -> Any:
        weights = self.source.path(vector, codes) if self._branches else vector
        with tf.GradientTape() as tape:
            tape.watch(gates)
            logits = self._forward(weights, gates, images=self._images(images, rows)).logits
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, rows), logits)
            loss = tf.reduce_mean(each)
        return tape.gradient(loss, gates)

    def _path_forward(self, weights: Any, images: Any, rows: Any, statistics: Any) -> Any:
        shown, epsilon = self._images(images, rows), self._network.batch_norm_epsilon
        return mixed_forward(
            self._path_layout, self._path, weights, None, shown, statistics, epsilon, self._settings.dtype
        )

    def _moments_of(self, weights: Any, images: Any, rows: Any) -> Any:
        return self._path_forward(weights, images, rows, None).moments

    def _test(self, weights: Any, images: Any, labels: Any, rows: Any, statistics: Any) -> Any:
        logits, own = self._path_forward(weights, images, rows, statistics).logits, tf.gather(labels, rows)
        return totals_of(tf.nn.sparse_softmax_cross_entropy_with_logits(own, logits), logits, own)


_graphs = lru_cache(maxsize=4)(_Graphs)
"""One for all trainers of a process: its traces take seconds."""
