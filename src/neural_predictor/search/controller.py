"""REINFORCE with a recurrent controller: an LSTM draws each decision given those before it.

Source: Zoph and Le, "Neural Architecture Search with Reinforcement Learning", ICLR 2017: two LSTM layers of 35 units, a
softmax a decision that is the next input, weights that begin between -.08 and .08, Adam, and as reward the accuracy
less a moving average. The reward is `reinforce`'s (there the accuracy's third power), and so is how draws are
conditioned on a listed pool: the controller gives every architecture its probability. The table of embeddings is part
of the first kernel. The learning rate is larger, .04, the best of four on NAS-Bench-Graph's cs (the source's .0006 is
for 12,800 trainings); what is told at once makes one step; skip connections are decisions like others, where the
space has any.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.predictors.assessor import AssessorRecipe
from neural_predictor.predictors.engine import BETA_1, BETA_2, EPSILON
from neural_predictor.predictors.kernels import padded
from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.lstm import encode
from neural_predictor.search.ranges import Choice, Range
from neural_predictor.search.reinforce import PolicyGradient, ReinforceSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

FORWARD, UPDATE = 128, 32
"""Architectures that are scored at once, and whose gradient is taken at once."""
RANGE = 0.08
"""Weights begin uniform between this and its negative."""


class ControllerSettings(ReinforceSettings):
    """Settings of the controller.

    Attributes:
        learning_rate: of Adam.
        layers: of the LSTM.
        units: of a layer.
    """

    learning_rate: Annotated[float, Field(gt=0)] = 0.04
    layers: Annotated[int, Field(ge=1)] = 2
    units: Annotated[int, Field(ge=1)] = 35

    ranges: ClassVar[Ranges] = {
        "learning_rate": Range(0.004, 0.4, log=True),
        "memory": Range(0.5, 0.99),
        "layers": Choice((1, 2)),
        "units": Range(16, 100, log=True, whole=True),
    }


class Controller(PolicyGradient):
    """See the module."""

    settings_class = ControllerSettings

    def _begin(self) -> None:
        super()._begin()
        decisions, units = self._decisions, int(self.settings.units)
        self._lstm = AssessorRecipe(layers=self.settings.layers, width=units)
        sizes = [decisions.size, *[units] * (self.settings.layers - 1)]
        shapes = [shape for size in sizes for shape in ((size + units, 4 * units), (4 * units,))]
        shapes += [(units, decisions.size), (decisions.size,)]
        self._weights = [self.rng.uniform(-RANGE, RANGE, shape).astype(np.float32) for shape in shapes]
        self._moments = [[np.zeros_like(weight) for weight in self._weights] for _ in range(2)]
        self._steps = 0
        places = np.arange(decisions.size)[None]
        starts = decisions.offsets[:, None]
        self._own = (places >= starts) & (places < starts + decisions.choices[:, None])

    def _propose(self, count: int) -> Rows:
        if self.pool.endless:
            return self._decisions.draw_endless(lambda: self._drawn(2 * count), count, self.asked)
        places = self._decisions.places(np.arange(len(self.pool)))
        logits = np.concatenate([self._of_decisions(part).sum(axis=1) for part in _portions(places, FORWARD)])
        return self._decisions.draw_listed(logits.astype(np.float64), count, self.asked, self.rng)

    def _of_decisions(self, places: Rows) -> NDArray[np.float32]:
        """(k, D) log-probability of each decision of k architectures, given those before."""
        every = self._log_probabilities(places)
        return np.asarray(np.take_along_axis(every, places[:, :, None], axis=2)[:, :, 0], np.float32)

    def _log_probabilities(self, places: Rows) -> NDArray[np.float32]:
        """(k, D, size) log-probabilities of all choices at each decision of up to `FORWARD` architectures (k, D)."""
        found = _compiled(self._lstm)[0](self._weights, padded(places, FORWARD), self._own)
        return np.asarray(found.numpy()[: len(places)], np.float32)

    def _drawn(self, number: int) -> NDArray[np.uint8]:
        """(number, D) codes, decision by decision."""
        places = np.zeros((number, len(self._decisions.choices)), np.intp)
        for k in range(places.shape[1]):
            parts = [self._log_probabilities(part)[:, k] for part in _portions(places, FORWARD)]
            keys = np.concatenate(parts) + self.rng.gumbel(size=(number, self._decisions.size))
            places[:, k] = np.where(self._own[k], keys, -np.inf).argmax(axis=1)
        return np.asarray(places - self._decisions.offsets, np.uint8)

    def _reinforce(self, rows: Rows, rewards: Floats) -> None:
        shares = rewards.astype(np.float32) / len(rows)
        parts = zip(_portions(self._decisions.places(rows), UPDATE), _portions(shares, UPDATE), strict=True)
        found = [
            _compiled(self._lstm)[1](self._weights, padded(places, UPDATE), self._own, padded(own, UPDATE))
            for places, own in parts
        ]
        gradients = [np.sum([each.numpy() for each in of_one], axis=0) for of_one in zip(*found, strict=True)]
        self._steps += 1
        rate = self.settings.learning_rate * np.sqrt(1 - BETA_2**self._steps) / (1 - BETA_1**self._steps)
        for weight, first, second, gradient in zip(self._weights, *self._moments, gradients, strict=True):
            first += (1 - BETA_1) * (gradient - first)
            second += (1 - BETA_2) * (np.square(gradient) - second)
            weight += np.float32(rate) * first / (np.sqrt(second) + np.float32(EPSILON))


@lru_cache(maxsize=8)
def _compiled(recipe: AssessorRecipe) -> tuple[Any, Any]:
    """Log-probabilities of all choices, and the gradient of those that were chosen, weighted by rewards."""

    def policy(weights: Any, places: Any, own: Any) -> Any:
        """(k, D, size) from places (k, D) and which choices each decision has (D, size)."""
        chosen = tf.one_hot(places, own.shape[1])
        before = tf.pad(chosen[:, :-1], [[0, 0], [1, 0], [0, 0]])[None]  # nothing comes before the first decision
        outputs = encode(before, tf.ones(before.shape[:3], tf.bool), weights, recipe)[:, 0]
        logits = tf.transpose(tf.matmul(outputs, weights[-2]) + weights[-1], (1, 0, 2))
        return tf.nn.log_softmax(tf.where(own, logits, tf.constant(-1e9)), axis=-1)

    @tf.function(autograph=False)
    def score(weights: Any, places: Any, own: Any) -> Any:
        return policy(_stacked(weights), places, own)

    @tf.function(autograph=False)
    def gradient(weights: Any, places: Any, own: Any, rewards: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            chosen = tf.reduce_sum(policy(_stacked(weights), places, own) * tf.one_hot(places, own.shape[1]), axis=2)
            total = tf.reduce_sum(rewards * tf.reduce_sum(chosen, axis=1))
        return tape.gradient(total, weights)

    return score, gradient


def _stacked(weights: Any) -> list[Any]:
    """Weights of the LSTM with the leading axis of replicates that `lstm` has, and those of the softmax as they are."""
    return [*(weight[None] for weight in weights[:-2]), *weights[-2:]]


def _portions(values: NDArray[Any], size: int) -> Iterator[NDArray[Any]]:
    """Rows of an array, `size` at a time."""
    return (values[start : start + size] for start in range(0, len(values), size))
