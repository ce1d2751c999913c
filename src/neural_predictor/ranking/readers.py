"""Reading architectures from CSV, JSON lines and Parquet, some thousand rows at a time."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from neural_predictor.errors import ArchitectureError, FormatError
from neural_predictor.io.parquet_bounds import check_parquet
from neural_predictor.io.untrusted import parse_json, shortened
from neural_predictor.ranking.parse import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CHUNK_ROWS = 2048
"""Rows of a file that are in memory at once."""
MAX_LINE_CHARACTERS = 2**24
"""Of a line: a guard of the memory, hundreds of times what the largest architecture takes."""
MAX_BATCH_BYTES = 2**28
"""Of `CHUNK_ROWS` rows of a Parquet file, likewise."""
EXTENSIONS = ".csv, .csv.gz, .jsonl, .jsonl.gz, .parquet"
Form = Literal["csv", "jsonl", "parquet"]


def form_of(path: Path) -> tuple[Form, bool]:
    """The form of a file by its extension, and whether it is gzipped.

    Raises:
        FormatError: for an extension that stands for no form.
    """
    name = path.name.lower()
    zipped = name.endswith(".gz")
    suffix = Path(name.removesuffix(".gz")).suffix
    if suffix == ".csv":
        return "csv", zipped
    if suffix in (".jsonl", ".ndjson"):
        return "jsonl", zipped
    if suffix == ".parquet" and not zipped:
        return "parquet", False
    raise FormatError(f"{path}: unknown extension; allowed are {EXTENSIONS}")


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of a file.

    Attributes:
        numbers: of each row, its number in the file: data rows from 1 on (CSV, Parquet), or lines (JSON lines).
        operations: of each row, what names its nodes' operations, as the file has it.
        wiring: of each row, its `adjacency` or its `edges`.
        wired: of each row, which of them.
        labels: of each row, its label, where one was asked for.
        kept: the rows as they are to be kept, in the reader's own columns.
    """

    numbers: list[int]
    operations: list[Any]
    wiring: list[Any]
    wired: list[str]
    labels: list[Any] | None
    kept: pa.RecordBatch


