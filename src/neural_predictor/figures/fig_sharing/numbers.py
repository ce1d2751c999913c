"""fig-sharing: scores by shared weights against stand-alone trainings of the same architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.children.table import zero_layers
from neural_predictor.figures.protocol import describe_children
from neural_predictor.figures.shared_scores import in_rows_of, read_all, zeros_of
from neural_predictor.seeds import seed_of
from neural_predictor.sharing.registry import METHODS
from neural_predictor.statistics.bootstrap import estimate, resample
from neural_predictor.statistics.kendall import resampled_taus
from neural_predictor.statistics.reliability import reliability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.config.sharing_recipes import Sharing
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.sharing.files import Shared
    from neural_predictor.statistics.bootstrap import Estimate
    from neural_predictor.tables.table import BenchmarkTable

COLUMNS = ("kind", "method", "status", "architecture", "score", "observed", "value", "low", "high")
TOP = 0.1
"""The best by their labels of whom recall says how many are among as many best by scores."""


def run(request: Request[Sharing]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Each method's own scores of a set of children, with Kendall tau and recall of the best tenth.

    Returns:
        Rows `COLUMNS`, accuracies as fractions. Kind `network`: score and label of an architecture by method;
        `kendall_tau` and `recall` by method, of its own scores, and `accuracy_tau`, of accuracies with shared weights;
        `zero_layers` of its choice; `depth_tau` and `depth_recall`, those of a count of zero layers; where
        architectures have two trainings, `tau_between_trainings` and `reliability_mean`. Intervals are over
        architectures. A method that diverged has one row, of kind `kendall_tau`, with its status alone.

    Raises:
        FormatError: if a file is damaged or missing, or is of other architectures or of another method.
    """
    study, table = request.study, request.table
    label = table.mean(table.signal)
    counts = resample(len(table), study.bootstrap, seed_of(study.seed, "sharing", table.name, "bootstrap"))
    found = read_all(request)
    rows: list[dict[str, object]] = []
    for shared in found:
        rows += _of_method(shared, table, label, counts, study.bootstrap.confidence)
    depth = zero_layers(table).astype(np.float64)
    rows += [
        _row("depth_tau", estimate(resampled_taus(label, depth, counts), study.bootstrap.confidence)),
        _row("depth_recall", estimate(_recalls(label, depth, counts), study.bootstrap.confidence)),
    ]
    agreed = reliability(
        table.metrics[table.signal], study.bootstrap, seed_of(study.seed, "children", table.name, "reliability")
    )
    if agreed is not None:
        rows += [_row("tau_between_trainings", agreed.tau), _row("reliability_mean", agreed.mean)]
    protocol = describe_children(
        request,
        scored="all architectures, which no method has seen trained alone",
        reported="the score by which the method itself ranks architectures, by validation images alone",
        repeats={"each method's search": 1},
        interval=f"{study.bootstrap.confidence:.0%} percentile bootstrap over architectures, "
        f"{study.bootstrap.resamples} resamples",
        notes=_notes(request, found),
    )
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS)), protocol


def _of_method(
    shared: Shared,
    table: BenchmarkTable,
    label: NDArray[np.float64],
    counts: NDArray[np.float64],
    confidence: float,
) -> list[dict[str, object]]:
    about: dict[str, object] = {"method": shared.method, "status": shared.status}
    if shared.status != "ok":
        return [about | {"kind": "kendall_tau"}]
    scores, accuracies = in_rows_of(table, shared)
    rows: list[dict[str, object]] = [
        about | {"kind": "network", "architecture": name, "score": score, "observed": observed}
        for name, score, observed in zip(table.architecture, scores.tolist(), label.tolist(), strict=True)
    ]
    for kind, values in (
        ("kendall_tau", resampled_taus(scores, label, counts)),
        ("accuracy_tau", resampled_taus(accuracies, label, counts)),
        ("recall", _recalls(label, scores, counts)),
    ):
        rows.append(about | _row(kind, estimate(values, confidence)))
    return [*rows, about | {"kind": "zero_layers", "value": zeros_of(shared)}]


def _row(kind: str, found: Estimate) -> dict[str, object]:
    return {"kind": kind, "value": found.value, "low": found.low, "high": found.high}


def _recalls(
    label: NDArray[np.float64], scores: NDArray[np.float64], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(b,) share of the best tenth by label that is among as many best by score, in each resample (b, n).

    Copies of one architecture count as often as they are drawn; among equal scores the earlier one counts first.
    """
    found = []
    for row in counts.astype(np.intp):
        members = np.repeat(np.arange(len(row)), row)
        most = max(1, round(TOP * len(members)))
        best, picked = (
            np.bincount(members[np.argsort(-values[members], kind="stable")[:most]], minlength=len(row))
            for values in (label, scores)
        )
        found.append(np.minimum(best, picked).sum() / most)
    return np.array(found)


def _notes(request: Request[Sharing], found: list[Shared]) -> list[str]:
    table = request.table
    notes = [f"Sampling: {table.provenance['sampling']}."]
    for shared in found:
        recipe = request.section.methods[shared.method]
        source = METHODS[recipe.kind].source
        if shared.status != "ok":
            notes.append(f"{shared.method} ({source}) diverged in epoch {len(shared.history)}.")
            continue
        notes.append(
            f"{shared.method} ({source}): {len(shared.history)} epochs; accuracy along its paths in the last "
            f"{shared.history[-1, 1]:.0%}; its choice has {zeros_of(shared)} zero layers."
        )
    return notes
