"""What a ranking is worth: Kendall tau in cross-validation, its learning curve, and intervals of scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import kendalltau

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.ensemble import Predictor

    Maker = Callable[[int], Predictor]

RESAMPLES = 500
TAIL = 0.025
"""Each side of a 95 % interval of tau."""
COVERAGE = 0.9
"""Share of labels of new networks that an interval of a score is to hold."""
SMALLEST_FIT = 10
_FEW = 500
"""Up to this many networks, tau of all resamples from the signs of all pairs is faster than one resample at a time."""


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, eq=False)
class Trial:
    """A fit to `size` networks, and its predictions of networks that it was not fitted to.

    Attributes:
        size: number of networks that it was fitted to.
        observed: (m,) their labels.
        predicted: (m,) its predictions of them.
    """

    size: int
    observed: NDArray[np.float64]
    predicted: NDArray[np.float64]

    def tau(self, rows: NDArray[np.integer] | slice = slice(None)) -> float:
        """Kendall tau-b on these rows; 0 where either side is constant, since it ranks nothing."""
        found = float(kendalltau(self.predicted[rows], self.observed[rows]).statistic)
        return 0.0 if np.isnan(found) else found

    def resampled(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """(RESAMPLES,) tau on rows drawn with replacement."""
        n = len(self.observed)
        draws = (rng.integers(n, size=n) for _ in range(RESAMPLES))
        if n > _FEW:
            return np.array([self.tau(rows) for rows in draws])
        counts = np.stack([np.bincount(rows, minlength=n) for rows in draws]).astype(np.float64)
        x, y = (np.sign(values[:, None] - values[None]) for values in (self.predicted, self.observed))
        concordant, x_untied, y_untied = (
            np.einsum("bi,bi->b", counts @ signs, counts) / 2 for signs in (x * y, np.abs(x), np.abs(y))
        )
        ranks = (x_untied > 0) & (y_untied > 0)
        scales = (np.sqrt(np.where(ranks, untied, 1)) for untied in (x_untied, y_untied))
        return np.asarray(np.clip(np.where(ranks, concordant, 0) / next(scales) / next(scales), -1, 1), np.float64)


def estimate(value: float, draws: NDArray[np.float64]) -> Estimate:
    """A value with the percentile interval of its resampled values."""
    low, high = np.quantile(draws, (TAIL, 1 - TAIL))
    return Estimate(value, float(low), float(high))


@dataclass(frozen=True)
class Curve:
    """Tau against the number of training networks.

    Attributes:
        points: mean tau by number of networks, the last from cross-validation.
        twice: number of networks, two times what there is.
        ahead: tau to expect with that number: a straight line in log N through the points.
    """

    points: dict[int, Estimate]
    twice: int
    ahead: Estimate


def sub_trials(fitted: Predictor, labels: NDArray[np.float64], seed: int) -> list[Trial]:
    """Fits to two random quarters and the two halves of the training networks, each tested on all others.

    Args:
        fitted: to all networks.
        labels: (N,) theirs.
        seed: of the choice.
    """
    n, rng = len(labels), np.random.default_rng([seed, 1])
    parts: list[NDArray[np.intp]] = []
    for size in (n // 4, n // 2):
        order = rng.permutation(n)
        parts += [order[part * size : (part + 1) * size] for part in range(2)]
    parts = [rows for rows in parts if len(rows) >= SMALLEST_FIT and np.ptp(labels[rows]) > 0]
    trials = []
    for rows, predicted in zip(parts, fitted.predict_from_subsets(parts) if parts else [], strict=True):
        rest = np.setdiff1d(np.arange(n), rows)
        trials.append(Trial(len(rows), labels[rest], predicted[rest]))
    return trials


def learning_curve(trials: Sequence[Trial], draws: Sequence[NDArray[np.float64]], rng: np.random.Generator) -> Curve:
    """Tau by number of networks, and what a straight line in its logarithm says of twice the largest number.

    Args:
        trials: of at least two sizes, that of cross-validation last.
        draws: resampled tau of each trial.
        rng: draws which trials of a size count in a resample.
    """
    sizes = sorted({trial.size for trial in trials})
    means, resampled = [], []
    for size in sizes:
        mine = [k for k, trial in enumerate(trials) if trial.size == size]
        picked = rng.integers(len(mine), size=(RESAMPLES, len(mine)))
        stacked = np.stack([draws[k] for k in mine], axis=1)
        means.append(np.mean([trials[k].tau() for k in mine]))
        resampled.append(np.take_along_axis(stacked, picked, axis=1).mean(axis=1))
    ahead = _line(sizes, np.array(means)[:, None], 2 * sizes[-1])[0]
    spread = _line(sizes, np.array(resampled), 2 * sizes[-1])
    return Curve(
        points={size: estimate(float(m), d) for size, m, d in zip(sizes, means, resampled, strict=True)},
        twice=2 * sizes[-1],
        ahead=estimate(float(ahead), spread),
    )


def _line(sizes: Sequence[int], taus: NDArray[np.float64], at: int) -> NDArray[np.float64]:
    """(d,) value at a size of the least-squares lines in log size through taus (sizes, d), at most 1."""
    slope, level = np.polyfit(np.log(sizes), taus, 1)
    return np.asarray(np.clip(slope * np.log(at) + level, -1, 1), np.float64)


@dataclass(frozen=True)
class Intervals:
    """Half-widths of the intervals of scores: `factor` times (the spread of the ensemble's members + `floor`).

    Conformal: of the training networks' cross-validated errors, each divided by the same sum, `factor` is the quantile
    that holds `COVERAGE` of them, and of one more network like them.
    """

    factor: float
    floor: float

    @classmethod
    def calibrated(
        cls, labels: NDArray[np.float64], crossed: NDArray[np.float64], members: NDArray[np.float64]
    ) -> Intervals:
        """From labels (N,), their cross-validated predictions (N,) and those of the members (m, N)."""
        errors = np.abs(labels - crossed)
        floor = float(np.median(errors)) or float(labels.std())
        ratios = np.sort(errors / (members.std(axis=0) + floor))
        place = min(int(np.ceil(COVERAGE * (len(labels) + 1))), len(labels)) - 1
        return cls(float(ratios[place]), floor)

    def half_width(self, members: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) of the members' predictions (m, n)."""
        return np.asarray(self.factor * (members.std(axis=0) + self.floor), np.float64)
