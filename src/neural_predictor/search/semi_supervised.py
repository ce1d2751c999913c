"""The semi-supervised assessor with its search: what it scores best is trained, and it learns anew.

Source: Tang, Wang, Xu and others, "A Semi-Supervised Assessor of Neural Architectures", CVPR 2020. The assessor is
`predictors.semi_supervised`, which says what differs; the unlabelled architectures that it learns from are candidates.
There the assessor is trained once, and an evolutionary search asks it; here it is trained anew for each batch, and all
candidates are scored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.predictors.semi_supervised import SemiSupervisedRecipe, assess
from neural_predictor.search.ranges import INITIAL, Range
from neural_predictor.search.surrogate import Surrogate, SurrogateSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]


class SemiSupervisedSettings(SurrogateSettings):
    """Settings of the search.

    Attributes:
        unlabelled: candidates that the assessor's training sees.
        recipe: the assessor and its training.
    """

    unlabelled: Annotated[int, Field(ge=1)] = 2000
    recipe: SemiSupervisedRecipe = SemiSupervisedRecipe()

    ranges: ClassVar[Ranges] = {
        "initial": INITIAL,
        "unlabelled": Range(200, 5000, log=True, whole=True),
        "recipe.layers": Range(2, 4, whole=True),
        "recipe.width": Range(16, 64, log=True, whole=True),
        "recipe.reconstruction": Range(0.1, 0.9),
        "recipe.steps": Range(100, 400, log=True, whole=True),
        "recipe.learning_rate": Range(0.001, 0.02, log=True),
    }


class SemiSupervised(Surrogate):
    """See the module."""

    settings_class = SemiSupervisedSettings

    def _choose(self, offered: Rows, count: int) -> Rows:
        graphs = self.pool.graphs(np.concatenate([self.rows, offered]))
        scores = assess(self.settings.recipe, graphs, self.targets, self.settings.unlabelled, self.rng)
        return offered[np.argsort(-scores, kind="stable")[:count]]
