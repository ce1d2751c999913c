"""Extremely randomized trees on graph features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from neural_predictor.predictors.recipe_base import BaseRecipe, Positive, Share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]


class ForestRecipe(BaseRecipe):
    """Extremely randomized trees on graph features, with normal scores of the labels' ranks.

    Attributes:
        trees: their number.
        columns: share of the features among which each split is chosen.
    """

    kind: Literal["forest"] = "forest"
    trees: Positive = 300
    columns: Share = 0.3


NAMED = {"forest": ForestRecipe()}


class Forest:
    """Fitted trees of scikit-learn; their mean is the prediction, summed in one order with any number of threads."""

    def __init__(self, trees: list[Any]) -> None:
        self._trees = trees

    def predict(self, features: Floats) -> NDArray[np.float64]:
        """(n,) targets of features (n, F)."""
        values, total = np.ascontiguousarray(features, np.float32), np.zeros(len(features))
        for tree in self._trees:
            total += tree.predict(values)[:, 0]
        return total / len(self._trees)


def fit(recipe: ForestRecipe, features: Floats, targets: Floats, seed: int, workers: int) -> Forest:
    """Fit to (N, F) features and (N,) targets, on as many threads as there are workers."""
    from sklearn.ensemble import ExtraTreesRegressor

    model = ExtraTreesRegressor(
        n_estimators=recipe.trees, max_features=recipe.columns, n_jobs=workers, random_state=seed % 2**31
    ).fit(features, targets)
    trees = [estimator.tree_ for estimator in model.estimators_]
    for tree in trees:
        tree.threshold[:] = tree.threshold.astype(np.float32)  # as features are: equal numbers fall on one side
    return Forest(trees)
