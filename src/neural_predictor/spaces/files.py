"""Search spaces at the command line: identities of a CSV's rows, and a whole space as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from neural_predictor.errors import FormatError
from neural_predictor.io.files import atomic
from neural_predictor.io.untrusted import shortened
from neural_predictor.spaces.registry import make_space

if TYPE_CHECKING:
    from pathlib import Path


def identify_csv(path: Path, name: str, out: TextIO) -> None:
    """Write the rows of a CSV with a column `architecture`, the identity of each.

    Args:
        path: CSV file with the space's `columns`; others are carried through.
        name: the space.
        out: where the CSV goes.

    Raises:
        FormatError: if the file is no CSV or lacks a column.
        ArchitectureError: naming the line that is not an architecture.
    """
    space = make_space(name)
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise FormatError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: not a CSV file ({error})") from error
    missing = [column for column in space.columns if column not in frame.columns]
    if missing:
        raise FormatError(
            f"{path}: no column {', '.join(missing)}; the space {name} reads {', '.join(space.columns)}, "
            f"the file has {shortened(', '.join(frame.columns))}"
        )
    # The header is line 1.
    codes = space.from_columns(
        [frame[column].tolist() for column in space.columns], lambda row: f"{path}, line {row + 2}"
    )
    frame["architecture"] = space.identify(codes)
    frame.to_csv(out, index=False, lineterminator="\n")


def enumerate_to(name: str, output: Path | None) -> str:
    """Counts of a space by number of nodes, as text; the space as Parquet with its `columns`."""
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
