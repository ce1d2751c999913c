"""Figs. 1, 2 and 5 of the paper, which explain the method: here with the numbers of one real search, repeat 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.figures.curves import guided_search
from neural_predictor.figures.protocol import describe
from neural_predictor.fits.files import group_fits, read_fits
from neural_predictor.fits.key import FitKey
from neural_predictor.predictors.propagation import propagation_matrices
from neural_predictor.search.traces import best_so_far
from neural_predictor.tables.benchmarks import space_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config.study import Study
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.fits.files import RepeatScores
    from neural_predictor.search.draws import RepeatDraw
    from neural_predictor.tables.table import BenchmarkTable

    Rows = list[dict[str, object]]

FIG1_COLUMNS = ("kind", "place", "architecture", "predicted", "signal", "target", "low", "high", "count")
FIG2_COLUMNS = ("kind", "i", "j", "label", "value")
FIG5_COLUMNS = ("kind", "name", "low", "high", "count", "value")
BINS = 40
TAIL = 0.05
"""Share of the worst predictions that a histogram leaves out, for the others to be told apart."""


@dataclass(frozen=True, eq=False)
class _Search:
    """A predictor's search in repeat 0.

    Attributes:
        fit: the predictor's scores.
        seen: what the search sees.
        trace: (N + K,) rows of the table in the order of their training.
        rest: (n - N,) rows that the predictor was not fitted to.
        place: where in the trace the choice stands, the best signal of all.
    """

    fit: RepeatScores
    seen: RepeatDraw
    trace: NDArray[np.intp]
    rest: NDArray[np.intp]
    place: int

    @property
    def candidates(self) -> NDArray[np.intp]:
        """(K,) rows that are trained because of their predictions, in this order."""
        return self.trace[len(self.seen.train_rows) :]

    @property
    def choice(self) -> int:
        """Row of the choice."""
        return int(self.trace[self.place])

    @property
    def role(self) -> str:
        """What the choice was to the search."""
        return "training networks" if self.place < len(self.seen.train_rows) else "candidates"


def _search(study: Study, table: BenchmarkTable, predictor: str, scores: Iterable[Path]) -> _Search:
    """The search that `curves.guided_curves` adds for repeat 0, with the same draws."""
    study.check_rows(table.name, len(table))
    size = study.fig4.train_size
    (fit,) = read_fits(group_fits(scores)[FitKey(predictor, table.name, size)], table, 1)
    seen, trace = guided_search(table, study, predictor, size, fit, study.fig4.total)
    place = int(best_so_far(seen.signal[trace], maximise=table.maximise)[-1])
    return _Search(fit, seen, trace, np.setdiff1d(np.arange(len(table)), seen.train_rows), place)


def _protocol(
    figure: str, study_name: str, study: Study, table: BenchmarkTable, predictor: str, notes: Sequence[str]
) -> ProtocolRecord:
    said = f"One search, the first repeat of {predictor}: N = {study.fig4.train_size}, N + K = {study.fig4.total:,}."
    protocol = describe(figure, study_name, study, table, {"the predictor": 1}, [said, *notes])
    return protocol.model_copy(update={"interval": "none, this is one search"})


def _histograms(kind: str, values: NDArray[np.floating], best: NDArray[np.floating], *, maximise: bool) -> Rows:
    """Counts of predictions and of the K best among them in the same bins, less the tail of the worst.

    Returns:
        A row of this kind, and one of kind `best`, for every bin: low, high, count. None without values.
    """
    if not len(values):
        return []
    ends = (TAIL, 1.0) if maximise else (0.0, 1 - TAIL)
    # In float64, or rounding might set a value and the edge that it gave apart.
    low, high = np.quantile(values.astype(np.float64), ends).tolist()
    edges = np.histogram_bin_edges(values.astype(np.float64), BINS, (low, high))
    rows: Rows = []
    for name, part in ((kind, values), ("best", best)):
        counts = np.histogram(part.astype(np.float64), edges)[0].tolist()
        bins = zip(edges[:-1].tolist(), edges[1:].tolist(), counts, strict=True)
        rows += [{"kind": name, "low": below, "high": above, "count": count} for below, above, count in bins]
    return rows


def run_fig1(
    study_name: str, study: Study, table: BenchmarkTable, scores: Iterable[Path]
) -> tuple[pd.DataFrame, ProtocolRecord]:
    """How the predictor is built and applied, in repeat 0 of the predictor with one stage.

    Returns:
        Rows of kind `training` (the N networks: place, architecture, signal), `candidate` (the K that are trained
        then, best prediction first: place, architecture, predicted, signal, target), `choice` (the best signal of
        all, place among all N + K), `scored` (count: networks outside the training set), and `space` and `best`
        (count of all predictions, and of the K, in [low, high)). Architectures are text that the space parses.
    """
    predictor = study.stages.one
    search = _search(study, table, predictor, scores)
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
    rows += _histograms("space", predicted[search.rest], predicted[search.candidates], maximise=table.maximise)
    frame = pd.DataFrame(rows).reindex(columns=list(FIG1_COLUMNS)).astype({"place": "Int64", "count": "Int64"})
    notes = [f"Histogram: without the worst {TAIL:.0%} of the predictions. The choice is one of the {search.role}."]
    return frame, _protocol("fig1", study_name, study, table, predictor, notes)


def run_fig2(
    study_name: str, study: Study, table: BenchmarkTable, scores: Iterable[Path]
) -> tuple[pd.DataFrame, ProtocolRecord]:
    """What the graph convolutional predictor sees of one architecture, the choice of fig1, and what it says of it.

    Returns:
        Rows of kind `architecture` (label), `node` (i, label: its operation), `edge` (i to j), `operation` (j, label:
        column j of the one-hot matrix), `feature` (that matrix: node i, column j, value), `forward` and `backward`
        (A_hat along and against the edges: i, j, value), `prediction` (label `predicted` or `observed`, value: the
        signal) and `recipe` (label `train size`, `layers`, `width`, or `hidden` once a layer; value). Padding is
        left out: i and j count real nodes.
    """
    predictor, recipe = study.stages.one, study.one_stage
    search = _search(study, table, predictor, scores)
    space, code = space_of(table), table.encoding[search.choice]
    graphs = space.encode(code[None])
    real = np.flatnonzero(graphs.mask[0])
    features, edges = graphs.nodes[0][real], graphs.adjacency[0][np.ix_(real, real)]
    forward, backward = propagation_matrices(graphs)[0][:, real][:, :, real]

    rows: Rows = [{"kind": "architecture", "label": space.format(code)}]
    rows += [{"kind": "node", "i": i, "label": space.operations[k]} for i, k in enumerate(features.argmax(axis=1))]
    rows += [{"kind": "edge", "i": i, "j": j} for i, j in np.argwhere(edges).tolist()]
    rows += [{"kind": "operation", "j": j, "label": name} for j, name in enumerate(space.operations)]
    for kind, matrix in (("feature", features), ("forward", forward), ("backward", backward)):
        rows += [{"kind": kind, "i": i, "j": j, "value": value} for (i, j), value in np.ndenumerate(matrix)]
    size = study.fig4.train_size
    values = [("train size", size), ("layers", recipe.layers), ("width", recipe.width_for(size))]
    values += [("hidden", width) for width in recipe.hidden]
    rows += [{"kind": "recipe", "label": label, "value": value} for label, value in values]
    for label, known in (("predicted", search.fit.scores), ("observed", search.seen.signal)):
        rows.append({"kind": "prediction", "label": label, "value": float(known[search.choice])})
    frame = pd.DataFrame(rows).reindex(columns=list(FIG2_COLUMNS)).astype({"i": "Int64", "j": "Int64"})
    notes = [f"The network is this search's choice, one of its {search.role}."]
    return frame.astype({"value": np.float64}), _protocol("fig2", study_name, study, table, predictor, notes)


def run_fig5(
    study_name: str, study: Study, table: BenchmarkTable, scores: Iterable[Path]
) -> tuple[pd.DataFrame, ProtocolRecord]:
    """How many networks pass each part of the cascade in its repeat 0, and how well the classifier tells them apart.

    Returns:
        Rows of kind `count` (name `stages`: 1 or 2; `training`: N; `accurate` of these; `needed`: how many of these
        two stages take; `scored`: networks outside the training set; `candidates`: K), `rule` (name `threshold` or
        `quantile`, value), `bound` (value: the signal that an accurate network must be better than), and `ranked`
        and `best` (count of the regressor's predictions, and of the K among them, in [low, high)). Ranked are the
        accepted networks, with one stage all scored ones. With two stages also the counts `accepted` and `rejected`
        of the scored ones and `passed` (accepted ones of the K), and `metric` (name `precision`, value: share of
        the accepted that is accurate; `base rate`: share of the scored).
    """
    predictor, recipe = study.stages.two, study.two_stage
    search = _search(study, table, predictor, scores)
    fit, rest = search.fit, search.rest
    bound = float(recipe.bounds(search.seen.signal[search.seen.train_rows][None], maximise=table.maximise)[0, 0])
    accurate = recipe.accurate(search.seen.signal, bound, maximise=table.maximise)
    rule = ("quantile", recipe.quantile) if recipe.threshold is None else ("threshold", recipe.threshold)
    rows: Rows = [{"kind": "count", "name": "needed", "count": recipe.min_accepted}]
    rows += [{"kind": "rule", "name": rule[0], "value": rule[1]}, {"kind": "bound", "value": bound}]
    rows += _passing(search, accurate)
    ranked, best = (part[fit.accepted[part]] for part in (rest, search.candidates))
    rows += _histograms("ranked", fit.scores[ranked], fit.scores[best], maximise=table.maximise)
    frame = pd.DataFrame(rows).reindex(columns=list(FIG5_COLUMNS)).astype({"count": "Int64"})
    notes = [f"Histogram: without the worst {TAIL:.0%} of the predictions."]
    if fit.one_stage:
        notes.append("One stage had to do: too few accurate networks, or no others.")
    return frame, _protocol("fig5", study_name, study, table, predictor, notes)


def _passing(search: _Search, accurate: NDArray[np.bool_]) -> Rows:
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
