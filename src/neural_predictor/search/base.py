"""What a search is: from a problem to traces, and what it holds after each architecture that it has trained.

A trace is the order in which a search trains architectures: rows of the table. The choice after m of them is the
one with the best search signal among the m; what is reported of it is the table's mean target metric.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.seeds import seed_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.tables.table import BenchmarkTable


@dataclass(frozen=True, eq=False)
class Problem:
    """What a search without a predictor is asked: repeats on one table, each with a draw of its own of the signal.

    Attributes:
        table: the benchmark.
        study_seed: the study's seed, from which every draw follows.
        repeats: R.
        budget: architectures that each repeat trains.
        population: members of a population, for searches that have one.
        tournament: members that compete to be a parent, likewise.
    """

    table: BenchmarkTable
    study_seed: int
    repeats: int
    budget: int
    population: int = 100
    tournament: int = 10

    def draw(self, repeat: int) -> tuple[np.random.Generator, NDArray[np.intp]]:
        """Generator of a repeat, and the run (n,) of each architecture that it sees: the same for every search."""
        rng = np.random.default_rng(seed_of(self.study_seed, "searches", self.table.name, repeat))
        return rng, self.table.draw_runs(rng)

    def signal(self, repeat: int) -> NDArray[np.float64]:
        """(n,) what a repeat sees of each architecture."""
        return self.table.at(self.table.signal, self.draw(repeat)[1])


@dataclass(frozen=True, eq=False)
class Traces:
    """What a search did.

    Attributes:
        rows: (R, budget) rows of the table that each repeat trained, in this order; a row may come again.
        notes: what a reader of the figure must know of it, a sentence or two each.
    """

    rows: NDArray[np.intp]
    notes: tuple[str, ...] = ()


def best_so_far(signal: NDArray[np.floating], *, maximise: bool) -> NDArray[np.intp]:
    """Place of the best signal seen so far, the first of equals, along the last axis: same shape as `signal`."""
    goodness = signal if maximise else -signal
    record = np.maximum.accumulate(goodness, axis=-1)
    new = np.ones(signal.shape, np.bool_)
    new[..., 1:] = goodness[..., 1:] > record[..., :-1]
    places = np.where(new, np.arange(signal.shape[-1]), 0)
    return np.asarray(np.maximum.accumulate(places, axis=-1), np.intp)


def oracle(signal: NDArray[np.floating], *, maximise: bool) -> int:
    """The oracle's row: the best signal of the whole table."""
    return int(np.argmax(signal) if maximise else np.argmin(signal))
