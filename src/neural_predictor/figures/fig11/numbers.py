"""fig11: how much of a table's own front each search finds, and its regret under each bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.figures.frontier import describe_front, problem_of
from neural_predictor.search.fronts.run import BATCH, run_front
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.bootstrap import bootstrap_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from neural_predictor.config.beyond import Frontier
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.search.fronts.run import FrontProblem

COLUMNS = ("kind", "search", "cost", "bound", "x", "mean", "low", "high", "repeats")
WITHIN = "random within the bound"


def run(request: Request[Frontier]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Every search on the table.

    Returns:
        Rows of kind `share`: of the true front's hypervolume after x trainings; `regret`: of the choice under a bound
        after all x trainings, in the target's unit, also of random search among the architectures that meet it;
        `within`: how many meet a bound (x), and the best mean target of these. Its protocol.
    """
    study, plan = request.study, request.section
    problem = problem_of(request, plan.repeats)
    rows: list[dict[str, object]] = []

    def add(kind: str, name: str, values: NDArray[np.float64], x: NDArray[np.intp], bound: float | None) -> None:
        seed = seed_of(study.seed, "fronts", "bootstrap", kind, name, str(bound))
        found = bootstrap_mean(values, study.bootstrap, seed)
        for place, mean, low, high in zip(x.tolist(), *(each.tolist() for each in found), strict=True):
            rows.append(
                {"kind": kind, "search": name, "bound": bound, "x": place, "mean": mean, "low": low, "high": high}
            )

    end = np.array([plan.total])
    for name in plan.searches:
        traces = run_front(name, problem)
        add("share", name, np.array([problem.share(trace) for trace in traces]), np.arange(1, plan.total + 1), None)
        for bound in plan.bounds:
            add("regret", name, _regrets(problem, traces, bound), end, bound)
    for bound, traces in _within(problem):
        best = problem.best(bound)
        add("regret", WITHIN, _regrets(problem, traces, bound), np.array([traces.shape[1]]), bound)
        rows.append({"kind": "within", "bound": bound, "x": int(problem.within(bound).sum()), "mean": best})
    frame = pd.DataFrame(rows).assign(cost=plan.cost, repeats=plan.repeats).reindex(columns=list(COLUMNS))
    notes = [
        f"The true front has {len(problem.true_front)} architectures; the reference point of hypervolumes is the "
        f"table's worst accuracy and cost. Each search trains {BATCH} architectures at a time.",
    ]
    reported = "share of the true front's hypervolume that the front of all that was trained has"
    return frame, describe_front(request, {"each search": plan.repeats}, reported, notes)


def _regrets(problem: FrontProblem, traces: NDArray[np.intp], bound: float) -> NDArray[np.float64]:
    """(R, 1) after all trainings."""
    signals = problem.problem()
    found = [problem.regret(trace, signals.signal(repeat), bound)[-1:] for repeat, trace in enumerate(traces)]
    return np.array(found)


def _within(problem: FrontProblem) -> Iterator[tuple[float, NDArray[np.intp]]]:
    """Random search that knows one bound: all its trainings meet it, as many as there are at most."""
    for bound in problem.bounds:
        members = np.flatnonzero(problem.within(bound))
        rng = np.random.default_rng(seed_of(problem.study_seed, "within", str(bound)))
        size = min(problem.budget, len(members))
        yield bound, np.stack([rng.choice(members, size, replace=False) for _ in range(problem.repeats)])
