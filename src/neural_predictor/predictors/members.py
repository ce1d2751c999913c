"""One member of a predictor, fitted to several training sets: what cross-validation and ensembles ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from neural_predictor.errors import PredictorError
from neural_predictor.predictors.engine import fit_replicates
from neural_predictor.predictors.recipe import NeuralRecipe
from neural_predictor.predictors.regressors import REGRESSORS
from neural_predictor.predictors.replicates import Replicates
from neural_predictor.predictors.scoring import PLAIN_GRAPHS, PlainScorer, score

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.features import FeatureMap
    from neural_predictor.predictors.recipe import SingleRecipe
    from neural_predictor.predictors.regressors import Regressor
    from neural_predictor.spaces import GraphBatch

    Arrays = dict[str, NDArray[Any]]


class Fitted(Protocol):
    """A fitted member."""

    def predict(self, graphs: GraphBatch) -> NDArray[np.float64]:
        """(n,) targets."""

    def arrays(self) -> Arrays:
        """What `member_from_arrays` takes back."""


@dataclass(frozen=True, eq=False)
class FittedNetworks:
    """Neural replicates, whose mean is the prediction.

    Attributes:
        replicates: of one recipe.
        places: v of the training graphs.
    """

    replicates: Replicates
    places: int

    def predict(self, graphs: GraphBatch) -> NDArray[np.float64]:
        """(n,) mean over replicates; small batches are computed whole, large ones by distinct neighbourhoods.

        Raises:
            PredictorError: for graphs of more nodes than those of training, where the network is made for these.
        """
        if self.replicates.recipe.fixed_places:
            graphs = self._as_wide(graphs)
        scorer = PlainScorer(graphs, self.replicates.recipe) if len(graphs) <= PLAIN_GRAPHS else None
        return np.asarray(score(self.replicates, graphs, scorer=scorer).mean(axis=0, dtype=np.float64))

    def arrays(self) -> Arrays:
        """Weights, units and places."""
        return self.replicates.arrays() | {"places": np.array(self.places)}

    def _as_wide(self, graphs: GraphBatch) -> GraphBatch:
        if graphs.mask.shape[1] > self.places:
            raise PredictorError(
                f"a predictor of kind {self.replicates.recipe.kind} that was fitted to graphs of up to {self.places} "
                f"nodes cannot read one of {graphs.mask.shape[1]}: take another kind, or larger training networks"
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

    def arrays(self) -> Arrays:
        """The columns and the regressor's own."""
        return {"columns": self.columns} | {f"model_{name}": part for name, part in self.regressor.arrays().items()}


def fit_member(
    recipe: SingleRecipe,
    graphs: GraphBatch,
    features: FeatureMap,
    targets: NDArray[np.float64],
    rows: Sequence[NDArray[np.intp]],
    seeds: Sequence[int],
    workers: int,
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
    """
    if isinstance(recipe, NeuralRecipe):
        sizes = [len(own) for own in rows]
        padded = np.stack([np.resize(own, max(sizes)) for own in rows])
        trained = fit_replicates(graphs, targets[padded], recipe, seeds, padded, sizes=sizes, workers=workers)
        return [FittedNetworks(trained.take([k]), graphs.mask.shape[1]) for k in range(len(trained))]
    described = features(graphs)
    fitted: list[Fitted] = []
    for own, seed in zip(rows, seeds, strict=True):
        columns = np.flatnonzero(np.ptp(described[own], axis=0) > 0)
        model = REGRESSORS[recipe.kind].fit(recipe, described[own][:, columns], targets[own], seed, workers)
        fitted.append(FittedRegressor(features, columns, model))
    return fitted


def member_from_arrays(recipe: SingleRecipe, features: FeatureMap, arrays: Mapping[str, NDArray[Any]]) -> Fitted:
    """The member that gave these arrays.

    Raises:
        KeyError: if one is missing.
    """
    if isinstance(recipe, NeuralRecipe):
        return FittedNetworks(Replicates.from_arrays(recipe, arrays), int(arrays["places"]))
    own = {name.removeprefix("model_"): part for name, part in arrays.items() if name.startswith("model_")}
    return FittedRegressor(features, arrays["columns"], REGRESSORS[recipe.kind].from_arrays(own))
