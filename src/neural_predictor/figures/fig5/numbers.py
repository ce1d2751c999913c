"""Fig. 5 of the paper: the cascade of classifier and regressor, with the numbers of one real search, repeat 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.first_search import TAIL, describe_search, first_search, histograms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neural_predictor.config.sections import Comparison
    from neural_predictor.figures.first_search import FirstSearch, Rows
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("kind", "name", "low", "high", "count", "value")


def run(request: Request[Comparison]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """How many architectures pass each part of the cascade in repeat 0, and how well its classifier tells them apart.

    Returns:
        Rows of kind `count` (name `stages`: 1 or 2; `training`: N; `accurate` of these; `needed`: how many of these
        two stages take; `scored`: architectures outside the training set; `candidates`: K), `rule` (name `threshold` or
        `quantile`, value), `bound` (value: the signal that an accurate architecture must be better than), and `ranked`
        and `best` (count of the regressor's predictions, and of the K among them, in [low, high)). Ranked are the
        accepted ones, with one stage all scored ones. With two stages also the counts `accepted` and `rejected` of
        the scored ones and `passed` (accepted ones of the K), and `metric` (name `precision`, value: share of the
        accepted that is accurate; `base rate`: share of the scored).
    """
    study, table = request.study, request.table
    predictor, recipe = study.stages.two, study.two_stage
    search = first_search(request, predictor)
    fit, rest = search.fit, search.rest
    bound = float(recipe.bounds(search.seen.signal[search.seen.train_rows][None], maximise=table.maximise)[0, 0])
    accurate = recipe.accurate(search.seen.signal, bound, maximise=table.maximise)
    rule = ("quantile", recipe.quantile) if recipe.threshold is None else ("threshold", recipe.threshold)
    rows: Rows = [{"kind": "count", "name": "needed", "count": recipe.min_accepted}]
    rows += [{"kind": "rule", "name": rule[0], "value": rule[1]}, {"kind": "bound", "value": bound}]
    rows += _passing(search, accurate)
    ranked, best = (part[fit.accepted[part]] for part in (rest, search.candidates))
    rows += histograms("ranked", fit.scores[ranked], fit.scores[best], maximise=table.maximise)
    frame = pd.DataFrame(rows).reindex(columns=list(COLUMNS)).astype({"count": "Int64"})
    notes = [f"Histogram: without the worst {TAIL:.0%} of the predictions."]
    if fit.one_stage:
        notes.append("One stage had to do: too few accurate architectures, or no others.")
    return frame, describe_search(request, predictor, notes)


def _passing(search: FirstSearch, accurate: NDArray[np.bool_]) -> Rows:
    """Rows of counts, and with two stages of metrics; `accurate` (n,) says what the classifier should accept."""
    fit, rest, candidates = search.fit, search.rest, search.candidates
    counts = {"stages": 1 if fit.one_stage else 2, "training": len(search.seen.train_rows)}
    counts |= {"accurate": int(accurate[search.seen.train_rows].sum())}
    counts |= {"scored": len(rest), "candidates": len(candidates)}
    metrics = {}
    if not fit.one_stage:
        accepted = rest[fit.accepted[rest]]
        counts |= {"accepted": len(accepted), "rejected": len(rest) - len(accepted)}
        counts |= {"passed": int(fit.accepted[candidates].sum())}
        if len(accepted):  # where nothing is accepted, there is no precision
            metrics["precision"] = float(accurate[accepted].mean())
        metrics["base rate"] = float(accurate[rest].mean())
    rows: Rows = [{"kind": "count", "name": name, "count": count} for name, count in counts.items()]
    return rows + [{"kind": "metric", "name": name, "value": value} for name, value in metrics.items()]
