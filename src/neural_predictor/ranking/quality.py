"""What a ranking is worth: Kendall tau in cross-validation, its learning curve, and intervals of scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.statistics.bootstrap import estimate
from neural_predictor.statistics.kendall import bootstrap_taus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.ensemble import Predictor
    from neural_predictor.statistics.bootstrap import Estimate

    Maker = Callable[[int], Predictor]

RESAMPLES = 500
"""Bootstrap resamples of a tau."""
CONFIDENCE = 0.95
"""Share of the resamples within the interval of a tau."""
COVERAGE = 0.9
"""Share of labels of new architectures that an interval of a score is to hold."""
FIRST = 10
"""Architectures that a predictor would train first, of which `Top` counts the best; a quarter of all at most."""
MIN_SUBSET = 10
"""Architectures of a subset that a predictor is fitted to for the learning curve, at least."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A fit to `size` architectures, and its predictions of architectures that it was not fitted to.

    Attributes:
        size: number of architectures that it was fitted to.
        observed: (m,) their labels.
        predicted: (m,) its predictions of them.
    """

    size: int
    observed: NDArray[np.float64]
    predicted: NDArray[np.float64]

    def taus(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """(1 + RESAMPLES,) Kendall's tau-b of all m architectures, then on m drawn with replacement."""
        return bootstrap_taus(self.predicted, self.observed, RESAMPLES, rng)


@dataclass(frozen=True)
class Top:
    """How many of the architectures that a predictor would train first are among the best.

    Attributes:
        first: how many it would train: those with the highest predictions by fits that did not see them.
        best: how many count as the best, by their labels: a tenth of all.
        found: how many of the first are among the best; guessing finds `guessed`.
        guessed: `first` times `best` over the number of architectures.
    """

    first: int
    best: int
    found: Estimate
    guessed: float

    @classmethod
    def of(cls, trial: Trial, rng: np.random.Generator) -> Top:
        """Of out-of-fold predictions, with an interval from resamples of the architectures."""
        n = len(trial.observed)
        first, best = min(FIRST, -(-n // 4)), -(-n // 10)

        def found(rows: NDArray[np.intp]) -> int:
            observed = trial.observed[rows]
            chosen = np.argsort(-trial.predicted[rows], kind="stable")[:first]
            return int((observed[chosen] >= np.partition(observed, n - best)[n - best]).sum())

        drawn = [np.arange(n), *(rng.integers(n, size=n) for _ in range(RESAMPLES))]
        return cls(
            first, best, estimate(np.array([found(rows) for rows in drawn], float), CONFIDENCE), first * best / n
        )


@dataclass(frozen=True)
class Curve:
    """Tau against the number of training architectures.

    Attributes:
        points: mean tau by number of architectures, the last from cross-validation.
        twice: number of architectures, two times what there is.
        ahead: tau to expect with that number: a straight line in log N through the points.
    """

    points: dict[int, Estimate]
    twice: int
    ahead: Estimate


def sub_trials(fitted: Predictor, labels: NDArray[np.float64], seed: int) -> list[Trial]:
    """Fits to two random quarters and the two halves of the training architectures, each tested on all others.

    Args:
        fitted: to all architectures.
        labels: (N,) theirs.
        seed: of the choice.
    """
    n, rng = len(labels), np.random.default_rng([seed, 1])
    parts: list[NDArray[np.intp]] = []
    for size in (n // 4, n // 2):
        order = rng.permutation(n)
        parts += [order[part * size : (part + 1) * size] for part in range(2)]
    parts = [rows for rows in parts if len(rows) >= MIN_SUBSET and np.ptp(labels[rows]) > 0]
    trials = []
    for rows, predicted in zip(parts, fitted.predict_from_subsets(parts) if parts else [], strict=True):
        rest = np.setdiff1d(np.arange(n), rows)
        trials.append(Trial(len(rows), labels[rest], predicted[rest]))
    return trials


def learning_curve(trials: Sequence[Trial], taus: Sequence[NDArray[np.float64]], rng: np.random.Generator) -> Curve:
    """Tau by number of architectures, and what a straight line in its logarithm says of twice the largest number.

    Args:
        trials: of at least two sizes, that of cross-validation last.
        taus: of each trial, see `Trial.taus`.
        rng: draws which trials of a size count in a resample.
    """
    sizes = sorted({trial.size for trial in trials})
    means = []
    for size in sizes:
        of_size = np.stack([each for each, trial in zip(taus, trials, strict=True) if trial.size == size], axis=1)
        picked = rng.integers(of_size.shape[1], size=(RESAMPLES, of_size.shape[1]))
        resampled = np.take_along_axis(of_size[1:], picked, axis=1)
        means.append(np.concatenate([of_size[:1], resampled]).mean(axis=1))
    return Curve(
        points={size: estimate(mean, CONFIDENCE) for size, mean in zip(sizes, means, strict=True)},
        twice=2 * sizes[-1],
        ahead=estimate(_line(sizes, np.array(means), 2 * sizes[-1]), CONFIDENCE),
    )


def _line(sizes: Sequence[int], taus: NDArray[np.float64], at: int) -> NDArray[np.float64]:
    """(d,) value at a size of the least-squares lines in log size through taus (sizes, d), at most 1."""
    slope, level = np.polyfit(np.log(sizes), taus, 1)
    return np.asarray(np.clip(slope * np.log(at) + level, -1, 1), np.float64)


def conformal_quantile(errors: NDArray[np.float64]) -> float:
    """The quantile that holds `COVERAGE` of errors (N,), and of one more like them."""
    place = min(int(np.ceil(COVERAGE * (len(errors) + 1))), len(errors)) - 1
    return float(np.sort(errors)[place])


@dataclass(frozen=True)
class Intervals:
    """Half-widths of the intervals of scores: `factor` times (the spread of the ensemble's members + `floor`).

    Conformal: of the training architectures' cross-validated errors, each divided by the same sum, `factor` is the
    quantile that holds `COVERAGE` of them, and of one more architecture like them.
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
        return cls(conformal_quantile(errors / (members.std(axis=0) + floor)), floor)

    def half_width(self, members: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) of the members' predictions (m, n)."""
        return np.asarray(self.factor * (members.std(axis=0) + self.floor), np.float64)
