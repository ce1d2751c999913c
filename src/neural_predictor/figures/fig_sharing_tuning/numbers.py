"""fig-sharing-tuning: what methods that share weights find with hyper-parameters drawn from ranges."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.children.table import zero_layers
from neural_predictor.config.sharing_recipes import Proxyless
from neural_predictor.figures.protocol import describe_children
from neural_predictor.figures.shared_scores import in_rows_of, read_all, zeros_of
from neural_predictor.latency.pixel1 import load
from neural_predictor.seeds import seed_of
from neural_predictor.sharing.tuning import name_of, recipes_of, settings
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from neural_predictor.statistics.bootstrap import estimate, over_settings, resample
from neural_predictor.statistics.kendall import resampled_taus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from neural_predictor.config.sharing_recipes import Recipe, Sharing
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.sharing.files import Shared
    from neural_predictor.tables.table import BenchmarkTable

    Floats = NDArray[np.float64]
    Row = dict[str, object]

COLUMNS = ("kind", "measure", "method", "setting", "status", "value", "low", "high")
OF_SETTINGS = ("architecture", "choice", "choice_zero_layers", "choice_latency_ms")
TAU, ACCURACY = MEASURES = ("kendall_tau", "accuracy")
WINDOW_MS = (75.0, 85.0)
"""Latencies of the paper's search (section 4.2)."""


def run(request: Request[Sharing]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Two measures of each setting: `kendall_tau` of its scores, `accuracy` of the architecture that it scores highest.

    Returns:
        Rows `COLUMNS`, `OF_SETTINGS` and hyper-parameters by name; accuracies as fractions, by test images, of
        stand-alone trainings. Kind `setting`: tau with its interval over architectures; mean, lowest and highest of
        the architecture's trainings. Setting 0 is the study's own. One that diverged has its status alone. `median`
        and `worst-tenth` of a method's drawn settings, with intervals over these. `reference`: what needs no supernet.
        `in_window` and `searches_to_window` of a method that knows latencies: how many drawn settings have a choice
        in the window `low` to `high` (ms), and the number of the first.

    Raises:
        FormatError: if a file is damaged or missing, or is of other architectures.
    """
    study, table, section = request.study, request.table, request.section
    recipes, found = recipes_of(section, study.seed), {one.method: one for one in read_all(request)}
    counts = resample(len(table), study.bootstrap, seed_of(study.seed, "sharing", table.name, "bootstrap"))
    rows: list[Row] = []
    for method, recipe in section.methods.items():
        own: list[Row] = []
        for setting in settings(section):
            name = name_of(method, setting)
            about = {"kind": "setting", "method": method, "setting": setting, **_values(recipes[name], recipe)}
            own += [about | row for row in _of_setting(found[name], table, counts, study.bootstrap.confidence)]
        rows += own
        rows += _summaries(own, method, request)
        if isinstance(recipe, Proxyless):
            rows += _windows(own, method)
    rows += _references(table, counts, study.bootstrap.confidence)
    number = len(settings(section))
    protocol = describe_children(
        request,
        scored="all architectures, which no method has seen trained alone",
        reported="Kendall tau with stand-alone trainings; stand-alone accuracy of what a setting scores highest",
        repeats={"each method with its own setting": 1, "each with drawn ones": number - 1},
        interval=f"of a median and a worst tenth {study.bootstrap.confidence:.0%} percentile bootstrap over settings, "
        f"{study.bootstrap.resamples} resamples",
        notes=_notes(section),
    )
    return pd.DataFrame(rows).reindex(columns=[*COLUMNS, *OF_SETTINGS, *_hyper_parameters(section)]), protocol


def _hyper_parameters(section: Sharing) -> list[str]:
    return list(dict.fromkeys(name for recipe in section.methods.values() for name in recipe.ranges))


def _values(recipe: Recipe, own: Recipe) -> Row:
    """Of the hyper-parameters that are drawn, by name."""
    return {name: attrgetter(name)(recipe) for name in own.ranges}


def _of_setting(shared: Shared, table: BenchmarkTable, counts: Floats, confidence: float) -> Iterator[Row]:
    """A row a measure."""
    about: Row = {"status": shared.status}
    if shared.status != "ok":
        yield from ({**about, "measure": measure} for measure in MEASURES)
        return
    scores, code = in_rows_of(table, shared)[0], ProxylessNasSpace().parse(shared.choice)
    place = int(np.argmax(scores))
    about |= {"architecture": table.architecture[place], "choice": shared.choice}
    about |= {"choice_zero_layers": zeros_of(shared), "choice_latency_ms": float(load().latency_ms(code[None])[0])}
    tau = estimate(resampled_taus(scores, table.mean(table.signal), counts), confidence)
    yield {**about, "measure": TAU, **tau._asdict()}
    alone = table.metrics[table.target][place]
    ends = {"value": np.nanmean(alone), "low": np.nanmin(alone), "high": np.nanmax(alone)}
    yield {**about, "measure": ACCURACY, **{name: float(value) for name, value in ends.items()}}


def _summaries(own: list[Row], method: str, request: Request[Sharing]) -> Iterator[Row]:
    """Median and worst tenth of the drawn settings; one that diverged ranks as chance does."""
    study, table = request.study, request.table
    chance = {TAU: 0.0, ACCURACY: float(table.mean(table.target).mean())}
    for measure in MEASURES:
        drawn = [row.get("value", chance[measure]) for row in own if row["measure"] == measure and row["setting"]]
        values = np.repeat(np.array(drawn, np.float64)[:, None], 1 + study.bootstrap.resamples, axis=1)
        seed = seed_of(study.seed, "sharing", "settings", "bootstrap", method)
        for kind, found in over_settings(values, seed, maximise=True).items():
            number = estimate(found, study.bootstrap.confidence)
            yield {"kind": kind, "measure": measure, "method": method, **number._asdict()}


def _windows(own: list[Row], method: str) -> Iterator[Row]:
    low, high = WINDOW_MS
    drawn = [row.get("choice_latency_ms", np.nan) for row in own if row["measure"] == TAU and row["setting"]]
    latencies = np.array(drawn, np.float64)
    within = np.flatnonzero((low <= latencies) & (latencies <= high))
    yield {"kind": "in_window", "method": method, "value": len(within), "low": low, "high": high}
    if len(within):
        yield {"kind": "searches_to_window", "method": method, "value": int(within[0]) + 1}


def _references(table: BenchmarkTable, counts: Floats, confidence: float) -> Iterator[Row]:
    """A random architecture of the set, one with most zero layers, the best."""
    label, target = table.mean(table.signal), table.mean(table.target)
    depth = zero_layers(table).astype(np.float64)
    tau = estimate(resampled_taus(label, depth, counts), confidence)
    yield {"kind": "reference", "method": "zero layers", "measure": TAU, **tau._asdict()}
    for name, value in (
        ("random", target.mean()),
        ("zero layers", target[depth == depth.max()].mean()),
        ("best", target.max()),
    ):
        yield {"kind": "reference", "method": name, "measure": ACCURACY, "value": float(value)}


def _notes(section: Sharing) -> list[str]:
    assert section.tuning is not None  # or the study makes no such figure
    share = section.tuning.epochs_at_most
    return [
        f"Drawn settings train {share / 4:.0%} to {share:.0%} of the epochs of the study's own.",
        "A setting has weights and draws of its own: part of the spread is that of two trainings. One that diverged "
        "counts as a random choice.",
    ]
