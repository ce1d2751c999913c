"""The paper's search within bounds: the space filtered by cost, ranked by a predictor, and the K best trained.

Source: Wen et al., "Neural Predictor for Neural Architecture Search", ECCV 2020, section 4.2, with one window of 75 to
85 ms. For a front there are several windows, each between one bound and the next; they share one fit and take turns.
The N random architectures are within some window too, as long as there are such.
"""

from __future__ import annotations

from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.search.fronts.base import OneOrder, PredictedSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neural_predictor.search.base import Settings

    Rows = NDArray[np.intp]


class WindowSettings(PredictedSettings):
    """Settings of the paper's search within bounds.

    Attributes:
        edges: costs, ascending: a window lies between one and the next, both included.
    """

    edges: Annotated[tuple[float, ...], Field(min_length=2)] = (-np.inf, np.inf)


class Windows(OneOrder):
    """See the module."""

    settings_class: ClassVar[type[Settings]] = WindowSettings

    def _first(self, count: int) -> Rows:
        drawn = self.random(len(self.pool) if not self.pool.endless else int(self.settings.candidates))
        cost, edges = self.cost(drawn), self.settings.edges
        found = drawn[(cost >= edges[0]) & (cost <= edges[-1])][:count]
        return np.concatenate([found, self.random(count - len(found), besides=found)])

    def _ordered(self) -> Rows:
        offered = self.offered()
        cost, best = self.cost(offered), np.argsort(-self.fitted()(offered), kind="stable")
        windows = zip(self.settings.edges, self.settings.edges[1:], strict=False)
        return in_turn([offered[best][(cost[best] >= low) & (cost[best] <= high)] for low, high in windows])


def in_turn(orders: Sequence[Rows]) -> Rows:
    """The first of each order, then the second of each, and so on."""
    turns = chain.from_iterable(zip_longest(*(order.tolist() for order in orders)))
    return np.array([row for row in turns if row is not None], np.intp)
