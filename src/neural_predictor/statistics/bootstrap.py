"""Means with bootstrap intervals, and the metrics of a predictor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.config.sections import Bootstrap


def bootstrap_mean(
    values: NDArray[np.floating], bootstrap: Bootstrap, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean over repeats with its percentile bootstrap interval.

    The same resamples of the repeats serve every point of a curve: 1000 points cost one matrix product.

    Args:
        values: (R, ...) one row a repeat.
        bootstrap: resamples and confidence.
        seed: of the resampling.

    Returns:
        mean, low, high, each of the shape of one row.
    """
    repeats = len(values)
    flat = np.asarray(values, np.float64).reshape(repeats, -1)
    counts = np.random.default_rng(seed).multinomial(repeats, np.full(repeats, 1 / repeats), size=bootstrap.resamples)
    tail = (1 - bootstrap.confidence) / 2
    bounds = np.empty((2, flat.shape[1]))
    for start in range(0, flat.shape[1], 1024):  # bounds the memory of the resampled means
        means = counts @ flat[:, start : start + 1024] / repeats
        bounds[:, start : start + 1024] = np.quantile(means, (tail, 1 - tail), axis=0)
    shape = values.shape[1:]
    return flat.mean(axis=0).reshape(shape), bounds[0].reshape(shape), bounds[1].reshape(shape)


HELD = "A level counts as reached from the sample on after which the mean curve never falls below it."


def held_from(curve: NDArray[np.floating], level: float, first: int) -> int | None:
    """Number of samples from which on a curve never falls below a level; None if it is below at its end.

    Args:
        curve: (m,) values, more is better, at `first`, `first` + 1, .. samples.
        level: the level.
        first: number of samples of the first value.
    """
    below = np.flatnonzero(curve < level)
    place = int(below[-1]) + 1 if len(below) else 0
    return first + place if place < len(curve) else None


MSE_UNIT = "in the square of the metric's unit (accuracies: squared percentage points, losses: squared nats)"


def predictor_metrics(predicted: NDArray[np.floating], observed: NDArray[np.floating]) -> dict[str, float]:
    """Kendall tau-b, mean squared error and R2 of predictions (n,) against observations (n,).

    Tau is 0 where all predictions are equal: they rank nothing.
    """
    from scipy.stats import kendalltau  # here, since it takes a second to load, and few experiments need it

    tau = float(kendalltau(predicted, observed).statistic)
    error = float(np.mean(np.square(predicted - observed)))
    variance = float(np.var(observed))
    return {
        "kendall_tau": 0.0 if np.isnan(tau) else tau,
        "mse": error,
        "r2": 1 - error / variance if variance else 0.0,
    }
