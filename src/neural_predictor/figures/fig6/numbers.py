"""Fig. 6 of the paper: the N architectures of a cascade, and what its classifier accepts and rejects of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.figures.protocol import describe
from neural_predictor.fits.files import read_fits
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.bootstrap import bootstrap_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.config.sections import Comparison
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.fits.files import RepeatScores
    from neural_predictor.predictors.cascade import CascadeRecipe

COLUMNS = ("kind", "name", "low", "high", "value", "repeats")
METRICS = ("precision", "recall", "base rate", "accepted")
TRAINING_BINS, SPACE_BINS = 25, 80
TAIL = 0.005
"""Share of the worst architectures that the histogram over the space leaves out, for its accurate end to be seen."""


def run(request: Request[Comparison]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Histograms of the first repeat with two stages, and the classifier's metrics over all of these.

    Metrics are taken on the space less the training set: `precision`, the share of the accepted that are accurate;
    `recall`, the share of the accurate that are accepted; `base rate`, the share that is accurate; `accepted`, the
    share that is accepted.

    Returns:
        Rows of kind `bin` (name training, accepted or rejected; `value` architectures with a signal in [low, high)),
        `bound` (value: the signal that makes an architecture accurate) and `metric` (value, its interval, repeats).
    """
    study, plan, table = request.study, request.section, request.table
    study.check_rows(table.name, len(table))
    recipe = study.two_stage
    rows: list[dict[str, object]] = []
    found: list[list[float]] = []
    alone = 0
    for fit in read_fits(request.scores, table, request.study.seed, plan.repeats):
        if fit.one_stage:
            alone += 1
            continue
        metrics, bins = _classified(request, recipe, fit, with_bins=not found)
        found.append(metrics)
        rows += bins
    notes = ["Histograms: the first repeat; metrics: all repeats, over the space less the training set."]
    if alone:
        notes.append(f"{alone} of {alone + len(found)} repeats allowed no classifier and are left out.")
    if found:
        seed = seed_of(study.seed, "fig6", "bootstrap")
        ends = zip(METRICS, *bootstrap_mean(np.array(found), study.bootstrap, seed), strict=True)
        for name, mean, low, high in ends:
            rows.append(
                {"kind": "metric", "name": name, "value": mean, "low": low, "high": high, "repeats": len(found)}
            )
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"repeats": "Int64"})
    return frame, describe(request, {"the cascade": plan.repeats}, notes)


def _classified(
    request: Request[Comparison], recipe: CascadeRecipe, fit: RepeatScores, *, with_bins: bool
) -> tuple[list[float], list[dict[str, object]]]:
    """Metrics of one classifier, in the order of `METRICS`, and the rows of its histograms."""
    table = request.table
    seen = fit.draw
    training = seen.signal[seen.train_rows]
    bound = float(recipe.bounds(training[None], maximise=table.maximise)[0, 0])
    signal, accepted = seen.signal[seen.rest], fit.accepted[seen.rest]
    accurate = recipe.accurate(signal, bound, maximise=table.maximise)
    both = float((accepted & accurate).sum())
    metrics = [both / max(accepted.sum(), 1), both / max(accurate.sum(), 1), accurate.mean(), accepted.mean()]
    rows: list[dict[str, object]] = []
    if with_bins:
        rows.append({"kind": "bound", "name": "accurate", "value": bound})
        ends = (TAIL, 1) if table.maximise else (0, 1 - TAIL)
        low, high = np.quantile(signal, ends).tolist()
        edges = np.linspace(low, high, SPACE_BINS + 1)
        rows += _bins("training", training, np.histogram_bin_edges(training, TRAINING_BINS))
        rows += _bins("accepted", signal[accepted], edges) + _bins("rejected", signal[~accepted], edges)
    return metrics, rows


def _bins(name: str, values: NDArray[np.floating], edges: NDArray[np.floating]) -> list[dict[str, object]]:
    counts = np.histogram(values, edges)[0].tolist()
    ends = zip(edges[:-1].tolist(), edges[1:].tolist(), counts, strict=True)
    return [{"kind": "bin", "name": name, "low": low, "high": high, "value": count} for low, high, count in ends]
