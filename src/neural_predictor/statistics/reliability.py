"""How far trainings of one network agree, which bounds what any predictor of their accuracies can reach."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.statistics.resampling import Estimate, estimate, resample, taus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.config.sections import Bootstrap

FEWEST = 3
"""Networks that two trainings must have in common to be compared."""


@dataclass(frozen=True)
class Reliability:
    """Agreement of the trainings of n networks, each number with its bootstrap interval over networks.

    Attributes:
        trainings: r, of each network at most.
        tau: mean Kendall tau-b of two trainings, over all pairs of trainings.
        sd_between: standard deviation of the networks' true means, in the unit of the accuracies; 0 where the
            trainings differ more than such networks would.
        sd_within: standard deviation of the trainings of one network.
        one: reliability of one training, the share of its variance that is between networks: the intraclass
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
        bootstrap: resamples of networks, and confidence.
        seed: of the resampling.

    Returns:
        None where no two trainings have `FEWEST` networks in common.
    """
    validation = validation[np.isfinite(validation).any(axis=1)]
    there = np.isfinite(validation)
    if not any((one & other).sum() >= FEWEST for one, other in combinations(there.T, 2)):
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
    return Reliability(trainings, **{name: estimate(values, bootstrap) for name, values in found.items()})


def _variances(
    validation: NDArray[np.float64], there: NDArray[np.bool_], counts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Variance between and within networks in each resample, (b,) each; NaN where no network has two trainings.

    Networks may have different numbers of trainings: their effective number is that of the unbalanced analysis.
    """
    sizes = there.sum(axis=1).astype(np.float64)
    values = np.where(there, validation - validation[there].mean(), 0.0)
    means = values.sum(axis=1) / sizes
    squares = np.square(np.where(there, values - means[:, None], 0.0)).sum(axis=1)
    networks, trainings = counts.sum(axis=1), counts @ sizes
    grand = counts @ (sizes * means) / trainings
    freedom = np.where(trainings > networks, trainings - networks, np.nan)
    within = counts @ squares / freedom
    between_squares = counts @ (sizes * np.square(means)) - trainings * np.square(grand)
    effective = (trainings - counts @ np.square(sizes) / trainings) / (networks - 1)
    between = (between_squares / (networks - 1) - within) / effective
    return np.maximum(between, 0.0), within


def _pair_taus(validation: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(b,) mean over pairs of trainings of their Kendall tau, on the networks that have both."""
    found = []
    for one, other in combinations(validation.T, 2):
        both = np.isfinite(one) & np.isfinite(other)
        if both.sum() >= FEWEST:
            found.append(taus(one[both], other[both], counts[:, both]))
    mean: NDArray[np.float64] = np.mean(found, axis=0)
    return mean
