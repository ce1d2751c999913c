"""Learning-curve stopping: a training is stopped where the labels that it has shown say that it will not be the best.

Source: Baker, Gupta, Raskar and Naik, "Accelerating Neural Architecture Search using Performance Prediction", 2017:
for each number of epochs a support vector regression takes the accuracies so far, their first and second differences
and numbers that describe the architecture to the final accuracy; from the errors of its cross-validation follows the
probability that the final accuracy is below the best so far, and a training ends where this is above a limit. There
each regression's settings are drawn and validated, here they are scikit-learn's, on standardised numbers. The
deviation of the errors is what 68 % of them stay within, since a few failed trainings would make it several times as
large. An architecture is described by how many nodes of each operation it has, and edges; there by its size. What is
trained is drawn at random; there by Q-learning or Hyperband. The first trainings all go to their end, as there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.errors import SearchError
from neural_predictor.search.base import Search, Settings
from neural_predictor.search.ranges import INITIAL, Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

FOLDS = 5
"""Of the cross-validation that gives the regression's error."""


class LearningCurveSettings(Settings):
    """Settings of learning-curve stopping.

    Attributes:
        initial: trainings that all go to their end, before any is judged.
        certainty: a training is stopped where it is so probable that it ends below the best so far.
    """

    initial: Annotated[int, Field(ge=FOLDS)] = 20
    certainty: Annotated[float, Field(gt=0.5, lt=1)] = 0.95

    ranges: ClassVar[Ranges] = {"initial": INITIAL, "certainty": Range(0.8, 0.99)}


class LearningCurve(Search):
    """See the module."""

    settings_class = LearningCurveSettings

    def _begin(self) -> None:
        if self.pool.curve is None:
            raise SearchError(
                "the search learning-curve stops trainings by labels that they show before they end, and this pool "
                "says of none: give the pool a `curve` (the epochs, such as 4, 12, 36 and 108 of NAS-Bench-101), or "
                "take another search"
            )
        self._shown: dict[int, Floats] = {}

    @property
    def ready(self) -> int | None:
        """What is left of the first trainings; then any number."""
        initial = int(self.settings.initial)
        return None if len(self.rows) >= initial else max(initial - len(self.asked), 0)

    def _propose(self, count: int) -> Rows:
        return self.random(count)

    def _continues(self, rows: Rows, shown: Floats) -> NDArray[np.bool_]:
        self._shown |= dict(zip(rows.tolist(), shown, strict=True))
        told = [k for k, row in enumerate(self.rows.tolist()) if len(self._shown.get(row, ())) >= shown.shape[1]]
        if len(told) < self.settings.initial:
            return np.ones(len(rows), np.bool_)
        known = np.stack([self._shown[row][: shown.shape[1]] for row in self.rows[told].tolist()])
        inputs, final = self._inputs(self.rows[told], known), self.goodness[told]
        expected, error = _predict(inputs, final, self._inputs(rows, shown))
        from scipy.stats import norm

        return np.asarray(norm.cdf((final.max() - expected) / error) < self.settings.certainty, np.bool_)

    def _inputs(self, rows: Rows, shown: Floats) -> Floats:
        """(k, F) labels so far, their first and second differences, nodes of each operation, edges."""
        graphs = self.pool.graphs(rows)
        size = np.concatenate([graphs.nodes.sum(axis=1), graphs.adjacency.sum(axis=(1, 2))[:, None]], axis=1)
        return np.concatenate([shown, np.diff(shown), np.diff(shown, n=2), size], axis=1)


def _predict(inputs: Floats, final: Floats, asked: Floats) -> tuple[Floats, float]:
    """(k,) final labels of trainings (k, F) by a regression on others (N, F), and the deviation of its errors."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import NuSVR

    model: Any = TransformedTargetRegressor(make_pipeline(StandardScaler(), NuSVR()), transformer=StandardScaler())
    errors = np.abs(cross_val_predict(model, inputs, final, cv=FOLDS) - final)
    return np.asarray(model.fit(inputs, final).predict(asked), np.float64), max(float(np.quantile(errors, 0.68)), 1e-12)
