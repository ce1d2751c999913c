"""What makes a number comparable: how this project's experiments label, draw, score, report and repeat."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from neural_predictor import __version__
from neural_predictor.config import digest
from neural_predictor.experiments.results import Protocol
from neural_predictor.tables.benchmarks import BENCHMARKS
from neural_predictor.tables.table import metric_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neural_predictor.studies import Study
    from neural_predictor.tables.table import BenchmarkTable

LIBRARIES = ("numpy", "scipy", "pandas", "tensorflow", "keras")


def describe(
    experiment: str,
    study_name: str,
    study: Study,
    table: BenchmarkTable,
    repeats: dict[str, int],
    notes: Sequence[str] = (),
) -> Protocol:
    """The protocol of an experiment of a study on a table."""
    runs = table.repeats
    signal, target = (name.replace("_", " ") for name in (table.signal, table.target))
    label = (
        f"{signal} of the only run"
        if runs == 1
        else f"{signal} of one of {runs} runs, drawn per experiment and architecture"
    )
    mean = "of the only run" if runs == 1 else f"mean of {runs} runs"
    benchmark = BENCHMARKS[table.name]
    scale, unit = metric_of(table.target).shown
    return Protocol(
        experiment=experiment,
        study=study_name,
        benchmark=table.name,
        benchmark_title=benchmark.title,
        architectures=len(table),
        signal=signal,
        target=target,
        unit=unit,
        scale=scale,
        maximise=table.maximise,
        label=label,
        sampling="uniform over the architectures of the space, without replacement",
        scored="the whole space less the training set",
        reported=f"{target} ({mean}) of the architecture with the best search signal among all that were trained",
        repeats=repeats,
        interval=f"{study.bootstrap.confidence:.0%} percentile bootstrap of the mean over repeats, "
        f"{study.bootstrap.resamples} resamples",
        notes=[*([benchmark.note] if benchmark.note else []), *notes],
        seed=study.seed,
        study_digest=digest(study),
        versions={"neural-predictor": __version__} | {name: version(name) for name in LIBRARIES},
    )
