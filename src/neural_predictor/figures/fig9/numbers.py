"""fig9: predicted against observed signal on training, validation and unseen networks; table-metrics sums it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.config.sections import MIN_TEST
from neural_predictor.figures import published
from neural_predictor.figures.protocol import describe, other_benchmarks
from neural_predictor.figures.published import TEN, TEST, TRAINING, VALIDATION
from neural_predictor.fits.files import group_fits, read_fits
from neural_predictor.predictors.cascade import CascadeRecipe
from neural_predictor.search.draws import draw_repeat
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.bootstrap import bootstrap_mean
from neural_predictor.statistics.metrics import MSE_UNIT, predictor_metrics
from neural_predictor.tables.table import metric_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config.sections import Fig9
    from neural_predictor.config.study import Study
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.fits.files import RepeatScores
    from neural_predictor.fits.key import FitKey
    from neural_predictor.tables.table import BenchmarkTable

    Sets = dict[str, NDArray[np.intp]]

POINT_COLUMNS = ("kind", "set", "predicted", "observed", "width", "height", "value", "low", "high", "repeats")
TABLE_COLUMNS = ("source", "benchmark", "predictor", "set", "networks", "metric", "value", "low", "high", "repeats")
METRICS = ("mse", "kendall_tau", "r2")
BINS, TAIL = 120, 0.005
"""Squares of the density along each axis; share of networks at the low end of each axis that it leaves out."""
EVEN = 10


def evenly_spaced(predicted: NDArray[np.floating], count: int = EVEN) -> NDArray[np.intp]:
    """Places of the `count` predictions nearest to evenly spaced values from the lowest to the highest, all different.

    The replication marks and measures ten test networks so: the worst, the best, and eight between.
    """
    left = np.arange(len(predicted))
    chosen = []
    for value in np.linspace(predicted.min(), predicted.max(), min(count, len(predicted))):
        nearest = int(np.abs(predicted[left] - value).argmin())
        chosen.append(left[nearest])
        left = np.delete(left, nearest)
    return np.array(chosen)


def _sets(
    study: Study, plan: Fig9, table: BenchmarkTable, fits: FitKey, fit: RepeatScores
) -> tuple[Sets, NDArray[np.float64]]:
    """Rows of the table in each set of a repeat, and the signal of every row.

    Training: the networks that the predictor was fitted to, of a cascade's regressor the accurate ones among the N.
    Validation: networks drawn from the rest; test: all others; of a cascade, what its classifier accepts of them.
    """
    seen = draw_repeat(table, study.seed, fits.train_size, fit.repeat)
    rest = np.setdiff1d(np.arange(len(table)), seen.train_rows)
    rng = np.random.default_rng(seed_of(study.seed, "validation", *fits[1:], fit.repeat))
    validation = rng.choice(rest, plan.validation_size, replace=False)
    training, test = seen.train_rows, np.setdiff1d(rest, validation)
    recipe = study.predictors[fits.predictor]
    if isinstance(recipe, CascadeRecipe) and not fit.one_stage:
        labels = seen.signal[training]
        bound = recipe.bounds(labels[None], maximise=table.maximise)[0]
        training = training[recipe.accurate(labels, bound, maximise=table.maximise)]
        validation, test = (rows[fit.accepted[rows]] for rows in (validation, test))
    sets = {TRAINING: training, VALIDATION: validation, TEST: test}
    if len(test) >= EVEN:
        sets[TEN] = test[evenly_spaced(fit.scores[test])]
    return sets, seen.signal


def _metric_rows(
    study: Study,
    table: BenchmarkTable,
    fits: FitKey,
    found: Mapping[str, list[dict[str, float]]],
    sizes: Mapping[str, list[int]],
) -> list[dict[str, object]]:
    """Mean and interval over repeats of each set's metrics; a set that never had `MIN_TEST` networks has none."""
    scale = metric_of(table.signal).shown[0]
    rows: list[dict[str, object]] = []
    for name in (TRAINING, VALIDATION, TEST, TEN):
        for metric in METRICS:
            values = np.array([one[metric] for one in found.get(name, [])]) * (scale**2 if metric == "mse" else 1)
            row: dict[str, object] = {"source": "measured", "set": name, "metric": metric, "repeats": len(values)}
            row |= {"benchmark": fits.benchmark, "predictor": fits.predictor, "networks": round(np.mean(sizes[name]))}
            if len(values):
                seed = seed_of(study.seed, "fig9", "bootstrap", *fits, name, metric)
                mean, low, high = map(float, bootstrap_mean(values, study.bootstrap, seed))
                row |= {"value": mean, "low": low, "high": high}
            rows.append(row)
    return rows


def _measure(
    study: Study, plan: Fig9, table: BenchmarkTable, fits: FitKey, paths: Iterable[Path]
) -> tuple[list[dict[str, object]], list[dict[str, object]], int]:
    """Rows of metrics, rows of the first repeat's points, and how many repeats of a cascade had one stage only."""
    found: dict[str, list[dict[str, float]]] = {}
    sizes: dict[str, list[int]] = {}
    points: list[dict[str, object]] = []
    alone = 0
    for fit in read_fits(paths, table, plan.repeats):
        sets, signal = _sets(study, plan, table, fits, fit)
        alone += fit.one_stage
        for name, rows in sets.items():
            sizes.setdefault(name, []).append(len(rows))
            if len(rows) >= MIN_TEST:
                found.setdefault(name, []).append(predictor_metrics(fit.scores[rows], signal[rows]))
        if not points:
            points = _points(sets, fit.scores, signal, maximise=table.maximise)
    for name in (TRAINING, VALIDATION, TEST, TEN):
        sizes.setdefault(name, [0])
    return _metric_rows(study, table, fits, found, sizes), points, alone


