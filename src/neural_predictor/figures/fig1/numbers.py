"""Fig. 1 of the paper: how the predictor is built and applied, with the numbers of one real search, repeat 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.first_search import TAIL, describe_search, first_search, histograms
from neural_predictor.tables.benchmarks import space_of

if TYPE_CHECKING:
    from neural_predictor.config.sections import Comparison
    from neural_predictor.figures.first_search import Rows
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("kind", "place", "architecture", "predicted", "signal", "target", "low", "high", "count")


def run(request: Request[Comparison]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """How the predictor is built and applied, in repeat 0 of the predictor with one stage.

    Returns:
        Rows of kind `training` (the N architectures: place, architecture, signal), `candidate` (the K that are trained
        then, best prediction first: place, architecture, predicted, signal, target), `choice` (the best signal of
        all, place among all N + K), `scored` (count: architectures outside the training set), and `space` and `best`
        (count of all predictions, and of the K, in [low, high)). Architectures are text that the space parses.
    """
    predictor, table = request.study.stages.one, request.table
    search = first_search(request, predictor)
    space, target, signal, predicted = space_of(table), table.mean(table.target), search.seen.signal, search.fit.scores

    def about(kind: str, place: int, row: int) -> dict[str, object]:
        found = {"kind": kind, "place": place, "architecture": space.format(table.encoding[row])}
        return found | {"predicted": float(predicted[row]), "signal": signal[row], "target": target[row]}

    rows: Rows = []
    for place, row in enumerate(search.seen.train_rows):
        rows.append({"kind": "training", "place": place + 1, "signal": signal[row]})
        rows[-1]["architecture"] = space.format(table.encoding[row])
    rows += [about("candidate", place + 1, row) for place, row in enumerate(search.candidates)]
    rows += [about("choice", search.place + 1, search.choice), {"kind": "scored", "count": len(search.rest)}]
    rows += histograms("space", predicted[search.rest], predicted[search.candidates], maximise=table.maximise)
    frame = pd.DataFrame(rows).reindex(columns=list(COLUMNS)).astype({"place": "Int64", "count": "Int64"})
    notes = [f"Histogram: without the worst {TAIL:.0%} of the predictions. The choice is one of the {search.role}."]
    return frame, describe_search(request, predictor, notes)
