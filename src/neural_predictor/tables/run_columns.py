"""Training runs that arrive in any order, collected into columns by cell and repeat.

A benchmark of a million runs must fit into a laptop's memory beside what reads it. There is no list of records,
then, and no array that grows: a column has room for every cell of the space from the start, and the system gives
it memory as cells are filled in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class RunColumns:
    """The runs that were set to one number of epochs, each a few float32 values.

    Args:
        width: number of values of a run.
        room: largest number of cells.

    Attributes:
        runs: (room,) number of runs of each cell so far.
    """

    def __init__(self, width: int, room: int) -> None:
        self._width = width
        self.runs = np.zeros(room, np.int32)
        self._repeats: list[list[NDArray[np.float32]]] = []

    def add(self, cell: NDArray[np.integer], values: NDArray[np.float32]) -> None:
        """Take in n runs, each as the next repeat of its cell.

        Args:
            cell: (n,) number of each run's cell, 0 to room - 1.
            values: (n, width).
        """
        repeat = self.runs[cell] + _rank_among_equals(cell)
        np.add.at(self.runs, cell, 1)
        for k in np.unique(repeat):
            if k == len(self._repeats):
                self._repeats.append([np.zeros(len(self.runs), np.float32) for _ in range(self._width)])
            mine = repeat == k
            for column, value in zip(self._repeats[k], values[mine].T, strict=True):
                column[cell[mine]] = value

    def get(self, place: int, cells: int) -> NDArray[np.float32]:
        """(cells, repeats) one of the values of every run, NaN where a cell has fewer repeats than another."""
        values = np.stack([columns[place][:cells] for columns in self._repeats])
        values[np.arange(len(values))[:, None] >= self.runs[:cells]] = np.nan
        return values.T

    def take(self, place: int, cells: int) -> NDArray[np.float32]:
        """As `get`, and the memory of this value is freed."""
        taken = self.get(place, cells)
        for columns in self._repeats:
            columns[place] = np.zeros(0, np.float32)
        return taken

    def find_copy(self, cells: int) -> tuple[int, int, int] | None:
        """A cell and two of its repeats, in order, that have equal values; None if there is none.

        Runs are compared with their neighbours in the order of the last value, which should rarely be equal.
        """
        *others, last = range(self._width)
        values = self.get(last, cells)
        order = values.argsort(axis=1, kind="stable")
        values = np.take_along_axis(values, order, axis=1)
        cell, at = np.nonzero(values[:, 1:] == values[:, :-1])
        one, other = order[cell, at], order[cell, at + 1]
        for place in others:
            if not len(cell):
                return None
            values = self.get(place, cells)
            equal = values[cell, one] == values[cell, other]
            cell, one, other = cell[equal], one[equal], other[equal]
        return (int(cell[0]), int(one[0]), int(other[0])) if len(cell) else None


def _rank_among_equals(values: NDArray[np.integer]) -> NDArray[np.intp]:
    """How many equal values stand before each value: (n,)."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    rank = np.empty(len(values), np.intp)
    rank[order] = np.arange(len(values)) - np.searchsorted(ordered, ordered)
    return rank
