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
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.errors import ConfigError, TableError
from neural_predictor.search.base import Search, Settings, Traces
from neural_predictor.search.pool import mutations, row_finder
from neural_predictor.search.random_search import random_trace
from neural_predictor.search.ranges import Range
from neural_predictor.seeds import seed_of
from neural_predictor.tables.benchmarks import space_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from neural_predictor.search.base import Problem
    from neural_predictor.search.ranges import Ranges
    from neural_predictor.spaces.base import SearchSpace
    from neural_predictor.tables.table import BenchmarkTable

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

MAX_REPEATED_CHILDREN = 50
"""Children for each that is asked for, before a random architecture takes its place: where all were trained before."""
_STEPS = 64
"""Samples whose tournaments are drawn at once. Drawn whole, so that a larger budget continues a smaller one."""


BLOCK_REPEATS = 300
"""Repeats that run as one array: 500 MB of signals on NAS-Bench-101."""


def traces(problem: Problem) -> Traces:
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
    is mutated again, up to `pool.MAX_MUTATIONS` times; then a row drawn uniformly from the table takes its place. A
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
    find = row_finder(space, table.encoding)
    repeats = len(signals)
    rows = np.empty((repeats, max(budget, population)), np.intp)
    rows[:, :population] = [random_trace(len(table), population, rng) for _ in range(repeats)]
    redrawn = np.zeros(repeats, np.intp)
    goodness = signals if table.maximise else -signals
    first = space.filled(table.encoding[rows[:, :population].ravel()], rng).reshape(repeats, population, -1)
    members = _Members(first, np.take_along_axis(goodness, rows[:, :population], axis=1))
    tournaments = _tournaments(repeats, population, tournament, rng)
    for i in range(population, budget):
        children, codes = mutations(space, find, members.winners(next(tournaments)), rng)
        lost = np.flatnonzero(children < 0)
        if len(lost):
            children[lost] = rng.integers(len(table), size=len(lost))
            codes[lost] = space.filled(table.encoding[children[lost]], rng)
            redrawn[lost] += 1
        members.replace_oldest(codes, goodness[members.repeats, children])
        rows[:, i] = children
    return EvolutionTraces(rows[:, :budget], redrawn)


class _Members:
    """The populations of R repeats, each a ring of P places: the oldest member's place is the next one's.

    Args:
        codes: (R, P, code_length) of the first members, the oldest first.
        goodness: (R, P) their signals; higher is better.
    """

    def __init__(self, codes: NDArray[np.uint8], goodness: NDArray[np.floating]) -> None:
        self._codes, self._goodness = codes, goodness
        self.repeats, self._oldest = np.arange(len(codes)), 0

    def winners(self, ages: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Codes (R, code_length) of the best of the entrants, the first of equals.

        Args:
            ages: (entrants, R) how many members are younger than the entrant.
        """
        places = (self._oldest - 1 - ages) % self._goodness.shape[1]
        best = self._goodness[self.repeats, places].argmax(axis=0)
        return np.asarray(self._codes[self.repeats, places[best, self.repeats]])

    def replace_oldest(self, codes: NDArray[np.uint8], goodness: NDArray[np.floating]) -> None:
        """Put the youngest member, codes (R, code_length) and goodness (R,), in the oldest one's place."""
        self._codes[:, self._oldest] = codes
        self._goodness[:, self._oldest] = goodness
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


class EvolutionSettings(Settings):
    """Settings of regularized evolution; the defaults are NAS-Bench-101's.

    Attributes:
        population: members.
        tournament: different members that compete to be the parent.
    """

    population: Annotated[int, Field(ge=2)] = 100
    tournament: Annotated[int, Field(ge=1)] = 10

    ranges: ClassVar[Ranges] = {
        "population": Range(5, 150, log=True, whole=True),
        "tournament": Range(2, 50, log=True, whole=True),
    }


class Evolution(Search):
    """Regularized evolution that asks for one child of the population as it stands, or for several.

    A child that was trained before joins the population with the label that it had, and is not asked for again: asked
    for one at a time, the trace is that of `evolution_traces` without what comes again there.
    """

    settings_class = EvolutionSettings

    def _begin(self) -> None:
        population = self.settings.population if self.pool.endless else min(self.settings.population, len(self.pool))
        self._first = self.pool.sample(population, self.rng)
        self._codes = dict(zip(self._first.tolist(), self.pool.filled(self._first, self.rng), strict=True))
        self._tournaments = _tournaments(1, population, min(self.settings.tournament, population), self.rng)
        self._members: _Members | None = None

    @property
    def ready(self) -> int | None:
        """The first members, until all are told; then any number."""
        return int((~np.isin(self._first, self.asked)).sum()) if self._members is None else None

    def _propose(self, count: int) -> Rows:
        if self._members is None:
            return self.fresh(self._first, count)
        found: list[int] = []
        for _ in range(MAX_REPEATED_CHILDREN * count):
            if len(found) == count:
                break
            row, code = self._child(self._members)
            told = np.flatnonzero(self.rows == row)
            if len(told):
                self._members.replace_oldest(code, self.goodness[told])
            elif row not in self._codes:  # where it is, its label is awaited
                self._codes[row] = code[0]
                found.append(row)
        others = self.random(count - len(found), besides=np.array(found, np.intp))
        self._codes |= dict(zip(others.tolist(), self.pool.filled(others, self.rng), strict=True))
        return np.array([*found, *others], np.intp)

    def _child(self, members: _Members) -> tuple[int, NDArray[np.uint8]]:
        """A child's number and codes (1, code_length); a random architecture where no mutation is in the pool."""
        rows, codes = self.pool.mutate(members.winners(next(self._tournaments)), self.rng)
        if rows[0] < 0:
            rows = self.rng.integers(len(self.pool), size=1)
            codes = self.pool.filled(rows, self.rng)
        return int(rows[0]), codes

    def _learn(self, rows: Rows, goodness: Floats) -> None:
        if self._members is not None:
            for row, value in zip(rows.tolist(), goodness, strict=True):
                code = self._codes.setdefault(row, self.pool.codes(np.array([row]))[0])
                self._members.replace_oldest(code[None], value[None])
        elif np.isin(self._first, self.rows).all():
            codes = np.stack([self._codes[row] for row in self._first.tolist()])
            told = dict(zip(self.rows.tolist(), self.goodness, strict=True))
            self._members = _Members(codes[None], np.array([[told[row] for row in self._first.tolist()]]))
