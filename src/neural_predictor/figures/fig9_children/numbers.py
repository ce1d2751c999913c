"""fig9-<children>: predictors of trained children in cross-validation, and what bounds any of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.children.table import zero_layers
from neural_predictor.errors import FormatError
from neural_predictor.figures.observed import METRICS, POINT_COLUMNS
from neural_predictor.figures.protocol import describe_children
from neural_predictor.figures.published import TEST, TRAINING, VALIDATION
from neural_predictor.fits.files import group_fits, read_fits
from neural_predictor.fits.key import FitKey
from neural_predictor.search.draws import FOLDS
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.bootstrap import estimate, resample
from neural_predictor.statistics.kendall import resampled_taus
from neural_predictor.statistics.metrics import resampled_metrics, resampled_variances
from neural_predictor.statistics.reliability import reliability

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config.sections import ChildSet
    from neural_predictor.config.study import Study
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.statistics.bootstrap import Estimate
    from neural_predictor.tables.table import BenchmarkTable

COLUMNS = (*POINT_COLUMNS, "predictor")
MIN_HELD_OUT = 30
"""Held-out architectures below which metrics are not for quoting."""
CONSTANT_SPREAD = 1e-3
"""Predictions that spread less than this share of the labels' deviation are called equal."""
PERCENT = 100.0
"""Accuracies are fractions and are shown in percent: squares in squared percentage points."""


@dataclass(frozen=True, eq=False)
class _Folds:
    """One predictor's fits: R repeats, each a partition of the n architectures into folds.

    Attributes:
        predicted: (R, FOLDS, n) by each fit.
        rows: set -> (R, FOLDS, k) its architectures in each fit; k may be 0.
    """

    predicted: NDArray[np.float64]
    rows: dict[str, NDArray[np.intp]]

    def groups(self, name: str) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.intp]]]:
        """What the metrics of a set are taken on, one by one: repeat, folds (k,) and architectures (k,).

        Training and validation by fit; the test set by repeat, since a fold alone would be small. Compare ranks only
        within a fold: the higher the labels of a fold, the lower the mean of the others, so pooling biases tau
        downwards.
        """
        repeats, folds, size = self.rows[name].shape
        for repeat in range(repeats):
            if name == TEST:
                yield repeat, np.repeat(np.arange(folds), size), self.rows[name][repeat].ravel()
            elif size:
                for fold in range(folds):
                    yield repeat, np.full(size, fold), self.rows[name][repeat, fold]


def _read(study: Study, table: BenchmarkTable, predictor: str, repeats: int, scores: Sequence[Path]) -> _Folds:
    fits = list(read_fits(scores, table, study.seed, repeats))
    if [(fit.draw.repeat, fit.draw.fold) for fit in fits] != [
        (k, fold) for k in range(repeats) for fold in range(FOLDS)
    ]:
        raise FormatError(
            f"{', '.join(map(str, scores)) or 'no files'}: not the folds of {repeats} repeats of {predictor}; run "
            "fit_predictor again"
        )
    predicted = np.stack([fit.scores for fit in fits]).astype(np.float64)
    rows = {
        name: np.stack([getattr(fit.draw, part) for fit in fits]).reshape(repeats, FOLDS, -1)
        for name, part in ((TRAINING, "train_rows"), (VALIDATION, "validation_rows"), (TEST, "test_rows"))
    }
    return _Folds(predicted.reshape(repeats, FOLDS, -1), rows)


