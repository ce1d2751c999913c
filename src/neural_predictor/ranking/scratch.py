"""Candidates on the disk while they are ranked: any number of them, in little memory."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa

from neural_predictor.errors import UserError
from neural_predictor.io.files import disk_faults
from neural_predictor.ranking.cells import Cells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from neural_predictor.ranking.architectures import Architectures

BLOCK_BYTES = 2**26
"""Of the rows that are written at once."""
BLOCK_ENTRIES = 2**24
"""Of the matrices of nodes and edges that are scored at once."""
BLOCK_ROWS = 8192
"""Graphs that are scored at once, at most."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A temporary folder that goes with the block.

    Raises:
        UserError: if the system has no place for one.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix="neural-predictor-")
    except OSError as error:
        raise UserError(
            f"no temporary folder can be made ({error.strerror or error}): free some space there, or name another "
            "place in the environment variable TMPDIR"
        ) from error
    with folder as name:
        yield Path(name)


class Scratch:
    """Rows with their graphs, in a file of a temporary folder: written once, then read in any order.

    Attributes:
        sizes: (n,) int16, number of nodes of each graph.
        identities: (n,) as `Architectures` has them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pa.RecordBatchFileWriter | None = None
        self._sizes: list[NDArray[np.int16]] = []
        self._identities: list[NDArray[np.void]] = []
        self._counts: list[NDArray[np.int64]] = []
        self.sizes = np.zeros(0, np.int16)
        self.identities = np.zeros(0, "V16")

    def append(self, found: Architectures) -> None:
        """Add architectures; what is kept of them is always of the same columns."""
        kept, cells = found.kept, found.cells
        kinds, edges = cells.pack()
        columns = {name: kept.column(name) for name in kept.schema.names} if kept is not None else {}
        batch = pa.record_batch(columns | {"kinds": pa.array(kinds), "edges": pa.array(edges)})
        with disk_faults(self._path):
            if self._writer is None:
                self._writer = pa.ipc.new_file(str(self._path), batch.schema)
            self._writer.write_batch(batch)
        self._sizes.append(cells.sizes)
        self._identities.append(found.identities)

    def close(self) -> Self:
        """End the writing; from now on rows can be read."""
        if self._writer is not None:
            with disk_faults(self._path):
                self._writer.close()
            self._batches = pa.ipc.open_file(pa.memory_map(str(self._path)))
            self._first = np.cumsum([0, *map(len, self._sizes)])
            self.sizes, self.identities = np.concatenate(self._sizes), np.concatenate(self._identities)
        return self

    def __len__(self) -> int:
        return len(self.sizes)

    def kept(self, rows: NDArray[np.integer]) -> pa.Table:
        """What was kept of these rows, in this order."""
        return self._take(rows, slice(0, -2))

    def graphs(self, rows: NDArray[np.integer]) -> Cells:
        """The graphs of these rows, in this order."""
        table = self._take(rows, slice(-2, None))
        return Cells.unpack(table["kinds"].to_pylist(), table["edges"].to_pylist())

    def _take(self, rows: NDArray[np.integer], columns: slice) -> pa.Table:
        names = self._batches.schema.names[columns]
        order = np.argsort(rows, kind="stable")
        places = np.searchsorted(self._first, rows[order], side="right") - 1
        parts = []
        for batch in np.unique(places):
            within = rows[order][places == batch] - self._first[batch]
            parts.append(self._batches.get_batch(int(batch)).select(names).take(pa.array(within)))
        back = np.empty(len(rows), np.intp)
        back[order] = np.arange(len(rows))
        return pa.Table.from_batches(parts).combine_chunks().take(pa.array(back))

    def output_blocks(self, order: NDArray[np.integer]) -> Iterator[NDArray[np.integer]]:
        """Rows of this order in blocks that fit into memory."""
        each = self._path.stat().st_size // max(len(self), 1) + 1
        step = int(np.clip(BLOCK_BYTES // each, 1, 8 * BLOCK_ROWS))
        for start in range(0, len(order), step):
            yield order[start : start + step]

    def score_blocks(self, rows: NDArray[np.integer], operations: int) -> Iterator[NDArray[np.integer]]:
        """The same rows in blocks of graphs of about the same size, which fit into memory encoded.

        Args:
            rows: in any order.
            operations: number of kinds of operation, f.
        """
        left = rows[np.argsort(self.sizes[rows], kind="stable")][::-1]
        while len(left):
            largest = int(self.sizes[left[0]])
            step = int(np.clip(BLOCK_ENTRIES // (largest * (largest + operations)), 16, BLOCK_ROWS))
            yield left[:step]
            left = left[step:]
