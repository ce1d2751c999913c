"""One member of a predictor, fitted to several training sets: what cross-validation and ensembles ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from neural_predictor.errors import PredictorError
from neural_predictor.predictors.engine import fit_replicates
from neural_predictor.predictors.features import varying
from neural_predictor.predictors.recipe_base import NeuralRecipe
from neural_predictor.predictors.registry import EstimatorKind, row_of
from neural_predictor.predictors.scoring import MAX_PLAIN_GRAPHS, PlainScorer, score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.features import FeatureMap
    from neural_predictor.predictors.recipe_base import BaseRecipe
    from neural_predictor.predictors.replicates import Replicates
    from neural_predictor.spaces import GraphBatch


class Regressor(Protocol):
    """What the `fit` of an `EstimatorKind` returns."""

    def predict(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n,) targets of features (n, F)."""


class Fitted(Protocol):
    """A fitted member."""

    def predict(self, graphs: GraphBatch) -> NDArray[np.float64]:
        """(n,) targets."""


@dataclass(frozen=True, eq=False)
class FittedReplicates:
    """Neural replicates, whose mean is the prediction.

    Attributes:
        replicates: of one recipe.
        places: v of the training graphs.
    """

    replicates: Replicates
    places: int

    def predict(self, graphs: GraphBatch) -> NDArray[np.float64]:
        """(n,) mean over replicates; small batches are computed whole, large ones by distinct nodes.

        Raises:
            PredictorError: for graphs of more nodes than those of training, where the kind is of a fixed size.
        """
        if self.replicates.recipe.fixed_size:
            graphs = self._as_wide(graphs)
        scorer = PlainScorer(graphs, self.replicates.recipe) if len(graphs) <= MAX_PLAIN_GRAPHS else None
        return np.asarray(score(self.replicates, graphs, scorer=scorer).mean(axis=0, dtype=np.float64))

    def _as_wide(self, graphs: GraphBatch) -> GraphBatch:
        if graphs.mask.shape[1] > self.places:
            raise PredictorError(
                f"a predictor of kind {self.replicates.recipe.kind} that was fitted to graphs of up to {self.places} "
                f"nodes cannot read one of {graphs.mask.shape[1]}: take another kind, or train on larger architectures"
            )
        return graphs.padded(self.places)


@dataclass(frozen=True, eq=False)
class FittedRegressor:
    """A regressor on the features that vary among its training graphs."""

    features: FeatureMap
    columns: NDArray[np.intp]
    regressor: Regressor

    def predict(self, graphs: GraphBatch) -> NDArray[np.float64]:
        """(n,) targets."""
        return self.regressor.predict(self.features(graphs)[:, self.columns])


def work_of(recipe: BaseRecipe) -> int:
    """The units of work of a fit: epochs of a neural member, 1 of another."""
    return recipe.epochs if isinstance(recipe, NeuralRecipe) else 1


def fit_member(
    recipe: BaseRecipe,
    graphs: GraphBatch,
    features: FeatureMap,
    targets: NDArray[np.float64],
    rows: Sequence[NDArray[np.intp]],
    seeds: Sequence[int],
    workers: int,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Fitted]:
    """Fit one member to each of R training sets; neural ones all at once.

    Args:
        recipe: how.
        graphs: all training graphs.
        features: their features, for members that take these.
        targets: (N,) of all.
        rows: the graphs of each of R training sets.
        seeds: R.
        workers: threads.
        advance: called with the units of `work_of` that are done since its last call, from any thread.

    Returns:
        A fit a training set.
    """
    if isinstance(recipe, NeuralRecipe):
        sizes = [len(own) for own in rows]
        padded = np.stack([np.resize(own, max(sizes)) for own in rows])
        options: dict[str, Any] = {"sizes": sizes, "workers": workers, "advance": advance}
        trained = fit_replicates(graphs, targets[padded], recipe, seeds, padded, **options)
        return [FittedReplicates(trained.take([k]), graphs.mask.shape[1]) for k in range(len(trained))]
    fit, described = row_of(recipe.kind, EstimatorKind).load("fit"), features(graphs)
    fitted: list[Fitted] = []
    for own, seed in zip(rows, seeds, strict=True):
        columns = varying(described[own])
        model = fit(recipe, described[own][:, columns], targets[own], seed, workers)
        fitted.append(FittedRegressor(features, columns, model))
        advance(1)
    return fitted
