"""The paper's search: N architectures at random, one predictor fitted to them, then the best of all others by it.

Source: Wen et al., "Neural Predictor for Neural Architecture Search", ECCV 2020, section 3. All N can be trained side
by side, and then all K: it waits once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.predictors.ensemble import MIN_TRAINING_GRAPHS, make_predictor
from neural_predictor.predictors.recipes import PREDICTORS
from neural_predictor.search.base import Search, Settings
from neural_predictor.search.ranges import Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe_base import BaseRecipe
    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]


class OneFitSettings(Settings):
    """Settings of the paper's search.

    Attributes:
        train_size: N.
        predictor: name of a recipe in `predictors.recipes.PREDICTORS`.
        changes: what differs in that recipe.
        candidates: scored where the pool has no end; a listed pool is scored whole.
    """

    train_size: Annotated[int, Field(ge=MIN_TRAINING_GRAPHS)] = 172
    predictor: str = "paper"
    changes: dict[str, Any] = Field(default_factory=dict)
    candidates: Annotated[int, Field(ge=10)] = 10_000

    ranges: ClassVar[Ranges] = {
        "train_size": Range(43, 172, log=True, whole=True),
        "changes.learning_rate": Range(3e-5, 1e-3, log=True),
        "changes.weight_decay": Range(1e-5, 1e-2, log=True),
        "changes.dropout": Range(0, 0.5),
        "changes.epochs": Range(100, 400, log=True, whole=True),
        "changes.batch_size": Range(5, 40, log=True, whole=True),
        "changes.width": Range(48, 320, log=True, whole=True),
    }

    @property
    def recipe(self) -> BaseRecipe:
        """The predictor's recipe."""
        recipe = PREDICTORS[self.predictor]
        return recipe.model_validate(recipe.model_dump() | self.changes)


class OneFit(Search):
    """N at random, then the others by the scores of one fit; see the module."""

    settings_class = OneFitSettings

    def _begin(self) -> None:
        self._order: Rows | None = None

    @property
    def ready(self) -> int | None:
        """What is left of the N; then any number."""
        train_size = int(self.settings.train_size)
        return None if len(self.rows) >= train_size else max(train_size - len(self.asked), 0)

    def _propose(self, count: int) -> Rows:
        if len(self.asked) < self.settings.train_size:
            return self.random(count)
        if self._order is None or not len(self.fresh(self._order, 1)):
            self._order = self._ranked()
        return self.fresh(self._order, count)

    def _ranked(self) -> Rows:
        """Candidates by the scores of a fit to all that was told, the best first."""
        offered = self.pool.candidates(np.zeros(0, np.intp), self.settings.candidates, self.rng)
        offered = self.fresh(offered, len(offered))
        fitted = make_predictor(self.settings.recipe, int(self.rng.integers(2**31))).fit(
            self.pool.graphs(self.rows), self.goodness
        )
        scores = fitted.predict(self.pool.graphs(offered))
        return offered[np.lexsort((self.rng.random(len(scores)), -scores))]