class Reader(Protocol):
    """A file of architectures."""

    path: Path
    unit: str

    @property
    def columns(self) -> list[str]:
        """Names of its columns; known once the first chunk was read (JSON lines: of all lines read so far)."""

    def chunks(self, label: str | None) -> Iterator[Chunk]:
        """All rows, in order, with the column `label` if one is named.

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
    form, zipped = form_of(path)
    if not path.is_file():
        raise FormatError(f"{path}: {'a folder, not a file' if path.is_dir() else 'no such file'}")
    if form == "parquet":
        return ParquetReader(path)
    return CsvReader(path, zipped) if form == "csv" else JsonReader(path, zipped)


@contextmanager
def _text(path: Path, zipped: bool) -> Iterator[TextIO]:
    """A text file, open; faults of it as messages."""
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig", newline="")
            if zipped
            else path.open(encoding="utf-8-sig", newline="") as file
        ):
            yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FormatError(f"{path}: not a whole gzip file ({error})") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: not text in UTF-8 ({error})") from error
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error})") from error


def _lines(path: Path, file: TextIO) -> Iterator[str]:
    """The lines of a file, none of them longer than memory bears."""
    number = 0
    while line := file.readline(MAX_LINE_CHARACTERS + 1):
        number += 1
        if len(line) > MAX_LINE_CHARACTERS:
            raise FormatError(
                f"{path}, line {number}: longer than {MAX_LINE_CHARACTERS:,} characters; no architecture is"
            )
        yield line


def _wired(columns: Sequence[str]) -> str:
    """Which column says the edges: `adjacency`, or `edges` where there is none (it may be their number, carried)."""
    return "adjacency" if "adjacency" in columns else "edges"


def _listed(names: Iterable[str]) -> str:
    return shortened(", ".join(names))


def _require(path: Path, columns: Sequence[str], label: str | None) -> None:
    """Refuse a header without the columns that are needed, or with a column twice."""
    doubled = sorted({column for column in columns if list(columns).count(column) > 1})
    if doubled:
        raise FormatError(f"{path}: more than one column {_listed(doubled)}; allowed is one of each name")
    needed = ["operations", *([label] if label else [])]
    missing = [column for column in needed if column not in columns]
    if not {"adjacency", "edges"} & set(columns):
        missing.insert(0, "adjacency (or edges)")
    if missing:
        hint = "; name the label's column with --label" if label in missing else ""
        raise FormatError(f"{path}: no column {', '.join(missing)}; the file has {_listed(columns)}{hint}")


class CsvReader:
    """CSV with a header; every value is text."""

    unit = "row"

    def __init__(self, path: Path, zipped: bool) -> None:
        self.path, self._zipped = path, zipped
        self.columns: list[str] = []

    def chunks(self, label: str | None) -> Iterator[Chunk]:  # noqa: D102
        rows: list[list[str]] = []
        start = 1
        with _text(self.path, self._zipped) as file:
            lines = csv.reader(_lines(self.path, file))
            try:
                self.columns = next(lines, [])
                if not self.columns:
                    raise FormatError(f"{self.path}: empty; expected a header and one row an architecture")
                _require(self.path, self.columns, label)
                for row in lines:
                    if not row:
                        continue
                    if len(row) != len(self.columns):
                        raise FormatError(
                            f"{self.path}, row {start + len(rows)} (line {lines.line_num}): {len(row)} values; the "
                            f"header names {len(self.columns)} columns. A text with commas stands in double quotes"
                        )
                    rows.append(row)
                    if len(rows) == CHUNK_ROWS:
                        yield self._chunk(start, rows, label)
                        start, rows = start + len(rows), []
            except csv.Error as error:
                raise FormatError(f"{self.path}, line {lines.line_num}: not CSV ({error})") from error
        if rows:
            yield self._chunk(start, rows, label)
        elif start == 1:
            raise FormatError(f"{self.path}: empty: a header, but no row")

    def _chunk(self, start: int, rows: list[list[str]], label: str | None) -> Chunk:
        values = dict(zip(self.columns, map(list, zip(*rows, strict=True)), strict=True))
        kept = pa.record_batch([pa.array(column, pa.string()) for column in values.values()], _numbered(len(values)))
        return Chunk(
            numbers=list(range(start, start + len(rows))),
            operations=values["operations"],
            wiring=values[_wired(self.columns)],
            wired=[_wired(self.columns)] * len(rows),
            labels=values[label] if label else None,
            kept=kept,
        )

    def restore(self, kept: pa.Table) -> pa.Table:  # noqa: D102
        return kept.rename_columns(self.columns)


class ParquetReader:
    """Parquet: `adjacency` or `edges`, and `operations` as text or lists; all columns keep their types."""

    unit = "row"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: list[str] = []

    def chunks(self, label: str | None) -> Iterator[Chunk]:  # noqa: D102
        start = 1
        try:
            with pq.ParquetFile(self.path) as file:
                check_parquet(file.metadata, self.path.stat().st_size)
                self.columns = list(file.schema_arrow.names)
                _require(self.path, self.columns, label)
                for batch in file.iter_batches(CHUNK_ROWS):
                    yield self._chunk(start, batch, label)
                    start += len(batch)
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            if isinstance(error, ArchitectureError):
                raise
            told = shortened(str(error))
            raise FormatError(f"{self.path}: not a whole Parquet file of architectures ({told})") from error
        if start == 1:
            raise FormatError(f"{self.path}: empty: columns, but no row")

    def _chunk(self, start: int, batch: pa.RecordBatch, label: str | None) -> Chunk:
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
        named = dict(zip(self.columns, arrays, strict=True))
        return Chunk(
            numbers=list(range(start, start + len(batch))),
            operations=named["operations"].to_pylist(),
            wiring=named[_wired(self.columns)].to_pylist(),
            wired=[_wired(self.columns)] * len(batch),
            labels=named[label].to_pylist() if label else None,
            kept=pa.record_batch(arrays, _numbered(len(arrays))),
        )

    def restore(self, kept: pa.Table) -> pa.Table:  # noqa: D102
        return kept.rename_columns(self.columns)


class JsonReader:
    """JSON lines: one object a line; lines may have other fields than each other. A line is kept as its text."""

    unit = "line"

    def __init__(self, path: Path, zipped: bool) -> None:
        self.path, self._zipped = path, zipped
        self._types: dict[str, set[type]] = {}

    @property
    def columns(self) -> list[str]:
        """Names of the fields of all lines read so far."""
        return list(self._types)

    def chunks(self, label: str | None) -> Iterator[Chunk]:  # noqa: D102
        numbers: list[int] = []
        lines: list[str] = []
        with _text(self.path, self._zipped) as file:
            for number, line in enumerate(_lines(self.path, file), start=1):
                if not line.strip():
                    continue
                numbers.append(number)
                lines.append(line.strip())
                if len(lines) == CHUNK_ROWS:
                    yield self._chunk(numbers, lines, label)
                    numbers, lines = [], []
        if lines:
            yield self._chunk(numbers, lines, label)
        elif not self._types:
            raise FormatError(f"{self.path}: empty; expected one JSON object a line")

    def _chunk(self, numbers: list[int], lines: list[str], label: str | None) -> Chunk:
        found = [self._object(number, line, label) for number, line in zip(numbers, lines, strict=True)]
        wired = ["edges" if "edges" in fields else "adjacency" for fields in found]
        return Chunk(
            numbers=numbers,
            operations=[fields["operations"] for fields in found],
            wiring=[fields[name] for fields, name in zip(found, wired, strict=True)],
            wired=wired,
            labels=[fields.get(label) for fields in found] if label else None,
            kept=pa.record_batch([pa.array(lines, pa.string())], _numbered(1)),
        )

    def _object(self, number: int, line: str, label: str | None) -> dict[str, Any]:
        try:
            fields = parse_json(line)
        except ValueError as error:
            raise FormatError(f"{self.path}, line {number}: {shorten(line)} is not JSON ({error})") from error
        if not isinstance(fields, dict):
            raise FormatError(
                f"{self.path}, line {number}: {shorten(line)} is no object; allowed is one a line, such as "
                '{"operations": ["input", "conv3x3", "output"], "edges": [[0, 1], [1, 2]]}'
            )
        _require_fields(f"{self.path}, line {number}", fields, label)
        try:
            "".join(fields).encode()
        except UnicodeEncodeError as error:  # half of a pair, such as \ud800, which no file of results could hold
            raise FormatError(f"{self.path}, line {number}: the name of a field is no text ({error})") from error
        for name, value in fields.items():
            beyond = type(value) is int and not -(2**63) <= value < 2**63  # no column of numbers holds it
            self._types.setdefault(name, set()).add(str if beyond else type(value))
        return fields

    def restore(self, kept: pa.Table) -> pa.Table:  # noqa: D102
        rows = [json.loads(line) for line in kept.column(0).to_pylist()]
        found = {}
        for name, types in self._types.items():
            try:
                found[name] = _column(name, types, [fields.get(name) for fields in rows])
            except (RecursionError, ValueError, OverflowError, pa.ArrowException) as error:
                raise FormatError(f"{self.path}, field {shorten(name)}: no values of a column ({error})") from error
        return pa.table(found)


def _require_fields(where: str, fields: dict[str, Any], label: str | None) -> None:
    if "operations" not in fields or not fields.keys() & {"edges", "adjacency"}:
        missing = "operations" if "operations" not in fields else "edges (or adjacency)"
        raise FormatError(f"{where}: no field {missing}; the line has {_listed(fields) or 'none'}")
    if label is not None and label not in fields:
        raise FormatError(
            f"{where}: no field {label}; the line has {_listed(fields)}; name the label's field with --label"
        )


def _numbered(columns: int) -> list[str]:
    """Names of kept columns: their places, so that no file's names get into the way."""
    return [str(place) for place in range(columns)]


def _column(name: str, types: set[type], values: list[Any]) -> pa.Array:
    """Values of one field of some lines, of the type that all lines of the file allow."""
    types = types - {type(None)}
    if types == {list} and name == "operations":
        return pa.array([[str(operation) for operation in value] for value in values], pa.list_(pa.string()))
    if types == {list} and name == "edges":
        return pa.array(values, pa.list_(pa.list_(pa.int64())))
    if types == {bool}:
        return pa.array(values, pa.bool_())
    if types == {int}:
        return pa.array(values, pa.int64())
    if types in ({float}, {int, float}):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    texts = [value if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False) for value in values]
    return pa.array(texts, pa.string())
