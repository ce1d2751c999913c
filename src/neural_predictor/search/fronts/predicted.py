"""Predictor and front: random architectures, then the first non-dominated layers of predicted accuracy and known cost.

The project's own. Trees on graph features are fitted to the normal scores of the labels. Candidates are ordered by the
non-dominated layers of prediction and cost; within a layer the ends come first, then what lies apart from all before
(`pareto.spread_order`). Once, as the paper's search: N at random, one fit, then the K first. Or in rounds: the
predictor is fitted anew for every question. docs/frontier.md says how the settings were chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from neural_predictor.search.fronts.base import OneOrder, PredictedSettings
from neural_predictor.search.fronts.pareto import spread_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.base import Settings

    Rows = NDArray[np.intp]


class PredictedFront(OneOrder):
    """N at random, one fit, then the K first; see the module.

    Attributes:
        predicted: the candidates of the last fit and their predictions, in normal scores; None before it.
    """

    predicted: tuple[Rows, NDArray[np.float64]] | None = None

    def _ordered(self) -> Rows:
        offered = self.offered()
        self.predicted = (offered, self.fitted()(offered))
        return offered[spread_order(np.stack([self.predicted[1], -self.cost(offered)], axis=1), self.rng)]


class RoundsSettings(PredictedSettings):
    """Settings of the rounds; fewer random architectures come first."""

    initial: int = 30


class FrontRounds(PredictedFront):
    """The same with a fit for every question."""

    settings_class: ClassVar[type[Settings]] = RoundsSettings

    def _learn(self, rows: Rows, goodness: NDArray[np.float64]) -> None:
        self._order = np.zeros(0, np.intp)  # what is told makes the order old