def _points(
    sets: Sets, scores: NDArray[np.float32], signal: NDArray[np.float64], *, maximise: bool
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name in (TRAINING, VALIDATION, TEN):
        for row in sets.get(name, ()):
            about = {"kind": "network", "set": name, "predicted": float(scores[row]), "observed": float(signal[row])}
            rows.append(about)
    test = sets[TEST]
    if not len(test):
        return rows
    ends = (TAIL, 1.0) if maximise else (0.0, 1 - TAIL)
    predicted, observed = scores[test].astype(np.float64), signal[test]
    limits = [np.quantile(values, ends).tolist() for values in (predicted, observed)]
    counts, x, y = np.histogram2d(predicted, observed, BINS, limits)
    width, height = float(x[1] - x[0]), float(y[1] - y[0])
    for i, j in np.argwhere(counts > 0):
        about = {"kind": "density", "set": TEST, "predicted": float(x[i]), "observed": float(y[j])}
        rows.append(about | {"width": width, "height": height, "value": float(counts[i, j])})
    outside = float(len(test) - counts.sum())
    return [*rows, {"kind": "outside", "set": TEST, "value": outside}]


def run_fig9(
    experiment: str, study_name: str, study: Study, plan: Fig9, table: BenchmarkTable, scores: Iterable[Path]
) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Predictions of the first repeat against the observed signal, and each set's metrics over all repeats.

    Args:
        experiment: `fig9-nasbench-one`, `fig9-nasbench-two` or `fig9-nlp`.
        study_name: the study.
        study: recipes, seeds and bootstrap.
        plan: the study's sizes and repeats for this figure.
        table: the benchmark.
        scores: files of scores of one predictor.

    Returns:
        Rows of kind `network` (sets training, validation, ten of test: one network each), `density` (test: `value`
        networks in the square of width and height from predicted, observed), `outside` (test: networks beyond the
        squares, the worst by one axis or the other), and metrics (kind mse, kendall_tau or r2; value, low, high).
    """
    study.check_rows(table.name, len(table))
    ((fits, paths),) = group_fits(scores).items()
    metrics, points, alone = _measure(study, plan, table, fits, paths)
    rows = points + [row | {"kind": row["metric"]} for row in metrics]
    frame = pd.DataFrame(rows).reindex(columns=list(POINT_COLUMNS)).astype({"repeats": "Int64"})
    notes = [
        f"{fits.predictor}, fitted to {plan.train_size} networks; {plan.validation_size} others for validation; test: "
        "all the rest. Points: the first repeat; metrics: mean of all repeats with its interval.",
        *_alone(alone, plan.repeats),
    ]
    return frame, describe(experiment, study_name, study, table, {"the predictor": plan.repeats}, notes)


def _alone(alone: int, repeats: int) -> list[str]:
    return [f"In {alone} of {repeats} repeats one stage had to do."] if alone else []


def run_table_metrics(
    study_name: str, study: Study, tables: Mapping[str, BenchmarkTable], scores: Iterable[Path]
) -> tuple[pd.DataFrame, ProtocolRecord]:
    """MSE, Kendall tau and R2 of the predictors of fig9 on every set, then what the replication reports of such sets.

    Args:
        study_name: the study.
        study: recipes, sizes, seeds.
        tables: benchmark name -> table: the study's own and, if it has recurrent cells, theirs.
        scores: files of scores of the predictors.
    """
    for name, table in tables.items():
        study.check_rows(name, len(table))
    rows: list[dict[str, object]] = []
    notes = other_benchmarks(study, tables)
    most = 0
    for fits, paths in group_fits(scores).items():
        plan = study.fig9 if fits.benchmark == study.benchmark else study.recurrent.fig9
        metrics, _, alone = _measure(study, plan, tables[fits.benchmark], fits, paths)
        rows += metrics
        notes += [f"{fits.predictor}: {note}" for note in _alone(alone, plan.repeats)]
        most = max(most, plan.repeats)
    frame = pd.DataFrame([*rows, *published.METRICS], columns=list(TABLE_COLUMNS)).astype({"repeats": "Int64"})
    repeats = {"each measured row, at most": most}
    return frame, describe("table-metrics", study_name, study, tables[study.benchmark], repeats, notes)


def as_markdown(frame: pd.DataFrame) -> str:
    """The table for readers: one line a source, benchmark, predictor and set."""
    heads = {"mse": "MSE", "kendall_tau": "Kendall tau", "r2": "R2"}
    columns = ("benchmark", "predictor", "set", "source", "networks", "repeats", *heads.values())
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    keys = ["benchmark", "predictor", "set", "source"]
    together = pd.concat([rows for _, rows in frame.groupby("benchmark", sort=False)])
    for _, group in together.groupby(keys, sort=False):
        first = group.iloc[0]
        counts = [f"{first['networks']:,}", "1" if pd.isna(first["repeats"]) else str(first["repeats"])]
        rows = {row["metric"]: row for _, row in group.iterrows()}
        cells = [_cell(rows[metric]) for metric in heads]
        lines.append(f"| {' | '.join([*(first[key] for key in keys), *counts, *cells])} |")
    return "\n".join(lines) + (
        f"\n\nMSE {MSE_UNIT}. Brackets: bootstrap interval of the mean over repeats. "
        "Other benchmarks and test sets than one's own do not compare.\n"
    )


def _cell(row: pd.Series) -> str:
    if pd.isna(row["value"]):
        return "too few networks"
    value = f"{row['value']:.3f}"
    return value if pd.isna(row["low"]) else f"{value} [{row['low']:.3f}, {row['high']:.3f}]"
