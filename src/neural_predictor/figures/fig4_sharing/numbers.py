"""fig4-sharing: test accuracy of each method's choice against the core seconds of its search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.figures.curves import guided_search
from neural_predictor.figures.protocol import describe_children
from neural_predictor.figures.shared_scores import by_method, every_zeros_of, in_rows_of, read_all
from neural_predictor.fits.files import group_fits, read_core_seconds, read_fits
from neural_predictor.search.base import best_so_far
from neural_predictor.seeds import seed_of
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from neural_predictor.statistics.bootstrap import bootstrap_mean

if TYPE_CHECKING:
    from neural_predictor.config.sharing_recipes import Against, Sharing
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.sharing.files import Shared
    from neural_predictor.tables.table import BenchmarkTable

    Row = dict[str, object]

COLUMNS = ("kind", "method", "networks", "x", "mean", "low", "high")
ORDERS = 1000
"""Random searches through the set."""
TIME = "training_time_s"


def run(request: Request[Sharing]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Test accuracy of what each search chooses, against the core seconds of all that it computes.

    Returns:
        Rows `COLUMNS`, x in core seconds, accuracies as fractions. Kind `choice`: the architectures that a method's
        searches chose from the whole space, mean, lowest and highest of their trainings, and the mean core seconds of
        a search; `among`: likewise those of the set which they score highest. `predictor`: fitted to `networks` of the
        set, then the best by predictions among the rest trained: mean over repeats and its interval. `random`: after
        `networks` of the set, mean and band over random orders. `best`: the highest mean of the set.

    Raises:
        FormatError: if a file is damaged or missing, or is of other architectures.
    """
    study, against = request.study, request.section.against
    assert against is not None  # or the study makes no such figure
    table, chosen = request.tables.values()
    found = by_method(read_all(request))
    rows = [row for method, searches in found.items() for row in _of_method(method, searches, table, chosen)]
    rows += _of_predictor(request, table, against)
    curve = _of_random(table, seed_of(study.seed, "sharing", table.name, "orders"), study.bootstrap.confidence)
    rows += curve
    best = table.mean(table.target).max()
    rows.append({"kind": "best", "mean": float(best), "low": float(best), "high": float(best)})
    protocol = describe_children(
        request,
        scored="the whole space by methods that share weights, the rest of the set by the predictor",
        reported="test accuracy of a search's choice, mean over its trainings",
        repeats={
            "each method's search": request.section.seeds,
            "each N of the predictor": against.repeats,
            "random search": ORDERS,
        },
        interval=f"of a choice lowest and highest of its trainings; of the predictor {study.bootstrap.confidence:.0%} "
        f"bootstrap of the mean over repeats; of random search {study.bootstrap.confidence:.0%} of the orders",
        notes=[*_notes(against), *_sentences(rows, curve, found)],
    )
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS)), protocol


def _of_method(method: str, searches: list[Shared], table: BenchmarkTable, chosen: BenchmarkTable) -> list[Row]:
    """The choices of its searches, where a training of them ended well, and those that it scores highest in the set."""
    space = ProxylessNasSpace()
    choices: list[Row] = []
    among: list[Row] = []
    for shared in searches:
        if shared.status != "ok":
            continue
        (identity,) = space.identify(space.parse(shared.choice)[None])
        seconds = shared.seconds
        for place in np.flatnonzero(chosen.architecture == identity)[:1]:
            choices.append(_alone(chosen, int(place), seconds["training"] + seconds["choice"]))
        place = int(np.argmax(in_rows_of(table, shared)[0]))
        among.append(_alone(table, place, seconds["training"] + seconds["evaluation"]))
    return [
        {"kind": kind, "method": method, **_together(rows)}
        for kind, rows in (("choice", choices), ("among", among))
        if rows
    ]


def _alone(table: BenchmarkTable, place: int, spent: float) -> Row:
    """Test accuracy of a row's trainings, after one of them was added to the seconds of the search."""
    own, seconds = (table.metrics[name][place] for name in (table.target, TIME))
    x = spent + float(np.nanmean(seconds))
    return {"x": x, "mean": float(np.nanmean(own)), "low": float(np.nanmin(own)), "high": float(np.nanmax(own))}


