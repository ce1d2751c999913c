"""figA1-tau: Kendall tau of predictors against the number N of their training networks, and its seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from neural_predictor.errors import FormatError
from neural_predictor.figures.protocol import describe, other_benchmarks
from neural_predictor.figures.rest_metrics import COLUMNS, metric_rows
from neural_predictor.fits.files import group_fits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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
            seconds.setdefault(fits.predictor, {})[fits.train_size] = _seconds(groups[fits])
    notes = [
        "Time: fit and scores of one repeat on the first of these tables, start-up of the job not counted, "
        "beside whatever else ran.",
        *other_benchmarks(request),
    ]
    protocol = describe(request, {"each point": plan.repeats}, notes)
    return pd.DataFrame(rows, columns=list(COLUMNS)), protocol.model_copy(update={"seconds": seconds})


class _Taken(BaseModel):
    """What `fitting` writes beside scores."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    seconds: Annotated[float, Field(ge=0)]
    repeats: Annotated[int, Field(ge=1)]


def _seconds(scores: Sequence[Path]) -> float:
    """Mean of one repeat, from the files beside those of the scores."""
    taken = []
    for path in scores:
        times = path.with_name(path.name.replace(".scores.npz", ".seconds.json"))
        try:
            taken.append(_Taken.model_validate_json(times.read_bytes()))
        except (OSError, ValueError) as error:
            raise FormatError(f"{times}: not the seconds of a fit ({error}); run fit_predictor again") from error
    return round(sum(one.seconds for one in taken) / sum(one.repeats for one in taken), 3)
