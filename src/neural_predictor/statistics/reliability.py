"""How far trainings of one architecture agree, which bounds what any predictor of their accuracies can reach."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.statistics.bootstrap import Estimate, estimate, resample
from neural_predictor.statistics.kendall import resampled_taus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.config.sections import Bootstrap

MIN_SHARED = 3
"""Architectures that two trainings must have in common to be compared."""


@dataclass(frozen=True)
class Reliability:
    """Agreement of the trainings of n architectures, each number with its bootstrap interval over architectures.

    Attributes:
        trainings: r, of each architecture at most.
        tau: mean Kendall tau-b of two trainings, over all pairs of trainings.
        sd_between: standard deviation of the architectures' true means, in the unit of the accuracies; 0 where the
            trainings differ more than such architectures would.
        sd_within: standard deviation of the trainings of one architecture.
        one: reliability of one training, the share of its variance that is between architectures: the intraclass
            correlation ICC(1) (Shrout and Fleiss, 1979), 0 where the estimate is negative.
        mean: reliability of the mean of r trainings, by the formula of Spearman and Brown.
    """

    trainings: int
    tau: Estimate
    sd_between: Estimate
    sd_within: Estimate
    one: Estimate
    mean: Estimate


def reliability(validation: NDArray[np.float64], bootstrap: Bootstrap, seed: int) -> Reliability | None:
    """Agreement of trainings, by a one-way analysis of variance with random effects.

    Args:
        validation: (n, r) accuracy of each training; NaN where there was none.
        bootstrap: resamples of architectures, and confidence.
        seed: of the resampling.

    Returns:
        None where no two trainings have `MIN_SHARED` architectures in common.
    """
    validation = validation[np.isfinite(validation).any(axis=1)]
    there = np.isfinite(validation)
    if not any((one & other).sum() >= MIN_SHARED for one, other in combinations(there.T, 2)):
        return None
    counts = resample(len(validation), bootstrap, seed)
    between, within = _variances(validation, there, counts)
    total = between + within
    one = np.divide(between, total, out=np.zeros(len(total)), where=total > 0)
    trainings = validation.shape[1]
    found = {
        "tau": _pair_taus(validation, counts),
        "sd_between": np.sqrt(between),
        "sd_within": np.sqrt(within),
        "one": one,
        "mean": trainings * one / (1 + (trainings - 1) * one),
    }
    return Reliability(trainings, **{name: estimate(values, bootstrap.confidence) for name, values in found.items()})


def _variances(
    validation: NDArray[np.float64], there: NDArray[np.bool_], counts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Variance between and within architectures in each resample, (b,) each; NaN where none has two trainings.

    Architectures may have different numbers of trainings: their effective number is that of the unbalanced analysis.
    """
    sizes = there.sum(axis=1).astype(np.float64)
    values = np.where(there, validation - validation[there].mean(), 0.0)
    means = values.sum(axis=1) / sizes
    squares = np.square(np.where(there, values - means[:, None], 0.0)).sum(axis=1)
    members, trainings = counts.sum(axis=1), counts @ sizes
    grand = counts @ (sizes * means) / trainings
    freedom = np.where(trainings > members, trainings - members, np.nan)
    within = counts @ squares / freedom
    between_squares = counts @ (sizes * np.square(means)) - trainings * np.square(grand)
    effective = (trainings - counts @ np.square(sizes) / trainings) / (members - 1)
    between = (between_squares / (members - 1) - within) / effective
    return np.maximum(between, 0.0), within


def _pair_taus(validation: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(b,) mean over pairs of trainings of their Kendall tau, on the architectures that have both."""
    found = []
    for one, other in combinations(validation.T, 2):
        both = np.isfinite(one) & np.isfinite(other)
        if both.sum() >= MIN_SHARED:
            found.append(resampled_taus(one[both], other[both], counts[:, both]))
    mean: NDArray[np.float64] = np.mean(found, axis=0)
    return mean
