"""Curves of searches: what each holds after every architecture that it trains, and after every second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.search.base import Problem, best_so_far, oracle
from neural_predictor.search.guided import guided_trace
from neural_predictor.search.run import run_search
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.bootstrap import bootstrap_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from neural_predictor.config.study import Study
    from neural_predictor.fits.files import RepeatScores
    from neural_predictor.search.draws import RepeatDraw
    from neural_predictor.tables.table import BenchmarkTable

COLUMNS = ("panel", "method", "train_size", "x", "mean", "low", "high", "repeats")
TIME_POINTS = 500
PLACE = "place_by_samples"
"""The panel of places."""


class Curves:
    """The runs of one method, and its curves as tidy rows.

    Total samples are all architectures trained, N + K for a predictor; total time is their training time. Panels:
    `signal_by_samples`, `target_by_samples`, `target_by_time` (x in seconds) where the table has training times, and
    `place_by_samples` where it is asked for.

    Args:
        table: the benchmark.
        study: seed and bootstrap.
        method: name of the search.
        train_size: N of a predictor; its curves start at N + 1 samples.
        placed: whether with the panel of places.
    """

    def __init__(
        self,
        table: BenchmarkTable,
        study: Study,
        method: str,
        train_size: int | None = None,
        *,
        placed: bool = False,
    ) -> None:
        self.placed = placed
        self.table, self.study, self.method, self.train_size = table, study, method, train_size
        self.first = 1 if train_size is None else train_size + 1
        self.mean_target = table.mean(table.target)
        self.timed = "training_time_s" in table.metrics
        self._signal: list[NDArray[np.float64]] = []
        self._target: list[NDArray[np.float64]] = []
        self._time: list[NDArray[np.float64]] = []
        self._place: list[NDArray[np.float64]] = []

    def add(self, trace: NDArray[np.intp], signal: NDArray[np.float64], runs: NDArray[np.intp]) -> None:
        """One repeat: its trace, and the signal and run of every architecture that it sees."""
        choice = trace[best_so_far(signal[trace], maximise=self.table.maximise)]
        self._signal.append(signal[choice])
        self._target.append(self.mean_target[choice])
        if self.placed:
            self._place.append(places(signal, self.table)[choice])
        if self.timed:
            self._time.append(np.cumsum(self.table.at("training_time_s", runs)[trace]))

    @property
    def signal(self) -> NDArray[np.float64]:
        """(R, total) search signal of the choice after each sample."""
        return np.array(self._signal)

    @property
    def target(self) -> NDArray[np.float64]:
        """(R, total) reported metric of the choice after each sample."""
        return np.array(self._target)

    @property
    def place(self) -> NDArray[np.float64]:
        """(R, total) place of the choice among all architectures after each sample; 1 is the best signal."""
        return np.array(self._place)

    def rows(self) -> pd.DataFrame:
        """Mean and interval at every number of samples from `first` on, and on a grid of times; of places geometric."""
        shown = slice(self.first - 1, None)
        signal, target = self.signal, self.target
        samples = np.arange(self.first, signal.shape[1] + 1)
        panels = [("signal_by_samples", samples, signal[:, shown]), ("target_by_samples", samples, target[:, shown])]
        if self.timed:
            time = np.array(self._time)
            # Every repeat must have reached `first` samples, and none may have run out of budget.
            grid = np.linspace(time[:, self.first - 1].max(), time[:, -1].min(), TIME_POINTS)
            if grid[0] < grid[-1]:
                reached = np.array([np.searchsorted(row, grid, side="right") - 1 for row in time])
                panels.append(("target_by_time", grid, np.take_along_axis(target, reached, axis=1)))
        frames = []
        for panel, x, values in panels:
            seed = seed_of(self.study.seed, "curves", "bootstrap", self.method, panel, self.train_size or 0)
            mean, low, high = bootstrap_mean(values, self.study.bootstrap, seed)
            frames.append(pd.DataFrame({"panel": panel, "x": x, "mean": mean, "low": low, "high": high}))
        if self.placed:
            seed = seed_of(self.study.seed, "curves", "bootstrap", self.method, PLACE, self.train_size or 0)
            mean, low, high = map(np.exp, bootstrap_mean(np.log(self.place[:, shown]), self.study.bootstrap, seed))
            frames.append(pd.DataFrame({"panel": PLACE, "x": samples, "mean": mean, "low": low, "high": high}))
        frame = pd.concat(frames).assign(method=self.method, train_size=self.train_size, repeats=len(self._signal))
        return frame.reindex(columns=list(COLUMNS))


def places(signal: NDArray[np.float64], table: BenchmarkTable) -> NDArray[np.float64]:
    """(n,) place of each architecture among all by signals (n,), the first of equals: 1 is the best."""
    badness = -signal if table.maximise else signal
    return np.searchsorted(np.sort(badness), badness).astype(np.float64) + 1


def guided_search(
    table: BenchmarkTable, study: Study, predictor: str, train_size: int, fit: RepeatScores, total: int
) -> tuple[RepeatDraw, NDArray[np.intp]]:
    """What the search with one fit sees, and the rows (total,) that it trains, in this order."""
    seen = fit.draw
    ties = np.random.default_rng(seed_of(study.seed, "ties", predictor, train_size, seen.repeat))
    goodness = fit.goodness(maximise=table.maximise)
    return seen, guided_trace(goodness, seen.train_rows, total, ties, maximise=True)


def guided_curves(
    table: BenchmarkTable,
    study: Study,
    predictor: str,
    train_size: int,
    fits: Iterable[RepeatScores],
    total: int,
    *,
    placed: bool = False,
) -> Curves:
    """The neural predictor's search with each of these fits."""
    curves = Curves(table, study, predictor, train_size, placed=placed)
    for fit in fits:
        seen, trace = guided_search(table, study, predictor, train_size, fit, total)
        assert seen.runs is not None  # of fits to random architectures
        curves.add(trace, seen.signal, seen.runs)
    return curves


