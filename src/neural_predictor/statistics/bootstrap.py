"""Percentile bootstrap: resamples of repeats or of architectures, and numbers with their intervals.

A resample is a row of counts: how often it holds each member. The architectures of a sample are what another sample
would have otherwise, so they are what is resampled; partitions of one sample, or fits to it, show nothing of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.config.sections import Bootstrap


class Estimate(NamedTuple):
    """A number of the sample, and its percentile interval over resamples."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def estimate(values: NDArray[np.floating], confidence: float) -> Estimate:
    """A number with the quantiles of its resamples; resamples that are NaN are left out.

    Args:
        values: (1 + b,) of the sample, then of each of b resamples.
        confidence: share of the resamples within the interval.
    """
    tail = (1 - confidence) / 2
    drawn = values[1:][np.isfinite(values[1:])]
    low, high = np.quantile(drawn, (tail, 1 - tail)) if len(drawn) else (np.nan, np.nan)
    return Estimate(float(values[0]), float(low), float(high))


def resample(members: int, bootstrap: Bootstrap, seed: int) -> NDArray[np.float64]:
    """Counts (1 + resamples, members); the first row is the sample itself, each member once."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(members, np.full(members, 1 / members), size=bootstrap.resamples)
    return np.vstack([np.ones((1, members)), drawn])


def over_settings(values: NDArray[np.float64], seed: int, *, maximise: bool) -> dict[str, NDArray[np.float64]]:
    """`median` of drawn settings and their `worst-tenth`, the value that one in ten is worse than, (b,) each.

    Args:
        values: (S, b) of each setting in b resamples of something else, the first of which is the sample itself; the
            settings are resampled along with it.
        seed: of the resampling.
        maximise: whether a higher value is better.
    """
    own = _along(values, seed)
    return {"median": np.median(own, axis=0), "worst-tenth": np.quantile(own, 0.1 if maximise else 0.9, axis=0)}


def over_searches(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Mean over searches (b,), which are resampled along with what values are resamples of.

    Args:
        values: (S, b) of each search in b resamples of something else, the first of which is the sample itself.
        seed: of the resampling.
    """
    mean: NDArray[np.float64] = _along(values, seed).mean(axis=0)
    return mean


def _along(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """(S, b) values of members drawn anew in each column but the first."""
    drawn = np.random.default_rng(seed).integers(len(values), size=values.shape)
    drawn[:, 0] = np.arange(len(values))  # the sample itself
    own: NDArray[np.float64] = np.take_along_axis(values, drawn, axis=0)
    return own


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
