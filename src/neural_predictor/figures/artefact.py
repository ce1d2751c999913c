"""What a figure or table is: the record of a row of `registry`. It imports the standard library alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from neural_predictor.figures import needs

if TYPE_CHECKING:
    from collections.abc import Callable

    from neural_predictor.config.study import Study
    from neural_predictor.fits.key import FitKey, SearchKey

PAGES = {"figure": ("pdf", "png"), "table": ("md",)}
"""Kind of an artefact -> the files that its page is written to, the first of them its target."""

BESIDE = ("csv", "protocol.json", "finding.rst")
"""Files of every artefact beside its page: its numbers, their protocol, and what is seen in them."""


@dataclass(frozen=True)
class Artefact:
    """One figure or table.

    Attributes:
        name: of its files, such as `fig7`. `fig9-{children}` stands for one figure for each of the study's `children`.
        kind: figure or table.
        about: what it shows, in half a sentence.
        numbers: entry point `(request.Request) -> (DataFrame, ProtocolRecord)`.
        page: entry point of a figure `(DataFrame, ProtocolRecord) -> Figure`, of a table `... -> str`, Markdown. Its
            module names the columns that it takes, `COLUMNS`, and says in plain sentences what is seen:
            `finding(DataFrame, ProtocolRecord) -> str`.
        section: key of the study that it needs; a study without this section does not make it. None: every study does.
        tables: names of the benchmarks whose tables it reads, by study and section, its own first.
        fits: the fits that it reads, with their number of repeats, by study and section.
        all_fits: whether it reads the fits of all others of the study too.
        times: whether it reads the seconds of its fits.
        searches: the runs of searches that it reads, with their number of repeats, by study and section.
        reads: other artefacts whose numbers it reads.
        choices: names of the sets of children whose choice by a predictor it reads, by section.
        also: those whose numbers it reads too, where the study makes them.
        shared: names of the supernets, of methods and drawn settings, whose files it reads, by study and section.
        threads: on how many its numbers are computed, at most.
        made: whether a study makes it, by its section.
    """

    name: str
    kind: Literal["figure", "table"]
    about: str
    numbers: str
    page: str
    section: str | None = None
    tables: Callable[[Study, Any], list[str]] = needs.own
    fits: Callable[[Study, Any], dict[FitKey, int]] = needs.no_fits
    all_fits: bool = False
    times: bool = False
    searches: Callable[[Study, Any], dict[SearchKey, int]] = needs.no_searches
    reads: tuple[str, ...] = ()
    choices: Callable[[Any], list[str]] = needs.no_choices
    also: tuple[str, ...] = ()
    shared: Callable[[Study, Any], list[str]] = needs.no_supernets
    threads: int = 1
    made: Callable[[Any], bool] = needs.always

    @property
    def each(self) -> bool:
        """Whether the row stands for a figure of each set of children."""
        return "{children}" in self.name

    @property
    def folder(self) -> str:
        """Folder in `figures` that holds its caption."""
        return self.name.replace("{", "").replace("}", "").replace("-", "_")

    @property
    def target(self) -> str:
        """Its file in `results/<study>/`."""
        return f"{self.name}.{PAGES[self.kind][0]}"
