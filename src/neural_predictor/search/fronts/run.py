"""Searches for a front run on a benchmark table, and what they find: hypervolume, and regret at each bound."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import ConfigError, SearchError
from neural_predictor.search.base import Problem, best_so_far
from neural_predictor.search.fronts.pareto import front, growing_hypervolume, hypervolume, nadir, oriented
from neural_predictor.search.fronts.registry import FRONT_SEARCHES
from neural_predictor.search.pool import ListedPool
from neural_predictor.seeds import seed_of
from neural_predictor.tables.benchmarks import space_of
from neural_predictor.tables.table import metric_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.fronts.base import FrontSearch
    from neural_predictor.search.pool import Pool
    from neural_predictor.tables.table import BenchmarkTable

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

BATCH = 10
"""Architectures that are trained side by side."""


@dataclass(frozen=True, eq=False)
class FrontProblem:
    """What a search for a front is asked: repeats on one table, each with a draw of its own of the signal.

    Attributes:
        table: the benchmark.
        cost: the metric that is known before training.
        bounds: values of the cost, in its own unit, at which a choice is made.
        study_seed: the study's seed.
        repeats: R.
        budget: architectures that each repeat trains.

    Raises:
        ConfigError: if the table has no such metric, or lacks some of its values, or a bound leaves no architecture.
    """

    table: BenchmarkTable
    cost: str
    bounds: tuple[float, ...]
    study_seed: int
    repeats: int
    budget: int

    def __post_init__(self) -> None:
        table, name = self.table, self.cost
        if name not in table.metrics or name in (table.signal, table.target):
            costs = ", ".join(each for each in table.metrics if each not in (table.signal, table.target))
            raise ConfigError(f"the cost {name!r} is no cost of the table {table.name}; it has {costs or 'none'}")
        lacking = int((~np.isfinite(table.mean(name))).sum())
        if lacking:
            raise ConfigError(f"{lacking:,} architectures of the table {table.name} have no {name}; take another cost")
        for bound in self.bounds:
            if not self.within(bound).any():
                value = table.mean(name)
                raise ConfigError(
                    f"the bound {bound:g} of {name} leaves no architecture of {table.name}; they have {value.min():g} "
                    f"to {value.max():g}"
                )

    @property
    def maximise_cost(self) -> bool:
        """Whether more of the cost is better, as of a throughput."""
        return bool(metric_of(self.cost).maximise)

    @cached_property
    def costs(self) -> Floats:
        """(n,) costs, lower is better: a throughput is negated."""
        return -oriented(self.table.mean(self.cost), maximise=self.maximise_cost)

    @cached_property
    def points(self) -> Floats:
        """(n, 2) goodness, by the mean of the signal, and cheapness."""
        goodness = oriented(self.table.mean(self.table.signal), maximise=self.table.maximise)
        return np.stack([goodness, -self.costs], axis=1)

    @property
    def reference(self) -> Floats:
        """(2,) of hypervolumes: the least goodness and cheapness in the table."""
        return nadir(self.points)

    @property
    def true_front(self) -> Rows:
        """Rows of the table's own front, the most accurate first."""
        return front(self.points)

    def own(self, bound: float) -> float:
        """A bound as `costs` has it."""
        return -bound if self.maximise_cost else bound

    def within(self, bound: float) -> NDArray[np.bool_]:
        """(n,) whether an architecture meets a bound: at most a cost, at least a throughput."""
        return np.asarray(self.costs <= self.own(bound))

    def problem(self) -> Problem:
        """The same as other searches are asked, whose draws of the signal it shares."""
        return Problem(self.table, self.study_seed, self.repeats, self.budget)

    def settings(self, search: type[FrontSearch]) -> dict[str, object]:
        """What a search's settings need of the bounds."""
        own = sorted(map(self.own, self.bounds))
        given = {"bounds": tuple(own), "edges": (float(self.costs.min()), *own)}
        return {key: value for key, value in given.items() if key in search.settings_class.model_fields and own}

    def share(self, trace: Rows) -> Floats:
        """(budget,) share of the true front's hypervolume that the first 1, 2, .. of a trace's rows have."""
        whole = hypervolume(self.points, self.reference)
        return growing_hypervolume(self.points[trace], self.reference) / whole

    @cached_property
    def _target(self) -> Floats:
        table = self.table
        return oriented(table.mean(table.target), maximise=bool(metric_of(table.target).maximise))

    def best(self, bound: float) -> float:
        """The best mean target, in its own sign, of the architectures that meet a bound."""
        best = float(self._target[self.within(bound)].max())
        return best if metric_of(self.table.target).maximise else -best

    def regret(self, trace: Rows, signal: Floats, bound: float) -> Floats:
        """(budget,) regret under a bound after each training, in the target's unit.

        The choice has the best signal of those that were trained and meet the bound; its mean target is compared with
        the best of all that meet it. Until one was trained, the worst of these counts.
        """
        target, meets = self._target, self.within(bound)
        goodness = oriented(signal, maximise=self.table.maximise)
        choice = trace[best_so_far(np.where(meets[trace], goodness[trace], -np.inf), maximise=True)]
        return np.asarray(target[meets].max() - np.where(meets[choice], target[choice], target[meets].min()))


def make_front_search(name: str, pool: Pool, problem: FrontProblem, seed: int, **settings: object) -> FrontSearch:
    """A search for a front on the architectures of a problem's table, before its first question.

    Raises:
        SearchError: if there is none of that name, or it cannot work on this pool.
        ConfigError: if the row's entry point does not exist.
    """
    if name not in FRONT_SEARCHES:
        raise SearchError(f"unknown search {name!r} for a front; known are {', '.join(FRONT_SEARCHES)}")
    kind: type[FrontSearch] = FRONT_SEARCHES[name].load("search")
    chosen = kind.settings_class.model_validate(problem.settings(kind) | settings)
    return kind(pool, lambda rows: problem.costs[rows], seed, maximise=problem.table.maximise, settings=chosen)


def run_front(name: str, problem: FrontProblem, batch: int = BATCH, **settings: object) -> Rows:
    """(R, budget) the rows that a search trains in each repeat, `batch` at a time.

    Raises:
        SearchError: if the search cannot work on the table.
    """
    table = problem.table
    pool, draws = ListedPool(space_of(table), table.encoding), problem.problem()
    traces = np.empty((problem.repeats, problem.budget), np.intp)
    for repeat in range(problem.repeats):
        signal = draws.signal(repeat)
        seed = seed_of(problem.study_seed, "front", table.name, repeat)  # who begins at random begins alike
        search = make_front_search(name, pool, problem, seed, **settings)
        while len(search.asked) < problem.budget:
            rows = search.ask(min(batch, problem.budget - len(search.asked)))
            if not len(rows):
                raise SearchError(f"{name}: nothing left to ask for after {len(search.asked)} of {problem.budget}")
            search.tell(rows, signal[rows])
        traces[repeat] = search.asked
    return traces
