"""Training runs that arrive in any order, collected into columns by cell, number of epochs and repeat.

Everything lies in byte arrays that grow in place, without a list of records and without a second copy at the
end: a benchmark of a million runs must fit into a laptop's memory beside what reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Column:
    """One number for each cell; `missing` where none was set."""

    def __init__(self, missing: np.generic) -> None:
        self._missing = missing
        self._data = bytearray()

    def view(self, cells: int) -> NDArray[Any]:
        """(cells,) the numbers, to be read or set; the column cannot grow while the view exists."""
        more = cells - len(self._data) // self._missing.itemsize
        self._data += np.full(more, self._missing).tobytes()
        return np.frombuffer(self._data, self._missing.dtype)


class RunColumns:
    """The runs of one number of epochs, each a few float32 values.

    Args:
        width: number of values of a run.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._runs = Column(np.int32(0))
        self._repeats: list[list[Column]] = []

    def add(self, row: NDArray[np.integer], values: NDArray[np.float32], cells: int) -> None:
        """Take in n runs, each as the next repeat of its cell.

        Args:
            row: (n,) number of each run's cell.
            values: (n, width), finite.
            cells: number of cells so far.
        """
        runs = self._runs.view(cells)
        repeat = runs[row] + _rank_among_equals(row)
        runs += np.bincount(row, minlength=cells).astype(np.int32)
        for k in np.unique(repeat):
            if k == len(self._repeats):
                self._repeats.append([Column(np.float32(np.nan)) for _ in range(self._width)])
            mine = repeat == k
            for column, value in zip(self._repeats[k], values[mine].T, strict=True):
                column.view(cells)[row[mine]] = value

    def without_runs(self, cells: int) -> NDArray[np.intp]:
        """The cells that have no run."""
        return np.flatnonzero(self._runs.view(cells) == 0)

    def get(self, place: int, cells: int) -> NDArray[np.float32]:
        """(repeats, cells) one of the values of all runs, NaN where a cell has fewer repeats."""
        return np.stack([columns[place].view(cells) for columns in self._repeats])

    def take(self, place: int, cells: int) -> NDArray[np.float32]:
        """As `get`, and the place is given up."""
        taken = self.get(place, cells)
        for columns in self._repeats:
            columns[place] = Column(np.float32(np.nan))
        return taken

    def find_copy(self, cells: int) -> tuple[int, int, int] | None:
        """A cell and two repeats of it, in order, that have equal values; None if all differ.

        Runs are compared with those next to them in the order of the last value: it should rarely be equal.
        """
        *others, last = range(self._width)
        values = self.get(last, cells)
        order = values.argsort(axis=0)
        values = np.take_along_axis(values, order, axis=0)
        at, cell = np.nonzero(values[1:] == values[:-1])
        one, other = order[at, cell], order[at + 1, cell]
        for place in others:
            if len(cell):
                values = self.get(place, cells)
                equal = values[one, cell] == values[other, cell]
                one, other, cell = one[equal], other[equal], cell[equal]
        return (int(cell[0]), *sorted((int(one[0]), int(other[0])))) if len(cell) else None


def _rank_among_equals(values: NDArray[np.integer]) -> NDArray[np.intp]:
    """How many equal values stand before each value: (n,)."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    start = np.searchsorted(ordered, ordered)
    rank = np.empty(len(values), np.intp)
    rank[order] = np.arange(len(values)) - start
    return rank
