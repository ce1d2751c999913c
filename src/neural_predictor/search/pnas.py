"""PNAS: what is one step from the architectures of the last round is ranked by LSTMs, and the best are trained.

Source: Liu, Zoph, Neumann and others, "Progressive Neural Architecture Search", ECCV 2018 (algorithm 1): all cells of
one block are trained; all extensions of these by a block are ranked by a predictor, the K best are trained, extended,
and so on to five blocks. Its growth cannot be carried over: in a space of cells or chains of full size there is nothing
to begin small with. Here a round begins with random architectures, an extension is a step of the space (its
neighbours, which add or take away a vertex where the space has that), and rounds have no end. What is left of the
method is its beam: each round comes from all K of the round before, and never from the best of all.
The predictor is the source's: the mean of five LSTMs, each fitted to another four fifths of the labels;
`predictors.pnas` says what differs. It is narrower (48 for 100), and fitted anew in each round where the source trains
it on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.predictors.pnas import NAMED, PnasRecipe
from neural_predictor.predictors.scoring import PlainScorer, score
from neural_predictor.search.base import Settings
from neural_predictor.search.ranges import INITIAL, TRAINING, Range
from neural_predictor.search.surrogate import Surrogate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]

PARTS = 5
"""Predictors, each fitted to all labels but one part of so many."""


class PnasSettings(Settings):
    """Settings of PNAS.

    Attributes:
        initial: random architectures before the first fit.
        beam: K, architectures of a round (the source has 256).
        recipe: one of the LSTMs and its training.
    """

    initial: Annotated[int, Field(ge=PARTS)] = 20
    beam: Annotated[int, Field(ge=1)] = 20
    recipe: PnasRecipe = NAMED["pnas"].model_copy(update={"width": 48})

    ranges: ClassVar[Ranges] = {
        "initial": INITIAL,
        "beam": Range(5, 60, log=True, whole=True),
        "recipe.width": Range(24, 96, log=True, whole=True),
        **TRAINING,
    }


class Pnas(Surrogate):
    """See the module."""

    settings_class = PnasSettings

    def _begin(self) -> None:
        self._round = self._queue = self.random(self.settings.initial)

    @property
    def ready(self) -> int:
        """What is left of the round; a whole one where all labels of the round before were told."""
        left = len(self.fresh(self._queue, len(self._queue)))
        return left or (0 if len(self.pending) else int(self.settings.beam))

    def _propose(self, count: int) -> Rows:
        if not len(self.fresh(self._queue, 1)):
            self._round = self._queue = self._next_round()
        return self.fresh(self._queue, count)

    def _next_round(self) -> Rows:
        """The K best extensions of the last round, and random architectures where there are fewer."""
        beam, found = int(self.settings.beam), np.zeros(0, np.intp)
        if self._fits:
            steps = [self.pool.neighbours(row, self.rng) for row in self._round.tolist()]
            offered = np.concatenate(steps)
            found = self._choose(self.fresh(offered, len(offered)), beam)
        return np.append(found, self.random(beam - len(found), besides=found))

    def _choose(self, offered: Rows, count: int) -> Rows:
        if not len(offered):
            return offered
        parts, size = self.rng.permutation(len(self.rows)), len(self.rows) - -(-len(self.rows) // PARTS)
        rows = np.stack([np.roll(parts, -k * len(parts) // PARTS)[:size] for k in range(PARTS)])
        graphs = self.pool.graphs(offered)
        scores = score(
            self._fitted(self.settings.recipe, rows), graphs, scorer=PlainScorer(graphs, self.settings.recipe)
        )
        return offered[np.argsort(-scores.mean(axis=0), kind="stable")[:count]]
