"""How well the predictor ranks and predicts the rest of the space: Kendall tau, error and R2 for every N at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.experiments.fits import group_fits, read_fits
from neural_predictor.experiments.protocol import describe
from neural_predictor.experiments.statistics import bootstrap_mean, predictor_metrics
from neural_predictor.search.draws import draw_experiment, seed_of
from neural_predictor.tables.benchmarks import BENCHMARKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from neural_predictor.config import Study
    from neural_predictor.experiments.results import Protocol
    from neural_predictor.tables.table import BenchmarkTable

COLUMNS = ("benchmark", "train_size", "metric", "unit", "mean", "low", "high", "repeats", "test_size")
UNITS = {"kendall_tau": "", "mse": "squared percentage points", "r2": ""}
_SCALE = {"mse": 1e4}  # accuracies are fractions; the paper's errors are of percentages


def _rows(study: Study, table: BenchmarkTable, train_size: int, paths: Iterable[Path]) -> list[dict[str, object]]:
    metrics = []
    for fit in read_fits(paths, table):
        seen = draw_experiment(table, study.seed, train_size, fit.repeat)
        metrics.append(
            predictor_metrics(np.delete(fit.scores, seen.train_rows), np.delete(seen.signal, seen.train_rows))
        )
    rows: list[dict[str, object]] = []
    for name, unit in UNITS.items():
        values = np.array([metric[name] for metric in metrics]) * _SCALE.get(name, 1)
        seed = seed_of(study.seed, "table-tau", "bootstrap", table.name, train_size, name)
        mean, low, high = bootstrap_mean(values, study.bootstrap, seed)
        rows.append(
            {
                "benchmark": table.name,
                "train_size": train_size,
                "metric": name,
                "unit": unit,
                "mean": float(mean),
                "low": float(low),
                "high": float(high),
                "repeats": len(values),
                "test_size": len(table) - train_size,
            }
        )
    return rows


def run_table_tau(
    study_name: str, study: Study, tables: Mapping[str, BenchmarkTable], scores: Iterable[Path]
) -> tuple[pd.DataFrame, Protocol]:
    """Metrics of the predictor on all architectures that it was not fitted to, for every benchmark and N.

    Args:
        study_name: the study.
        study: its seeds and bootstrap.
        tables: benchmark name -> table.
        scores: files of scores of every benchmark and N.
    """
    rows: list[dict[str, object]] = []
    for (benchmark, train_size), paths in group_fits(scores).items():
        rows += _rows(study, tables[benchmark], train_size, paths)
    others = [BENCHMARKS[name].title for name in tables if name != study.benchmark]
    notes = [f"Rows of other benchmarks: {', '.join(others)}."] if others else []
    repeats = {"each N (column repeats)": max(study.fig7.repeats, study.table_tau.repeats)}
    protocol = describe("table-tau", study_name, study, tables[study.benchmark], repeats, notes)
    return pd.DataFrame(rows, columns=list(COLUMNS)), protocol


def as_markdown(frame: pd.DataFrame) -> str:
    """The table for readers: one line a benchmark and N, mean [low, high] of each metric."""
    lines = [
        "| benchmark | N | repeats | test size | " + " | ".join(UNITS) + " |",
        "|---" * (4 + len(UNITS)) + "|",
    ]
    for (benchmark, train_size), group in frame.groupby(["benchmark", "train_size"], sort=False):
        values = group.set_index("metric")
        cells = [
            f"{row['mean']:.3f} [{row['low']:.3f}, {row['high']:.3f}]" for _, row in values.loc[list(UNITS)].iterrows()
        ]
        first = group.iloc[0]
        lines.append(
            f"| {benchmark} | {train_size} | {first['repeats']} | {first['test_size']} | {' | '.join(cells)} |"
        )
    return "\n".join(lines) + "\n\nmse in squared percentage points. Brackets: bootstrap interval of the mean.\n"
