"""Writing ranked rows as CSV, JSON lines or Parquet, block by block."""

from __future__ import annotations

import gzip
import io
import json
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from neural_predictor.io.csv_files import CsvWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from neural_predictor.ranking.forms import Form


def write_blocks(path: Path, form: Form, blocks: Iterable[pa.Table]) -> None:
    """Write tables of the same columns one after the other into a file."""
    if form.kind == "parquet":
        _write_parquet(path, blocks)
        return
    with _text(path, form.zipped) as file:
        if form.kind == "csv":
            _write_csv(CsvWriter(file, form.separator), blocks)
        else:
            _write_lines(file, blocks)


@contextmanager
def _text(path: Path, zipped: bool) -> Iterator[TextIO]:
    """A text file to write; a gzipped one says neither a name nor a time, so that equal rows give equal bytes."""
    with path.open("wb") as raw:
        target = gzip.GzipFile("", "wb", fileobj=raw, mtime=0) if zipped else raw
        with io.TextIOWrapper(target, encoding="utf-8", newline="") as file:
            yield file


def _write_parquet(path: Path, blocks: Iterable[pa.Table]) -> None:
    writer = None
    try:
        for block in blocks:
            if writer is None:
                writer = pq.ParquetWriter(path, block.schema, compression="zstd")
            writer.write_table(block)
    finally:
        if writer is not None:
            writer.close()


def _write_csv(writer: CsvWriter, blocks: Iterable[pa.Table]) -> None:
    for number, block in enumerate(blocks):
        if number == 0:
            writer.rows([block.column_names])
        writer.rows(zip(*([_cell(value) for value in column.to_pylist()] for column in block.columns), strict=True))


def _cell(value: Any) -> Any:
    """A value as CSV has it: lists and truth as JSON, nothing for null."""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict | bool) else value


def _write_lines(file: TextIO, blocks: Iterable[pa.Table]) -> None:
    for block in blocks:
        for row in block.to_pylist():
            fields = {name: _number(value) for name, value in row.items()}
            file.write(json.dumps(fields, ensure_ascii=False, default=str) + "\n")


def _number(value: Any) -> Any:
    """JSON has no NaN and no infinity: null."""
    if isinstance(value, list):
        return [_number(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _number(each) for name, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
