"""What searches by a neural predictor share: random architectures first, then a predictor fitted to all labels."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.predictors.engine import fit_replicates
from neural_predictor.search.base import Search, Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe_base import NeuralRecipe
    from neural_predictor.predictors.replicates import Replicates

    Rows = NDArray[np.intp]


class SurrogateSettings(Settings):
    """Settings of a search by a predictor.

    Attributes:
        initial: random architectures before the first fit.
        candidates: drawn for each batch from a pool without end; a listed pool is scored whole.
        parents: best architectures whose mutations are half of these.
    """

    initial: Annotated[int, Field(ge=2)] = 20
    candidates: Annotated[int, Field(ge=10)] = 5000
    parents: Annotated[int, Field(ge=1)] = 20


class Surrogate(Search):
    """Asks for random architectures, then for what a predictor chooses that is fitted anew for each batch."""

    settings_class: ClassVar[type[Settings]] = SurrogateSettings

    def _propose(self, count: int) -> Rows:
        if not self._fits:
            return self.random(min(count, int(self.settings.initial)))
        return self._choose(self._offered(), count)

    @property
    def _fits(self) -> bool:
        """Whether a predictor can be fitted: to enough labels, of which two differ."""
        return len(self.rows) >= self.settings.initial and bool(np.ptp(self.goodness) > 0)

    def _offered(self) -> Rows:
        """Candidates that were never asked for."""
        offered = self.pool.candidates(self.best(self.settings.parents), self.settings.candidates, self.rng)
        return self.fresh(offered, len(offered))

    def _fitted(self, recipe: NeuralRecipe, rows: NDArray[np.intp] | None = None) -> Replicates:
        """Replicates of a predictor, fitted to these of what was told, (R, k); one, fitted to all, for None."""
        chosen = np.arange(len(self.rows))[None] if rows is None else rows
        seeds = self.rng.integers(2**31, size=len(chosen)).tolist()
        return fit_replicates(self.pool.graphs(self.rows), self.targets[chosen], recipe, seeds, chosen)

    @abstractmethod
    def _choose(self, offered: Rows, count: int) -> Rows:
        """`count` of these candidates, the best first; all of them where there are fewer."""
