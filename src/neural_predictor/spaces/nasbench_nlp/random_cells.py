"""Random recurrent cells: drawn as the release's generator draws them, and changed by one step.

Source of the grammar and its shares: `search_space.py` of fmsnew/nas-bench-nlp-release (Apache-2.0), and
`search_space_examples.ipynb` for the sizes that its recipes were drawn with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.spaces.nasbench_nlp.cells import (
    ACTIVATIONS,
    BLEND,
    CODE_LENGTH,
    FIRST,
    LINEAR,
    NONE,
    PLACES,
    PROD,
    READS,
    SLOTS,
    SOURCES,
    STATE_KIND,
    STATES,
    SUM,
    X_KIND,
    Cells,
    X,
    departures,
    downstream,
    gather,
    is_sound,
    settled,
)
from neural_predictor.spaces.nasbench_nlp.identity import canonical_codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Step = Callable[[Cells, np.random.Generator], Cells]

_GROWN_OPERATIONS, _OPERATION_SHARES = np.array([LINEAR, BLEND, PROD, SUM]), np.array([3, 1, 1, 1]) / 6
_THREE_INPUTS_SHARE = 0.2
"""Share of linear nodes with three inputs; the others have two."""
NODE_COUNTS = (7, 14, 21)
"""Nodes that the generator makes besides one for each hidden state."""
_CELLS_PER_TRY = 2**13
"""Cells tried at once."""
_MIN_MUTATIONS_PER_TRY = 256
"""Mutations tried at once, at least."""


def _pick(allowed: NDArray[np.bool_], count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """(n, count) different numbers of those allowed in each row, in random order, 0 where there are too few."""
    keys = np.where(allowed, rng.random(allowed.shape), 2.0)
    order = np.argsort(keys, axis=1)[:, :count]
    return np.where(np.take_along_axis(keys, order, axis=1) < 1, order, NONE)


def _empty(count: int) -> Cells:
    return Cells(
        np.zeros((count, PLACES), np.intp),
        np.zeros((count, PLACES, SLOTS), np.intp),
        np.zeros((count, STATES), np.intp),
    )


def _grown(states: NDArray[np.intp], sizes: NDArray[np.intp], rng: np.random.Generator) -> Cells:
    """Cells of `states` hidden states (n,) and at least as many nodes as `sizes` (n,), which may lead nowhere."""
    cells = _empty(len(states))
    kinds = np.zeros((len(states), SOURCES), np.intp)
    kinds[:, X] = X_KIND
    kinds[:, X + 1 : FIRST] = (np.arange(STATES) < states[:, None]) * STATE_KIND
    filled = np.zeros(len(states), np.intp)
    while len(rows := np.flatnonzero(filled < sizes)):
        op = rng.choice(_GROWN_OPERATIONS, p=_OPERATION_SHARES, size=len(rows))
        count = np.where(op == BLEND, 3, 2) + ((op == LINEAR) & (rng.random(len(rows)) < _THREE_INPUTS_SHARE))
        allowed = READS[op[:, None], kinds[rows]]
        inputs = _pick(allowed, SLOTS, rng) * (np.arange(SLOTS) < count[:, None])
        # A linear node takes what there is; another operation that lacks inputs is drawn anew.
        fits = (op == LINEAR) | (allowed.sum(axis=1) >= count)
        rows, op, inputs = rows[fits], op[fits], inputs[fits]
        place = filled[rows]
        cells.inputs[rows, place] = inputs
        _append(cells, rows, place, op, rng)
        kinds[rows, FIRST:] = cells.ops[rows]
        filled[rows] = np.minimum(place + 1 + (op == LINEAR), PLACES)
    made = _pick(np.pad(cells.ops > 0, ((0, 0), (FIRST, 0))), STATES, rng)
    cells.outputs[:] = made * (np.arange(STATES) < states[:, None])
    return cells


def generate(count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Rows of codes (count, CODE_LENGTH), each drawn as the release's generator draws a recipe.

    The number of hidden states, 1 to 3, and of further nodes, 7, 14 or 21, are uniform. Nodes that reach no new
    hidden state are removed, and cells that do not read x and all hidden states, or make a state by a node that
    reads an old one, are drawn again.
    """
    codes = np.zeros((count, CODE_LENGTH), np.uint8)
    states, sizes = rng.integers(1, STATES + 1, size=count), rng.choice(NODE_COUNTS, size=count)
    left = np.arange(count)
    while len(left):
        tried = np.repeat(left, -(-_CELLS_PER_TRY // len(left)))
        cells = settled(_grown(states[tried], states[tried] + sizes[tried], rng))
        good = np.flatnonzero(is_sound(cells) & (departures(cells) == 0))
        rows, first = np.unique(tried[good], return_index=True)
        codes[rows] = cells.take(good[first]).codes()
        left = np.setdiff1d(left, rows)
    return codes


def mutated(codes: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Each cell changed by one step, to another cell: (n, CODE_LENGTH).

    A step, drawn uniformly, is one of these: another operation, with inputs drawn or dropped as it takes; another
    input of a node; a node (or a linear node and its activation) put between a node or a new state and what it reads;
    a node removed, whose readers read one of its inputs instead; another node for a hidden state, or two states that
    swap theirs. Nodes that then reach no new hidden state go. Steps are drawn until one gives a cell of the space that
    differs from the parent and departs in no more places from the release's generator. The number of hidden states
    stays.

    Args:
        codes: (n, CODE_LENGTH) rows that describe cells of the space.
        rng: source of the draws.
    """
    children = codes.copy()
    parents = canonical_codes(codes)
    bound = departures(Cells.from_codes(parents))
    left = np.arange(len(codes))
    while len(left):
        # Where few are left, each is tried several times at once. Parents are canonical, so that a child does not
        # depend on how its parent is written.
        tried = np.repeat(left, max(_MIN_MUTATIONS_PER_TRY // len(left), 1))
        trial = Cells.from_codes(parents[tried])
        move = rng.integers(len(_STEPS), size=len(tried))
        for number, step in enumerate(_STEPS):
            rows = np.flatnonzero(move == number)
            trial.put(rows, step(trial.take(rows), rng))
        trial = settled(trial)
        good = np.flatnonzero(is_sound(trial) & (departures(trial) <= bound[tried]))
        found = canonical_codes(trial.take(good).codes())
        other = (found != parents[tried[good]]).any(axis=1)
        rows, first = np.unique(tried[good[other]], return_index=True)
        children[rows] = found[other][first]
        left = np.setdiff1d(left, rows)
    return children


def _any_node(cells: Cells, rng: np.random.Generator) -> NDArray[np.intp]:
    """(n,) place of a node of each cell."""
    return rng.integers(cells.sizes)


def _candidates(cells: Cells, op: NDArray[np.intp], place: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(n, SOURCES) what an operation at `place` (n,) may read: by the generator's rules, and without a cycle."""
    return READS[op[:, None], cells.kinds()] & ~downstream(cells, place)


def _change_operation(cells: Cells, rng: np.random.Generator) -> Cells:
    """Another operation at one node: an activation for an activation, any of the rest for a blend, sum or product.

    A linear node gets or loses its third input; a blend may instead order its inputs anew.
    """
    rows, place = np.arange(len(cells)), _any_node(cells, rng)
    old, inputs = cells.ops[rows, place], cells.inputs[rows, place]
    offset = rng.integers(1, ACTIVATIONS, size=len(rows))
    activation = (old - 1 + offset) % ACTIVATIONS + 1
    merge = np.array([BLEND, PROD, SUM])
    merged = merge[np.where(old == BLEND, rng.integers(3, size=len(rows)), (old - BLEND + offset) % 3)]
    op = np.where(old <= ACTIVATIONS, activation, np.where(old == LINEAR, LINEAR, merged))
    had = (inputs > NONE).sum(axis=1)
    count = np.where(old == LINEAR, 5 - had, np.where(op == BLEND, 3, np.minimum(had, 2)))
    free = _candidates(cells, op, place)
    free[rows[:, None], inputs] = False
    third = np.where(count > had, _pick(free, 1, rng)[:, 0], inputs[:, 2])
    new = np.column_stack([inputs[:, :2], third])
    new = np.where((count < had)[:, None], rng.permuted(new, axis=1), new) * (np.arange(SLOTS) < count[:, None])
    cells.ops[rows, place] = op
    cells.inputs[rows, place] = np.where((op == BLEND)[:, None], rng.permuted(new, axis=1), new)
    return cells


def _change_input(cells: Cells, rng: np.random.Generator) -> Cells:
    """Another source for one input of one node."""
    rows, place = np.arange(len(cells)), _any_node(cells, rng)
    inputs = cells.inputs[rows, place]
    slot = rng.integers((inputs > NONE).sum(axis=1))
    free = _candidates(cells, cells.ops[rows, place], place)
    free[rows[:, None], inputs] = False
    found = _pick(free, 1, rng)[:, 0]
    cells.inputs[rows, place, slot] = np.where(found > NONE, found, inputs[rows, slot])
    return cells


def _insert(cells: Cells, rng: np.random.Generator) -> Cells:
    """A node, or a linear node and its activation, between a node or a new state and what it reads.

    Further inputs are drawn.
    """
    rows, size = np.arange(len(cells)), cells.sizes
    place = rng.integers(size + cells.states)
    state = np.where(place < size, -1, place - size)
    place = np.where(place < size, place, 0)
    inner = state < 0
    inputs = cells.inputs[rows, place]
    slot = rng.integers((inputs > NONE).sum(axis=1))
    source = np.where(inner, inputs[rows, slot], cells.outputs[rows, state])
    op = rng.choice(_GROWN_OPERATIONS, p=_OPERATION_SHARES, size=len(rows))
    op = np.where(inner & (cells.ops[rows, place] == LINEAR), LINEAR, op)  # which reads nothing else that is inserted
    count = np.where(op == BLEND, 3, 2) + ((op == LINEAR) & (rng.random(len(rows)) < _THREE_INPUTS_SHARE))
    free = READS[op[:, None], cells.kinds()] & ~(inner[:, None] & downstream(cells, place))
    fits = free[rows, source] & (size + 1 + (op == LINEAR) <= PLACES)
    free[rows, source] = False
    more = _pick(free, SLOTS - 1, rng) * (np.arange(SLOTS - 1) < count[:, None] - 1)
    fits &= (more > NONE).sum(axis=1) == count - 1
    rows, place, slot, size, op, state = (values[fits] for values in (rows, place, slot, size, op, state))
    new = np.column_stack([source[fits], more[fits]])
    cells.inputs[rows, size] = np.where((op == BLEND)[:, None], rng.permuted(new, axis=1), new)
    _append(cells, rows, size, op, rng)
    number, inner = FIRST + size + (op == LINEAR), state < 0
    cells.inputs[rows[inner], place[inner], slot[inner]] = number[inner]
    cells.outputs[rows[~inner], state[~inner]] = number[~inner]
    return cells


def _append(
    cells: Cells, rows: NDArray[np.intp], place: NDArray[np.intp], op: NDArray[np.intp], rng: np.random.Generator
) -> None:
    """Write operations to places of cells, and an activation after each linear one where there is room."""
    cells.ops[rows, place] = op
    linear = (op == LINEAR) & (place + 1 < PLACES)
    rows, place = rows[linear], place[linear]
    cells.ops[rows, place + 1] = rng.integers(1, ACTIVATIONS + 1, size=len(rows))
    cells.inputs[rows, place + 1, 0] = FIRST + place


def _remove(cells: Cells, rng: np.random.Generator) -> Cells:
    """A node's readers read one of its inputs instead; of an activation's, one of what its linear node reads."""
    rows, place = np.arange(len(cells)), _any_node(cells, rng)
    behind = cells.inputs[rows, place, 0] - FIRST
    pair = (cells.ops[rows, place] <= ACTIVATIONS) & (cells.ops[rows, np.maximum(behind, 0)] == LINEAR) & (behind >= 0)
    inputs = cells.inputs[rows, np.where(pair, behind, place)]
    found = inputs[rows, rng.integers((inputs > NONE).sum(axis=1))]
    number = np.broadcast_to(np.arange(SOURCES), (len(rows), SOURCES)).copy()
    number[rows, FIRST + place] = found
    return Cells(cells.ops, gather(number, cells.inputs), gather(number, cells.outputs))


def _change_output(cells: Cells, rng: np.random.Generator) -> Cells:
    """Another node makes one of the hidden states; where it makes another state, the two swap."""
    rows, place = np.arange(len(cells)), _any_node(cells, rng)
    state = rng.integers(cells.states)
    old, new = cells.outputs[rows, state], FIRST + place
    swapped = cells.outputs == new[:, None]
    outputs = np.where(swapped, old[:, None], cells.outputs)
    outputs[rows, state] = new
    return Cells(cells.ops, cells.inputs, outputs)


_STEPS: tuple[Step, ...] = (_change_operation, _change_input, _insert, _remove, _change_output)
