"""Faults of the registry: whoever adds a row is told what it lacks before anything runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from neural_predictor.config.study import Study
from neural_predictor.errors import ConfigError
from neural_predictor.figures.entry_points import module_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from neural_predictor.figures.artefact import Artefact

FOLDER = Path(__file__).parent


def check(rows: Iterable[Artefact], folder: Path = FOLDER) -> None:
    """Check rows of the registry without importing what they name.

    Args:
        rows: the rows, in their order.
        folder: that holds a folder for each.

    Raises:
        ConfigError: one line a fault, with the row and what to do.
    """
    seen: set[str] = set()
    faults = []
    for row in rows:
        faults += [f"{folder / 'registry.py'}: {row.name}: {fault}" for fault in _faults(row, seen, folder)]
        seen.add(row.name)
    if faults:
        raise ConfigError("\n".join(faults))


def _faults(row: Artefact, seen: set[str], folder: Path) -> Iterator[str]:
    if row.name in seen:
        yield f"a row above has the name {row.name!r} too: give this one another"
    if row.section is not None and row.section not in Study.model_fields:
        yield f"section is {row.section!r}, which no study has; add it to Study, or name one of its sections"
    for other in (*row.reads, *row.also):
        if other not in seen:
            yield f"reads {other!r}, which no row above has: name one, or move this row below it"
    for key in ("numbers", "page"):
        yield from _entry_point_faults(key, getattr(row, key), folder)
    caption = folder / row.folder / "caption.rst"
    if not caption.is_file():
        yield f"no caption for the report: write {caption}"


def _entry_point_faults(key: str, entry_point: str, folder: Path) -> Iterator[str]:
    if not re.fullmatch(r"\w+(\.\w+)*:\w+", entry_point):
        yield f"{key} is {entry_point!r}: write <module>:<function>, for example 'fig7.{key}:run'"
        return
    path = folder.joinpath(*module_of(entry_point).split(".")[1:]).with_suffix(".py")
    function = entry_point.partition(":")[2]
    if not path.is_file():
        yield f"{key} is {entry_point!r}, but there is no file {path}: write it, or correct the row"
        return
    text = path.read_text(encoding="utf-8")
    if not re.search(rf"^def {function}\(", text, re.MULTILINE):
        yield f"{key} is {entry_point!r}, but {path} defines no function {function}: write it, or correct the row"
    if key == "page" and not re.search(r"^COLUMNS\b.*=", text, re.MULTILINE):
        yield f"{path} does not name the columns that it takes: COLUMNS = (...)"
    if key == "page" and not re.search(r"^def finding\(", text, re.MULTILINE):
        yield (
            f"{path} does not say what is seen: write finding(frame, protocol), which returns a few plain sentences "
            "made from the numbers"
        )
