"""Ranking from Python: graphs in, a table out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neural_predictor.errors import RankingError
from neural_predictor.ranking.cost import cost_of
from neural_predictor.ranking.python_objects import ArchitectureList
from neural_predictor.ranking.rank import ranked
from neural_predictor.ranking.score import Options, Scored, check_whole, maker
from neural_predictor.ranking.suggest import suggested

if TYPE_CHECKING:
    from collections.abc import Iterable

    from neural_predictor.ranking.cost import Cost
    from neural_predictor.ranking.quality import Curve, Maker, Top
    from neural_predictor.ranking.suggest import Prospects
    from neural_predictor.statistics.bootstrap import Estimate


@dataclass(frozen=True, eq=False)
class Ranking:
    """Ranked candidates.

    Attributes:
        table: one row a candidate, best first: `candidate` (its place in what was given, from 0), `score`, `rank`,
            `score_low`, `score_high` (in the label's unit), `in_training`; with a cost also `cost`, and with a front
            `on_front`.
        tau: Kendall tau of the training architectures in cross-validation, with its 95 % interval.
        top: how many of the architectures that it would train first are among the best tenth, in cross-validation too.
        curve: tau by number of training architectures, and with twice as many; None where it was not measured.
        warnings: what to mind, a sentence each.
        report: all of it in words.
    """

    table: pd.DataFrame
    tau: Estimate
    top: Top
    curve: Curve | None
    warnings: list[str]
    report: str

    def __str__(self) -> str:
        return self.report


def rank(
    train: Iterable[Any],
    labels: Iterable[Any],
    candidates: Iterable[Any],
    *,
    minimise: bool = False,
    top: int | None = None,
    predictor: str = "best",
    seed: int = 0,
    threads: int | None = None,
    learning_curve: bool = True,
    operation: str = "operation",
    make: Maker | None = None,
    cost: Iterable[Any] | None = None,
    train_cost: Iterable[Any] | None = None,
    at_most: float | None = None,
    at_least: float | None = None,
    front: bool = False,
) -> Ranking:
    """Rank candidate architectures by what some trained architectures teach.

    An architecture is a pair (adjacency, operations): a (v, v) array of 0 and 1 with `[i, j] == 1` for an edge i -> j,
    and v names; or a directed graph with `nodes(data=True)` and `edges()`, as networkx has them, whose nodes carry the
    name of their operation; or a dict with the fields of a line of JSON, such as `operations` and `edges`. Nodes may
    come in any order.

    Progress goes to the logger `neural_predictor` (level INFO); no logger is set up here. On a terminal it is a bar.

    Args:
        train: N trained architectures.
        labels: (N,) their labels, finite, in any unit and order of magnitude.
        candidates: n architectures to rank.
        minimise: the label is better the lower it is.
        top: how many of the best are kept; None for all.
        predictor: its name.
        seed: of the fits.
        threads: CPU threads; all by default.
        learning_curve: whether to measure how tau grows with the number of training architectures.
        operation: attribute of a directed graph's nodes that names their operation.
        make: makes an unfitted predictor from a seed, instead of `predictor`.
        cost: (n,) costs of the candidates, better the lower they are, such as latencies.
        train_cost: (N,) costs of the trained architectures, where those of the candidates are not known: they are
            predicted.
        at_most: the largest cost that is kept.
        at_least: the least cost that is kept.
        front: whether candidates come by the front of predicted label and cost.

    Raises:
        UserError: naming the architecture and what is wrong.
    """
    options = Options(minimise=minimise, top=top, seed=seed, curve=learning_curve)
    if threads is not None:
        check_whole("threads", threads, 1, "None, for all, and numbers from 1")
    _check_attribute(operation)
    if labels is None:
        raise RankingError("labels are None; expected a list of numbers, one a training architecture")
    asked = _cost(cost, train_cost, at_most, at_least, front=front)
    trained = ArchitectureList("train", train, operation, labels, train_cost)
    given = ArchitectureList("candidates", candidates, operation, costs=cost)
    made = make or maker(predictor, threads or os.cpu_count() or 1)
    with ranked(trained, given, "label", options, predictor, lambda: made, asked) as found:
        scored, table = found.scored, _table(found.scored)
        if found.costed is not None:
            table["cost"] = found.costed.values[scored.order]
        if found.on_front is not None:
            table["on_front"] = found.on_front[scored.order]
    return Ranking(table, scored.tau, scored.top, scored.curve, scored.warnings, found.report)


def _cost(
    cost: Iterable[Any] | None,
    train_cost: Iterable[Any] | None,
    at_most: float | None,
    at_least: float | None,
    *,
    front: bool,
) -> Cost | None:
    column = None if cost is None and train_cost is None else "cost"
    return cost_of(column, at_most, at_least, front=front)


def _check_attribute(operation: object) -> None:
    if not isinstance(operation, str):
        raise RankingError(f"operation is {operation!r}; allowed is the name of a node's attribute, a text")


@dataclass(frozen=True, eq=False)
class Suggestion:
    """Candidates to train next.

    Attributes:
        table: one row a candidate, best first: `candidate` (its place in what was given, from 0), `score`, `score_low`,
            `score_high` (in the label's unit; NaN in a first set), `reason`; with a cost also `cost`, and with a front
            `on_front`.
        prospects: what to expect of training them; None for a first set.
        report: all of it in words.
    """

    table: pd.DataFrame
    prospects: Prospects | None
    report: str

    def __str__(self) -> str:
        return self.report


def suggest(
    trained: Iterable[Any],
    labels: Iterable[Any],
    candidates: Iterable[Any],
    count: int,
    *,
    minimise: bool = False,
    pending: Iterable[Any] | None = None,
    seed: int = 0,
    operation: str = "operation",
    cost: Iterable[Any] | None = None,
    train_cost: Iterable[Any] | None = None,
    at_most: float | None = None,
    at_least: float | None = None,
    front: bool = False,
) -> Suggestion:
    """Choose the candidates to train next by what the trained architectures teach: one round of the search `rounds`.

    Architectures are as `rank` takes them. With fewer than ten trained ones, or none, the choice is a random set of
    candidates that differ from each other.

    Args:
        trained: N trained architectures, or none.
        labels: (N,) their labels, finite, in any unit and order of magnitude.
        candidates: n architectures that can be trained; those that are trained or pending are passed over.
        count: how many to choose.
        minimise: the label is better the lower it is.
        pending: candidates that are being trained.
        seed: of all draws.
        operation: attribute of a directed graph's nodes that names their operation.
        cost: (n,) costs of the candidates, better the lower they are, such as latencies.
        train_cost: (N,) costs of the trained architectures, where those of the candidates are not known: they are
            predicted.
        at_most: the largest cost that is kept.
        at_least: the least cost that is kept.
        front: whether candidates come by the front of predicted label and cost.

    Raises:
        UserError: naming the architecture and what is wrong.
    """
    _check_attribute(operation)
    asked = _cost(cost, train_cost, at_most, at_least, front=front)
    known = ArchitectureList("trained", trained, operation, labels, train_cost)
    given = ArchitectureList("candidates", candidates, operation, costs=cost)
    waiting = ArchitectureList("pending", pending, operation) if pending is not None else None
    with suggested(
        known if len(known) else None, given, waiting, "label", count=count, minimise=minimise, seed=seed, cost=asked
    ) as (found, _):
        columns = {"candidate": found.rows, "score": found.score, "score_low": found.low, "score_high": found.high}
        table = pd.DataFrame(columns | {"reason": found.reason})
        for name, values in (("cost", found.costs), ("on_front", found.on_front)):
            if values is not None:
                table[name] = values
        return Suggestion(table, found.prospects, found.report)


def _table(scored: Scored) -> pd.DataFrame:
    order = scored.order
    return pd.DataFrame(
        {
            "candidate": order,
            "score": scored.score[order],
            "rank": np.arange(1, len(order) + 1),
            "score_low": scored.low[order],
            "score_high": scored.high[order],
            "in_training": scored.in_training[order],
        }
    )
