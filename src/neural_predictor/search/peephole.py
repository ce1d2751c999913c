"""Peephole: an LSTM reads an architecture layer by layer and predicts its label; the best by it are trained.

Source: Deng, Yan and Lin, "Peephole: Predicting Network Performance Before Training", 2017. The predictor is the
project's `assessor`, whose file says what differs from the source: above all, epochs are not embedded, for every label
is of a whole training. The source samples chains block by block and ranks them by one fit; here the predictor is fitted
anew for each batch, and all of a listed pool is ranked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from neural_predictor.predictors.assessor import NAMED, AssessorRecipe
from neural_predictor.predictors.scoring import PlainScorer, score
from neural_predictor.search.ranges import INITIAL, TRAINING, Range
from neural_predictor.search.surrogate import Surrogate, SurrogateSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]


class PeepholeSettings(SurrogateSettings):
    """Settings of Peephole.

    Attributes:
        recipe: the LSTM and its training.
    """

    recipe: AssessorRecipe = NAMED["assessor"]

    ranges: ClassVar[Ranges] = {"initial": INITIAL, "recipe.width": Range(32, 128, log=True, whole=True), **TRAINING}


class Peephole(Surrogate):
    """See the module."""

    settings_class = PeepholeSettings

    def _choose(self, offered: Rows, count: int) -> Rows:
        graphs = self.pool.graphs(offered)
        scores = score(self._fitted(self.settings.recipe), graphs, scorer=PlainScorer(graphs, self.settings.recipe))
        return offered[np.argsort(-scores[0], kind="stable")[:count]]
