"""table-metrics: MSE, Kendall tau and R2 of the predictors of fig9 on every set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures import published
from neural_predictor.figures.observed import alone_notes, measure
from neural_predictor.figures.protocol import describe, other_benchmarks
from neural_predictor.fits.files import group_fits

if TYPE_CHECKING:
    from neural_predictor.config.sections import Fig9
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("source", "benchmark", "predictor", "set", "networks", "metric", "value", "low", "high", "repeats")


def run(request: Request[Fig9]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """MSE, Kendall tau and R2 on every set, of all sections like fig9, then what the replication reports of such sets.

    Returns:
        Rows `COLUMNS`: those that were measured with intervals, then the published ones.
    """
    study, tables = request.study, request.tables
    for name, table in tables.items():
        study.check_rows(name, len(table))
    plans = {study.benchmark_of(section): section for section in study.of_kind(request.section)}
    rows: list[dict[str, object]] = []
    notes = other_benchmarks(request)
    most = 0
    for fits, paths in group_fits(request.scores).items():
        plan = plans[fits.benchmark]
        metrics, _, alone = measure(study, plan, tables[fits.benchmark], fits, paths)
        rows += metrics
        notes += [f"{fits.predictor}: {note}" for note in alone_notes(alone, plan.repeats)]
        most = max(most, plan.repeats)
    frame = pd.DataFrame([*rows, *published.METRICS], columns=list(COLUMNS)).astype({"repeats": "Int64"})
    return frame, describe(request, {"each measured row, at most": most}, notes)
