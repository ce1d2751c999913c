"""figA1-tau: Kendall tau of predictors against the number N of their training networks, and its seconds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.errors import FormatError
from neural_predictor.experiments.fits import group_fits
from neural_predictor.experiments.protocol import describe, other_benchmarks
from neural_predictor.experiments.table_tau import COLUMNS, metric_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from neural_predictor.experiments.results import Protocol
    from neural_predictor.studies import Study
    from neural_predictor.tables.table import BenchmarkTable


def run_learning(
    study_name: str, study: Study, tables: Mapping[str, BenchmarkTable], inputs: Sequence[Path]
) -> tuple[pd.DataFrame, Protocol]:
    """Tau on all architectures that a predictor was not fitted to; predictors and N in the study's order.

    Args:
        study_name: the study.
        study: its seeds and bootstrap.
        tables: benchmark name -> table.
        inputs: files of scores, each beside the file of the seconds that its job took.

    Raises:
        FormatError: if a file is damaged.
    """
    plan = study.learning_curves
    groups = group_fits(path for path in inputs if path.name.endswith(".scores.npz"))
    rows: list[dict[str, object]] = []
    seconds: dict[str, dict[int, float]] = {}
    for fits in study.fits_of("figA1-tau"):
        found = metric_rows(study, tables[fits.benchmark], fits, groups[fits], plan.repeats)
        rows += [row for row in found if row["metric"] == "kendall_tau" and row["test_set"] == "rest"]
        if fits.benchmark == plan.benchmarks[0]:
            seconds.setdefault(fits.predictor, {})[fits.train_size] = _seconds(groups[fits])
    own = tables[plan.benchmarks[0]]
    notes = [
        "Time: fit and scores of one repeat on the first of these tables, start-up of the job not counted, "
        "beside whatever else ran.",
        *(note for note in other_benchmarks(study, tables)),
    ]
    protocol = describe("figA1-tau", study_name, study, own, {"each point": plan.repeats}, notes)
    return pd.DataFrame(rows, columns=list(COLUMNS)), protocol.model_copy(update={"seconds": seconds})


def _seconds(scores: Sequence[Path]) -> float:
    """Mean of one repeat, from the files beside those of the scores."""
    total, repeats = 0.0, 0
    for path in scores:
        times = path.with_name(path.name.replace(".scores.npz", ".seconds.json"))
        try:
            taken = json.loads(times.read_text(encoding="utf-8"))
            total, repeats = total + float(taken["seconds"]), repeats + int(taken["repeats"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FormatError(f"{times}: not the seconds of a fit ({error!r}); run fit_predictor again") from error
    return round(total / repeats, 3)
