"""Tree-structured Parzen estimator over independent decisions.

Source: Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011 (section 4), with the constants of
hyperopt, which NAS-Bench-101 ran: of the trained architectures the best ones, at most 25, give the density l, all
others g; of some draws from l the one with the largest l / g is next. Decisions are categorical, smoothed by a prior of
one architecture; hyperopt's further weights by age are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.search.base import Search, Settings
from neural_predictor.search.decisions import Decisions
from neural_predictor.search.ranges import INITIAL, Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

MOST_BEST = 25
"""Architectures that give the density of the good ones, at most."""


class TpeSettings(Settings):
    """Settings of TPE; the defaults are hyperopt's.

    Attributes:
        initial: random architectures before the first density.
        share: of the square root of the number trained, that counts as good.
        draws: from the density of the good ones, of which the best ratio is asked for.
        prior: architectures that the uniform prior counts as.
    """

    initial: Annotated[int, Field(ge=2)] = 20
    share: Annotated[float, Field(gt=0)] = 0.25
    draws: Annotated[int, Field(ge=1)] = 24
    prior: Annotated[float, Field(gt=0)] = 1.0

    ranges: ClassVar[Ranges] = {
        "initial": INITIAL,
        "share": Range(0.1, 1, log=True),
        "draws": Range(5, 100, log=True, whole=True),
        "prior": Range(0.1, 10, log=True),
    }


class Tpe(Search):
    """See the module."""

    settings_class = TpeSettings

    def _begin(self) -> None:
        self._decisions = Decisions(self.pool)

    def _propose(self, count: int) -> Rows:
        if len(self.rows) < self.settings.initial:
            return self.random(count)
        good = min(int(np.ceil(self.settings.share * np.sqrt(len(self.rows)))), MOST_BEST)
        order = np.argsort(-self.goodness, kind="stable")
        better, other = (self._density(self.rows[part]) for part in (order[:good], order[good:]))
        taken, found = self.asked, []
        for _ in range(count):
            drawn = self._decisions.draw(better, self.settings.draws, taken, self.rng)
            if not len(drawn):
                break
            ratio = (better - other)[self._decisions.places(drawn)].sum(axis=1)
            found.append(int(drawn[ratio.argmax()]))
            taken = np.append(taken, found[-1])
        return np.array(found, np.intp)

    def _density(self, rows: Rows) -> Floats:
        """(size,) log-probabilities of each decision's choices among these architectures."""
        counts = np.bincount(self._decisions.places(rows).ravel(), minlength=self._decisions.size).astype(np.float64)
        prior = self.settings.prior / np.repeat(self._decisions.choices, self._decisions.choices)
        return self._decisions.log_softmax(np.log(counts + prior))
