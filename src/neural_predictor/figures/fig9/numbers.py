"""fig9: predicted against observed signal on training, validation and unseen architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.observed import POINT_COLUMNS, alone_notes, measure
from neural_predictor.figures.protocol import describe

if TYPE_CHECKING:
    from neural_predictor.config.sections import Fig9
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord


def run(request: Request[Fig9]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Predictions of the first repeat against the observed signal, and each set's metrics over all repeats.

    Returns:
        Rows of kind `network` (sets training, validation, ten of test: one architecture each), `density` (test: `value`
        in the square of width and height from predicted, observed), `outside` (test: how many lie beyond the
        squares, the worst by one axis or the other), and metrics (kind mse, kendall_tau or r2; value, low, high).
    """
    study, plan, table = request.study, request.section, request.table
    study.check_rows(table.name, len(table))
    (fits,) = request.fits
    metrics, points, alone = measure(study, plan, table, fits, request.scores)
    rows = points + [row | {"kind": row["metric"]} for row in metrics]
    frame = pd.DataFrame(rows).reindex(columns=list(POINT_COLUMNS)).astype({"repeats": "Int64"})
    notes = [
        f"{fits.predictor}, fitted to {plan.train_size} architectures; {plan.validation_size} others for validation; "
        "test: all the rest. Points: the first repeat; metrics: mean of all repeats with its interval.",
        *alone_notes(alone, plan.repeats),
    ]
    return frame, describe(request, {"the predictor": plan.repeats}, notes)
