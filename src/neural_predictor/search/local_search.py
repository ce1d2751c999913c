"""Local search: move to the best neighbour until none is better, then begin anew.

Source: White, Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021 (algorithm 1):
the best of some random architectures starts; all neighbours of the current one are trained; the best of them is the
next one if it is better; at a local optimum the search begins anew at random. In a table that is a sample of its space,
an architecture has fewer neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.search.base import Search, Settings
from neural_predictor.search.ranges import INITIAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]


class LocalSearchSettings(Settings):
    """Settings of local search.

    Attributes:
        initial: random architectures, of which the best starts (the paper has 10 on NAS-Bench-101).
    """

    initial: Annotated[int, Field(ge=1)] = 10

    ranges: ClassVar[Ranges] = {"initial": INITIAL}


class LocalSearch(Search):
    """Asks for the neighbours of the current architecture; see the module."""

    settings_class = LocalSearchSettings

    def _begin(self) -> None:
        """Start from random architectures that were never asked for."""
        self._current: int | None = None
        self._round: Rows = np.zeros(0, np.intp)
        self._queue = self.random(self.settings.initial)

    @property
    def ready(self) -> int:
        """What is left of the neighbourhood."""
        return len(self.fresh(self._queue, len(self._queue)))

    def _propose(self, count: int) -> Rows:
        found = self.fresh(self._queue, count)
        self._queue = self._queue[~np.isin(self._queue, found)]
        self._round = np.concatenate([self._round, found])
        return found

    def _learn(self, rows: Rows, goodness: Floats) -> None:
        while not self.ready and not len(self.pending):
            known = self._known(self._round)
            best = int(self._round[known.argmax()]) if len(known) else None
            if best is None or (self._current is not None and known.max() <= self._known(np.array([self._current]))[0]):
                if not self.pool.endless and len(self.asked) >= len(self.pool):
                    return
                self._begin()
                continue
            self._current = best
            self._queue = self.pool.neighbours(best, self.rng)
            self._round = self._queue[np.isin(self._queue, self.rows)]

    def _known(self, rows: Rows) -> Floats:
        """Goodness of architectures that were told, in this order."""
        place = {row: k for k, row in enumerate(self.rows.tolist())}
        return self.goodness[[place[row] for row in rows.tolist()]]
