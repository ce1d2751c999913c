"""What a study makes, and the fits that it needs for that: the rows of `registry`, applied to a study."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from neural_predictor.errors import ConfigError
from neural_predictor.figures.artefact import PAGES
from neural_predictor.figures.registry import ARTEFACTS
from neural_predictor.fits.key import FitKey, SearchKey
from neural_predictor.records import meant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from neural_predictor.config.study import Study
    from neural_predictor.figures.artefact import Artefact

Key = TypeVar("Key", FitKey, SearchKey)


def names_of(row: Artefact, sets: Iterable[str]) -> list[str]:
    """The names that a row stands for: its own, or one for each of these sets of children."""
    return [row.name.format(children=name) for name in sets] if row.each else [row.name]


def find(name: str) -> Artefact:
    """The row of an artefact.

    Raises:
        ConfigError: if there is none of this name.
    """
    for row in sorted(ARTEFACTS, key=lambda row: row.each):  # fig9-nlp is a row of its own, and no set of children
        if name == row.name or (row.each and _set_of(name, row)):
            return row
    shown = [row.name.replace("{", "<").replace("}", ">") for row in ARTEFACTS]
    raise ConfigError(f"no figure or table {name!r}{meant(name, shown)}; there are {', '.join(shown)}")


def _set_of(name: str, row: Artefact) -> str:
    """The set of children that a name of a row stands for; nothing for another name."""
    before, _, after = row.name.partition("{children}")
    found = re.fullmatch(f"{re.escape(before)}([a-z][a-z0-9_]*){re.escape(after)}", name)
    return "" if found is None else found[1]


class Wanted:
    """What a study makes.

    Args:
        study: the study.

    Raises:
        ConfigError: if a set of children has a name that would give its figure another figure's name.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        for name in study.children:
            for row in ARTEFACTS:
                if row.each and not find(other := row.name.format(children=name)).each:
                    raise ConfigError(
                        f"the study {study.name}: children.{name} would make {other}, which is another figure's name; "
                        "give the set another"
                    )

    @cached_property
    def artefacts(self) -> dict[str, Artefact]:
        """Name -> row of all that the study makes."""
        names = ((name, row) for row in ARTEFACTS for name in names_of(row, self.study.children))
        return {name: row for name, row in names if self._made(name, row)}

    @property
    def targets(self) -> list[str]:
        """The file of each of them in the study's folder: `fig7.pdf`, `table-tau.md`."""
        return [f"{name}.{PAGES[row.kind][0]}" for name, row in self.artefacts.items()]

    def section(self, name: str) -> Any:
        """The section of the study that an artefact needs; None where it needs none.

        Raises:
            ConfigError: if there is no such artefact, or the study has no such section, or one that does not make it.
        """
        row = find(name)
        found = self._section(name, row)
        if row.section is not None and found is None:
            section = f"children.{_set_of(name, row)}" if row.each else row.section
            keys = ", ".join(self.study.keys_of(row.section))
            raise ConfigError(f"the study {self.study.name} has no section `{section}`, which {name} needs: {keys}")
        if not row.made(found):
            raise ConfigError(
                f"the study {self.study.name} does not make {name}, as its section `{row.section}` is now; it makes "
                f"{', '.join(self.artefacts)}"
            )
        return found

    def tables(self, name: str) -> list[str]:
        """Names of the benchmarks whose tables an artefact reads, its own first.

        Raises:
            ConfigError: as `section`.
        """
        return find(name).tables(self.study, self.section(name))

    def reads(self, name: str) -> list[str]:
        """Names of the artefacts whose numbers an artefact reads."""
        row = find(name)
        return [*row.reads, *(other for other in row.also if other in self.artefacts)]

    def fits_of(self, name: str) -> dict[FitKey, int]:
        """The fits that an artefact reads, with their number of repeats.

        Raises:
            ConfigError: as `section`.
        """
        row, section = find(name), self.section(name)
        if not row.all_fits:
            return row.fits(self.study, section)
        tables = self.tables(name)  # fits to children, which figures of weight sharing read, are none of its own
        return {
            key: repeats for key, repeats in self.fits.items() if key.train_size is not None and key.benchmark in tables
        }

    def searches_of(self, name: str) -> dict[SearchKey, int]:
        """The runs of searches that an artefact reads, with their number of repeats.

        Raises:
            ConfigError: as `section`.
        """
        return find(name).searches(self.study, self.section(name))

    def shared_of(self, name: str) -> list[str]:
        """Names of the supernets whose files an artefact reads.

        Raises:
            ConfigError: as `section`.
        """
        return find(name).shared(self.study, self.section(name))

    @cached_property
    def fits(self) -> dict[FitKey, int]:
        """All fits that some artefact of the study reads, with the most repeats that one of them asks for."""
        return _most(row.fits(self.study, self.section(name)) for name, row in self.artefacts.items())

    @cached_property
    def searches(self) -> dict[SearchKey, int]:
        """All runs of searches that some artefact of the study reads, likewise."""
        return _most(row.searches(self.study, self.section(name)) for name, row in self.artefacts.items())

    def shards(self, key: FitKey | SearchKey, repeats: int | None = None) -> range:
        """Numbers of the jobs that make these fits or runs, or the first `repeats` of them."""
        wanted = self._repeats(key)
        return range(-(-min(wanted, repeats or wanted) // self.study.repeats_per_shard))

    def shard_repeats(self, key: FitKey | SearchKey, shard: int) -> range:
        """The repeats of one job."""
        first = shard * self.study.repeats_per_shard
        return range(first, min(first + self.study.repeats_per_shard, self._repeats(key)))

    def _repeats(self, key: FitKey | SearchKey) -> int:
        return self.searches.get(key, 0) if isinstance(key, SearchKey) else self.fits.get(key, 0)

    def _section(self, name: str, row: Artefact) -> Any:
        if row.section is None:
            return None
        section = getattr(self.study, row.section)
        return section.get(_set_of(name, row)) if row.each else section

    def _made(self, name: str, row: Artefact) -> bool:
        section = self._section(name, row)
        return (row.section is None or section is not None) and row.made(section)


def _most(parts: Iterable[dict[Key, int]]) -> dict[Key, int]:
    """Key -> the most repeats that a part asks for."""
    wanted: dict[Key, int] = {}
    for part in parts:
        for key, repeats in part.items():
            wanted[key] = max(wanted.get(key, 0), repeats)
    return wanted
