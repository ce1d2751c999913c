"""Whether two architectures are the same graph, however their nodes are numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.ranking.cells import Cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Colours = NDArray[np.uint64]

MAX_TIED_NODES = 64
"""Of a graph in which nodes that look alike are told apart, which takes time in the cube of their number."""
BLOCK_ENTRIES = 2**22
"""Of the matrices of graphs that are worked on at once."""
_IN, _OUT, _CHOSEN = (np.uint64(seed) for seed in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))


def identities(cells: Cells) -> NDArray[np.void]:
    """(n,) 16 bytes a graph. Graphs of equal bytes are isomorphic: the same operations, wired in the same way.

    Graphs that are isomorphic have equal bytes too, but for rare ones with nodes that no number of steps along edges
    tells apart and that still play different parts, and those of more than `MAX_TIED_NODES` nodes with any alike.
    """
    n, v = cells.kinds.shape
    found = np.empty(n, "V16")
    step = max(BLOCK_ENTRIES // max(v * v, 1), 1)
    for start in range(0, n, step):
        block = cells.take(np.arange(start, min(start + step, n)))
        found[start : start + step] = _canonical(block).digests()
    return found


def _canonical(cells: Cells) -> Cells:
    """The same graphs with their nodes in an order that does not depend on the one that they have."""
    real = cells.kinds >= 0
    adjacency = cells.adjacency.astype(np.uint64)
    colours = _refined(np.where(real, _mixed(cells.kinds.astype(np.uint64)), 0), adjacency, real)
    for _ in range(cells.kinds.shape[1]):
        tied = np.flatnonzero(_ties(colours, real).any(axis=1) & (cells.sizes <= MAX_TIED_NODES))
        if not len(tied):
            break
        colours[tied] = _refined(_one_chosen(colours[tied], real[tied]), adjacency[tied], real[tied])
    order = np.lexsort((np.broadcast_to(np.arange(real.shape[1]), real.shape), colours, ~real), axis=1)
    rows = np.arange(len(cells))[:, None]
    return Cells(cells.kinds[rows, order], cells.adjacency[rows[:, :, None], order[:, :, None], order[:, None, :]])


def _mixed(values: Colours) -> Colours:
    """Numbers scattered over 64 bits (the finisher of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9) + _IN
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


def _refined(colours: Colours, adjacency: Colours, real: NDArray[np.bool_]) -> Colours:
    """Colours (n, v) by those of the nodes along edges (Weisfeiler and Leman), of each graph until no more differ."""
    found, counts = colours.copy(), np.full(len(colours), -1)
    rows = np.arange(len(colours))
    while len(rows):
        now = (~_ties(found[rows], real[rows]) & real[rows]).sum(axis=1)
        going = now > counts[rows]
        counts[rows] = now
        rows = rows[going]
        own, edges = found[rows], adjacency[rows]
        inputs = np.einsum("nij,ni->nj", edges, _mixed(own ^ _IN))
        outputs = np.einsum("nij,nj->ni", edges, _mixed(own ^ _OUT))
        found[rows] = np.where(real[rows], _mixed(_mixed(_mixed(own) + inputs) + outputs), np.uint64(0))
    return found


def _ties(colours: Colours, real: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n, v) which nodes have the colour of another one."""
    order = np.argsort(np.where(real, colours, 0), axis=1, kind="stable")
    ranked, there = np.take_along_axis(colours, order, axis=1), np.take_along_axis(real, order, axis=1)
    same = (ranked[:, 1:] == ranked[:, :-1]) & there[:, 1:] & there[:, :-1]
    tied = np.zeros(real.shape, np.bool_)
    tied[:, 1:] |= same
    tied[:, :-1] |= same
    back = np.empty(real.shape, np.bool_)
    np.put_along_axis(back, order, tied, axis=1)
    return back


def _one_chosen(colours: Colours, real: NDArray[np.bool_]) -> Colours:
    """The first node of the lowest colour that several nodes have gets a colour of its own."""
    lowest = np.where(_ties(colours, real), colours, np.iinfo(np.uint64).max)
    rows, chosen = np.arange(len(colours)), np.argmin(lowest, axis=1)
    found = colours.copy()
    found[rows, chosen] = _mixed(colours[rows, chosen] ^ _CHOSEN)
    return found
