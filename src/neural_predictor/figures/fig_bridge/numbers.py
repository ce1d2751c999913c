"""fig-bridge: a predictor of stand-alone trainings, with and without scores by shared weights among its features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.config.sharing_recipes import MIN_REST
from neural_predictor.errors import ConfigError
from neural_predictor.figures.protocol import describe_children
from neural_predictor.figures.shared_scores import by_method, in_rows_of, read_all
from neural_predictor.predictors.label_units import normal_scores
from neural_predictor.seeds import seed_of
from neural_predictor.spaces.proxylessnas.layers import CHOICES
from neural_predictor.statistics.bootstrap import estimate, over_searches, resample
from neural_predictor.statistics.kendall import kendall_tau

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from neural_predictor.config.sharing_recipes import Bridge, Sharing
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

    Floats = NDArray[np.float64]

COLUMNS = ("kind", "method", "status", "train_size", "value", "low", "high", "repeats")
ALONE = "architecture alone"
PENALTIES = np.logspace(-2, 4, 13)
"""Of the ridge regression, which takes the one of least leave-one-out error."""


def run(request: Request[Sharing]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Kendall tau on the rest of the set, by N, of a predictor that has features of the architecture, and a score.

    Returns:
        Rows `COLUMNS`, means over repeats, and over a method's searches, and their intervals. Kind `tau` of `ALONE`,
        and of that and the score of each method; `difference` of each method, its tau less that of `ALONE` with the
        same architectures. A method all of whose searches diverged has its status alone.

    Raises:
        ConfigError: if the set is too small, since trainings diverged.
        FormatError: if a file is damaged or missing, or is of other architectures.
    """
    study, table, bridge = request.study, request.table, request.section.bridge
    assert bridge is not None  # or the study makes no such figure
    if max(bridge.train_sizes) > len(table) - MIN_REST:
        raise ConfigError(
            f"the table {table.name} has {len(table)} architectures, but sharing.bridge.train_sizes of the study has "
            f"{max(bridge.train_sizes)}: at most {len(table) - MIN_REST} leave {MIN_REST} for tau"
        )
    counts, found = layer_counts(table.encoding), by_method(read_all(request))
    features = {ALONE: [counts]}
    for method, searches in found.items():
        scores = [in_rows_of(table, shared)[0] for shared in searches if shared.status == "ok"]
        if scores:
            features[method] = [np.column_stack([counts, normal_scores(own[None])[0]]) for own in scores]
    rows = [row for size in bridge.train_sizes for row in _rows(request, size, _taus(request, bridge, size, features))]
    lost = {method: searches[0].status for method, searches in found.items() if method not in features}
    rows += [{"kind": "tau", "method": method, "status": status} for method, status in lost.items()]
    protocol = describe_children(
        request,
        scored="the rest of the set",
        reported="Kendall tau of predictions and the mean of stand-alone trainings",
        repeats={
            "each N, the same splits for all": bridge.repeats,
            "each method's search": request.section.seeds,
        },
        interval=f"{study.bootstrap.confidence:.0%} percentile bootstrap of the mean over repeats"
        f"{'' if request.section.seeds == 1 else ' and searches'}, {study.bootstrap.resamples} resamples",
        notes=[
            "Predictor: ridge regression on how many layers take each choice; N architectures are drawn at random.",
            "Repeats draw from one set of architectures: intervals do not say what another set would show.",
        ],
    )
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS)), protocol


def layer_counts(codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(n, 7) how many layers of architectures (n, 22) take each choice."""
    return np.stack([(codes == choice).sum(axis=1) for choice in range(CHOICES.max())], axis=1).astype(np.float64)


def _taus(request: Request[Sharing], bridge: Bridge, size: int, features: dict[str, list[Floats]]) -> dict[str, Floats]:
    """(S, R) tau on the rest in each repeat, with the features (n, .) of each of S searches, by method."""
    from sklearn.linear_model import RidgeCV  # here, since it takes a second to load
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    study, table = request.study, request.table
    label = table.mean(table.signal)
    found = {method: np.empty((len(own), bridge.repeats)) for method, own in features.items()}
    for repeat in range(bridge.repeats):
        seed = seed_of(study.seed, "sharing", "bridge", table.name, size, repeat)
        order = np.random.default_rng(seed).permutation(len(table))
        rows, rest = order[:size], order[size:]
        targets = normal_scores(label[rows][None])[0]
        for method, searches in features.items():
            for search, values in enumerate(searches):
                model = make_pipeline(StandardScaler(), RidgeCV(PENALTIES)).fit(values[rows], targets)
                found[method][search, repeat] = kendall_tau(model.predict(values[rest]), label[rest])
    return found


def _rows(request: Request[Sharing], size: int, taus: dict[str, Floats]) -> Iterator[dict[str, object]]:
    study = request.study
    for method, own in taus.items():
        repeats = own.shape[1]
        numbers = {"tau": own} | ({"difference": own - taus[ALONE]} if method != ALONE else {})
        for kind, values in numbers.items():
            counts = resample(repeats, study.bootstrap, seed_of(study.seed, "sharing", "bridge", "bootstrap", size))
            means = over_searches(values @ counts.T / repeats, seed_of(study.seed, "sharing", "bridge", "searches"))
            about = {"kind": kind, "method": method, "status": "ok", "train_size": size, "repeats": repeats}
            yield {**about, **estimate(means, study.bootstrap.confidence)._asdict()}
