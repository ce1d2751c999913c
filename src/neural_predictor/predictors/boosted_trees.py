"""Gradient-boosted trees (XGBoost) on graph features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from neural_predictor.predictors.recipe_base import BaseRecipe, Positive, Share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]


class BoostedTreesRecipe(BaseRecipe):
    """Gradient-boosted trees on graph features, with normal scores of the labels' ranks.

    Attributes:
        trees: their number in one ensemble.
        ensembles: of different seeds, whose mean is the prediction.
        depth: of a tree.
        learning_rate: factor of each tree.
        rows: share of the training graphs that a tree sees.
        columns: share of the features that a tree sees.
        min_child_weight: training graphs in a leaf, at least.
    """

    kind: Literal["xgboost"] = "xgboost"
    trees: Positive = 500
    ensembles: Positive = 2
    depth: Positive = 4
    learning_rate: Annotated[float, Field(gt=0)] = 0.03
    rows: Share = 0.7
    columns: Share = 0.3
    min_child_weight: Annotated[float, Field(ge=0)] = 3


NAMED = {"xgboost": BoostedTreesRecipe()}


class BoostedTrees:
    """Fitted ensembles of XGBoost; their mean is the prediction."""

    def __init__(self, boosters: list[Any]) -> None:
        self._boosters = boosters

    def predict(self, features: Floats) -> NDArray[np.float64]:
        """(n,) targets of features (n, F)."""
        found = [booster.inplace_predict(np.asarray(features, np.float32)) for booster in self._boosters]
        return np.asarray(np.mean(found, axis=0), np.float64)


def fit(recipe: BoostedTreesRecipe, features: Floats, targets: Floats, seed: int, workers: int) -> BoostedTrees:
    """Fit to (N, F) features and (N,) targets; the number of workers changes nothing."""
    import xgboost

    boosters = []
    for k in range(recipe.ensembles):
        model = xgboost.XGBRegressor(
            n_estimators=recipe.trees,
            max_depth=recipe.depth,
            learning_rate=recipe.learning_rate,
            subsample=recipe.rows,
            colsample_bytree=recipe.columns,
            min_child_weight=recipe.min_child_weight,
            n_jobs=1,  # hundreds of graphs are too few to share out: threads wait for each other
            random_state=(seed + k) % 2**31,
        )
        boosters.append(model.fit(features, targets).get_booster())
    return BoostedTrees(boosters)
