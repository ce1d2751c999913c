"""A policy that is an LSTM: it draws each decision given those before it, and climbs along REINFORCE's gradient.

The recurrent controller of `search` has one, and so has ENAS of `sharing`. The LSTM's input is the last choice,
one-hot; a table of embeddings would be part of its first kernel. Weights begin uniform between -.08 and .08.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.predictors.assessor import AssessorRecipe
from neural_predictor.predictors.engine import BETA_1, BETA_2, EPSILON
from neural_predictor.predictors.kernels import padded
from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.lstm import encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FORWARD, UPDATE = 128, 32
"""Architectures that are scored at once, and whose gradient is taken at once."""
RANGE = 0.08
"""Weights begin uniform between this and its negative."""


class RecurrentPolicy:
    """An LSTM with a softmax for each decision.

    A place is a decision's choice among all choices of all decisions, numbered one after another.

    Args:
        choices: (D,) number of choices of each decision.
        layers: of the LSTM.
        units: of a layer.
        rng: of the weights.
        batch: architectures that are scored at once; fewer are padded.
    """

    def __init__(
        self, choices: NDArray[np.intp], layers: int, units: int, rng: np.random.Generator, batch: int = FORWARD
    ) -> None:
        self._batch = batch
        self._choices, self._size = choices, int(choices.sum())
        self._offsets = np.concatenate([[0], np.cumsum(choices)[:-1]])
        self._lstm = AssessorRecipe(layers=layers, width=units)
        sizes = [self._size, *[units] * (layers - 1)]
        shapes = [shape for size in sizes for shape in ((size + units, 4 * units), (4 * units,))]
        shapes += [(units, self._size), (self._size,)]
        self._weights = [rng.uniform(-RANGE, RANGE, shape).astype(np.float32) for shape in shapes]
        self._moments = [[np.zeros_like(weight) for weight in self._weights] for _ in range(2)]
        self._steps = 0
        places, starts = np.arange(self._size)[None], self._offsets[:, None]
        self._own = (places >= starts) & (places < starts + choices[:, None])

    def of_decisions(self, codes: NDArray[Any]) -> NDArray[np.float32]:
        """(k, D) log-probability of each decision of architectures (k, D), given those before."""
        places = self._places(codes)
        found = [
            np.take_along_axis(self._log_probabilities(part), part[:, :, None], axis=2)[:, :, 0]
            for part in _portions(places, self._batch)
        ]
        return np.concatenate(found)

    def draw(self, number: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """(number, D) codes, decision by decision."""
        places = np.zeros((number, len(self._choices)), np.intp)
        for k in range(places.shape[1]):
            parts = [self._log_probabilities(part)[:, k] for part in _portions(places, self._batch)]
            keys = np.concatenate(parts) + rng.gumbel(size=(number, self._size))
            places[:, k] = np.where(self._own[k], keys, -np.inf).argmax(axis=1)
        return np.asarray(places - self._offsets, np.uint8)

    def climb(self, codes: NDArray[Any], rewards: Floats, learning_rate: float) -> None:
        """One step of Adam along the mean of rewards (k,) times the gradient of log-probabilities of (k, D)."""
        shares = rewards.astype(np.float32) / len(codes)
        parts = zip(_portions(self._places(codes), UPDATE), _portions(shares, UPDATE), strict=True)
        found = [
            _compiled(self._lstm)[1](self._weights, padded(places, UPDATE), self._own, padded(own, UPDATE))
            for places, own in parts
        ]
        gradients = [np.sum([each.numpy() for each in of_one], axis=0) for of_one in zip(*found, strict=True)]
        self._steps += 1
        rate = learning_rate * np.sqrt(1 - BETA_2**self._steps) / (1 - BETA_1**self._steps)
        for weight, first, second, gradient in zip(self._weights, *self._moments, gradients, strict=True):
            first += (1 - BETA_1) * (gradient - first)
            second += (1 - BETA_2) * (np.square(gradient) - second)
            weight += np.float32(rate) * first / (np.sqrt(second) + np.float32(EPSILON))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that the rest of it follows from, by name."""
        found = {f"{name}_{k}": array for name, own in self._named() for k, array in enumerate(own)}
        return found | {"steps": np.array(self._steps)}

    def take(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Restore what `arrays` gave."""
        for name, own in self._named():
            own[:] = [arrays[f"{name}_{k}"].copy() for k in range(len(own))]
        self._steps = int(arrays["steps"])

    def _named(self) -> Iterator[tuple[str, list[NDArray[np.float32]]]]:
        return zip(("weight", "first", "second"), (self._weights, *self._moments), strict=True)

    def _places(self, codes: NDArray[Any]) -> NDArray[np.intp]:
        return np.asarray(codes + self._offsets, np.intp)

    def _log_probabilities(self, places: NDArray[np.intp]) -> NDArray[np.float32]:
        """(k, D, size) log-probabilities of all choices at each decision of up to `batch` architectures (k, D)."""
        found = _compiled(self._lstm)[0](self._weights, padded(places, self._batch), self._own)
        return np.asarray(found.numpy()[: len(places)], np.float32)


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
