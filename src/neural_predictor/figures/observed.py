"""Predicted against observed signal on training, validation and unseen architectures, for fig9 and table-metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.config.sections import MIN_TEST
from neural_predictor.figures.published import TEN, TEST, TRAINING, VALIDATION
from neural_predictor.fits.files import read_fits
from neural_predictor.predictors.cascade import CascadeRecipe
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.bootstrap import bootstrap_mean
from neural_predictor.statistics.metrics import predictor_metrics
from neural_predictor.tables.table import metric_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config.sections import Fig9
    from neural_predictor.config.study import Study
    from neural_predictor.fits.files import RepeatScores
    from neural_predictor.fits.key import FitKey
    from neural_predictor.tables.table import BenchmarkTable

    Sets = dict[str, NDArray[np.intp]]

POINT_COLUMNS = ("kind", "set", "predicted", "observed", "width", "height", "value", "low", "high", "repeats")
METRICS = ("mse", "kendall_tau", "r2")
BINS, TAIL = 120, 0.005
"""Squares of the density along each axis; share of architectures at the low end of each axis that it leaves out."""
EVEN = 10


def evenly_spaced(predicted: NDArray[np.floating], count: int = EVEN) -> NDArray[np.intp]:
    """Places of the `count` predictions nearest to evenly spaced values from the lowest to the highest, all different.

    The replication marks and measures ten test architectures so: the worst, the best, and eight between.
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

    Training: the architectures that the predictor was fitted to, of a cascade's regressor the accurate among the N.
    Validation: architectures drawn from the rest; test: all others; of a cascade, what its classifier accepts of them.
    """
    seen = fit.draw
    rest = np.flatnonzero(seen.rest)
    rng = np.random.default_rng(seed_of(study.seed, "validation", fits.benchmark, fits.size, seen.repeat))
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
    """Mean and interval over repeats of each set's metrics; a set that never had `MIN_TEST` architectures has none."""
    scale = metric_of(table.signal).shown[0]
    rows: list[dict[str, object]] = []
    for name in (TRAINING, VALIDATION, TEST, TEN):
        for metric in METRICS:
            values = np.array([one[metric] for one in found.get(name, [])]) * (scale**2 if metric == "mse" else 1)
            row: dict[str, object] = {"source": "measured", "set": name, "metric": metric, "repeats": len(values)}
            row |= {"benchmark": fits.benchmark, "predictor": fits.predictor, "networks": round(np.mean(sizes[name]))}
            if len(values):
                seed = seed_of(study.seed, "fig9", "bootstrap", *fits[:2], fits.size, name, metric)
                mean, low, high = map(float, bootstrap_mean(values, study.bootstrap, seed))
                row |= {"value": mean, "low": low, "high": high}
            rows.append(row)
    return rows


def measure(
    study: Study, plan: Fig9, table: BenchmarkTable, fits: FitKey, paths: Iterable[Path]
) -> tuple[list[dict[str, object]], list[dict[str, object]], int]:
    """Rows of metrics, rows of the first repeat's points, and how many repeats of a cascade had one stage only."""
    found: dict[str, list[dict[str, float]]] = {}
    sizes: dict[str, list[int]] = {}
    points: list[dict[str, object]] = []
    alone = 0
    for fit in read_fits(paths, table, study.seed, plan.repeats):
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


def alone_notes(alone: int, repeats: int) -> list[str]:
    """What must be said of repeats in which a cascade had one stage."""
    return [f"In {alone} of {repeats} repeats one stage had to do."] if alone else []
