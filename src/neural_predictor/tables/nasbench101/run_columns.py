"""Training runs that arrive in any order, collected into columns by cell and repeat.

A benchmark of a million runs must fit into a laptop's memory beside what reads it: there is no list of records,
and the columns that are filled are the columns of the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


def grown(array: NDArray[Scalar], shape: tuple[int, ...], room: int) -> NDArray[Scalar]:
    """An array of at least the given shape that begins as `array` and goes on with zeros.

    Where the last axis is too short, it becomes four times as long, but no longer than `room`, so that few steps
    lead to the largest size and leave little memory behind.
    """
    enough = [max(have, need) for have, need in zip(array.shape, shape, strict=True)]
    if tuple(enough) == array.shape:
        return array
    if enough[-1] > array.shape[-1]:
        enough[-1] = max(enough[-1], min(4 * array.shape[-1], room))
    more = np.zeros(enough, array.dtype)
    more[tuple(slice(have) for have in array.shape)] = array
    return more


class RunColumns:
    """The runs that were set to one number of epochs, each a few float32 values.

    Args:
        width: number of values of a run.
        room: largest number of cells.
    """

    def __init__(self, width: int, room: int) -> None:
        self._room = room
        self._runs = np.zeros(0, np.int32)
        self._values = [np.zeros((0, 0), np.float32) for _ in range(width)]

    def add(self, cell: NDArray[np.integer], values: NDArray[np.float32]) -> None:
        """Take in n runs, each as the next repeat of its cell.

        Args:
            cell: (n,) number of each run's cell, from 0 to room - 1.
            values: (n, width).
        """
        cells = int(cell.max()) + 1
        repeat = self.repeats_of(cell)
        np.add.at(self._runs, cell, 1)
        for place, value in enumerate(values.T):
            self._values[place] = grown(self._values[place], (int(repeat.max()) + 1, cells), self._room)
            self._values[place][repeat, cell] = value

    def repeats_of(self, cell: NDArray[np.integer]) -> NDArray[np.intp]:
        """(n,) which repeat of its cell, from 0 on, each of n runs would be."""
        self._runs = grown(self._runs, (int(cell.max()) + 1,), self._room)
        return np.asarray(self._runs[cell] + _rank_among_equals(cell), np.intp)

    def runs(self, cells: int) -> NDArray[np.int32]:
        """(cells,) number of runs of each cell."""
        self._runs = grown(self._runs, (cells,), self._room)
        return self._runs[:cells]

    def get(self, place: int, cells: int) -> NDArray[np.float32]:
        """(cells, repeats) one of the values of every run, NaN where a cell has fewer repeats than another."""
        repeats = len(self._values[place])
        self._values[place] = grown(self._values[place], (repeats, cells), self._room)
        values = self._values[place][:, :cells]
        values[np.arange(repeats)[:, None] >= self.runs(cells)] = np.nan
        return values.T

    def find_copy(self, cells: int) -> tuple[int, int, int] | None:
        """A cell and two of its repeats, in order, that have equal values; None if there is none."""
        *others, last = range(len(self._values))
        values = self.get(last, cells)
        for shift in range(1, values.shape[1]):
            cell, one = np.nonzero(values[:, :-shift] == values[:, shift:])
            for place in others:
                other_values = self.get(place, cells) if len(cell) else values
                equal = other_values[cell, one] == other_values[cell, one + shift]
                cell, one = cell[equal], one[equal]
            if len(cell):
                return int(cell[0]), int(one[0]), int(one[0]) + shift
        return None


def _rank_among_equals(values: NDArray[np.integer]) -> NDArray[np.intp]:
    """How many equal values stand before each value: (n,)."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    rank = np.empty(len(values), np.intp)
    rank[order] = np.arange(len(values)) - np.searchsorted(ordered, ordered)
    return rank
