"""fig-sharing: scores by shared weights against stand-alone trainings of the same architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from neural_predictor.children.table import zero_layers
from neural_predictor.figures.protocol import describe_children
from neural_predictor.figures.shared_scores import by_method, every_zeros_of, in_rows_of, read_all, zeros_of
from neural_predictor.seeds import seed_of
from neural_predictor.sharing.registry import METHODS
from neural_predictor.statistics.bootstrap import estimate, over_searches, resample
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

    Floats = NDArray[np.float64]
    Row = dict[str, object]

COLUMNS = ("kind", "method", "search", "status", "architecture", "score", "observed", "value", "low", "high")
TOP = 0.1
"""The best by their labels of whom recall says how many are among as many best by scores."""


def run(request: Request[Sharing]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Each method's own scores of a set of children, with Kendall tau and recall of the best tenth.

    Returns:
        Rows `COLUMNS`, accuracies as fractions. Kind `network`: score and label of an architecture by method and
        search, counted from 0; `kendall_tau` and `recall` by method, of its own scores, and `accuracy_tau`, of
        accuracies with shared weights, means over searches; `tau_of_one` and `zero_layers` of the choice by search;
        `depth_tau` and `depth_recall`, those of a count of zero layers; where architectures have two trainings,
        `tau_between_trainings` and `reliability_mean`. Intervals are over architectures, and over searches where there
        are several. A method all of whose searches diverged has one row, of kind `kendall_tau`, with its status alone.

    Raises:
        FormatError: if a file is damaged or missing, or is of other architectures or of another method.
    """
    study, table = request.study, request.table
    label = table.mean(table.signal)
    counts = resample(len(table), study.bootstrap, seed_of(study.seed, "sharing", table.name, "bootstrap"))
    found, seed = by_method(read_all(request)), seed_of(study.seed, "sharing", table.name, "searches")
    rows: list[Row] = []
    for method, searches in found.items():
        rows += _of_method(method, searches, _Labels(table, label, counts, seed, study.bootstrap.confidence))
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
        repeats={"each method's search": request.section.seeds},
        interval=f"{study.bootstrap.confidence:.0%} percentile bootstrap over "
        f"{'architectures' if request.section.seeds == 1 else 'architectures and searches'}, "
        f"{study.bootstrap.resamples} resamples",
        notes=_notes(request, found),
    )
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS)), protocol


class _Labels(NamedTuple):
    """What scores are held against: a table, its labels (n,), and resamples (b, n) of its architectures."""

    table: BenchmarkTable
    label: Floats
    counts: Floats
    seed: int
    confidence: float

    def numbers(self, shared: Shared) -> dict[str, Floats]:
        """Kind -> (b,) numbers of a search."""
        scores, accuracies = in_rows_of(self.table, shared)
        return {
            "kendall_tau": resampled_taus(scores, self.label, self.counts),
            "accuracy_tau": resampled_taus(accuracies, self.label, self.counts),
            "recall": _recalls(self.label, scores, self.counts),
        }


def _of_method(method: str, searches: list[Shared], labels: _Labels) -> list[Row]:
    about: Row = {"method": method, "status": "ok"}
    rows: list[Row] = []
    found: list[dict[str, Floats]] = []
    for number, shared in enumerate(searches):
        if shared.status != "ok":
            continue
        own = about | {"search": number}
        scores = in_rows_of(labels.table, shared)[0].tolist()
        for name, score, observed in zip(labels.table.architecture, scores, labels.label.tolist(), strict=True):
            rows.append(own | {"kind": "network", "architecture": name, "score": score, "observed": observed})
        found.append(labels.numbers(shared))
        rows.append(own | _row("tau_of_one", estimate(found[-1]["kendall_tau"], labels.confidence)))
        rows.append(own | {"kind": "zero_layers", "value": zeros_of(shared)})
    if not found:
        return [about | {"kind": "kendall_tau", "status": searches[0].status}]
    for kind in found[0]:
        values = over_searches(np.stack([each[kind] for each in found]), labels.seed)
        rows.append(about | _row(kind, estimate(values, labels.confidence)))
    return rows


def _row(kind: str, found: Estimate) -> Row:
    return {"kind": kind, "value": found.value, "low": found.low, "high": found.high}


def _recalls(label: Floats, scores: Floats, counts: Floats) -> Floats:
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


def _notes(request: Request[Sharing], found: dict[str, list[Shared]]) -> list[str]:
    table = request.table
    notes = [f"Sampling: {table.provenance['sampling']}."]
    for method, searches in found.items():
        source = METHODS[request.section.methods[method].kind].source
        ended = [shared for shared in searches if shared.status == "ok"]
        for shared in searches:
            if shared.status != "ok":
                notes.append(f"{shared.method} ({source}) diverged in epoch {len(shared.history)}.")
        if ended:
            reached = ", ".join(f"{shared.history[-1, 1]:.0%}" for shared in ended)
            notes.append(
                f"{method} ({source}): {len(ended[0].history)} epochs; accuracy along its paths in the last {reached}; "
                f"zero layers of its choice: {every_zeros_of(ended)}."
            )
    return notes
