"""fig-tuning: what searches find with hyper-parameters drawn from ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.figures.methods import best_places, spread
from neural_predictor.figures.protocol import describe
from neural_predictor.fits.traces import read_searches

if TYPE_CHECKING:
    from neural_predictor.config.beyond import FigTuning
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("kind", "method", "setting", "value", "low", "high", "repeats")


def run(request: Request[FigTuning]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Rows of two kinds for each search.

    `setting`: place of the best among all architectures, geometric mean over repeats. `summary`: `default`, `median`,
    `worst-tenth` of the drawn settings, and `price`, the last over the default, with intervals over repeats and
    settings; of a search without hyper-parameters the default alone.
    """
    study, plan, table = request.study, request.section, request.table
    study.check_rows(table.name, len(table))
    runs = read_searches(request.traces, table, study.seed, request.searches)
    rows = []
    for name in plan.searches:
        of_one = {key.setting: best_places(table, study, found) for key, found in runs.items() if key.search == name}
        about = {"method": name, "repeats": plan.repeats}
        for setting, places in of_one.items():
            value = np.exp(np.log(places).mean())
            rows.append({"kind": "setting", "setting": str(setting), "value": value, **about})
        summary = spread(np.array(list(of_one.values())), study, name)
        rows += [
            {"kind": "summary", "setting": which, "value": found.value, "low": found.low, "high": found.high, **about}
            for which, found in summary.items()
        ]
    repeats = {"each search with each setting": plan.repeats}
    notes = [f"{plan.total:,} trainings each, {plan.batch} side by side."]
    return pd.DataFrame(rows, columns=list(COLUMNS)), describe(request, repeats, notes)
