"""Recurrent cells of NAS-Bench-NLP as arrays: what a row of codes holds, and what makes it a cell.

A cell has up to `PLACES` operation nodes. A row of codes holds, for each place, the operation (0: none) and up to
three numbers of what it reads, then for each of three hidden states the number of the node that makes it anew:

    number   0      1    2 .. 4            5 + k
    stands   none   x    h_prev_0 .. 2     the node at place k

Nodes stand in an order in which each reads earlier ones only. The inputs of a `blend` keep their order: it computes
z a + (1 - z) b of the inputs z, a, b. For all other operations the order means nothing (`linear` is a sum of one
matrix product for each input), and the numbers of their inputs ascend.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPERATIONS = (
    "activation_leaky_relu",
    "activation_sigm",
    "activation_tanh",
    "blend",
    "elementwise_prod",
    "elementwise_sum",
    "linear",
)
"""Operation k + 1 of the codes is `OPERATIONS[k]`."""
ACTIVATIONS = 3
"""Operations 1 to 3 are activations."""
BLEND, PROD, SUM, LINEAR = (OPERATIONS.index(name) + 1 for name in OPERATIONS[ACTIVATIONS:])
MIN_INPUTS = np.array([0, 1, 1, 1, 3, 2, 2, 2])
MAX_INPUTS = np.array([0, 1, 1, 1, 3, 2, 2, 3])
"""Inputs of each operation, at least and at most."""
PLACES, SLOTS, STATES = 24, 3, 3
"""Operation nodes, inputs of one of them, and hidden states, at most.

