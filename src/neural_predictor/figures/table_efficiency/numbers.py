"""table-efficiency: samples that each search needs for evolution's test accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.comparison import guided_of
from neural_predictor.figures.curves import search_curves
from neural_predictor.figures.protocol import describe
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.efficiency import REACHED_RULE, efficiency

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neural_predictor.config.sections import Bootstrap, Comparison
    from neural_predictor.figures.curves import Curves
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("method", "samples", "ratio", "low", "high", "reached", "level", "repeats")


def run(request: Request[Comparison]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Samples that each search of fig4 needs for the mean test metric of evolution at its whole budget.

    `ratio` is evolution's budget over those samples (paper: over 20); its interval comes from resampling the repeats of
    both searches. `reached` is the share of resamples in which the search gets there within the budget; in the others
    the ratio counts as below 1, so that `low` is missing where that happens too often.
    """
    study, plan, table = request.study, request.section, request.table
    study.check_rows(table.name, len(table))
    guided, notes = guided_of(study, plan, table, request.scores)
    random, _ = search_curves(table, study, "random", plan.total)
    evolution, said = search_curves(table, study, "evolution", plan.total)
    sign = 1 if table.maximise else -1
    rows = []
    for curves in [*guided, random, evolution]:
        seed = seed_of(study.seed, "efficiency", "bootstrap", curves.method)
        rows.append(_efficiency(curves, sign * evolution.target, sign * curves.target, study.bootstrap, seed))
    notes += [*said, REACHED_RULE]
    repeats = {"each predictor": plan.repeats, "each other search": study.searches.repeats}
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"samples": "Int64"})
    frame["level"] *= sign
    return frame, describe(request, repeats, notes)


def _efficiency(
    curves: Curves, evolution: NDArray[np.float64], own: NDArray[np.float64], bootstrap: Bootstrap, seed: int
) -> dict[str, object]:
    return {
        "method": curves.method,
        **efficiency(own, evolution, curves.first, bootstrap, seed)._asdict(),
        "level": float(evolution[:, -1].mean()),
        "repeats": len(own),
    }
