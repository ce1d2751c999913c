"""Rounds: some architectures at random, then again and again the best by predictors that are fitted anew.

The project's own search. Each round fits gradient-boosted trees and a Gaussian process on graph features to all labels,
as normal scores of their ranks, so that differences among the best count most. It asks for the architectures of the
highest expected improvement, by the mean of both predictions and the process's deviations. What is to be exceeded is
the highest such mean of what was trained, not the highest label, which noise makes too high (the plug-in of Picheny,
Wagner and Ginsbourger, Structural and Multidisciplinary Optimization 2013). docs/lab/searches.md says how that was
chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.predictors import boosted_trees, gaussian_process
from neural_predictor.predictors.boosted_trees import BoostedTrees, BoostedTreesRecipe
from neural_predictor.predictors.features import varying
from neural_predictor.predictors.gaussian_process import GaussianProcess, GaussianProcessRecipe, Posterior
from neural_predictor.search.base import Search, Settings
from neural_predictor.search.improvement import improving_batch
from neural_predictor.search.ranges import INITIAL, Choice, Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]
    Features = NDArray[np.float32]

FOLDS = 5
"""Of the cross-validation of what was told."""


class RoundsSettings(Settings):
    """Settings of rounds.

    Attributes:
        initial: random architectures before the first fit.
        trees: one of the two predictors.
        process: the other.
        process_learns: architectures that the process learns from, at most: the best half, the others at random. Its
            fit takes time with the cube of their number.
        candidates: drawn for each round from a pool without end; a listed pool is scored whole.
        parents: best architectures whose mutations are half of these.
    """

    initial: Annotated[int, Field(ge=2)] = 20
    trees: BoostedTreesRecipe = BoostedTreesRecipe(trees=300, learning_rate=0.05, ensembles=3)
    process: GaussianProcessRecipe = GaussianProcessRecipe()
    process_learns: Annotated[int, Field(ge=10)] = 500
    candidates: Annotated[int, Field(ge=10)] = 10_000
    parents: Annotated[int, Field(ge=1)] = 20

    ranges: ClassVar[Ranges] = {
        "initial": INITIAL,
        "trees.trees": Range(100, 600, log=True, whole=True),
        "trees.ensembles": Range(2, 5, whole=True),
        "trees.depth": Range(2, 8, whole=True),
        "trees.learning_rate": Range(0.02, 0.2, log=True),
        "trees.rows": Range(0.4, 1),
        "trees.columns": Range(0.1, 1),
        "process.smoothness": Choice((0.5, 1.5, 2.5)),
        "process.relevance": Range(0, 1),
        "process.trees": Range(50, 500, log=True, whole=True),
    }


class Rounds(Search):
    """See the module."""

    settings_class = RoundsSettings

    def _propose(self, count: int) -> Rows:
        if len(self.rows) < self.settings.initial:
            return self.random(min(count, self.settings.initial))
        offered = self.pool.candidates(self.best(self.settings.parents), self.settings.candidates, self.rng)
        offered = self.fresh(offered, len(offered))
        return offered[self.choose(self.predict(offered), count)]

    def predict(self, offered: Rows) -> Predicted:
        """What fits to all that was told say of candidates (k,)."""
        fitted = self._fitted(np.arange(len(self.rows)), self.settings.trees)
        best = float(fitted.predict(self.pool.features(self.rows))[0].max())
        return Predicted(offered, *fitted.predict(self.pool.features(offered)), best, fitted)

    def choose(self, predicted: Predicted, count: int) -> Rows:
        """Places, among the candidates, of those to train next, the most improving first."""

        def posterior(places: Rows) -> Posterior:
            points = np.concatenate([predicted.rows[places], self.pending])
            found = predicted.fitted.posterior(self.pool.features(points))
            for place in range(len(places), len(points)):  # what is being trained counts as chosen
                found.observe(place)
            return found.take(np.arange(len(places)))

        return improving_batch(predicted.mean, predicted.variance, predicted.best, count, posterior)

    def predict_out_of_fold(self) -> Floats:
        """(N,) normal scores of what was told, each by fits that did not see it."""
        described, found = self.pool.features(self.rows), np.empty(len(self.rows))
        trees = self.settings.trees.model_copy(update={"ensembles": 1})
        for held in np.array_split(self.rng.permutation(len(found)), FOLDS):
            found[held] = self._fitted(np.setdiff1d(np.arange(len(found)), held), trees).predict(described[held])[0]
        return found

    def _fitted(self, told: Rows, trees: BoostedTreesRecipe) -> Fitted:
        """Both predictors, fitted to these (N,) of what was told."""
        described, targets = self.pool.features(self.rows[told]), self.targets[told]
        vary, (seed, other) = varying(described), self.rng.integers(2**31, size=2).tolist()
        forest = boosted_trees.fit(trees, described[:, vary], targets, seed, workers=1)
        known = _leading(targets, self.settings.process_learns, self.rng)
        own = varying(described[known])
        process = gaussian_process.fit(
            self.settings.process, described[np.ix_(known, own)], targets[known], other, workers=1
        )
        return Fitted(vary, forest, own, process)


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a round says of candidates.

    Attributes:
        rows: (k,) the candidates.
        mean: (k,) of both predictors, in normal scores.
        variance: (k,) of the process, without noise.
        best: highest mean of what was told.
        fitted: both.
    """

    rows: Rows
    mean: Floats
    variance: Floats
    best: float
    fitted: Fitted


@dataclass(frozen=True, eq=False)
class Fitted:
    """Trees and a Gaussian process, each with the features that vary in what it learnt from."""

    tree_columns: Rows
    trees: BoostedTrees
    process_columns: Rows
    process: GaussianProcess

    def predict(self, features: Features) -> tuple[Floats, Floats]:
        """Mean of both predictions, and variance by the process, (k,) each, of features (k, F)."""
        mean, variance = self.process.moments(features[:, self.process_columns])
        return (mean + self.trees.predict(features[:, self.tree_columns])) / 2, variance

    def posterior(self, features: Features) -> Posterior:
        """The process at features (k, F)."""
        return self.process.posterior(features[:, self.process_columns])


def _leading(targets: Floats, most: int, rng: np.random.Generator) -> Rows:
    """Places of all targets; of more than `most`, those of the best half of so many, and others at random."""
    if len(targets) <= most:
        return np.arange(len(targets))
    order = np.argsort(-targets, kind="stable")
    best = most - most // 2
    return np.concatenate([order[:best], rng.choice(order[best:], most // 2, replace=False)])
