"""The cost of candidates: read or predicted, kept within bounds, and the front of predicted label and cost."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import RankingError
from neural_predictor.predictors.ensemble import make_predictor
from neural_predictor.predictors.recipes import PREDICTORS
from neural_predictor.ranking.quality import CONFIDENCE, Trial
from neural_predictor.ranking.score import Units, check_truth
from neural_predictor.search.fronts.pareto import layers, spread_order
from neural_predictor.statistics.bootstrap import Estimate, estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.ranking.architectures import Source
    from neural_predictor.spaces.graphs import GraphBatch

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

PREDICTOR = "xgboost"
"""What predicts costs: trees, which are ahead with few measurements (docs/latency.md) and take a second."""
ON_FRONT, PREDICTED = "on_front", "predicted_cost"
"""Columns that a cost adds: the first where the front is asked for, the second where the cost is predicted."""


@dataclass(frozen=True)
class Cost:
    """What is asked of the cost, which is better the lower it is.

    Attributes:
        column: its name.
        at_most: the largest that is kept; None for no bound.
        at_least: the least that is kept; None for no bound.
        front: whether candidates come by the non-dominated layers of predicted label and cost.

    Raises:
        RankingError: for bounds that are no numbers or leave nothing between them, and where nothing is asked.
    """

    column: str
    at_most: float | None = None
    at_least: float | None = None
    front: bool = False

    def __post_init__(self) -> None:
        check_truth("front", self.front)
        bounds: tuple[tuple[str, Any], ...] = (("at most", self.at_most), ("at least", self.at_least))
        for name, value in bounds:
            given = isinstance(value, Real) and not isinstance(value, bool)
            if value is not None and not (given and np.isfinite(float(value))):
                raise RankingError(f"the cost is to be {name} {value!r}; allowed are finite numbers in the cost's unit")
        if self.at_most is not None and self.at_least is not None and self.at_least > self.at_most:
            raise RankingError(f"the cost is to be at least {self.at_least:g} and at most {self.at_most:g}: swap them")
        if self.at_most is None and self.at_least is None and not self.front:
            raise RankingError(
                f"the cost {self.column} is named, but nothing is asked of it: give a bound (at most, at least), ask "
                "for the front, or leave it out"
            )

    def check_label(self, label: str) -> None:
        """Refuse a cost that is the label.

        Raises:
            RankingError: then.
        """
        if self.column == label:
            raise RankingError(f"the cost and the label are one column, {label}; name another column for one of them")

    def read_from(self, train: Source | None, candidates: Source) -> bool:
        """Whether the candidates have the cost; else it must be the trained architectures that have it.

        Raises:
            RankingError: if neither have it.
        """
        if candidates.has(self.column):
            return True
        if train is None or not train.has(self.column):
            where = candidates.name if train is None else f"neither {candidates.name} nor {train.name}"
            raise RankingError(
                f"the cost {self.column}: {where} {'lacks it' if train is None else 'has it'}; name a column of the "
                "candidates, or one of the trained architectures to predict it from"
            )
        return False

    def within(self, costs: Floats, source: str) -> NDArray[np.bool_]:
        """(n,) which costs are within the bounds.

        Raises:
            RankingError: if none is: with the range, the nearest and the shares on either side.
        """
        low = -np.inf if self.at_least is None else self.at_least
        high = np.inf if self.at_most is None else self.at_most
        found = np.asarray((costs >= low) & (costs <= high))
        if not found.any():
            nearest = costs[np.argmin(np.maximum(low - costs, costs - high))]
            asked = [f"at least {low:g}"] * (low > -np.inf) + [f"at most {high:g}"] * (high < np.inf)
            raise RankingError(
                f"{source}: no candidate has a {self.column} of {' and '.join(asked)}; they have {costs.min():g} to "
                f"{costs.max():g}, the nearest is {nearest:g}; {(costs < low).mean():.1%} are below and "
                f"{(costs > high).mean():.1%} above: move a bound"
            )
        return found

    @property
    def said(self) -> str:
        """The bounds in words; nothing without bounds."""
        bounds = [("at least", self.at_least), ("at most", self.at_most)]
        return " and ".join(f"{name} {value:g}" for name, value in bounds if value is not None)


def cost_of(column: str | None, at_most: float | None, at_least: float | None, *, front: bool) -> Cost | None:
    """What is asked of the cost, by options; None where no column is named.

    Raises:
        RankingError: as `Cost`, and for a bound or a front without a column.
    """
    if column is not None:
        return Cost(column, at_most, at_least, front)
    if at_most is not None or at_least is not None or front:
        raise RankingError("a bound or a front is asked for, but no cost: name it, such as --cost latency_ms")
    return None


@dataclass(frozen=True, eq=False)
class CostModel:
    """Predicts the cost of architectures from those that were trained.

    Attributes:
        tau: Kendall tau of their costs in cross-validation, with its 95 % interval.
    """

    tau: Estimate
    _fitted: Any
    _units: Units

    @classmethod
    def fit(cls, graphs: GraphBatch, costs: Floats, column: str, seed: int) -> CostModel:
        """Fit to N graphs and their costs (N,).

        Raises:
            RankingError: if all costs are equal.
        """
        if np.ptp(costs) == 0:
            raise RankingError(f"all costs {column} are {costs[0]:g}; nothing can be learnt from costs that are equal")
        units = Units.of(costs)
        scaled = units.scaled(costs)
        fitted = make_predictor(PREDICTORS[PREDICTOR], seed, 1).fit(graphs, scaled)
        trial = Trial(len(costs), scaled, fitted.predict_out_of_fold())
        return cls(estimate(trial.taus(np.random.default_rng([seed, 3])), CONFIDENCE), fitted, units)

    def predict(self, graphs: GraphBatch) -> Floats:
        """(n,) costs of graphs."""
        return self._units.back(np.asarray(self._fitted.predict(graphs), np.float64))


@dataclass(frozen=True, eq=False)
class Costed:
    """The costs of n candidates.

    Attributes:
        asked: what is asked of them.
        values: (n,) costs.
        tau: of the model that predicted them; None where they were read.
        kept: (n,) which of them are within the bounds.
    """

    asked: Cost
    values: Floats
    tau: Estimate | None
    kept: NDArray[np.bool_]

    def order(self, goodness: Floats, rows: Rows, seed: int, most: int | None = None) -> Rows:
        """Rows within the bounds, in their order; or by layers of the front, the first `most` at least."""
        kept = rows[self.kept[rows]]
        if not self.asked.front:
            return kept
        points = np.stack([goodness[kept], -self.values[kept]], axis=1)
        return kept[spread_order(points, np.random.default_rng([seed, 4]), most)]

    def on_front(self, goodness: Floats, rows: Rows) -> NDArray[np.bool_]:
        """(n,) which of these rows within the bounds none dominates."""
        kept = rows[self.kept[rows]]
        found = np.zeros(len(self.values), np.bool_)
        found[kept] = layers(np.stack([goodness[kept], -self.values[kept]], axis=1)) == 0
        return found

    def lines(self, front: int | None) -> list[str]:
        """What a report says of them, a line each; `front` counts those on the front."""
        column, said = self.asked.column, []
        if self.tau is not None:
            said.append(
                f"The candidates' {column} is predicted; Kendall tau in cross-validation of the trained architectures: "
                f"{self.tau}"
            )
        if self.asked.said:
            said.append(f"{self.kept.sum():,} of {len(self.kept):,} candidates have a {column} of {self.asked.said}")
        if front is not None:
            said.append(
                f"On the front of predicted label and {column}: {front:,} of them, marked {ON_FRONT}; candidates come "
                "by layers of the front, spread along each"
            )
        return said
