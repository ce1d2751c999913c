"""From the files that an artefact reads to its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neural_predictor.figures.entry_points import load
from neural_predictor.figures.request import Request
from neural_predictor.figures.results import write_result
from neural_predictor.figures.wanted import Wanted, find
from neural_predictor.fits.files import require_fits
from neural_predictor.tables.table import read_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from neural_predictor.config.study import Study
    from neural_predictor.tables.table import BenchmarkTable


@dataclass(frozen=True)
class Inputs:
    """Files that an artefact's numbers are computed from, besides tables.

    Attributes:
        scores: of the fits that it reads.
        numbers: `<artefact>.csv` of the artefacts whose numbers it reads.
        traces: of the searches that it reads.
        shared: of the methods that share weights.
        choices: of predictors among candidates for children.
    """

    scores: Sequence[Path] = ()
    numbers: Sequence[Path] = ()
    traces: Sequence[Path] = ()
    shared: Sequence[Path] = ()
    choices: Sequence[Path] = ()


def request_of(
    name: str, study: Study, tables: Sequence[BenchmarkTable], inputs: Inputs = Inputs(), threads: int = 1
) -> Request[Any]:
    """What the numbers of an artefact of a study are asked with.

    Args:
        name: the artefact.
        study: the study.
        tables: those that it reads, its own first.
        inputs: the other files that it reads.
        threads: on how many to compute.

    Raises:
        ConfigError: if there is no such artefact, or the study has no section for it.
    """
    wanted = Wanted(study)
    return Request(
        name,
        study,
        wanted.section(name),
        {table.name: table for table in tables},
        wanted.fits_of(name),
        inputs.scores,
        {path.stem: path for path in inputs.numbers},
        wanted.searches_of(name),
        inputs.traces,
        wanted.shared_of(name),
        inputs.shared,
        inputs.choices,
        threads,
    )


def run(
    name: str, study: Study, tables: Sequence[Path], inputs: Inputs, csv: Path, protocol: Path, threads: int = 1
) -> None:
    """Compute the numbers of an artefact.

    Args:
        name: the artefact, such as `fig7`.
        study: the study.
        tables: the tables that it reads, its own first.
        inputs: the other files that it reads.
        csv: where its numbers shall be.
        protocol: where their protocol shall be.
        threads: on how many to compute. They change no number.

    Raises:
        ConfigError: if there is no such artefact, the study has no section for it, or a table is too small.
        FormatError: if an input is damaged, or scores of a fit that it reads are missing.
        TableError: if a table is.
    """
    request = request_of(name, study, [read_table(table) for table in tables], inputs, threads)
    require_fits(request.scores, request.fits)
    frame, described = load(find(name).numbers)(request)
    write_result(frame, described, csv, protocol)
