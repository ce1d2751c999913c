"""Rounds: some architectures at random, then again and again the best by a predictor that is fitted anew.

The project's own search. Each round fits gradient-boosted trees on graph features to all labels, as normal scores of
their ranks, so that differences among the best count most. It asks for the architectures with the highest mean of
several fits plus their deviation between fits, times `optimism`. docs/search.md says how its settings were chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.predictors.boosted_trees import BoostedTreesRecipe, fit
from neural_predictor.search.base import Search, Settings
from neural_predictor.search.ranges import INITIAL, Range

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

FOLDS = 5
"""Of the cross-validation of what was told."""


class RoundsSettings(Settings):
    """Settings of rounds.

    Attributes:
        initial: random architectures before the first fit.
        optimism: deviations between fits that are added to their mean.
        trees: the predictor; one fit for each of its `ensembles`.
        candidates: drawn for each round from a pool without end; a listed pool is scored whole.
        parents: best architectures whose mutations are half of these.
    """

    initial: Annotated[int, Field(ge=2)] = 20
    optimism: Annotated[float, Field(ge=0)] = 0.5
    trees: BoostedTreesRecipe = BoostedTreesRecipe(trees=300, learning_rate=0.05, ensembles=3)
    candidates: Annotated[int, Field(ge=10)] = 10_000
    parents: Annotated[int, Field(ge=1)] = 20

    ranges: ClassVar[Ranges] = {
        "initial": INITIAL,
        "optimism": Range(0, 2),
        "trees.trees": Range(100, 600, log=True, whole=True),
        "trees.ensembles": Range(2, 5, whole=True),
        "trees.depth": Range(2, 8, whole=True),
        "trees.learning_rate": Range(0.02, 0.2, log=True),
        "trees.rows": Range(0.4, 1),
        "trees.columns": Range(0.1, 1),
    }


class Rounds(Search):
    """See the module."""

    settings_class = RoundsSettings

    def _propose(self, count: int) -> Rows:
        if len(self.rows) < self.settings.initial:
            return self.random(min(count, self.settings.initial))
        mean, deviation, offered = self.predict()
        return offered[np.argsort(-(mean + self.settings.optimism * deviation), kind="stable")[:count]]

    def predict(self) -> tuple[Floats, Floats, Rows]:
        """Mean and deviation between fits (k,), in normal scores, of candidates (k,) that were never asked for."""
        offered = self.pool.candidates(self.best(self.settings.parents), self.settings.candidates, self.rng)
        offered = self.fresh(offered, len(offered))
        found = self._fits(np.arange(len(self.rows)), self.pool.features(offered), self.settings.trees.ensembles)
        return found.mean(axis=0), found.std(axis=0), offered

    def predict_out_of_fold(self) -> Floats:
        """(N,) normal scores of what was told, each by a fit that did not see it."""
        described, found = self.pool.features(self.rows), np.empty(len(self.rows))
        for held in np.array_split(self.rng.permutation(len(found)), FOLDS):
            found[held] = self._fits(np.setdiff1d(np.arange(len(found)), held), described[held], 1)[0]
        return found

    def _fits(self, told: Rows, asked: NDArray[np.float32], count: int) -> Floats:
        """(count, k) predictions for features (k, F) by fits to these of what was told, from different seeds."""
        seeds = self.rng.integers(2**31, size=count).tolist()
        return fit_trees(self.settings.trees, self.pool.features(self.rows[told]), self.targets[told], seeds)(asked)


def fit_trees(
    trees: BoostedTreesRecipe, described: NDArray[np.float32], targets: Floats, seeds: Sequence[int]
) -> Callable[[NDArray[np.float32]], Floats]:
    """Trees fitted to features (N, F) and targets (N,), once for each seed.

    Returns:
        Gives the predictions (len(seeds), k) for features (k, F).
    """
    vary = np.flatnonzero(np.ptp(described, axis=0) > 0)
    recipe = trees.model_copy(update={"ensembles": 1})
    fits = [fit(recipe, described[:, vary], targets, seed, workers=1) for seed in seeds]
    return lambda asked: np.stack([each.predict(asked[:, vary]) for each in fits])
