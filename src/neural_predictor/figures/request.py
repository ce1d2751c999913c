"""What an artefact's numbers are asked with: the one argument of every `numbers` entry point."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from neural_predictor.config.study import Study
    from neural_predictor.fits.key import FitKey, SearchKey
    from neural_predictor.tables.table import BenchmarkTable

SectionOfStudy = TypeVar("SectionOfStudy")


@dataclass(frozen=True, eq=False)
class Request(Generic[SectionOfStudy]):
    """What to compute numbers from.

    Attributes:
        artefact: name of the figure or table, such as `fig7`.
        study: recipes, seeds, bootstrap.
        section: what the study says of this artefact; None where it needs no section.
        tables: benchmark name -> table, the artefact's own first.
        fits: the fits that it reads, with their number of repeats, in the order of the section.
        scores: the files of these fits.
        numbers: other artefact -> its numbers (CSV).
        searches: the runs of searches that it reads, with their number of repeats, in the order of the section.
        traces: the files of these.
        supernets: names of the supernets whose files it reads, in the order of the section.
        shared: these files.
        choices: files of what predictors chose of sets of children.
        threads: on how many to compute.
    """

    artefact: str
    study: Study
    section: SectionOfStudy
    tables: Mapping[str, BenchmarkTable]
    fits: Mapping[FitKey, int]
    scores: Sequence[Path] = ()
    numbers: Mapping[str, Path] = field(default_factory=dict)
    searches: Mapping[SearchKey, int] = field(default_factory=dict)
    traces: Sequence[Path] = ()
    supernets: Sequence[str] = ()
    shared: Sequence[Path] = ()
    choices: Sequence[Path] = ()
    threads: int = 1

    @property
    def table(self) -> BenchmarkTable:
        """The artefact's own table."""
        return next(iter(self.tables.values()))
