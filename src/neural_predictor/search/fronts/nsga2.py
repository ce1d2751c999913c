"""Evolution by non-dominated sorting: NSGA-II on accuracies and costs of trained architectures.

Source: Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", 2002; Lu et al., "NSGA-Net", GECCO
2019, took it to architectures. Survivors are the first non-dominated layers of all that was trained; of the layer that
does not fit, those with the largest crowding distance. Parents win tournaments of two by layer, then by crowding. What
differs: a child is a mutation alone, without crossover, which spaces do not define; an architecture that was trained is
not trained again; where a mutant is not in the table, the nearest row of the table takes its place
(`base.FrontSearch.offspring`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from neural_predictor.search.base import Settings
from neural_predictor.search.fronts.base import FrontSearch
from neural_predictor.search.fronts.pareto import crowding, layers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.intp]

MAX_DRAWS = 50
"""Times that children are drawn, before random architectures take the place of those that were all trained before."""


class Nsga2Settings(Settings):
    """Settings of NSGA-II.

    Attributes:
        population: survivors, and random architectures at the start.
    """

    population: Annotated[int, Field(ge=4)] = 20


class Nsga2(FrontSearch):
    """See the module."""

    settings_class = Nsga2Settings

    def _propose(self, count: int) -> Rows:
        population = int(self.settings.population)
        if len(self.rows) < population:
            return self.random(min(count, population))
        ranked = self._survivors(population)
        found = np.zeros(0, np.intp)
        for _ in range(MAX_DRAWS):
            if len(found) == count:
                return found
            winners = ranked[self.rng.integers(len(ranked), size=(2, count - len(found))).min(axis=0)]
            children = self.offspring(winners, np.concatenate([self.asked, found]))
            found = np.concatenate([found, self.fresh(children[~np.isin(children, found)], count - len(found))])
        return np.concatenate([found, self.random(count - len(found), besides=found)])

    def _survivors(self, count: int) -> Rows:
        """The best of all that was told, the best first: by layer, then by crowding distance."""
        points = np.stack([self.goodness, -self.cost(self.rows)], axis=1)
        layer, distance = layers(points), np.zeros(len(points))
        for number in np.unique(layer):
            distance[layer == number] = crowding(points[layer == number])
        return self.rows[np.lexsort((-distance, layer))[:count]]
