"""table-tau: Kendall tau, error and R2 on the rest of the space, for every predictor, benchmark and N at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.protocol import describe, other_benchmarks
from neural_predictor.figures.rest_metrics import COLUMNS, metric_rows
from neural_predictor.fits.files import group_fits

if TYPE_CHECKING:
    from neural_predictor.config.sections import TableTau
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord


def run(request: Request[TableTau]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Metrics of each predictor on all architectures that it was not fitted to: see `rest_metrics.metric_rows`."""
    rows: list[dict[str, object]] = []
    for fits, paths in group_fits(request.scores).items():
        rows += metric_rows(request.study, request.tables[fits.benchmark], fits, paths)
    notes = other_benchmarks(request)
    notes.append(
        "test_set accepted: what the cascade's classifier accepts of the rest of the space; test_size: its mean."
    )
    repeats = {"each row (column repeats), at most": max(request.fits.values())}
    return pd.DataFrame(rows, columns=list(COLUMNS)), describe(request, repeats, notes)
