"""Searches run on a benchmark table: each repeat asks, and is told what the table recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import SearchError
from neural_predictor.search.base import Traces
from neural_predictor.search.pool import ListedPool
from neural_predictor.search.registry import SEARCHES
from neural_predictor.seeds import seed_of
from neural_predictor.tables.benchmarks import space_of

if TYPE_CHECKING:
    from neural_predictor.search.base import Problem, Search, Settings
    from neural_predictor.search.pool import Pool

BATCH = 20
"""Architectures that a search without a form for many repeats trains side by side in a figure."""


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
        return run_asking(name, problem, batch=BATCH)
    traces: Traces = row.load("traces")(problem)
    return traces


def run_asking(
    name: str,
    problem: Problem,
    *,
    batch: int,
    settings: Settings | None = None,
) -> Traces:
    """The traces of a search on a table, in batches: of each, all labels are told before the next question.

    Args:
        name: of the search.
        problem: table, repeats and budget; each repeat sees the same draw of the signal as in every other search.
        batch: architectures trained side by side, at most.
        settings: hyper-parameters; the search's own defaults for None.

    Raises:
        SearchError: if the search cannot work on this table.
    """
    table = problem.table
    pool = ListedPool(space_of(table), table.encoding)
    traces = np.empty((problem.repeats, problem.budget), np.intp)
    for repeat in range(problem.repeats):
        signal = problem.signal(repeat)
        seed = seed_of(problem.study_seed, "search", name, table.name, repeat)
        search = make_search(name, pool, seed, maximise=table.maximise, settings=settings)
        while len(search.asked) < problem.budget:
            rows = search.ask(min(batch, problem.budget - len(search.asked)))
            if not len(rows):
                raise SearchError(f"{name}: nothing left to ask for after {len(search.asked)} of {problem.budget}")
            search.tell(rows, signal[rows])
        traces[repeat] = search.asked
    return Traces(traces)


def replay(search: Search, history: list[tuple[list[int], list[int], list[float]]]) -> Search:
    """Bring a search that was made anew to where another stood.

    Args:
        search: as it was made, before its first question.
        history: (numbers asked for, numbers told, their labels), a line for each `ask` followed by its `tell`.

    Raises:
        SearchError: if it asks otherwise than the history says: it is of another search, seed, pool or version.
    """
    for asked, told, labels in history:
        if asked and search.ask(len(asked)).tolist() != asked:
            raise SearchError("this history is of another search, seed, pool or version of this program: begin anew")
        if told:
            search.tell(np.array(told, np.intp), np.array(labels, np.float64))
    return search
