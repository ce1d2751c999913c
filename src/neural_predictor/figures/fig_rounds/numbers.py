"""fig-rounds: trainings and questions that searches need for the level of a long random search, by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.figures.methods import level_of, reach
from neural_predictor.figures.protocol import describe
from neural_predictor.fits.traces import read_searches
from neural_predictor.statistics.efficiency import REACHED_RULE

if TYPE_CHECKING:
    from neural_predictor.config.beyond import FigRounds
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = (
    *("method", "batch", "samples", "low", "high", "reached", "questions"),
    *("level", "level_samples", "budget", "repeats"),
)


def run(request: Request[FigRounds]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """One row a search and batch: samples until the mean signal of its choice holds the level, and questions by then.

    `questions` is the mean over repeats; `samples` and `questions` are missing where the level is not held in `budget`.
    """
    study, plan, table = request.study, request.section, request.table
    study.check_rows(table.name, len(table))
    level = level_of(table, study, plan.level_trainings)
    about = {"level": level.mean(), "level_samples": plan.level_trainings, "budget": plan.total}
    rows = []
    for key, runs in read_searches(request.traces, table, study.seed, request.searches).items():
        found = reach(table, study, runs, level)
        asked = np.nan if np.isnan(found.samples) else runs.questions[:, int(found.samples) - 1].mean() + 1
        numbers = {**found._asdict(), "questions": asked, "repeats": len(runs.rows)}
        rows.append({"method": key.search, "batch": key.batch, **numbers, **about})
    repeats = {"each search": plan.repeats, "random search for the level": study.searches.repeats}
    return pd.DataFrame(rows, columns=list(COLUMNS)), describe(request, repeats, [REACHED_RULE])
