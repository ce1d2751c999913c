"""Fig. 7 of the paper: how to split a budget between N training networks and K validated candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.curves import guided_curves, oracle_rows, panel_notes, random_curves, tidy
from neural_predictor.figures.protocol import describe
from neural_predictor.fits.files import group_fits, read_fits
from neural_predictor.statistics.efficiency import REACHED_RULE, held_from

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from neural_predictor.config.study import Study
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.tables.table import BenchmarkTable

FRONTIER_COLUMNS = ("panel", "train_size", "level", "samples", "random_samples", "repeats")


def run_fig7(
    study_name: str, study: Study, table: BenchmarkTable, scores: Iterable[Path]
) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Best-so-far curves of the predictor for every N, of random search, and the oracle's level (`curves`).

    Args:
        study_name: the study.
        study: sizes, repeats, seeds.
        table: the benchmark.
        scores: files of scores of every N.
    """
    study.check_rows(table.name, len(table))
    plan = study.fig7
    frames = []
    for fits, paths in group_fits(scores).items():
        read = read_fits(paths, table, plan.repeats)
        frames.append(guided_curves(table, study, fits.predictor, fits.train_size, read, plan.total).rows())
    frames += [random_curves(table, study, plan.total).rows(), oracle_rows(table, study)]
    repeats = {"the predictor at each N": plan.repeats, "random search and the oracle": study.searches.repeats}
    return tidy(frames), describe("fig7", study_name, study, table, repeats, panel_notes(table))


def run_frontier(
    study_name: str, study: Study, table: BenchmarkTable, fig7: pd.DataFrame
) -> tuple[pd.DataFrame, ProtocolRecord]:
    """For every N the total N + K from which on the mean choice is as good as random search's at the whole budget.

    Args:
        study_name: the study.
        study: its budget.
        table: the benchmark, for its direction.
        fig7: the numbers of fig7.

    Returns:
        One row a panel and N; `samples` is missing where the level is not held at the end of the budget.
    """
    sign = 1 if table.maximise else -1
    rows = []
    for panel in ("signal_by_samples", "target_by_samples"):
        curves = fig7[fig7["panel"] == panel]
        random = curves[curves["method"] == "random"].set_index("x")["mean"]
        level = random[study.fig7.total]
        for size in curves["train_size"].dropna().unique():
            curve = curves[curves["train_size"] == size]
            held = held_from(sign * curve["mean"].to_numpy(), sign * level, int(curve["x"].iloc[0]))
            rows.append(
                {
                    "panel": panel,
                    "train_size": int(size),
                    "level": level,
                    "samples": held,
                    "random_samples": study.fig7.total,
                    "repeats": int(curve["repeats"].iloc[0]),
                }
            )
    frame = pd.DataFrame(rows, columns=list(FRONTIER_COLUMNS)).astype({"samples": "Int64"})
    repeats = {"the predictor at each N": study.fig7.repeats, "random search": study.searches.repeats}
    return frame, describe("fig-frontier", study_name, study, table, repeats, [REACHED_RULE])
