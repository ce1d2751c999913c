"""An ensemble of multilayer perceptrons for regression, trained side by side.

A network of twenty units a layer is so small that a step takes as long as it takes to call it. So all networks of an
ensemble make each step together, as stacked matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DECAYS = 0.9, 0.999
"""Of Adam's two moments."""
EPSILON = 1e-8
"""Adam's."""


@dataclass(frozen=True)
class Training:
    """How networks are trained: by Adam, for the squared error.

    Attributes:
        networks: m, their number; they differ in their first weights and in the order of examples.
        hidden: units of each hidden layer, which are rectified.
        epochs: passes over the examples.
        batch_size: examples of a step, at most.
        learning_rate: of Adam.
    """

    networks: int
    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    learning_rate: float


class Perceptrons:
    """Networks whose weights lie in one vector.

    Args:
        count: m.
        widths: F, units of each hidden layer, and 1.

    Attributes:
        weights: all of them, as one vector.
        slope: of the loss that `differentiate` took last, by each of these.
    """

    def __init__(self, count: int, widths: Sequence[int]) -> None:
        shapes = [shape for i, o in pairwise(widths) for shape in ((count, i, o), (count, 1, o))]
        self.weights = np.zeros(sum(int(np.prod(shape)) for shape in shapes), np.float32)
        self.slope = np.zeros_like(self.weights)
        self._layers, self._slopes = _layers(self.weights, shapes), _layers(self.slope, shapes)

    def start(self, rng: np.random.Generator) -> None:
        """Draw kernels uniformly as Glorot and Bengio do (AISTATS 2010, equation 16); biases are 0."""
        for kernel, bias in self._layers:
            bound = np.sqrt(6 / sum(kernel.shape[1:]))
            kernel[:], bias[:] = rng.uniform(-bound, bound, kernel.shape), 0

    def predict(self, inputs: Floats) -> Floats:
        """(m, n) values of inputs (n, F)."""
        return self._values(inputs[None])[-1][..., 0]

    def differentiate(self, inputs: Floats, targets: Floats) -> None:
        """Set `slope` to that of half the mean squared error of each network on inputs (m, b, F), targets (m, b)."""
        values = self._values(inputs)
        error = (values[-1] - targets[..., None]) / np.float32(targets.shape[1])
        for k in reversed(range(len(self._layers))):
            kernel, bias = self._slopes[k]
            np.matmul(values[k].swapaxes(1, 2), error, out=kernel)
            np.sum(error, axis=1, keepdims=True, out=bias)
            if k:
                error = error @ self._layers[k][0].swapaxes(1, 2)
                error *= values[k] > 0

    def _values(self, inputs: Floats) -> list[Floats]:
        """Inputs, rectified values of each hidden layer, and outputs (m, b, 1)."""
        found = [inputs]
        for kernel, bias in self._layers:
            values = found[-1] @ kernel
            values += bias
            found.append(values if kernel is self._layers[-1][0] else np.maximum(values, 0, out=values))
        return found


def _layers(vector: Floats, shapes: Sequence[tuple[int, ...]]) -> list[tuple[Floats, Floats]]:
    """Kernel (m, i, o) and bias (m, 1, o) of each layer: views of the vector."""
    parts = np.split(vector, np.cumsum([np.prod(shape) for shape in shapes])[:-1])
    shaped = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
    return list(zip(shaped[::2], shaped[1::2], strict=True))


def fit_perceptrons(inputs: Floats, targets: Floats, training: Training, rng: np.random.Generator) -> Perceptrons:
    """Networks fitted to inputs (n, F), best standardised, and targets (n,), also float32."""
    networks = Perceptrons(training.networks, [inputs.shape[1], *training.hidden, 1])
    networks.start(rng)
    order = np.tile(np.arange(len(inputs)), (training.networks, 1))
    moments, step = np.zeros((2, len(networks.weights)), np.float32), 0
    for _ in range(training.epochs):
        order = rng.permuted(order, axis=1)
        for start in range(0, len(inputs), training.batch_size):
            batch, step = order[:, start : start + training.batch_size], step + 1
            networks.differentiate(inputs[batch], targets[batch])
            for moment, power, decay in zip(moments, (networks.slope, networks.slope**2), DECAYS, strict=True):
                moment *= decay
                moment += (1 - decay) * power
            rate = training.learning_rate * np.sqrt(1 - DECAYS[1] ** step) / (1 - DECAYS[0] ** step)
            networks.weights -= np.float32(rate) * moments[0] / (np.sqrt(moments[1]) + np.float32(EPSILON))
    return networks