def _together(rows: list[Row]) -> Row:
    """Of several searches: mean seconds and accuracy, the lowest and the highest of all trainings."""
    frame = pd.DataFrame(rows)
    mean = frame[["x", "mean"]].mean()
    return {"x": mean["x"], "mean": mean["mean"], "low": frame["low"].min(), "high": frame["high"].max()}


def _of_predictor(request: Request[Sharing], table: BenchmarkTable, against: Against) -> list[Row]:
    """At each N: trainings of N + K architectures by one run each, and one fit."""
    study, target = request.study, table.mean(table.target)
    rows: list[Row] = []
    for fits, paths in group_fits(request.scores).items():
        ends, spent = [], []
        for fit in read_fits(paths, table, study.seed, against.repeats):
            total = fits.size + against.validated
            seen, trace = guided_search(table, study, fits.predictor, fits.size, fit, total)
            assert seen.runs is not None  # of fits to random architectures
            ends.append(target[trace[int(np.argmax(seen.signal[trace]))]])
            spent.append(table.at(TIME, seen.runs)[trace].sum())
        seed = seed_of(study.seed, "sharing", "bootstrap", fits.predictor, fits.size)
        mean, low, high = map(float, bootstrap_mean(np.array(ends), study.bootstrap, seed))
        about = {"kind": "predictor", "method": fits.predictor, "networks": fits.size}
        x = float(np.mean(spent)) + read_core_seconds(paths)
        rows.append({**about, "x": x, "mean": mean, "low": low, "high": high})
    return rows


def _of_random(table: BenchmarkTable, seed: int, confidence: float) -> list[Row]:
    """After each architecture, over random orders of the set with one run each."""
    rng, target, tail = np.random.default_rng(seed), table.mean(table.target), (1 - confidence) / 2
    ends, spent = (np.empty((ORDERS, len(table))) for _ in range(2))
    for k in range(ORDERS):
        runs, order = table.draw_runs(rng), rng.permutation(len(table))
        best = best_so_far(table.at(table.signal, runs)[order], maximise=True)
        ends[k], spent[k] = target[order[best]], np.cumsum(table.at(TIME, runs)[order])
    bands = (spent.mean(axis=0), ends.mean(axis=0), *np.quantile(ends, (tail, 1 - tail), axis=0))
    return [
        {"kind": "random", "networks": k + 1, "x": x, "mean": mean, "low": low, "high": high}
        for k, (x, mean, low, high) in enumerate(np.stack(bands, axis=1).tolist())
    ]


def _notes(against: Against) -> list[str]:
    return [
        "Core seconds: of a method its supernet's training, the evaluation of what it chooses among and one training "
        "of its choice alone; of the predictor the trainings of N + K architectures and one fit; of random search its "
        "trainings. Start-up is not counted.",
        f"The predictor, {against.predictor}, is fitted to N architectures of the set, and of the rest the best "
        f"{against.validated} by its predictions are trained; a training each.",
    ]


def _sentences(rows: list[Row], curve: list[Row], found: dict[str, list[Shared]]) -> list[str]:
    """Of each method what its choice reaches, beside random search at the same seconds, and how much of it is zero."""
    times, means = (np.array([row[name] for row in curve], np.float64) for name in ("x", "mean"))
    choices, notes = {row["method"]: row for row in rows if row["kind"] == "choice"}, []
    for method, searches in found.items():
        if method not in choices:
            notes.append(f"{method} has no choice that could be trained alone.")
            continue
        own = choices[method]
        reached, x = _number(own["mean"]), _number(own["x"])
        random = float(np.interp(x, times, means))
        zeros = every_zeros_of([shared for shared in searches if shared.status == "ok"])
        notes.append(
            f"{method}: {reached:.1%} after {x:,.0f} s, with {zeros} of 15 optional layers zero; random search at as "
            f"many seconds {random:.1%}."
        )
    return notes


def _number(value: object) -> float:
    assert isinstance(value, float)
    return value
