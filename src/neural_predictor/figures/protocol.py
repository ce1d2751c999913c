"""What makes a number comparable: how this project's experiments label, draw, score, report and repeat."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from neural_predictor import __version__
from neural_predictor.config.project import digest
from neural_predictor.figures.results import ProtocolRecord
from neural_predictor.tables.benchmarks import benchmark_of
from neural_predictor.tables.table import metric_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neural_predictor.figures.request import Request
    from neural_predictor.tables.table import BenchmarkTable

LIBRARIES = ("numpy", "scipy", "pandas", "tensorflow", "keras")


def versions() -> dict[str, str]:
    """Of this package and the libraries that compute."""
    return {"neural-predictor": __version__} | {name: version(name) for name in LIBRARIES}


def describe(request: Request[Any], repeats: dict[str, int], notes: Sequence[str] = ()) -> ProtocolRecord:
    """The protocol of what is asked for, on its own table.

    Args:
        request: artefact, study and tables.
        repeats: by what is repeated.
        notes: what a reader must know besides.
    """
    study, table = request.study, request.table
    runs = table.repeats
    most = "up to " if table.runs(table.signal).min() < runs else ""
    signal, target = (name.replace("_", " ") for name in (table.signal, table.target))
    label = (
        f"{signal} of the only run"
        if runs == 1
        else f"{signal} of one of {most}{runs} runs, drawn per experiment and architecture"
    )
    mean = "of the only run" if runs == 1 else f"mean of {most}{runs} runs"
    benchmark = benchmark_of(table)
    whole = "table" if benchmark.endless else "space"
    scale, unit = metric_of(table.target).shown
    return ProtocolRecord(
        experiment=request.artefact,
        study=study.name,
        benchmark=table.name,
        benchmark_title=benchmark.title,
        architectures=len(table),
        signal=signal,
        target=target,
        unit=unit,
        scale=scale,
        maximise=table.maximise,
        label=label,
        sampling=f"uniform over the architectures of the {whole}, without replacement",
        scored=f"the whole {whole} less the training set",
        reported=f"{target} ({mean}) of the architecture with the best search signal among all that were trained",
        repeats=repeats,
        interval=f"{study.bootstrap.confidence:.0%} percentile bootstrap of the mean over repeats, "
        f"{study.bootstrap.resamples} resamples",
        notes=[*([benchmark.note] if benchmark.note else []), *left_out(table), *notes],
        seed=study.seed,
        study_digest=digest(study),
        versions=versions(),
    )


def left_out(table: BenchmarkTable) -> list[str]:
    """What a reader must know of a table: runs that it does not have, the device that its children were trained on."""
    return [table.provenance["note"]] if "note" in table.provenance else []


def other_benchmarks(request: Request[Any]) -> list[str]:
    """What must be said of rows of other tables than the artefact's own, the first."""
    others = {name: table for name, table in request.tables.items() if name != request.table.name}
    if not others:
        return []
    titles = ", ".join(benchmark_of(table).title for table in others.values())
    return [f"Rows of other benchmarks: {titles}.", *(note for table in others.values() for note in left_out(table))]


def describe_children(
    request: Request[Any],
    *,
    scored: str,
    reported: str,
    repeats: dict[str, int],
    interval: str,
    notes: Sequence[str] = (),
) -> ProtocolRecord:
    """The protocol of a figure of trained children, whose label is the mean over the trainings of an architecture.

    Args:
        request: the figure, its study and its table.
        scored: what the predictor scores, and its metrics are taken on.
        reported: what is reported.
        repeats: by what is repeated.
        interval: how intervals are made.
        notes: what a reader must know besides.
    """
    table, study = request.table, request.study
    runs = " of the only training" if table.repeats == 1 else f", mean of {table.repeats} trainings"
    return ProtocolRecord(
        experiment=request.artefact,
        study=study.name,
        benchmark=f"proxylessnas, {table.provenance['images']}",
        benchmark_title=benchmark_of(table).title,
        architectures=len(table),
        signal="validation accuracy",
        target="test accuracy",
        unit="%",
        scale=100,
        maximise=True,
        label=f"validation accuracy{runs}",
        sampling=table.provenance["sampling"],
        scored=scored,
        reported=reported,
        repeats=repeats,
        interval=interval,
        notes=[*left_out(table), *notes],
        seed=study.seed,
        study_digest=digest(study),
        versions=versions(),
    )
