"""table-efficiency: samples that each search needs for what evolution ends with, by its signal and by its test."""

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

    from neural_predictor.config.sections import Comparison
    from neural_predictor.config.study import Study
    from neural_predictor.figures.curves import Curves
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

PANELS = ("signal_by_samples", "target_by_samples")
COLUMNS = ("panel", "method", "samples", "ratio", "low", "high", "reached", "level", "repeats")


def run(request: Request[Comparison]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Samples that each search of fig4 needs for what evolution ends with, on average, at its whole budget.

    The level is taken twice: of the search signal of the choice, and of its reported metric. `ratio` is evolution's
    budget over those samples (paper: over 20); its interval comes from resampling the repeats of both searches.
    `reached` is the share of resamples in which the search gets there within the budget; in the others the ratio counts
    as below 1, so that `low` is missing where that happens too often.
    """
    study, plan, table = request.study, request.section, request.table
    study.check_rows(table.name, len(table))
    guided, notes = guided_of(study, plan, table, request.scores)
    random, _ = search_curves(table, study, "random", plan.total)
    evolution, said = search_curves(table, study, "evolution", plan.total)
    sign = 1 if table.maximise else -1
    rows = [
        _efficiency(panel, curves, evolution, sign, study)
        for panel in PANELS
        for curves in [*guided, random, evolution]
    ]
    notes += [*said, REACHED_RULE]
    repeats = {"each predictor": plan.repeats, "each other search": study.searches.repeats}
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"samples": "Int64"})
    return frame, describe(request, repeats, notes)


def _efficiency(panel: str, curves: Curves, evolution: Curves, sign: int, study: Study) -> dict[str, object]:
    own, reference = (_values(panel, each) for each in (curves, evolution))
    seed = seed_of(study.seed, "efficiency", "bootstrap", curves.method)
    return {
        "panel": panel,
        "method": curves.method,
        **efficiency(sign * own, sign * reference, curves.first, study.bootstrap, seed)._asdict(),
        "level": float(reference[:, -1].mean()),
        "repeats": len(own),
    }


def _values(panel: str, curves: Curves) -> NDArray[np.float64]:
    return curves.signal if panel == PANELS[0] else curves.target