24 is the size of the release's generator, 21 nodes and 3 that make the states; what reaches no state is removed
later, and the largest recipe among 7,130 has 20.
"""
CODE_LENGTH = PLACES * (1 + SLOTS) + STATES
NONE, X, H_PREV = 0, 1, 2
FIRST = H_PREV + STATES
"""Number of the node at place 0."""
SOURCES = FIRST + PLACES
X_KIND, STATE_KIND = len(OPERATIONS) + 1, len(OPERATIONS) + 2
READS = np.zeros((len(OPERATIONS) + 1, STATE_KIND + 1), np.bool_)
"""`READS[operation, kind]`: what an operation reads in the release's generator; a kind is 0 (none), an operation,
`X_KIND` or `STATE_KIND`."""
READS[1 : ACTIVATIONS + 1, LINEAR] = True
READS[BLEND:LINEAR, 1 : LINEAR + 1] = READS[BLEND:LINEAR, STATE_KIND] = True
READS[LINEAR, 1 : ACTIVATIONS + 1] = READS[LINEAR, X_KIND:] = True


@dataclass(frozen=True, eq=False)
class Cells:
    """A batch of n cells; the numbers are those of the codes.

    Attributes:
        ops: (n, PLACES) intp, operation of each place, 0 for none.
        inputs: (n, PLACES, SLOTS) intp, what it reads, 0 for none.
        outputs: (n, STATES) intp, the node that makes each new hidden state, 0 for none.
    """

    ops: NDArray[np.intp]
    inputs: NDArray[np.intp]
    outputs: NDArray[np.intp]

    @classmethod
    def from_codes(cls, codes: NDArray[np.uint8]) -> Self:
        """The cells of rows of codes (n, CODE_LENGTH)."""
        nodes = codes[:, : PLACES * (1 + SLOTS)].reshape(len(codes), PLACES, 1 + SLOTS).astype(np.intp)
        return cls(nodes[:, :, 0], nodes[:, :, 1:], codes[:, PLACES * (1 + SLOTS) :].astype(np.intp))

    def codes(self) -> NDArray[np.uint8]:
        """Rows of codes (n, CODE_LENGTH)."""
        nodes = np.concatenate([self.ops[:, :, None], self.inputs], axis=2).reshape(len(self), PLACES * (1 + SLOTS))
        return np.concatenate([nodes, self.outputs], axis=1).astype(np.uint8)

    def __len__(self) -> int:
        return len(self.ops)

    @property
    def sizes(self) -> NDArray[np.intp]:
        """(n,) number of nodes."""
        return np.asarray((self.ops > 0).sum(axis=1), np.intp)

    @property
    def places(self) -> range:
        """The places that a cell of the batch uses, in their order."""
        return range(int(np.nonzero(self.ops)[1].max(initial=-1)) + 1)

    @property
    def states(self) -> NDArray[np.intp]:
        """(n,) number of hidden states."""
        return np.asarray((self.outputs > 0).sum(axis=1), np.intp)

    def take(self, rows: NDArray[Any]) -> Self:
        """The cells at these rows, copied."""
        return type(self)(self.ops[rows], self.inputs[rows], self.outputs[rows])

    def put(self, rows: NDArray[np.intp], cells: Cells) -> None:
        """Write cells to these rows."""
        self.ops[rows], self.inputs[rows], self.outputs[rows] = cells.ops, cells.inputs, cells.outputs

    def kinds(self) -> NDArray[np.intp]:
        """(n, SOURCES) what each number stands for: 0 for nothing, an operation, `X_KIND` or `STATE_KIND`."""
        kinds = np.zeros((len(self), SOURCES), np.intp)
        kinds[:, X] = X_KIND
        kinds[:, H_PREV:FIRST] = (self.outputs > 0) * STATE_KIND
        kinds[:, FIRST:] = self.ops
        return kinds


def gather(values: NDArray[Any], numbers: NDArray[np.intp]) -> NDArray[Any]:
    """Of values (n, SOURCES), those of numbers (n, ..): the shape of `numbers`."""
    flat = numbers.reshape(len(numbers), math.prod(numbers.shape[1:]))
    return np.take_along_axis(values, flat, axis=1).reshape(numbers.shape)


def levels(cells: Cells) -> NDArray[np.intp]:
    """(n, PLACES) longest way from an input of the cell to each node, in edges; 0 where there is no node.

    Nodes may stand in any order. Cells must have no cycle.
    """
    level = np.zeros((len(cells), SOURCES), np.intp)
    for _ in range(PLACES + 1):  # one pass more for each node that reads a later one, at most
        before = level.copy()
        for k in cells.places:
            one, two, three = np.take_along_axis(level, cells.inputs[:, k], axis=1).T
            level[:, FIRST + k] = (1 + np.maximum(np.maximum(one, two), three)) * (cells.ops[:, k] > 0)
        if np.array_equal(before, level):
            return level[:, FIRST:]
    raise AssertionError("a cell has a cycle")


def reached(cells: Cells) -> NDArray[np.bool_]:
    """(n, SOURCES) numbers from which a new hidden state is reached. Each node must read earlier ones only."""
    rows = np.arange(len(cells))[:, None]
    alive = np.zeros((len(cells), SOURCES), np.bool_)
    alive[rows, cells.outputs] = True
    for place in reversed(cells.places):
        alive[rows, cells.inputs[:, place]] |= alive[:, FIRST + place, None]
    alive[:, NONE] = False
    return alive


def downstream(cells: Cells, place: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(n, SOURCES) the node at `place` (n,) and all that follow from it. Each node must read earlier ones only."""
    after = np.zeros((len(cells), SOURCES), np.bool_)
    after[np.arange(len(cells)), FIRST + place] = True
    for k in cells.places:
        after[:, FIRST + k] |= np.take_along_axis(after, cells.inputs[:, k], axis=1).any(axis=1)
    return after


def renumbered(cells: Cells, order: NDArray[np.intp]) -> Cells:
    """The same cells with the node of place `order[:, k]` (n, PLACES) at place k, and inputs as codes order them."""
    number = np.broadcast_to(np.arange(SOURCES), (len(cells), SOURCES)).copy()
    np.put_along_axis(number, FIRST + order, np.arange(FIRST, SOURCES)[None], axis=1)
    ops = np.take_along_axis(cells.ops, order, axis=1)
    inputs = gather(number, np.take_along_axis(cells.inputs, order[:, :, None], axis=1))
    ascending = np.sort(np.where(inputs == NONE, SOURCES, inputs), axis=2)
    ascending[ascending == SOURCES] = NONE
    return Cells(ops, np.where(ops[:, :, None] == BLEND, inputs, ascending), gather(number, cells.outputs))


def settled(cells: Cells) -> Cells:
    """The cells without nodes that reach no new hidden state, each node after all that it reads.

    Nodes may stand in any order. Cells must have no cycle.
    """
    last = PLACES + 1
    cells = renumbered(cells, np.argsort(np.where(cells.ops > 0, levels(cells), last), axis=1, kind="stable"))
    alive = reached(cells)[:, FIRST:]
    cells = Cells(cells.ops * alive, cells.inputs * alive[:, :, None], cells.outputs)
    return renumbered(cells, np.argsort(~alive, axis=1, kind="stable"))


