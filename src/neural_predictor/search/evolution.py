"""Regularized evolution on a benchmark table, all repeats of a block at once.

Source: Real et al., "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019, as Ying et al.,
"NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019, ran it, and `run_evolution_search` in
`NASBench.ipynb` of google-research/nasbench (Apache-2.0): a population of the latest architectures trained, a
tournament among some of them, one mutated child of its winner, and the oldest member dies, however good it is.

As in that code, a tournament is drawn without replacement, the youngest wins among equals, and a child that was
trained before is trained again and counts. Three things differ: the first members are uniform over the table and
different, as in our random search (there `random_spec`, which favours small cells); training one again gives the same
signal, since the run is drawn once for each experiment and architecture (there anew for each query); and
the population is 100 (the notebook's default is 50).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import ArchitectureError, ConfigError, TableError
from neural_predictor.search.base import Traces
from neural_predictor.search.random_search import random_trace
from neural_predictor.seeds import seed_of
from neural_predictor.tables.benchmarks import space_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from neural_predictor.search.base import Problem
    from neural_predictor.spaces.base import SearchSpace
    from neural_predictor.tables.table import BenchmarkTable

    RowFinder = Callable[[NDArray[np.uint8]], NDArray[np.intp]]

_TRIES = (1, 3, 12, 48)
"""Mutations tried in each round for the parents that are left; the first that is in the table counts."""
MAX_MUTATIONS = sum(_TRIES)
"""Mutations of one parent, 64, before its child is a row drawn at random."""
_STEPS = 64
"""Samples whose tournaments are drawn at once. Drawn whole, so that a larger budget continues a smaller one."""


BLOCK_REPEATS = 300
"""Repeats that run as one array: 500 MB of signals on NAS-Bench-101."""


def run(problem: Problem) -> Traces:
    """The traces of all repeats, in blocks; a note where children had to be random rows of the table.

    Raises:
        ConfigError, TableError, ArchitectureError: as `evolution_traces`.
    """
    table, space, rows, redrawn = problem.table, space_of(problem.table), [], 0
    for first in range(0, problem.repeats, BLOCK_REPEATS):
        block = range(first, min(first + BLOCK_REPEATS, problem.repeats))
        signals = np.empty((len(block), len(table)), np.float32)  # enough to tell accuracies apart
        for place, repeat in enumerate(block):
            signals[place] = problem.signal(repeat)
        rng = np.random.default_rng(seed_of(problem.study_seed, "evolution", table.name, first))
        sizes = {"population": problem.population, "tournament": problem.tournament}
        found = evolution_traces(table, space, signals, problem.budget, rng, **sizes)
        rows.append(found.rows)
        redrawn += int(found.redrawn.sum())
    together = np.concatenate(rows)
    return Traces(together, _notes(together, redrawn) if redrawn else ())


def _notes(rows: NDArray[np.intp], redrawn: int) -> tuple[str]:
    """What must be said where the table is not the whole space."""
    different = np.mean([len(np.unique(trace)) for trace in rows])
    return (
        f"{redrawn / rows.size:.1%} of evolution's children were random rows: no mutation was in the table. "
        f"Of its {rows.shape[1]:,} samples {different:,.0f} were different architectures, mean of all repeats.",
    )


@dataclass(frozen=True, eq=False)
class EvolutionTraces:
    """What a block of R repeats trained.

    Attributes:
        rows: (R, budget) rows of the table in the order of training; a row may come more than once.
        redrawn: (R,) how many of them are random rows, since no mutation tried was in the table. Zero where the
            table is the whole space.
    """

    rows: NDArray[np.intp]
    redrawn: NDArray[np.intp]


def evolution_traces(
    table: BenchmarkTable,
    space: SearchSpace,
    signals: NDArray[np.floating],
    budget: int,
    rng: np.random.Generator,
    *,
    population: int = 100,
    tournament: int = 10,
) -> EvolutionTraces:
    """Regularized evolution: the rows that each of R repeats trains.

    The repeats of a call are one block, and their draws come from one generator, so that a repeat follows from the
    block's seed, its size and the place in it, not from a seed of its own: name the block in the seed. Large
    blocks are fast; `signals` limits them (170 MB for 100 repeats of NAS-Bench-101 in float32). For the same
    generator state, the trace of a smaller budget begins the trace of a larger one.

    A child outside the table, which can happen where the table is not the whole space, is given up and its parent
    is mutated again, up to `MAX_MUTATIONS` times; then a row drawn uniformly from the table takes its place. A
    thin sample of a space thereby favours children that are the parent's own architecture: read such a search with
    care. Lineages keep the codes that `space.mutate` made, also what `index_of` ignores in them.

    Args:
        table: the benchmark; `table.maximise` says which signals are better.
        space: the table's search space, with the operations of its data set.
        signals: (R, n) what each repeat sees of each architecture.
        budget: number of trainings, first members included; up to `population` it is a random search.
        rng: source of all draws of the block.
        population: number of members.
        tournament: number of different members that compete to be the parent.

    Raises:
        ConfigError: for a budget, population or tournament out of range.
        TableError: if table, space and signals do not belong together, or a signal is not finite.
        ArchitectureError: if a row of the table is outside the space.
    """
    _check(table, space, signals, budget, population, tournament)
    find_rows = _row_finder(table, space)
    repeats = len(signals)
    rows = np.empty((repeats, max(budget, population)), np.intp)
    rows[:, :population] = [random_trace(len(table), population, rng) for _ in range(repeats)]
    redrawn = np.zeros(repeats, np.intp)
    members = _Members(table, space, signals, rows[:, :population], rng)
    tournaments = _tournaments(repeats, population, tournament, rng)
    for i in range(population, budget):
        children, codes = _children(space, members.winners(next(tournaments)), find_rows, rng)
        lost = np.flatnonzero(children < 0)
        if len(lost):
            children[lost] = rng.integers(len(table), size=len(lost))
            codes[lost] = space.filled(table.encoding[children[lost]], rng)
            redrawn[lost] += 1
        members.replace_oldest(children, codes)
        rows[:, i] = children
    return EvolutionTraces(rows[:, :budget], redrawn)


class _Members:
    """The populations of R repeats, each a ring of P places: the oldest member's place is the next one's.

    Args:
        table: says which signals are better, and the codes of the first members.
        space: fills these codes.
        signals: (R, n) what each repeat sees.
        rows: (R, P) the first members, the oldest first.
        rng: source of what is filled in.
    """

    def __init__(
        self,
        table: BenchmarkTable,
        space: SearchSpace,
        signals: NDArray[np.floating],
        rows: NDArray[np.intp],
        rng: np.random.Generator,
    ) -> None:
        self._signals, self._sign = signals, 1 if table.maximise else -1
        self._repeat, self._oldest = np.arange(len(rows)), 0
        self._codes = space.filled(table.encoding[rows.ravel()], rng).reshape(*rows.shape, -1)
        self._goodness = self._sign * np.take_along_axis(signals, rows, axis=1)

    def winners(self, ages: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Codes (R, code_length) of the best of the entrants, the first of equals.

        Args:
            ages: (entrants, R) how many members are younger than the entrant.
        """
        places = (self._oldest - 1 - ages) % self._goodness.shape[1]
        best = self._goodness[self._repeat, places].argmax(axis=0)
        return np.asarray(self._codes[self._repeat, places[best, self._repeat]])

    def replace_oldest(self, rows: NDArray[np.intp], codes: NDArray[np.uint8]) -> None:
        """Put the youngest member, row (R,) of the table with codes (R, code_length), in the oldest one's place."""
        self._codes[:, self._oldest] = codes
        self._goodness[:, self._oldest] = self._sign * self._signals[self._repeat, rows]
        self._oldest = (self._oldest + 1) % self._goodness.shape[1]


