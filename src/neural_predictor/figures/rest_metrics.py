"""How well a predictor ranks and predicts the rest of the space: what table-tau and figA1-tau compute alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.config.sections import MIN_TEST
from neural_predictor.fits.files import read_fits
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.bootstrap import bootstrap_mean
from neural_predictor.statistics.metrics import predictor_metrics
from neural_predictor.tables.table import metric_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from neural_predictor.config.study import Study
    from neural_predictor.fits.key import FitKey
    from neural_predictor.tables.table import BenchmarkTable

COLUMNS = (
    "predictor",
    "benchmark",
    "train_size",
    "test_set",
    "metric",
    "unit",
    "mean",
    "low",
    "high",
    "repeats",
    "test_size",
)
METRICS = ("kendall_tau", "mse", "r2")


def metric_rows(
    study: Study, table: BenchmarkTable, fits: FitKey, paths: Iterable[Path], repeats: int | None = None
) -> list[dict[str, object]]:
    """Metrics on the rest of the space and, for a cascade, on what its classifier accepts of it.

    Args:
        study: seeds and bootstrap.
        table: the benchmark.
        fits: predictor and N.
        paths: their files of scores.
        repeats: only the first of them.
    """
    metrics: dict[str, list[dict[str, float]]] = {}
    sizes: dict[str, list[int]] = {}
    for fit in read_fits(paths, table, study.seed, repeats):
        seen, rest = fit.draw, fit.draw.rest
        sets = {"rest": rest} if fit.logits is None else {"rest": rest, "accepted": rest & fit.accepted}
        for name, chosen in sets.items():
            if chosen.sum() >= MIN_TEST:
                metrics.setdefault(name, []).append(predictor_metrics(fit.scores[chosen], seen.signal[chosen]))
                sizes.setdefault(name, []).append(int(chosen.sum()))
    scale, unit = metric_of(table.signal).shown  # accuracies are fractions; the paper's errors are of percentages
    square = "squared percentage points" if unit == "%" else f"squared {unit}"
    rows: list[dict[str, object]] = []
    for name, found in metrics.items():
        for metric in METRICS:
            values = np.array([one[metric] for one in found]) * (scale**2 if metric == "mse" else 1)
            seed = seed_of(study.seed, "table-tau", "bootstrap", *fits[:2], fits.size, name, metric)
            mean, low, high = bootstrap_mean(values, study.bootstrap, seed)
            numbers = {"mean": float(mean), "low": float(low), "high": float(high), "repeats": len(values)}
            about = {"test_set": name, "metric": metric, "test_size": round(np.mean(sizes[name]))}
            rows.append(fits._asdict() | about | numbers | {"unit": square if metric == "mse" else ""})
    return rows