def run(request: Request[ChildSet]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Predictors of a set of children in cross-validation.

    Returns:
        Rows `COLUMNS`, accuracies as fractions. Kind `network` (predicted and observed of the study's first
        predictor in the first repeat: training of its first fold, validation likewise, test of all folds); `mse`,
        `kendall_tau` and `r2` by predictor and set, the mean over repeats; `variance` of the labels, the `mse` of a
        constant; `depth_tau`, the size of the tau of label and number of zero layers; where architectures have two
        trainings, `tau_between_trainings`, `reliability_one`, `reliability_mean`, `sd_between`, `sd_within`. Intervals
        are over architectures. `mse` and `variance` are in squared percentage points, deviations in percentage points.

    Raises:
        FormatError: if a file of scores is damaged, missing, or of other architectures.
    """
    study, plan, table = request.study, request.section, request.table
    name, label = table.name, table.mean(table.signal)
    counts = resample(len(table), study.bootstrap, seed_of(study.seed, "children", name, "bootstrap"))
    files = group_fits(request.scores)
    folds = {
        predictor: _read(study, table, predictor, plan.repeats, files.get(FitKey(predictor, name, None), []))
        for predictor in plan.predictors
    }
    first = folds[plan.predictors[0]]
    rows, notes = list(_points(first, label)), _notes(table, first)
    for predictor, found in folds.items():
        measured = _measure(study, found, label, counts)
        rows += [row | {"predictor": predictor, "repeats": plan.repeats} for row in measured]
        notes += _warnings(predictor, found.predicted, label, measured)
    rows += _bounds(study, table, counts)
    confidence, resamples = study.bootstrap.confidence, study.bootstrap.resamples
    protocol = describe_children(
        request,
        scored=f"the architectures of the fold that the predictor was not fitted to, {FOLDS} folds",
        reported=f"predictions of held-out architectures, points of the first partition by {plan.predictors[0]}",
        repeats={f"random partitions into {FOLDS} folds": plan.repeats},
        interval=f"{confidence:.0%} percentile bootstrap over architectures, {resamples} resamples",
        notes=notes,
    )
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS)).astype({"repeats": "Int64"}), protocol


def _points(folds: _Folds, label: NDArray[np.float64]) -> Iterator[dict[str, object]]:
    for name in (TRAINING, VALIDATION, TEST):
        for _, fold, rows in folds.groups(name):
            for value, observed in zip(folds.predicted[0, fold, rows].tolist(), label[rows].tolist(), strict=True):
                yield {"kind": "network", "set": name, "predicted": value, "observed": observed}
            break  # the first repeat, of training and validation its first fold


def _row(kind: str, found: Estimate, factor: float = 1.0) -> dict[str, object]:
    value, low, high = (factor * part for part in found)
    return {"kind": kind, "value": value, "low": low, "high": high}


def _measure(
    study: Study, folds: _Folds, label: NDArray[np.float64], counts: NDArray[np.float64]
) -> list[dict[str, object]]:
    """Metrics of each set, the mean over its groups, with intervals over architectures."""
    rows: list[dict[str, object]] = []
    for name in (TRAINING, VALIDATION, TEST):
        found = [
            resampled_metrics(folds.predicted[repeat, fold, members], label[members], counts[:, members], fold)
            for repeat, fold, members in folds.groups(name)
        ]
        for metric in METRICS if found else ():
            each = np.stack([one[metric] for one in found])
            # A small validation set may be missing from a resample altogether.
            there = np.isfinite(each).sum(axis=0)
            mean = np.divide(np.nansum(each, axis=0), there, out=np.full(len(there), np.nan), where=there > 0)
            row = _row(metric, estimate(mean, study.bootstrap.confidence), PERCENT**2 if metric == "mse" else 1)
            rows.append(row | {"set": name})
    return rows


def _bounds(study: Study, table: BenchmarkTable, counts: NDArray[np.float64]) -> list[dict[str, object]]:
    """What a predictor is to be judged by: a constant, a count of layers, and how far trainings agree."""
    label, bootstrap = table.mean(table.signal), study.bootstrap
    depth = resampled_taus(label, zero_layers(table).astype(np.float64), counts)
    rows = [
        _row("variance", estimate(resampled_variances(label, counts), bootstrap.confidence), PERCENT**2),
        _row("depth_tau", estimate(depth * (-1 if depth[0] < 0 else 1), bootstrap.confidence)),
    ]
    seed = seed_of(study.seed, "children", table.name, "reliability")
    found = reliability(table.metrics[table.signal], bootstrap, seed)
    if found is not None:
        rows.append(_row("tau_between_trainings", found.tau))
        rows += [_row("reliability_one", found.one), _row("reliability_mean", found.mean)]
        rows += [_row("sd_between", found.sd_between, PERCENT), _row("sd_within", found.sd_within, PERCENT)]
    return rows


def _notes(table: BenchmarkTable, folds: _Folds) -> list[str]:
    """What a reader must know of the architectures and of the cross-validation."""
    about = table.provenance
    training, validation, test = (folds.rows[name].shape[2] for name in (TRAINING, VALIDATION, TEST))
    validates = f", {validation} others validate" if validation else ""
    notes = [
        f"Sampling: {about['sampling']}.",
        f"Each predictor is fitted to {training} architectures{validates}, and {test} are held out; metrics are of all "
        "held-out architectures of a partition, tau of pairs that one fit predicts.",
    ]
    if about["epochs"]:
        notes.append(f"Trained for {' or '.join(map(str, about['epochs']))} epochs.")
    if about["variant"] == "as-replicated":
        notes.append("Architectures with the replication's strides, which end as one pixel.")
    if about["diverged"]:
        lost = len(about["left_out"])
        left_out = f"; architectures left out, which have no other: {lost}" if lost else ""
        notes.append(f"{about['diverged']} of {about['trainings']} trainings diverged{left_out}.")
    if folds.rows[TEST][0].size < MIN_HELD_OUT:
        notes.append(f"Only {folds.rows[TEST][0].size} architectures are held out: these numbers are not for quoting.")
    return notes


def _warnings(
    predictor: str, predicted: NDArray[np.float64], label: NDArray[np.float64], found: Sequence[dict[str, object]]
) -> list[str]:
    """What must be said of a predictor that does not predict."""
    notes = []
    flat = int((predicted.std(axis=2) < CONSTANT_SPREAD * label.std()).sum())
    if flat:
        notes.append(
            f"In {flat} of {predicted[..., 0].size} fits {predictor} predicts one value for all architectures."
        )
    (r2,) = (row for row in found if (row["kind"], row["set"]) == ("r2", TEST))
    low = r2["low"]
    assert isinstance(low, float)  # of an estimate
    if not low > 0:
        notes.append(f"{predictor} is no better than the mean: its R2 on held-out architectures may be 0 or below.")
    return notes
