"""Bayesian optimisation: a Gaussian process on graph features, expected improvement.

Source: Jones, Schonlau and Welch, "Efficient Global Optimization of Expensive Black-Box Functions", Journal of Global
Optimization 1998. The process is the project's predictor `gp` (features by their importance to a forest, normal scores
of the labels). `improvement.py` chooses batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.predictors.features import varying
from neural_predictor.predictors.gaussian_process import GaussianProcessRecipe, fit
from neural_predictor.search.base import Search, Settings
from neural_predictor.search.improvement import improving_batch
from neural_predictor.search.ranges import INITIAL, Choice, Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.predictors.gaussian_process import Posterior
    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]


class BayesianSettings(Settings):
    """Settings of Bayesian optimisation.

    Attributes:
        initial: random architectures before the first fit.
        candidates: drawn for each batch from a pool without end; a listed pool is scored whole.
        process: the Gaussian process.
    """

    initial: Annotated[int, Field(ge=2)] = 20
    candidates: Annotated[int, Field(ge=10)] = 5000
    process: GaussianProcessRecipe = GaussianProcessRecipe()

    ranges: ClassVar[Ranges] = {
        "initial": INITIAL,
        "process.smoothness": Choice((0.5, 1.5, 2.5)),
        "process.relevance": Range(0, 1),
        "process.trees": Range(50, 500, log=True, whole=True),
    }


class Bayesian(Search):
    """See the module."""

    settings_class: ClassVar[type[Settings]] = BayesianSettings

    def _propose(self, count: int) -> Rows:
        if len(self.rows) < self.settings.initial:
            return self.random(count)
        offered = self._offered()
        points = np.concatenate([offered, self.pending])
        posterior = self._posterior(points)
        for place in range(len(offered), len(points)):  # what is being trained counts as chosen
            posterior.observe(place)
        mean, variance = posterior.mean[: len(offered)], posterior.variance[: len(offered)]
        return offered[improving_batch(mean, variance, float(self.targets.max()), count, posterior.take)]

    def _offered(self) -> Rows:
        """Candidates that were never asked for."""
        offered = self.pool.candidates(self.best(self.settings.initial), self.settings.candidates, self.rng)
        return self.fresh(offered, len(offered))

    def _posterior(self, points: Rows) -> Posterior:
        """The process at these architectures, fitted to what was told."""
        described = self.pool.features(self.rows)
        vary = varying(described)
        seed = int(self.rng.integers(2**31))
        process = fit(self.settings.process, described[:, vary], self.targets, seed, workers=1)
        return process.posterior(self.pool.features(points)[:, vary])
