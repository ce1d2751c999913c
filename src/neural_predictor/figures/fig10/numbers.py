"""fig10: predicted accuracy against cost, by the fit of the first repeat, and what was trained on its front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.config.beyond import ChildFrontier
from neural_predictor.figures.fig10 import children
from neural_predictor.figures.fig10.rows import COLUMNS, density, points
from neural_predictor.figures.frontier import describe_front, problem_of
from neural_predictor.predictors.label_units import LabelUnits
from neural_predictor.search.fronts.pareto import front
from neural_predictor.search.fronts.predicted import PredictedFront
from neural_predictor.search.fronts.run import make_front_search
from neural_predictor.search.pool import ListedPool
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.kendall import kendall_tau
from neural_predictor.tables.benchmarks import space_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.config.beyond import Frontier
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.search.fronts.run import FrontProblem

    Rows = list[dict[str, object]]


def run(request: Request[Frontier | ChildFrontier]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """A search for the front of a table, or of a set of children (`children.run`)."""
    if isinstance(request.section, ChildFrontier):
        return children.run(request)  # type: ignore[arg-type]
    return run_on_table(request)  # type: ignore[arg-type]


def run_on_table(request: Request[Frontier]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """The search `front` of the first repeat.

    Returns:
        Rows of kind `density` (squares of predictions: corner, width, height, and how many candidates are in it as
        `value`), `predicted_front` (cost, prediction), `random` and `trained` (the N and the K: cost, observed),
        `true_front` (likewise), `bound`, and as `value` `candidates`, `tau` of the predictions of all candidates, and
        `share_random`, `share`: of the true front's hypervolume after N, and after N + K. Its protocol.
    """
    plan, table = request.section, request.table
    problem = problem_of(request, 1)
    pool, signal = ListedPool(space_of(table), table.encoding), problem.problem().signal(0)
    search = make_front_search("front", pool, problem, seed_of(request.study.seed, "front", table.name, 0))
    assert isinstance(search, PredictedFront)
    first = search.ask(min(int(search.settings.initial), plan.total - 1))
    search.tell(first, signal[first])
    trained = search.ask(plan.total - len(first))
    assert search.predicted is not None  # it was asked for more than the first
    offered, scores = search.predicted
    sign = 1 if table.maximise else -1
    labels = sign * LabelUnits(sign * signal[first], ranks=True).back(scores)
    cost = table.mean(plan.cost)
    rows = density(cost[offered], labels)
    best = offered[front(np.stack([scores, -problem.costs[offered]], axis=1))]
    by_row = dict(zip(offered.tolist(), labels.tolist(), strict=True))
    rows += points("predicted_front", cost[best], np.array([by_row[row] for row in best.tolist()]))
    observed = table.mean(table.signal)
    for kind, members in (("random", first), ("trained", trained), ("true_front", problem.true_front)):
        rows += points(kind, cost[members], observed[members])
    rows += [{"kind": "bound", "cost": bound} for bound in plan.bounds]
    rows += _values(problem, np.concatenate([first, trained]), len(first), kendall_tau(labels, observed[offered]))
    rows.append({"kind": "candidates", "value": len(offered)})
    frame = pd.DataFrame(rows).assign(metric=plan.cost).reindex(columns=list(COLUMNS))
    said = (
        f"One search, the first repeat: {len(first)} at random, one fit of trees, then {len(trained)} along its front."
    )
    protocol = describe_front(request, {"the search": 1}, "all that was trained, and the true front", [said])
    return frame, protocol.model_copy(update={"interval": "none, this is one search"})


def _values(problem: FrontProblem, trace: NDArray[np.intp], size: int, tau: float) -> Rows:
    share = problem.share(trace)
    found = {"tau": tau, "share_random": share[size - 1], "share": share[-1]}
    return [{"kind": kind, "value": float(value)} for kind, value in found.items()]
