"""ChamNet's evolution: predictors of accuracy and of cost, and under each bound an evolution by what they predict.

Source: Dai et al., "ChamNet: Towards Efficient Network Design Through Platform-Aware Model Adaptation", CVPR 2019. Its
evolution asks predictors alone; what it ends with is trained. What differs: both predictors are trees on graph
features, fitted to the N random architectures, where ChamNet has a Gaussian process for accuracy and sums of measured
operators for latency; a child is a mutation (there crossover too); several bounds take turns. The cost of a candidate
is predicted here, and not asked for: what is trained may lie beyond its bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.search.fronts.base import OneOrder, PredictedSettings
from neural_predictor.search.fronts.windows import in_turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.base import Settings
    from neural_predictor.search.fronts.base import Predict

    Rows = NDArray[np.intp]


class ChamNetSettings(PredictedSettings):
    """Settings of ChamNet's evolution.

    Attributes:
        bounds: costs; each has an evolution of its own.
        population: architectures that survive a generation.
        generations: of each evolution; each has as many children as survivors.
    """

    bounds: Annotated[tuple[float, ...], Field(min_length=1)] = (np.inf,)
    population: Annotated[int, Field(ge=2)] = 50
    generations: Annotated[int, Field(ge=1)] = 10


class ChamNet(OneOrder):
    """See the module."""

    settings_class: ClassVar[type[Settings]] = ChamNetSettings

    def _ordered(self) -> Rows:
        accuracy, cost = self.fitted(), self.fitted(self.cost(self.rows))
        found = [self._evolved(accuracy, cost, bound) for bound in self.settings.bounds]
        return in_turn([self.fresh(rows, len(rows)) for rows in found])

    def _evolved(self, accuracy: Predict, cost: Predict, bound: float) -> Rows:
        """The survivors of an evolution under a bound, the best first."""
        members = self.pool.sample(self.settings.population, self.rng)
        for _ in range(self.settings.generations):
            children = self.offspring(self.rng.choice(members, len(members)), members)
            together = np.unique(np.concatenate([members, children]))
            beyond, predicted = np.maximum(cost(together) - bound, 0), accuracy(together)
            # Within the bound by predicted accuracy; all beyond it come after, the nearest to it first.
            order = np.lexsort((-np.where(beyond > 0, 0, predicted), beyond))
            members = together[order[: self.settings.population]]
        return members
