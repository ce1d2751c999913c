"""Reading rows of plain values from CSV, JSON lines and Parquet, some thousand at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from neural_predictor.errors import ArchitectureError, FormatError
from neural_predictor.io.csv_files import find_name, plain_name, read_csv, separator_hint
from neural_predictor.io.parquet_bounds import check_parquet
from neural_predictor.io.text_files import lines_of, open_text
from neural_predictor.io.untrusted import shortened
from neural_predictor.ranking.forms import form_of
from neural_predictor.ranking.json_fields import FieldTypes
from neural_predictor.ranking.parse import STRUCTURE
from neural_predictor.ranking.row import EXAMPLE, foreign, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

CHUNK_ROWS = 2048
"""Rows of a file that are in memory at once, at most."""
CHUNK_CHARACTERS = 2**24
"""Of the text of rows that are in memory at once; one row may have more."""
MAX_BATCH_BYTES = 2**28
"""Of `CHUNK_ROWS` rows of a Parquet file."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of a file.

    Attributes:
        places: of each row, where it stands, such as `row 3 (line 4)`.
        values: of each column that was asked for, and of those of `parse.STRUCTURE` that are there, a value a row, as
            the file has it; None where there is none.
        kept: the rows as they are to be kept, in the reader's own columns.
    """

    places: list[str]
    values: dict[str, list[Any]]
    kept: pa.RecordBatch


class Reader(Protocol):
    """A file of architectures."""

    path: Path

    @property
    def columns(self) -> list[str]:
        """Names of its columns; known once the first chunk was read (JSON lines: of all lines read so far)."""

    @property
    def notes(self) -> list[str]:
        """What to say of the file, a sentence each; known with its columns."""

    def chunks(self, named: Sequence[str]) -> Iterator[Chunk]:
        """All rows, in order, with the columns of these names.

        Raises:
            FormatError: if the file is not of its form, has no rows, or lacks a column.
        """

    def restore(self, kept: pa.Table) -> pa.Table:
        """The columns of the file from what chunks kept; to be called after all chunks were read."""


def open_reader(path: Path) -> Reader:
    """The reader of a file, by its extension.

    Raises:
        FormatError: for an extension that stands for no form, or a file that is not there.
    """
    kind = form_of(path).kind
    if not path.is_file():
        raise FormatError(f"{path}: {'a folder, not a file' if path.is_dir() else 'no such file'}")
    if kind == "parquet":
        return ParquetReader(path)
    return CsvReader(path) if kind == "csv" else JsonReader(path)


def _listed(names: Iterable[str]) -> str:
    return shortened(", ".join(names))


def says_architectures(names: Iterable[str]) -> bool:
    """Whether rows with values of these names may say architectures."""
    found = set(map(plain_name, names))
    return ("operations" in found and bool(found & {"adjacency", "edges", "links"})) or bool(found & {"nodes", "graph"})


def find_columns(where: str, names: Sequence[str], named: Sequence[str]) -> dict[str, str]:
    """By wanted name the column that has it, where one has.

    Raises:
        FormatError: for an ambiguous name.
    """
    found = {}
    for wanted in ("operations", "adjacency", "edges"):
        found[wanted] = find_name(where, names, wanted)
    for wanted in STRUCTURE[3:]:
        found[wanted] = wanted if wanted in names else None
    for wanted in named:
        found[wanted] = find_name(where, names, wanted, exact=True)
    return {wanted: name for wanted, name in found.items() if name is not None}


def _columns(path: Path, names: Sequence[str], named: Sequence[str], first: Iterable[Any]) -> dict[str, str]:
    """As `find_columns`, of a header with the values of a first row.

    Raises:
        FormatError: likewise, and for a name that is not there.
    """
    if doubled := sorted({name for name in names if list(names).count(name) > 1}):
        raise FormatError(f"{path}: more than one column {_listed(doubled)}; allowed is one of each name")
    found = find_columns(str(path), names, named)
    missing = [wanted for wanted in named if wanted not in found]
    hint = "; name the label's column with --label" if missing else ""
    if not says_architectures(names):
        wired = {"adjacency", "edges"} & found.keys()
        missing = [
            *(() if wired else ("adjacency (or edges)",)),
            *(("operations",) * ("operations" not in found)),
            *missing,
        ]
        other = next(filter(None, map(foreign, first)), None)
        hint = f"; it holds {other}" if other else separator_hint(names) or hint
    if missing:
        raise FormatError(f"{path}: no column {', '.join(missing)}; the file has {_listed(names)}{hint}")
    return found


def _first(rows: Iterator[tuple[int, list[str]]]) -> list[str]:
    """The values of the first row; nothing where it is faulty."""
    try:
        return next(rows, (0, list[str]()))[1]
    except FormatError:
        return []


class CsvReader:
    """CSV with a header; every value is text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: list[str] = []
        self.notes: list[str] = []

    def chunks(self, named: Sequence[str]) -> Iterator[Chunk]:  # noqa: D102
        places: list[str] = []
        rows: list[list[str]] = []
        number = characters = 0
        with read_csv(self.path, says_architectures) as file:
            self.columns = file.columns
            if file.unnamed:
                self.notes = [f"{self.path}: columns without a name are carried as {_listed(file.unnamed)}"]
            first = [] if says_architectures(self.columns) else _first(file.rows)
            found = _columns(self.path, self.columns, named, first)
            for line, row in file.rows:
                number += 1
                places.append(f"row {number} (line {line})")
                rows.append(row)
                characters += sum(map(len, row))
                if len(rows) == CHUNK_ROWS or characters > CHUNK_CHARACTERS:
                    yield self._chunk(places, rows, found)
                    places, rows, characters = [], [], 0
        if rows:
            yield self._chunk(places, rows, found)
        elif not number:
            raise FormatError(f"{self.path}: empty: a header, but no row")

    def _chunk(self, places: list[str], rows: list[list[str]], found: Mapping[str, str]) -> Chunk:
        values = dict(zip(self.columns, map(list, zip(*rows, strict=True)), strict=True))
        kept = pa.record_batch([pa.array(column, pa.string()) for column in values.values()], _numbered(len(values)))
        return Chunk(places, {wanted: values[name] for wanted, name in found.items()}, kept)

    def restore(self, kept: pa.Table) -> pa.Table:  # noqa: D102
        return kept.rename_columns(self.columns)


