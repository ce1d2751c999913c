"""CSV: tables of others are read with the separator that their header shows; every table is written in one way."""

from __future__ import annotations

import csv
import re
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, TextIO

from neural_predictor.errors import FormatError
from neural_predictor.io.text_files import MAX_LINE_CHARACTERS, lines_of, open_text
from neural_predictor.io.untrusted import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*')
"""What Excel writes, and reads, before the header."""
csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_CHARACTERS))  # by default 131,072: less than a learning curve


def plain_name(name: str) -> str:
    """The name of a column or field without the spaces and capitals that a spreadsheet or a person may give it."""
    return name.strip().casefold()


def find_name(source: str, names: Iterable[str], wanted: str, *, exact: bool = False) -> str | None:
    """Which of some names is the wanted one, up to spaces and capitals; None if none is.

    Args:
        source: what has the names, for messages.
        names: as the source has them.
        wanted: the name.
        exact: whether a name that is the same to the letter goes before others, not only where it is the only one.

    Raises:
        FormatError: if more than one is.
    """
    found = [name for name in names if plain_name(name) == plain_name(wanted)]
    if exact and wanted in found:
        return wanted
    if len(found) > 1:
        shown = ", ".join(map(repr, found))
        raise FormatError(f"{source}: {shown} are all the same name; keep one, rename or drop the others")
    return found[0] if found else None


@dataclass(frozen=True)
class CsvRows:
    """An open CSV file.

    Attributes:
        columns: names of its columns, as the header has them; those without a name are called column_1, column_2, ...
            by their place.
        unnamed: the columns whose names were made so.
        rows: (line, values) of each row that has any value; lines count from 1, the header's among them.
    """

    columns: list[str]
    unnamed: list[str]
    rows: Iterator[tuple[int, list[str]]]


@contextmanager
def read_csv(path: Path, accepts: Callable[[Sequence[str]], bool]) -> Iterator[CsvRows]:
    """Open a CSV file with a header.

    Args:
        path: the file.
        accepts: whether names are those of a file that is looked for. The separator is the one that makes it true:
            commas, semicolons, tabs or vertical bars; commas where none does.

    Raises:
        FormatError: naming the line, if the file is not text, has no header, one name twice, or a row with another
            number of values than the header; also while rows are read.
    """
    with open_text(path) as file:
        lines = lines_of(path, file)
        separators = list(SEPARATORS)
        skipped, first = _first_line(lines, 0)
        if found := _SEPARATOR_LINE.fullmatch(first):
            separators, (skipped, first) = [found[1]], _first_line(lines, skipped + 1)
        if not first:
            raise FormatError(f"{path}: empty; expected a header and one row an architecture")
        if first.lstrip().startswith(("{", "[")):
            raise FormatError(f"{path}: JSON, not CSV; lines with an object each have the extension .jsonl")
        separator = next((each for each in separators if accepts(_split(first, each))), separators[0])
        spaced = _spaced(_split(first, separator, skip=False))
        records = csv.reader(chain([first], lines), delimiter=separator, skipinitialspace=spaced, strict=True)
        with _csv_faults(path, records, skipped):
            header = next(records)
        columns, unnamed = _named(path, header)
        yield CsvRows(columns, unnamed, _rows(path, records, len(columns), skipped))


def _first_line(lines: Iterator[str], skipped: int) -> tuple[int, str]:
    """The next line that is not blank, and the number of lines before it; an empty text where there is none."""
    for line in lines:
        if line.strip():
            return skipped, line
        skipped += 1
    return skipped, ""


def separator_hint(columns: Sequence[str]) -> str:
    """What to say of a header that is one name, where a list was expected."""
    if len(columns) == 1 and len(columns[0].split()) > 1:
        return f"; columns are separated by {', '.join(SEPARATORS.values())}, not by spaces"
    return ""


def _split(line: str, separator: str, *, skip: bool = True) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=skip), [])
    except csv.Error:
        return []


def _spaced(names: Sequence[str]) -> bool:
    """Whether a space follows each separator of a header."""
    return len(names) > 1 and all(name.startswith(" ") for name in names[1:])


def _named(path: Path, header: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names of columns, and those of them that were made up."""
    columns, unnamed = [], []
    for place, name in enumerate(header, start=1):
        if not name.strip():
            name = f"column_{place}"
            while name in header:
                name += "_"
            unnamed.append(name)
        columns.append(name)
    if doubled := sorted({name for name in columns if columns.count(name) > 1}):
        raise FormatError(f"{path}: more than one column {shortened(', '.join(doubled))}; allowed is one of each name")
    return columns, unnamed


def _rows(path: Path, records: Any, width: int, skipped: int) -> Iterator[tuple[int, list[str]]]:
    before = records.line_num
    with _csv_faults(path, records, skipped):
        for row in records:
            line, before = before + 1 + skipped, records.line_num
            if not any(row):
                continue
            if len(row) > width and not any(row[width:]):
                del row[width:]  # separators at the end of a line, as spreadsheets leave them
            if len(row) != width:
                raise FormatError(
                    f"{path}, line {line}: {len(row)} values; the header names {width} columns. "
                    "A text that holds separators stands in double quotes"
                )
            yield line, row


@contextmanager
def _csv_faults(path: Path, records: Any, skipped: int) -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        why = f"a value of more than {MAX_LINE_CHARACTERS:,} characters" if "field larger" in str(error) else error
        raise FormatError(f"{path}, line {records.line_num + skipped}: not CSV ({why})") from error


class CsvWriter:
    """Writes rows so that every reader reads them back: a field with any line end is quoted.

    Before Python 3.11.9 and 3.12.3, `csv` quotes of the line ends those alone that end its own lines.
    """

    def __init__(self, file: TextIO, separator: str = ",") -> None:
        self._file = file
        self._writer = csv.writer(self, delimiter=separator, lineterminator="\r\n")

    def write(self, line: str) -> None:
        """One line from `csv`; it becomes one of the file."""
        self._file.write(line.removesuffix("\r\n") + "\n")

    def rows(self, rows: Iterable[Iterable[Any]]) -> None:
        """Write rows of texts, numbers, or None for nothing."""
        self._writer.writerows(rows)
