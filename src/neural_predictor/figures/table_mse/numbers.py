"""table-mse: the error of one stage against that of two, as the paper reports it for the cascade."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.config.sections import MIN_TEST
from neural_predictor.figures.protocol import describe
from neural_predictor.figures.published import MSE
from neural_predictor.fits.files import group_fits, read_fits
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.bootstrap import bootstrap_mean
from neural_predictor.tables.table import metric_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neural_predictor.config.sections import Comparison
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.fits.files import RepeatScores

COLUMNS = ("source", "benchmark", "stages", "tested_on", "mse", "low", "high", "repeats", "test_size")
WHOLE, ACCEPTED = "the rest of the space", "what the classifier accepts of it"


def run(request: Request[Comparison]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Mean squared error of the predictor with one stage and with two, fitted to the same N architectures.

    Beside one stage on the whole rest and two on what their classifier accepts of it, which the paper compares,
    stands one stage on that same accepted set: only there do the two meet the same architectures. `mean of the set` is
    the error of a constant that knows the set's own mean: its variance.

    Returns:
        Measured rows with intervals, then those of the paper and of the replication, on NAS-Bench-101.
    """
    study, table, repeats = request.study, request.table, request.section.repeats
    study.check_rows(table.name, len(table))
    groups = {fits.predictor: paths for fits, paths in group_fits(request.scores).items()}
    fits = zip(
        read_fits(groups[study.stages.one], table, study.seed, repeats),
        read_fits(groups[study.stages.two], table, study.seed, repeats),
        strict=True,
    )
    found: dict[tuple[str, str], list[tuple[float, int]]] = {}
    alone = 0
    for one, two in fits:
        alone += two.one_stage
        for key, error, size in _errors(request, one, two):
            found.setdefault(key, []).append((error, size))
    scale = metric_of(table.signal).shown[0] ** 2
    rows: list[dict[str, object]] = []
    for (stages, tested_on), errors in found.items():
        values = np.array([error for error, _ in errors]) * scale
        seed = seed_of(study.seed, "table-mse", "bootstrap", stages, tested_on)
        mse, low, high = map(float, bootstrap_mean(values, study.bootstrap, seed))
        size = round(np.mean([size for _, size in errors]))
        about = {"source": "measured", "benchmark": table.name, "stages": stages, "tested_on": tested_on}
        rows.append(about | {"mse": mse, "low": low, "high": high, "repeats": len(values), "test_size": size})
    notes = [f"In {alone} of {repeats} repeats one stage had to do: left out."] if alone else []
    frame = pd.DataFrame([*rows, *MSE], columns=list(COLUMNS)).astype({"repeats": "Int64", "test_size": "Int64"})
    return frame, describe(request, {"each row, at most": repeats}, notes)


def _errors(
    request: Request[Comparison], one: RepeatScores, two: RepeatScores
) -> Iterator[tuple[tuple[str, str], float, int]]:
    """((stages, tested on), error, size of the set) of one repeat."""
    seen, rest = one.draw, one.draw.rest

    def error(scores: np.ndarray, chosen: np.ndarray) -> float:
        return float(np.mean(np.square(scores[chosen].astype(np.float64) - seen.signal[chosen])))

    accepted = rest & two.accepted
    sets = [(WHOLE, rest, [("one", one.scores)])]
    if not two.one_stage and accepted.sum() >= MIN_TEST:
        sets.append((ACCEPTED, accepted, [("one", one.scores), ("two", two.scores)]))
    for name, chosen, predictors in sets:
        size = int(chosen.sum())
        for stages, scores in predictors:
            yield (stages, name), error(scores, chosen), size
        yield ("mean of the set", name), float(np.var(seen.signal[chosen])), size
