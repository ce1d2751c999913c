"""figA1-tau: Kendall tau of predictors against the number N of their training architectures, and its seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.protocol import describe, other_benchmarks
from neural_predictor.figures.rest_metrics import COLUMNS, metric_rows
from neural_predictor.fits.files import group_fits, read_seconds

if TYPE_CHECKING:
    from neural_predictor.config.sections import LearningCurves
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord


def run(request: Request[LearningCurves]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Tau on all architectures that a predictor was not fitted to; predictors and N in the section's order.

    Each file of scores stands beside that of the seconds that its job took.

    Raises:
        FormatError: if a file is damaged.
    """
    plan = request.section
    groups = group_fits(request.scores)
    rows: list[dict[str, object]] = []
    seconds: dict[str, dict[int, float]] = {}
    for fits in request.fits:
        found = metric_rows(request.study, request.tables[fits.benchmark], fits, groups[fits], plan.repeats)
        rows += [row for row in found if row["metric"] == "kendall_tau" and row["test_set"] == "rest"]
        if fits.benchmark == plan.benchmarks[0]:
            seconds.setdefault(fits.predictor, {})[fits.size] = read_seconds(groups[fits])
    notes = [
        "Time: fit and scores of one repeat on the first of these tables, start-up of the job not counted, "
        "beside whatever else ran.",
        *other_benchmarks(request),
    ]
    protocol = describe(request, {"each point": plan.repeats}, notes)
    return pd.DataFrame(rows, columns=list(COLUMNS)), protocol.model_copy(update={"seconds": seconds})
