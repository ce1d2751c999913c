"""Searches run on a benchmark table: each repeat asks, and is told what the table recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import SearchError
from neural_predictor.search.base import Traces
from neural_predictor.search.pool import ListedPool
from neural_predictor.search.registry import SEARCHES
from neural_predictor.seeds import seed_of
from neural_predictor.tables.benchmarks import space_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from neural_predictor.search.base import Problem, Search, Settings
    from neural_predictor.search.pool import Pool

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]
    Line = tuple[Any, ...]

BATCH = 20
"""Architectures that `run_search` lets a search without a form for many repeats train side by side."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What R repeats of a search asked for.

    Attributes:
        rows: (R, budget) different rows of the table in each repeat, in the order of asking.
        questions: (R, budget) number of the question, from 0, that each was asked for in.
    """

    rows: Rows
    questions: Rows


def make_search(name: str, pool: Pool, seed: int, *, maximise: bool = True, settings: Settings | None = None) -> Search:
    """A search of the registry, before its first question.

    Raises:
        SearchError: if there is none of that name, or it cannot work on this pool.
        ConfigError: if the row's entry point does not exist.
    """
    if name not in SEARCHES:
        raise SearchError(f"unknown search {name!r}; known are {', '.join(SEARCHES)}")
    made: Search = SEARCHES[name].load("search")(pool, seed, maximise=maximise, settings=settings)
    return made


def run_search(name: str, problem: Problem) -> Traces:
    """The traces of a search: by its form for many repeats if it has one, else asked in batches.

    Raises:
        ConfigError: if the row's entry point does not exist, or a setting does not fit the table.
        SearchError: if the search cannot work on the table.
    """
    row = SEARCHES[name]
    if row.traces is None:
        return Traces(run_asking(name, problem, batch=BATCH).rows)
    traces: Traces = row.load("traces")(problem)
    return traces


def run_asking(
    name: str, problem: Problem, *, batch: int, settings: Settings | None = None, repeats: Iterable[int] | None = None
) -> Asked:
    """What a search asks for on a table, in batches: of each, all labels are told before the next question.

    Args:
        name: of the search.
        problem: table, repeats and budget; each repeat sees the same draw of the signal as in every other search.
        batch: architectures trained side by side, at most.
        settings: hyper-parameters; the search's own defaults for None.
        repeats: numbers of those that are run; all of the problem's for None.

    Raises:
        SearchError: if the search cannot work on this table.
    """
    table = problem.table
    pool = ListedPool(space_of(table), table.encoding)
    found = []
    for repeat in range(problem.repeats) if repeats is None else repeats:
        seed = search_seed(problem.study_seed, name, table.name, repeat)
        search = make_search(name, pool, seed, maximise=table.maximise, settings=settings)
        found.append(_asked(search, name, problem.signal(repeat), problem.budget, batch))
    rows, questions = (np.array(parts, np.intp) for parts in zip(*found, strict=True))
    return Asked(rows, questions)


def search_seed(study_seed: int, name: str, table: str, repeat: int) -> int:
    """Seed of a repeat of a search: the same for all batches and settings."""
    return seed_of(study_seed, "search", name, table, repeat)


def _asked(search: Search, name: str, signal: Floats, budget: int, batch: int) -> tuple[Rows, list[int]]:
    """What a search asks for (budget,), and in which questions."""
    questions: list[int] = []
    while len(search.asked) < budget:
        rows = search.ask(min(batch, budget - len(search.asked)))
        if not len(rows):
            raise SearchError(f"{name}: nothing left to ask for after {len(search.asked)} of {budget}")
        search.tell(rows, signal[rows])
        questions += [questions[-1] + 1 if questions else 0] * len(rows)
    return search.asked, questions


@dataclass(frozen=True, eq=False)
class Spent:
    """What a search did whose trainings may be stopped.

    Attributes:
        rows: (m,) architectures that were trained to the end, in this order.
        costs: (m,) what all trainings had cost by then, in whole trainings.
        stopped: (s,) architectures whose training was stopped.
    """

    rows: Rows
    costs: Floats
    stopped: Rows


def run_watched(search: Search, labels: Floats, budget: float, batch: int) -> Spent:
    """Let a search train `batch` architectures at a time until their cost reaches a budget of whole trainings.

    Args:
        search: on a pool with a curve, before its first question.
        labels: (n, B) of all architectures at each of the curve's epochs.
        budget: trainings; the last batch may go beyond it.
        batch: architectures trained side by side, at most.

    Raises:
        SearchError: if the pool has no curve, or the labels are not of its epochs.
    """
    curve = search.pool.curve
    if curve is None or labels.shape != (len(search.pool), len(curve.epochs)):
        raise SearchError(f"labels {labels.shape}: one is needed for each architecture and epoch of the pool's curve")
    steps, cost, rows, costs = np.diff(curve.costs, prepend=0), 0.0, [np.zeros(0, np.intp)], [np.zeros(0)]
    while cost < budget and len(alive := search.ask(batch)):
        for known, step in enumerate(steps[:-1], start=1):
            cost += step * len(alive)
            alive = alive[search.watch(alive, labels[alive, :known])] if len(alive) else alive
        ends = cost + steps[-1] * np.arange(1, len(alive) + 1)
        cost += steps[-1] * len(alive)
        search.tell(alive, labels[alive, -1])
        rows.append(alive)
        costs.append(ends)
    return Spent(np.concatenate(rows), np.concatenate(costs), search.stopped)


def replay(search: Search, history: Sequence[Line]) -> Search:
    """Bring a search that was made anew to where another stood.

    Args:
        search: as it was made, before its first question.
        history: (numbers asked for, numbers told, their labels), a line for each `ask` followed by its `tell`; and in a
            line, after these, (numbers, labels) of each `watch` between them.

    Raises:
        SearchError: if it asks otherwise than the history says: it is of another search, seed, pool or version.
    """
    for asked, told, labels, *watched in history:
        if asked and search.ask(len(asked)).tolist() != asked:
            raise SearchError("this history is of another search, seed, pool or version of this program: begin anew")
        for rows, shown in watched:
            search.watch(np.array(rows, np.intp), np.array(shown, np.float64))
        if told:
            search.tell(np.array(told, np.intp), np.array(labels, np.float64))
    return search