def faults(cells: Cells) -> dict[str, NDArray[np.bool_]]:
    """For each rule of the space, said as text, which of the cells break it: (n,). Any numbers may stand in them."""
    used, made = cells.ops > 0, cells.outputs > NONE
    strange = cells.ops > LINEAR
    later = cells.inputs >= FIRST + np.arange(PLACES)[:, None]
    no_node = made & ((cells.outputs < FIRST) | (cells.outputs >= FIRST + used.sum(axis=1)[:, None]))
    broken = {
        f"operations 1 to {LINEAR} at the first places, at least one, and 0 at all others": (
            strange.any(axis=1) | ~used[:, 0] | (used[:, 1:] & ~used[:, :-1]).any(axis=1)
        ),
        **_input_faults(cells.inputs, np.where(strange, 0, cells.ops)),
        "inputs that are x, a hidden state or an earlier node": later.any(axis=(1, 2)),
        "one to three new hidden states, the first ones, each made by a node of its own": (
            ~made[:, 0] | (made[:, 1:] & ~made[:, :-1]).any(axis=1) | no_node.any(axis=1) | _repeated(cells.outputs)
        ),
    }
    alive = reached(Cells(cells.ops, np.where(later, NONE, cells.inputs), np.where(no_node, NONE, cells.outputs)))
    return broken | {
        "x to be read, and of the hidden states those that are made anew": (
            ~alive[:, X] | (alive[:, H_PREV:FIRST] != made).any(axis=1)
        ),
        "a way from every node to a new hidden state": (alive[:, FIRST:] != used).any(axis=1),
    }


def _input_faults(inputs: NDArray[np.intp], ops: NDArray[np.intp]) -> dict[str, NDArray[np.bool_]]:
    """As `faults`, for the rules on the inputs (n, PLACES, SLOTS) of each node."""
    read = inputs > NONE
    count = read.sum(axis=2)
    gap = (read[:, :, 1:] & ~read[:, :, :-1]).any(axis=2)
    falling = (read[:, :, 1:] & (inputs[:, :, 1:] < inputs[:, :, :-1])).any(axis=2)
    return {
        "1 input for an activation, 3 for blend, 2 for a sum or product, 2 or 3 for linear": (
            gap | (count < MIN_INPUTS[ops]) | (count > MAX_INPUTS[ops])
        ).any(axis=1),
        "inputs of a node that differ": _repeated(inputs).any(axis=1),
        "inputs in ascending order, but for blend": (falling & (ops != BLEND)).any(axis=1),
    }


def _repeated(numbers: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether a number but 0 comes twice along the last axis."""
    ranked = np.sort(numbers, axis=-1)
    return np.asarray(((ranked[..., 1:] == ranked[..., :-1]) & (ranked[..., 1:] > NONE)).any(axis=-1))


def is_sound(cells: Cells) -> NDArray[np.bool_]:
    """(n,) whether each is a cell of the space."""
    return np.asarray(~np.any(list(faults(cells).values()), axis=0))


def departures(cells: Cells) -> NDArray[np.intp]:
    """(n,) in how many places a cell departs from what the release's generator makes.

    There a linear reads x, hidden states and activations; one activation follows it, or none; the other operations
    read hidden states and any nodes, but not x; and no new hidden state is made by a node that reads an old one.
    """
    kinds = cells.kinds()
    read = cells.inputs > NONE
    foreign = (read & ~READS[cells.ops[:, :, None], gather(kinds, cells.inputs)]).sum(axis=(1, 2))
    rows = np.arange(len(cells))[:, None]
    followers = np.zeros((len(cells), SOURCES), np.intp)
    activation = (cells.ops > 0) & (cells.ops <= ACTIVATIONS)
    np.add.at(followers, (rows, cells.inputs[:, :, 0]), activation)
    shared = np.maximum(followers[:, FIRST:] - 1, 0).sum(axis=1, where=cells.ops == LINEAR)
    state = gather(kinds == STATE_KIND, cells.inputs).any(axis=2)
    makers = np.zeros((len(cells), SOURCES), np.bool_)
    makers[rows, cells.outputs] = True
    return np.asarray(foreign + shared + (state & makers[:, FIRST:]).sum(axis=1), np.intp)