def problem_of(table: BenchmarkTable, study: Study, total: int) -> Problem:
    """What a study's searches without a predictor are asked; their draws are the same in every figure."""
    settings = study.searches
    return Problem(table, study.seed, settings.repeats, total, settings.population, settings.tournament)


def search_curves(
    table: BenchmarkTable, study: Study, name: str, total: int, *, placed: bool = False
) -> tuple[Curves, tuple[str, ...]]:
    """Curves of a search of `search.registry`, and what must be said of it."""
    traces = run_search(name, problem_of(table, study, total))
    return traced_curves(table, study, name, traces.rows, placed=placed), traces.notes


def traced_curves(
    table: BenchmarkTable, study: Study, name: str, traces: NDArray[np.intp], *, placed: bool = False
) -> Curves:
    """Curves of what each repeat of a search trained, (R, total) rows of the table in this order."""
    problem, curves = problem_of(table, study, traces.shape[1]), Curves(table, study, name, placed=placed)
    for repeat, trace in enumerate(traces):
        runs = problem.draw(repeat)[1]
        curves.add(trace, table.at(table.signal, runs), runs)
    return curves


def oracle_rows(table: BenchmarkTable, study: Study) -> pd.DataFrame:
    """The oracle's two levels: the best signal of the whole table, and that architecture's mean target."""
    mean_target, problem = table.mean(table.target), problem_of(table, study, 1)
    levels = []
    for repeat in range(study.searches.repeats):
        signal = problem.signal(repeat)
        best = oracle(signal, maximise=table.maximise)
        levels.append((signal[best], mean_target[best]))
    mean, low, high = bootstrap_mean(np.array(levels), study.bootstrap, seed_of(study.seed, "oracle", "bootstrap"))
    panels = ["signal_by_samples", "target_by_samples"]
    frame = pd.DataFrame({"panel": panels, "x": len(table), "mean": mean, "low": low, "high": high})
    return frame.assign(method="oracle", train_size=None, repeats=len(levels)).reindex(columns=list(COLUMNS))


def panel_notes(table: BenchmarkTable) -> list[str]:
    """What a caption must say of a panel that is missing."""
    return [] if "training_time_s" in table.metrics else ["Hence there is no panel by training time."]


def tidy(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows of several methods as one table."""
    frame = pd.concat([part.astype({"train_size": "Int64"}) for part in frames], ignore_index=True)
    return frame.reindex(columns=list(COLUMNS))
