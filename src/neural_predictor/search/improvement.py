"""Batches of the highest expected improvement.

Sources: Jones, Schonlau and Welch, "Efficient Global Optimization of Expensive Black-Box Functions", Journal of Global
Optimization 1998 (expected improvement); Desautels, Krause and Burdick, "Parallelizing Exploration-Exploitation
Tradeoffs in Gaussian Process Bandit Optimization", JMLR 2014 (within a batch, deviations shrink as if what is chosen
had its mean).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from neural_predictor.predictors.gaussian_process import Posterior

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

SHORTLIST = 1000
"""Candidates of the highest gain that a batch is first chosen among."""


def expected_improvement(mean: Floats, deviation: Floats, best: float) -> Floats:
    """(n,) expected excess over `best` of normal variables with these means (n,) and deviations (n,)."""
    from scipy.stats import norm

    z = (mean - best) / deviation
    return np.asarray(deviation * (z * norm.cdf(z) + norm.pdf(z)), np.float64)


def improving_batch(
    mean: Floats, variance: Floats, best: float, count: int, posterior_of: Callable[[Rows], Posterior]
) -> Rows:
    """Places of the candidates that improve most on `best`, each after those before it.

    Gains only fall as variances shrink. So candidates whose gain at first is below that of the last choice need no
    second look: a batch is chosen among a shortlist, which grows until that is so.

    Args:
        mean: (n,) of each candidate's target.
        variance: (n,) likewise.
        best: target to exceed.
        count: of the batch; all candidates are chosen where there are fewer.
        posterior_of: gives the process at candidates (k,).
    """
    gains = expected_improvement(mean, np.sqrt(variance), best)
    order = np.argsort(-gains, kind="stable")
    size = max(SHORTLIST, 2 * count)
    while True:
        listed = np.sort(order[:size])
        chosen, last = _greedy(mean[listed], best, min(count, len(listed)), posterior_of(listed))
        if size >= len(order) or last >= gains[order[size]]:
            return listed[chosen]
        size *= 4


def _greedy(mean: Floats, best: float, count: int, posterior: Posterior) -> tuple[Rows, float]:
    """Places of `count` candidates, and the gain of the last."""
    left, chosen, last = np.ones(len(mean), np.bool_), np.zeros(count, np.intp), np.inf
    for k in range(count):
        gains = np.where(left, expected_improvement(mean, np.sqrt(posterior.variance), best), -np.inf)
        chosen[k] = gains.argmax()
        last = float(gains[chosen[k]])
        left[chosen[k]] = False
        posterior.observe(int(chosen[k]))
    return chosen, last
