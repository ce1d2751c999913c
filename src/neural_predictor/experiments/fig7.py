"""Fig. 7 of the paper: how to split a budget between N training networks and K validated candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.experiments.fits import group_fits, read_fits
from neural_predictor.experiments.protocol import describe
from neural_predictor.experiments.statistics import bootstrap_mean
from neural_predictor.search.draws import draw_experiment, seed_of
from neural_predictor.search.traces import best_so_far, guided_trace, oracle, random_trace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config import Study
    from neural_predictor.experiments.results import Protocol
    from neural_predictor.tables.table import BenchmarkTable

COLUMNS = ("panel", "method", "train_size", "x", "mean", "low", "high", "repeats")
TIME_POINTS = 500


class _Curves:
    """Collects the runs of one method and gives its curves as tidy rows."""

    def __init__(self, table: BenchmarkTable, study: Study, method: str, first: int) -> None:
        self.table, self.study, self.method, self.first = table, study, method, first
        self.target = table.mean(table.target)
        self.timed = "training_time_s" in table.metrics
        self.runs: list[tuple[NDArray[np.float64], ...]] = []

    def add(self, trace: NDArray[np.intp], signal: NDArray[np.float64], runs: NDArray[np.intp]) -> None:
        """One repeat: its trace, and the signal and run of every architecture that it sees."""
        choice = trace[best_so_far(signal[trace], maximise=self.table.maximise)]
        time = np.cumsum(self.table.at("training_time_s", runs)[trace]) if self.timed else np.zeros(0)
        self.runs.append((signal[choice], self.target[choice], time))

    def rows(self, train_size: int | None) -> pd.DataFrame:
        """Mean and interval at every number of samples from `first` on, and on a grid of times."""
        signal, target, time = (np.array(part) for part in zip(*self.runs, strict=True))
        samples = np.arange(self.first, signal.shape[1] + 1)
        panels = [
            ("signal_by_samples", samples, signal[:, self.first - 1 :]),
            ("target_by_samples", samples, target[:, self.first - 1 :]),
        ]
        if self.timed:
            # Every repeat must have reached `first` samples, and none may have run out of budget.
            grid = np.linspace(time[:, self.first - 1].max(), time[:, -1].min(), TIME_POINTS)
            if grid[0] < grid[-1]:
                places = np.array([np.searchsorted(row, grid, side="right") - 1 for row in time])
                panels.append(("target_by_time", grid, np.take_along_axis(target, places, axis=1)))
        frames = []
        for panel, x, values in panels:
            seed = seed_of(self.study.seed, "fig7", "bootstrap", self.method, panel, train_size or 0)
            mean, low, high = bootstrap_mean(values, self.study.bootstrap, seed)
            frames.append(pd.DataFrame({"panel": panel, "x": x, "mean": mean, "low": low, "high": high}))
        return pd.concat(frames).assign(method=self.method, train_size=train_size, repeats=len(self.runs))


def run_fig7(
    study_name: str, study: Study, table: BenchmarkTable, scores: Iterable[Path]
) -> tuple[pd.DataFrame, Protocol]:
    """Best-so-far curves of the predictor for every N, of random search, and the oracle's level.

    Total samples are N + K, total time is the training time of all N + K. Panels: `signal_by_samples`,
    `target_by_samples`, and `target_by_time` (x in seconds) where the benchmark recorded training times.

    Args:
        study_name: the study.
        study: sizes, repeats, seeds.
        table: the benchmark.
        scores: files of scores of every N.
    """
    study.check_rows(table.name, len(table))
    frames = []
    for (_, train_size), paths in group_fits(scores).items():
        curves = _Curves(table, study, "predictor", train_size + 1)
        for fit in read_fits(paths, table):
            if fit.repeat < study.fig7.repeats:
                seen = draw_experiment(table, study.seed, train_size, fit.repeat)
                ties = np.random.default_rng(seed_of(study.seed, "fig7", "ties", train_size, fit.repeat))
                trace = guided_trace(fit.scores, seen.train_rows, study.fig7.total, ties, maximise=table.maximise)
                curves.add(trace, seen.signal, seen.runs)
        frames.append(curves.rows(train_size))
    frames += _references(study, table)
    frame = pd.concat(frames, ignore_index=True).reindex(columns=list(COLUMNS))
    frame["train_size"] = frame["train_size"].astype("Int64")
    notes = [] if "training_time_s" in table.metrics else ["Hence there is no panel by training time."]
    repeats = {
        "the predictor at each N": study.fig7.repeats,
        "random search and the oracle": study.fig7.random_repeats,
    }
    return frame, describe("fig7", study_name, study, table, repeats, notes)


def _references(study: Study, table: BenchmarkTable) -> list[pd.DataFrame]:
    """Random search's curves and the oracle's two levels."""
    curves = _Curves(table, study, "random", 1)
    levels = []
    for repeat in range(study.fig7.random_repeats):
        rng = np.random.default_rng(seed_of(study.seed, "fig7", "random", repeat))
        runs = table.draw_runs(rng)
        signal = table.at(table.signal, runs)
        curves.add(random_trace(len(table), study.fig7.total, rng), signal, runs)
        best = oracle(signal, maximise=table.maximise)
        levels.append((signal[best], curves.target[best]))
    mean, low, high = bootstrap_mean(
        np.array(levels), study.bootstrap, seed_of(study.seed, "fig7", "bootstrap", "oracle")
    )
    panels = ["signal_by_samples", "target_by_samples"]
    level = pd.DataFrame({"panel": panels, "x": len(table), "mean": mean, "low": low, "high": high})
    return [curves.rows(None), level.assign(method="oracle", train_size=None, repeats=len(levels))]
