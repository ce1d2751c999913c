"""How many samples a search needs to reach a level, and how many fewer than another search."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.config.sections import Bootstrap

REACHED_RULE = "A level counts as reached from the sample on after which the mean curve never falls below it."


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


class Needed(NamedTuple):
    """Samples that a search needs for a level.

    Attributes:
        samples: number after which the mean curve holds it; NaN where it does not within the budget.
        low: lower end of its bootstrap interval; NaN where most resamples do not hold the level.
        high: its upper end, likewise.
        reached: share of the resamples that hold it.
    """

    samples: float
    low: float
    high: float
    reached: float


def needed(own: NDArray[np.float64], level: NDArray[np.float64], bootstrap: Bootstrap, seed: int) -> Needed:
    """Samples that a search needs for the mean of another's results; the repeats of both are resampled.

    Args:
        own: (R, m) values of each repeat after 1, 2, .. m samples, more is better.
        level: (Q,) results of the other, whose mean is the level.
        bootstrap: resamples and confidence.
        seed: of the resampling.
    """
    rng = np.random.default_rng(seed)
    drawn = [
        held_from(
            own[rng.integers(len(own), size=len(own))].mean(axis=0),
            float(level[rng.integers(len(level), size=len(level))].mean()),
            1,
        )
        or np.inf
        for _ in range(bootstrap.resamples)
    ]
    tail = (1 - bootstrap.confidence) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail), method="nearest")
    found = held_from(own.mean(axis=0), float(level.mean()), 1)
    low, high = (float(end) if np.isfinite(end) else np.nan for end in (low, high))
    return Needed(np.nan if found is None else found, low, high, float(np.isfinite(drawn).mean()))


class Efficiency(NamedTuple):
    """A search against the mean that a reference search ends with.

    Attributes:
        samples: that it needs for this mean; NaN where it does not reach it.
        ratio: samples of the reference over those; NaN where it does not reach the mean.
        low: lower end of the bootstrap interval of the ratio; NaN where the mean is not reached.
        high: its upper end, likewise.
        reached: share of the resamples in which it reaches the mean.
    """

    samples: float
    ratio: float
    low: float
    high: float
    reached: float


def efficiency(
    own: NDArray[np.float64], reference: NDArray[np.float64], first: int, bootstrap: Bootstrap, seed: int
) -> Efficiency:
    """Compare the samples of two searches; the repeats of both are resampled.

    Args:
        own: (R, m) values of each repeat after 1, 2, .. m samples, more is better.
        reference: (Q, m) the same of the reference search.
        first: number of samples from which on `own` counts.
        bootstrap: resamples and confidence.
        seed: of the resampling.
    """
    budget = reference.shape[1]

    def samples(level: float, mean: NDArray[np.float64]) -> float:
        return held_from(mean[first - 1 :], level, first) or np.inf

    rng = np.random.default_rng(seed)
    ratios = []
    for _ in range(bootstrap.resamples):
        level = float(reference[rng.integers(len(reference), size=len(reference)), -1].mean())
        mean = own[rng.integers(len(own), size=len(own))].mean(axis=0)
        ratios.append(budget / samples(level, mean))
    tail = (1 - bootstrap.confidence) / 2
    low, high = np.quantile(ratios, (tail, 1 - tail), method="nearest")
    needed = samples(float(reference[:, -1].mean()), own.mean(axis=0))
    return Efficiency(
        samples=needed if np.isfinite(needed) else np.nan,
        ratio=budget / needed if np.isfinite(needed) else np.nan,
        low=low or np.nan,
        high=high or np.nan,
        reached=float(np.mean(np.array(ratios) > 0)),
    )
