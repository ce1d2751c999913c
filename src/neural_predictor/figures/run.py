"""From the files that an artefact reads to its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neural_predictor.figures.entry_points import load
from neural_predictor.figures.request import Request
from neural_predictor.figures.results import write_result
from neural_predictor.figures.wanted import Wanted, find
from neural_predictor.tables.table import read_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from neural_predictor.config.study import Study
    from neural_predictor.tables.table import BenchmarkTable


def request_of(
    name: str,
    study: Study,
    tables: Sequence[BenchmarkTable],
    scores: Sequence[Path] = (),
    numbers: Sequence[Path] = (),
    shared: Sequence[Path] = (),
) -> Request[Any]:
    """What the numbers of an artefact of a study are asked with.

    Args:
        name: the artefact.
        study: the study.
        tables: those that it reads, its own first.
        scores: files of scores.
        numbers: files `<artefact>.csv` of the artefacts whose numbers it reads.
        shared: files of the methods that share weights, where it reads them.

    Raises:
        ConfigError: if there is no such artefact, or the study has no section for it.
    """
    wanted = Wanted(study)
    by_name = {table.name: table for table in tables}
    others = {path.stem: path for path in numbers}
    return Request(name, study, wanted.section(name), by_name, wanted.fits_of(name), scores, others, shared)


def run(
    name: str,
    study: Study,
    tables: Sequence[Path],
    scores: Sequence[Path],
    numbers: Sequence[Path],
    csv: Path,
    protocol: Path,
    shared: Sequence[Path] = (),
) -> None:
    """Compute the numbers of an artefact.

    Args:
        name: the artefact, such as `fig7`.
        study: the study.
        tables: the tables that it reads, its own first.
        scores: files of the fits that it reads.
        numbers: numbers of the other artefacts that it reads.
        csv: where its numbers shall be.
        protocol: where their protocol shall be.
        shared: files of the methods that share weights, where it reads them.

    Raises:
        ConfigError: if there is no such artefact, the study has no section for it, or a table is too small.
        FormatError: if an input is damaged.
        TableError: if a table is.
    """
    request = request_of(name, study, [read_table(table) for table in tables], scores, numbers, shared)
    frame, described = load(find(name).numbers)(request)
    write_result(frame, described, csv, protocol)
