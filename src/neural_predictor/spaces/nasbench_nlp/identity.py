"""One row of codes for all rows that describe the same recurrent cell.

Two recipes are the same cell when they differ by the names or the order of their nodes, by the order of inputs where
it means nothing, or by which hidden state is called 1 and which 2: only state 0 leaves the cell, all start as zeros,
and each weight is drawn alike, so that these two numbers are names as well.

Nodes are told apart by colours, 64-bit numbers that follow from all that leads to a node and all that follows from
it. Where a colour is shared (two equal branches, mostly), each of the nodes that share it is set apart in turn, and
the least of the resulting rows counts. So the result is exact, also if two colours were equal by chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.spaces.nasbench_nlp.cells import (
    BLEND,
    CODE_LENGTH,
    FIRST,
    H_PREV,
    NONE,
    PLACES,
    SLOTS,
    SOURCES,
    STATES,
    Cells,
    levels,
    renumbered,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELLS_PER_CHUNK = 2**13
"""Cells at a time, which bounds the memory."""
_COLOUR_PASSES = 2
"""Passes along and against the edges; a colour that is shared after two is hardly ever told apart by more."""


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A one-to-one scrambling of 64-bit numbers (Stafford's Mix13, as splitmix64 uses it)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


_NAMES = _mixed(np.arange(1, 1 + SOURCES + SLOTS + STATES, dtype=np.uint64))
_SLOT, _STATE = _NAMES[SOURCES : SOURCES + SLOTS], _NAMES[SOURCES + SLOTS :]


def _colours(cells: Cells, apart: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(n, PLACES) colours; `apart` (n, PLACES) tells nodes apart beforehand. Each node reads earlier ones only."""
    rows = np.arange(len(cells))[:, None]
    salt = np.where(cells.ops[:, :, None] == BLEND, _SLOT, np.uint64(0))
    own = _mixed(cells.ops.astype(np.uint64) + (apart << np.uint64(8)))
    colour = np.zeros((len(cells), SOURCES), np.uint64)
    colour[:, :FIRST] = _NAMES[:FIRST]
    for _ in range(_COLOUR_PASSES):
        for k in cells.places:
            numbers = cells.inputs[:, k]
            seen = _mixed(np.take_along_axis(colour, numbers, axis=1) + salt[:, k])
            colour[:, FIRST + k] = _mixed(own[:, k] + (seen * (numbers > NONE)).sum(axis=1, dtype=np.uint64))
        readers = np.zeros_like(colour)
        readers[rows, cells.outputs] = _STATE
        for k in reversed(cells.places):
            own[:, k] = _mixed(colour[:, FIRST + k] ^ _mixed(readers[:, FIRST + k]))
            readers[rows, cells.inputs[:, k]] += _mixed(own[:, k, None] + salt[:, k])
    return own


def _in_order(cells: Cells, level: NDArray[np.intp], colours: NDArray[np.uint64]) -> tuple[Cells, NDArray[np.intp]]:
    """The cells with nodes ordered by level and colour, and the first node whose colour is shared, or -1: (n,).

    The place of that node is the one in the cells as they are given.
    """
    height = np.where(cells.ops > 0, level, PLACES + 1)
    order = np.lexsort((colours, height), axis=1)
    height, shade = (np.take_along_axis(values, order, axis=1) for values in (height, colours))
    shared = (height[:, 1:] == height[:, :-1]) & (shade[:, 1:] == shade[:, :-1]) & (height[:, 1:] <= PLACES)
    first = order[np.arange(len(order)), shared.argmax(axis=1)]
    return renumbered(cells, order), np.where(shared.any(axis=1), first, -1)


def _with_states_swapped(cells: Cells) -> Cells:
    """The cells with hidden states 1 and 2 renamed to each other."""
    number = np.arange(SOURCES)
    number[[H_PREV + 1, H_PREV + 2]] = number[[H_PREV + 2, H_PREV + 1]]
    identity = np.broadcast_to(np.arange(PLACES), cells.ops.shape)
    return renumbered(Cells(cells.ops, number[cells.inputs], cells.outputs[:, [0, 2, 1]]), identity)


def _least(rows: NDArray[np.uint8], owner: NDArray[np.intp], count: int) -> NDArray[np.uint8]:
    """The least row of each of `count` owners, in the order of their numbers: (count, CODE_LENGTH)."""
    texts = np.ascontiguousarray(rows).view(f"S{CODE_LENGTH}")[:, 0]
    order = np.argsort(texts, kind="stable")
    order = order[np.argsort(owner[order], kind="stable")]
    return rows[order[np.searchsorted(owner[order], np.arange(count))]]


def canonical_codes(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The row that stands for each cell: the same for all rows of one cell, others for other cells.

    Args:
        codes: (n, CODE_LENGTH) rows that describe cells of the space.
    """
    chunks = [_canonical(codes[start : start + _CELLS_PER_CHUNK]) for start in range(0, len(codes), _CELLS_PER_CHUNK)]
    return np.concatenate([codes[:0], *chunks])


def _canonical(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    cells = Cells.from_codes(codes)
    both = np.flatnonzero(cells.states == STATES)
    owner = np.concatenate([np.arange(len(codes)), both])
    cells = Cells.from_codes(np.concatenate([codes, _with_states_swapped(cells.take(both)).codes()]))
    level, apart = levels(cells), np.zeros(cells.ops.shape, np.uint64)
    finished: list[tuple[NDArray[np.uint8], NDArray[np.intp]]] = []
    mark = 1
    while len(owner):
        colours = _colours(cells, apart)
        ordered, first = _in_order(cells, level, colours)
        done = first < 0
        finished.append((ordered.codes()[done], owner[done]))
        left = np.flatnonzero(~done)
        chosen = first[left, None]
        alike = np.take_along_axis(colours[left], chosen, axis=1) == colours[left]
        alike &= (np.take_along_axis(level[left], chosen, axis=1) == level[left]) & (cells.ops[left] > 0)
        row, place = np.nonzero(alike)
        left = left[row]
        cells, level, apart, owner = cells.take(left), level[left], apart[left], owner[left]
        apart[np.arange(len(left)), place] = mark
        mark += 1
    return _least(
        np.concatenate([rows for rows, _ in finished]), np.concatenate([of for _, of in finished]), len(codes)
    )