def _check(
    table: BenchmarkTable,
    space: SearchSpace,
    signals: NDArray[np.floating],
    budget: int,
    population: int,
    tournament: int,
) -> None:
    if not 1 <= population <= len(table):
        raise ConfigError(
            f"evolution: population {population}; expected 1 to {len(table)}, the rows of table {table.name}"
        )
    if not 1 <= tournament <= population:
        raise ConfigError(f"evolution: tournament {tournament}; expected 1 to {population}, the population")
    if budget < 1:
        raise ConfigError(f"evolution: budget {budget}; expected at least 1 training")
    if table.space != space.name:
        raise TableError(f"table {table.name} is of the space {table.space}, not of {space.name}")
    if signals.ndim != 2 or signals.shape[1] != len(table) or not len(signals):
        raise TableError(
            f"table {table.name}: signals {signals.shape}; expected (repeats, {len(table)}), one repeat or more"
        )
    # The extremes of an array are NaN if anything in it is, and take no array of its size.
    if not np.isfinite([signals.min(), signals.max()]).all():
        repeat, row = np.argwhere(~np.isfinite(signals))[0]
        raise TableError(f"table {table.name}, row {row}: the signal of repeat {repeat} is {signals[repeat, row]}")


def _row_finder(table: BenchmarkTable, space: SearchSpace) -> RowFinder:
    """What gives the table's row of each architecture, (n, code_length) to (n,), and -1 where it has none.

    Architectures are found by their place in the space, or by name where the space is too large to have places.
    """
    try:
        row_of = np.full(len(space.enumerate()), -1, np.intp)
    except ArchitectureError:
        row_of_name = {name: row for row, name in enumerate(table.architecture)}
        return lambda codes: np.array([row_of_name.get(name, -1) for name in space.identify(codes)], np.intp)
    row_of[space.index_of(table.encoding)] = np.arange(len(table))
    return lambda codes: row_of[space.index_of(codes)]


def _tournaments(
    repeats: int, population: int, tournament: int, rng: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    """For one sample after another (tournament, repeats): ages of the entrants, different, the youngest (0) first.

    Drawn with Floyd's algorithm (Bentley and Floyd, "A sample of brilliance", 1987): every subset is equally likely.
    """
    while True:
        ages = np.empty((tournament, _STEPS, repeats), np.intp)
        for k, oldest in enumerate(range(population - tournament, population)):
            age = rng.integers(oldest + 1, size=(_STEPS, repeats))
            ages[k] = np.where((ages[:k] == age).any(axis=0), oldest, age)
        ages.sort(axis=0)
        yield from ages.swapaxes(0, 1)


def _children(
    space: SearchSpace, parents: NDArray[np.uint8], find_rows: RowFinder, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """One child in the table for each parent.

    Args:
        space: mutates.
        parents: (R, code_length).
        find_rows: gives the table's row of each child.
        rng: source of the mutations.

    Returns:
        Rows of the table (R,), -1 where no mutation tried is in it, and the children's codes (R, code_length).
    """
    rows = np.full(len(parents), -1, np.intp)
    codes = np.empty_like(parents)
    left = np.arange(len(parents))
    for tries in _TRIES:
        trials = space.mutate(np.repeat(parents[left], tries, axis=0), rng)
        found = find_rows(trials).reshape(-1, tries)
        inside = found >= 0
        done = inside.any(axis=1)
        chosen = np.flatnonzero(done) * tries + inside.argmax(axis=1)[done]
        rows[left[done]] = found.ravel()[chosen]
        codes[left[done]] = trials[chosen]
        left = left[~done]
        if not len(left):
            break
    return rows, codes
