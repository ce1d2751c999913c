"""table-efficiency: samples that each search needs for evolution's test accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.figures.comparison import evolution_of, guided_of
from neural_predictor.figures.curves import random_curves
from neural_predictor.figures.protocol import describe
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.bootstrap import HELD, held_from

if TYPE_CHECKING:
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
    evolution, said = evolution_of(study, table, plan.total)
    sign = 1 if table.maximise else -1
    rows = []
    for curves in [*guided, random_curves(table, study, plan.total), evolution]:
        seed = seed_of(study.seed, "efficiency", "bootstrap", curves.method)
        rows.append(_efficiency(curves, sign * evolution.target, sign * curves.target, study.bootstrap, seed))
    notes += [*said, HELD]
    repeats = {"each predictor": plan.repeats, "each other search": study.searches.repeats}
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"samples": "Int64"})
    frame["level"] *= sign
    return frame, describe(request, repeats, notes)


def _efficiency(
    curves: Curves, evolution: NDArray[np.float64], own: NDArray[np.float64], bootstrap: Bootstrap, seed: int
) -> dict[str, object]:
    budget, first = evolution.shape[1], curves.first

    def samples(level: float, mean: NDArray[np.float64]) -> float:
        return held_from(mean[first - 1 :], level, first) or np.inf

    rng = np.random.default_rng(seed)
    ratios = []
    for _ in range(bootstrap.resamples):
        theirs = float(evolution[rng.integers(len(evolution), size=len(evolution)), -1].mean())
        mean = own[rng.integers(len(own), size=len(own))].mean(axis=0)
        ratios.append(budget / samples(theirs, mean))
    tail = (1 - bootstrap.confidence) / 2
    low, high = np.quantile(ratios, (tail, 1 - tail), method="nearest")
    level = float(evolution[:, -1].mean())
    needed = samples(level, own.mean(axis=0))
    return {
        "method": curves.method,
        "samples": needed if np.isfinite(needed) else np.nan,
        "ratio": budget / needed if np.isfinite(needed) else np.nan,
        "low": low or np.nan,
        "high": high or np.nan,
        "reached": float(np.mean(np.array(ratios) > 0)),
        "level": level,
        "repeats": len(own),
    }
