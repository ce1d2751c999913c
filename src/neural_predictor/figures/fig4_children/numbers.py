"""fig4-<children>: the K architectures that a predictor chose, trained, against as many random ones of the sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.children.plan import ENSEMBLE
from neural_predictor.children.table import in_order_of_training
from neural_predictor.figures.protocol import describe_children
from neural_predictor.seeds import seed_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.config.sections import ChildSet
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.tables.table import BenchmarkTable

COLUMNS = ("panel", "method", "x", "mean", "low", "high")
ORDERS = 1000
"""Random searches through the sample."""


def run(request: Request[ChildSet]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """The K architectures that a predictor chose, against as many random ones of the sample.

    Returns:
        Rows `COLUMNS`, accuracies as fractions. Panels `validation_by_networks` and `test_by_networks`: at x trained
        architectures, validation and test of the one with the best validation, each the mean over its trainings; of
        `chosen`, in the order of the predictions, one search (low and high are its mean); of `random`, mean and
        interval over `ORDERS` random orders. Panel `network`: x is the validation, mean the test of every
        architecture.
    """
    study, plan = request.study, request.section
    sample, chosen = request.tables.values()
    found, pool = _accuracies(chosen), _accuracies(sample)
    rng = np.random.default_rng(seed_of(study.seed, "children", sample.name, "orders"))
    orders = rng.permuted(np.tile(np.arange(len(pool)), (ORDERS, 1)), axis=1)[:, : len(found)]
    chosen_curves = _best_so_far(found, np.arange(len(found))[None])
    random_curves = _best_so_far(pool, orders)
    rows = _search_rows(found, pool, chosen_curves, random_curves, (1 - study.bootstrap.confidence) / 2)
    protocol = describe_children(
        request,
        scored=f"{plan.candidates:,} architectures that were sampled likewise, less those of the sample",
        reported="test accuracy of the architecture with the best validation accuracy among those trained so far",
        repeats={"the predictor's search": 1, "random search": ORDERS},
        interval=f"{study.bootstrap.confidence:.0%} of random orders of the sample",
        notes=_notes(plan, sample, found, chosen_curves[1][0], random_curves[1]),
    )
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS)), protocol


def _search_rows(
    found: pd.DataFrame,
    pool: pd.DataFrame,
    chosen: tuple[NDArray[np.float64], NDArray[np.float64]],
    random: tuple[NDArray[np.float64], NDArray[np.float64]],
    tail: float,
) -> list[dict[str, object]]:
    """All panels of `run`: both curves of the choice and of random orders, and every architecture."""
    rows: list[dict[str, object]] = []
    for panel, one, many in zip(("validation_by_networks", "test_by_networks"), chosen, random, strict=True):
        rows += _curve(panel, "chosen", one[0], one[0], one[0])
        rows += _curve(panel, "random", *_band(many, tail))
    for method, networks in (("chosen", found), ("random", pool)):
        for validation, test in networks[["validation", "test"]].dropna(subset="validation").to_numpy().tolist():
            rows.append({"panel": "network", "method": method, "x": validation, "mean": test})
    return rows


def _accuracies(table: BenchmarkTable) -> pd.DataFrame:
    """Mean validation and test of every architecture, in the order of training; NaN where all trainings diverged."""
    test = table.mean(table.target) if table.target != table.signal else np.full(len(table), np.nan)
    columns = {"validation": table.mean(table.signal), "test": test}
    return pd.DataFrame({name: in_order_of_training(table, values) for name, values in columns.items()})


def _best_so_far(networks: pd.DataFrame, orders: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Validation and test (b, K) of the best by validation among the first k of each of b orders (b, K).

    An architecture whose trainings diverged is never the best; before any other, both are NaN.
    """
    validation, test = (networks[name].to_numpy(np.float64)[orders] for name in ("validation", "test"))
    known = np.where(np.isnan(validation), -np.inf, validation)
    best = np.maximum.accumulate(known, axis=1)
    before = np.pad(best[:, :-1], ((0, 0), (1, 0)), constant_values=-np.inf)
    places = np.maximum.accumulate(np.where(known > before, np.arange(known.shape[1]), 0), axis=1)
    return tuple(np.take_along_axis(values, places, axis=1) for values in (validation, test))  # type: ignore[return-value]


def _band(curves: NDArray[np.float64], tail: float) -> tuple[NDArray[np.float64], ...]:
    """Mean and quantiles (K,) over orders (b, K) of those that have a value; NaN where none has."""
    parts = np.full((3, curves.shape[1]), np.nan)
    there = np.isfinite(curves).any(axis=0)
    parts[0, there] = np.nanmean(curves[:, there], axis=0)
    parts[1:, there] = np.nanquantile(curves[:, there], (tail, 1 - tail), axis=0)
    return tuple(parts)


def _curve(
    panel: str, method: str, mean: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> list[dict[str, object]]:
    about = {"panel": panel, "method": method}
    return [
        about | {"x": k, "mean": float(mean[k - 1]), "low": float(low[k - 1]), "high": float(high[k - 1])}
        for k in range(1, len(mean) + 1)
        if np.isfinite(mean[k - 1])
    ]


def _notes(
    plan: ChildSet,
    sample: BenchmarkTable,
    found: pd.DataFrame,
    chosen: NDArray[np.float64],
    random: NDArray[np.float64],
) -> list[str]:
    notes = [
        f"{plan.predictors[0]}, fitted to the sample, whose trainings are not counted here, chose the best "
        f"{len(found)} of {plan.candidates:,} candidates by the mean of {ENSEMBLE} fits: one search, so without a "
        "band. Random search draws from the sample.",
        f"Sampling: {sample.provenance['sampling']}.",
    ]
    last = random[:, -1]
    if np.isfinite(chosen[-1]) and np.isfinite(last).any():
        below = np.mean(last < chosen[-1]) + np.mean(last == chosen[-1]) / 2
        notes.append(
            f"After {len(found)} architectures the predictor's choice has the higher test accuracy in {below:.0%} of "
            "the random orders."
        )
    failed = int(found["validation"].isna().sum()) + len(sample.provenance["left_out"])
    if failed:
        notes.append(f"Architectures all of whose trainings diverged count as trained and are never chosen: {failed}.")
    return notes
