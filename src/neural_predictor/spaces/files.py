"""Search spaces at the command line: identities of a CSV's rows, and a whole space as a file."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from neural_predictor.errors import FormatError
from neural_predictor.io.csv_files import CsvWriter, find_name, plain_name, read_csv, separator_hint
from neural_predictor.io.files import atomic, check_writable
from neural_predictor.io.lists import looks_like_list, parse_list
from neural_predictor.io.untrusted import shortened
from neural_predictor.spaces.registry import make_space

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.spaces.base import SearchSpace

logger = logging.getLogger(__name__)

ADDED = ("architecture", "identity")
"""Names of the column that `identify` adds: the first that the file does not have."""


def identify_csv(path: Path, name: str, out: BinaryIO) -> None:
    """Write the rows of a CSV, in UTF-8, with the identity of each in a new column `architecture`.

    The column is called `identity` where the file has an `architecture` of its own.

    Args:
        path: CSV file with the space's `columns`; others are carried through.
        name: the space.
        out: where the CSV goes.

    Raises:
        FormatError: if the file is no CSV, lacks a column or has one twice, or has columns of both names.
        ArchitectureError: naming the line that is not an architecture.
    """
    add_column(path, make_space(name), ADDED, lambda space, codes: space.identify(codes).tolist(), out)


def add_column(
    path: Path,
    space: SearchSpace,
    names: Sequence[str],
    values: Callable[[SearchSpace, NDArray[np.uint8]], Sequence[object]],
    out: BinaryIO,
) -> None:
    """Write the rows of a CSV, in UTF-8, with a new column.

    Args:
        path: CSV file with the space's `columns`; others are carried through.
        space: of its architectures.
        names: of the new column: the first that the file does not have.
        values: of the new column, from space and codes (n, code_length).
        out: where the CSV goes.

    Raises:
        FormatError: if the file is no CSV, lacks a column or has one twice, or has columns of all the names.
        ArchitectureError: naming the line that is not an architecture.
    """
    with read_csv(path, lambda names: set(space.columns) <= set(map(plain_name, names))) as file:
        found = {wanted: find_name(str(path), file.columns, wanted) for wanted in space.columns}
        missing = [wanted for wanted, column in found.items() if column is None]
        if missing:
            raise FormatError(
                f"{path}: no column {', '.join(missing)}; the space {space.name} reads {', '.join(space.columns)}, "
                f"the file has {shortened(', '.join(file.columns))}{separator_hint(file.columns)}"
            )
        rows = list(file.rows)
    places = [file.columns.index(column) for column in found.values() if column is not None]
    codes = space.from_columns(
        [[_joined(row[place]) for _, row in rows] for place in places], lambda row: f"{path}, line {rows[row][0]}"
    )
    added = _new_column(path, file.columns, names)
    for unnamed in file.unnamed:
        logger.info("%s: a column without a name is carried as %s", path, unnamed)
    text = io.StringIO()
    writer = CsvWriter(text)
    writer.rows([[*file.columns, added]])
    writer.rows([*row, value] for (_, row), value in zip(rows, values(space, codes), strict=True))
    out.write(text.getvalue().encode())
    out.flush()


def _joined(text: str) -> str:
    """A list of names as the text with commas that spaces read, a matrix as its digits; another text as it is."""
    if not looks_like_list(text):
        return text
    try:
        found = parse_list(text)
    except ValueError:
        return text
    if all(isinstance(each, str) for each in found):
        return ",".join(found)
    rows = [row for row in found if isinstance(row, list | tuple)]
    return "".join(str(int(each)) if each in (0, 1) else str(each) for row in rows for each in row) or text


def _new_column(path: Path, columns: list[str], names: Sequence[str]) -> str:
    """A name that no column has, up to spaces and capitals."""
    taken = set(map(plain_name, columns))
    free = [name for name in names if name not in taken]
    if not free:
        raise FormatError(
            f"{path}: has the columns {' and '.join(names)}; rename or drop one, to make room for a new one"
        )
    if free[0] != names[0]:
        logger.info("%s: has a column %s of its own; the identity is in the column %s", path, names[0], free[0])
    return free[0]


def enumerate_to(name: str, output: Path | None) -> str:
    """Counts of a space by number of nodes, as text; the space as Parquet with its `columns`.

    Raises:
        UserError: before anything is enumerated, if the file cannot be written.
    """
    if output is not None:
        check_writable(output)
    space = make_space(name)
    codes = space.enumerate()
    nodes = space.encode(codes).mask.sum(axis=1)
    if output is not None:
        columns = {
            "architecture": pa.array(space.identify(codes), pa.string()),
            **dict(zip(space.columns, space.to_columns(codes), strict=True)),
            "nodes": pa.array(nodes.astype(np.int8)),
        }
        with atomic(output) as part:
            pq.write_table(pa.table(columns), part, compression="zstd")
    sizes, counts = np.unique(nodes, return_counts=True)
    lines = [f"{size} nodes: {count:,}" for size, count in zip(sizes, counts, strict=True)]
    return "\n".join([*lines, f"all: {len(codes):,}"])