class ParquetReader:
    """Parquet; all columns keep their types."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: list[str] = []
        self.notes: list[str] = []

    def chunks(self, named: Sequence[str]) -> Iterator[Chunk]:  # noqa: D102
        start = 1
        try:
            with pq.ParquetFile(self.path) as file:
                check_parquet(file.metadata, self.path.stat().st_size)
                self.columns = list(file.schema_arrow.names)
                if not says_architectures(self.columns):
                    first = next(file.iter_batches(1), None)
                    _columns(self.path, self.columns, named, [] if first is None else first.to_pylist()[0].values())
                found = _columns(self.path, self.columns, named, ())
                for batch in file.iter_batches(CHUNK_ROWS):
                    if len(batch):
                        yield self._chunk(start, batch, found)
                    start += len(batch)
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            if isinstance(error, ArchitectureError):
                raise
            told = shortened(str(error))
            raise FormatError(f"{self.path}: not a whole Parquet file of architectures ({told})") from error
        if start == 1:
            raise FormatError(f"{self.path}: empty: columns, but no row")

    def _chunk(self, start: int, batch: pa.RecordBatch, found: Mapping[str, str]) -> Chunk:
        if batch.nbytes > MAX_BATCH_BYTES:
            raise FormatError(
                f"{self.path}, rows from {start}: {len(batch)} rows of {batch.nbytes:,} bytes; no architectures are so "
                "large"
            )
        batch.validate(full=True)
        arrays = [
            array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array
            for array in batch.columns
        ]
        values = dict(zip(self.columns, arrays, strict=True))
        return Chunk(
            [f"row {number}" for number in range(start, start + len(batch))],
            {wanted: values[name].to_pylist() for wanted, name in found.items()},
            pa.record_batch(arrays, _numbered(len(arrays))),
        )

    def restore(self, kept: pa.Table) -> pa.Table:  # noqa: D102
        return kept.rename_columns(self.columns)


class JsonReader:
    """JSON lines: one object a line; lines may have other fields than each other. A line is kept as its text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self._types = FieldTypes()
        self._known: dict[tuple[str, ...], dict[str, str]] = {}

    @property
    def columns(self) -> list[str]:
        """Names of the fields of all lines read so far."""
        return self._types.names

    def chunks(self, named: Sequence[str]) -> Iterator[Chunk]:  # noqa: D102
        numbers: list[int] = []
        lines: list[str] = []
        characters = 0
        with open_text(self.path) as file:
            for number, line in enumerate(lines_of(self.path, file), start=1):
                if not line.strip():
                    continue
                numbers.append(number)
                lines.append(line.strip())
                characters += len(line)
                if len(lines) == CHUNK_ROWS or characters > CHUNK_CHARACTERS:
                    yield self._chunk(numbers, lines, named)
                    numbers, lines, characters = [], [], 0
        if lines:
            yield self._chunk(numbers, lines, named)
        elif not self.columns:
            raise FormatError(f"{self.path}: empty; expected one JSON object a line")
        for wanted in named:
            if find_name(str(self.path), self.columns, wanted, exact=True) is None:
                raise FormatError(
                    f"{self.path}: no field {wanted}; the lines have {_listed(self.columns)}; name the label's field "
                    "with --label"
                )

    def _chunk(self, numbers: list[int], lines: list[str], named: Sequence[str]) -> Chunk:
        values: dict[str, list[Any]] = {wanted: [None] * len(lines) for wanted in (*STRUCTURE, *named)}
        for place, (number, line) in enumerate(zip(numbers, lines, strict=True)):
            fields = self._object(number, line)
            for wanted, name in self._found(number, fields, named).items():
                values[wanted][place] = fields[name]
        kept = pa.record_batch([pa.array(lines, pa.string())], _numbered(1))
        return Chunk([f"line {number}" for number in numbers], values, kept)

    def _object(self, number: int, line: str) -> dict[str, Any]:
        where = f"{self.path}, line {number}"
        try:
            fields = json.loads(line, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            told = "nested too deep" if isinstance(error, RecursionError) else error
            raise FormatError(
                f"{where}: {shorten(line)} is not JSON ({told}); expected is one object a line"
            ) from error
        if not isinstance(fields, dict):
            raise FormatError(f"{where}: {shorten(line)} is no object; allowed is one a line, such as {EXAMPLE}")
        if "\\ud" in line.lower():  # maybe half of a pair, such as \ud800, which no file of results could hold
            try:
                json.dumps(fields, ensure_ascii=False).encode()
            except UnicodeEncodeError as error:
                raise FormatError(f"{where}: a name or value is no text ({error})") from error
        self._types.note(fields)
        return fields

    def _found(self, number: int, fields: Mapping[str, Any], named: Sequence[str]) -> dict[str, str]:
        names = tuple(fields)
        if names not in self._known:
            where = f"{self.path}, line {number}"
            found = find_columns(where, names, named)
            if not says_architectures(names):
                missing = "operations" if "operations" not in found else "edges (or adjacency)"
                other = next(filter(None, map(foreign, fields.values())), None)
                hint = f"; it holds {other}" if other else ""
                raise FormatError(f"{where}: no field {missing}; the line has {_listed(names) or 'none'}{hint}")
            self._known[names] = found
        return self._known[names]

    def restore(self, kept: pa.Table) -> pa.Table:  # noqa: D102
        try:
            return self._types.table([json.loads(line) for line in kept.column(0).to_pylist()])
        except ValueError as error:
            raise FormatError(f"{self.path}: no values of a column ({error})") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are each there once.

    Raises:
        ValueError: naming the first that is not.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the name {next(name for name in names if names.count(name) > 1)!r} stands there twice")
    return found


def _numbered(columns: int) -> list[str]:
    """Names of kept columns: their places, so that no file's names get into the way."""
    return [str(place) for place in range(columns)]
