"""Recurrent cells as graphs of data flow, and back: nothing of a cell is lost.

Edges go from what is computed to what reads it. Nodes are what the cell reads (x and the old hidden states), its
operations, and one node for each new hidden state, which reads the node that makes it.

A `blend`, z a + (1 - z) b, tells its inputs apart, and a graph has no names on edges. So each blend has a node of its
own beside it, `blend_product`, which is z a, and itself reads that product, z and b: the data flow of the formula. The
one input of both is z, the other input of the product is a, the other input of the blend is b.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.graphs import GraphBatch
from neural_predictor.spaces.nasbench_nlp.cells import (
    BLEND,
    CODE_LENGTH,
    FIRST,
    OPERATIONS,
    PLACES,
    SOURCES,
    STATES,
    Cells,
    X,
)
from neural_predictor.spaces.nasbench_nlp.text import SOURCE_NAMES, STATE_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRODUCT = "blend_product"
KINDS = (*SOURCE_NAMES, *OPERATIONS, PRODUCT, *STATE_NAMES)
"""Kinds of node, in the order of the one-hot axis."""
_FIRST_OPERATION = len(SOURCE_NAMES) - 1
"""Operation k of the codes is the kind with the number k + this."""
_PRODUCT = KINDS.index(PRODUCT)
_FIRST_STATE = KINDS.index(STATE_NAMES[0])


def to_graphs(cells: Cells) -> GraphBatch:
    """The cells as graphs of as many nodes as the largest of them has, padding last.

    Nodes stand in this order: x, old hidden states, operations as in the codes, each blend after its product, new
    hidden states. So every edge goes from an earlier node to a later one.
    """
    # One column for each node that a cell may have: numbers as in the codes, then products, then new states.
    blend, made = cells.ops == BLEND, cells.outputs > 0
    present = np.concatenate([cells.kinds() > 0, blend, made], axis=1)
    kinds = np.zeros(present.shape, np.intp)
    kinds[:, X:FIRST] = np.arange(FIRST - X)
    kinds[:, FIRST:SOURCES] = _FIRST_OPERATION + cells.ops
    kinds[:, SOURCES:-STATES] = _PRODUCT
    kinds[:, -STATES:] = _FIRST_STATE + np.arange(STATES)
    # A product comes right before its blend.
    rank = np.concatenate([np.arange(SOURCES), FIRST + np.arange(PLACES) - 0.5, SOURCES + np.arange(STATES)])
    order = np.argsort(np.where(present, rank, np.inf), axis=1, kind="stable")
    place = np.argsort(order, axis=1)
    order = order[:, : max(int(present.sum(axis=1).max(initial=0)), 1)]
    mask = np.take_along_axis(present, order, axis=1)
    nodes = np.eye(len(KINDS), dtype=np.float32)[np.take_along_axis(kinds, order, axis=1)] * mask[:, :, None]
    adjacency = np.zeros((*order.shape, order.shape[1]), np.uint8)
    row, source, reader = _edges(cells)
    adjacency[row, place[row, source], place[row, reader]] = 1
    return GraphBatch(nodes.astype(np.float32), adjacency, mask)


def _edges(cells: Cells) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """All edges: the cell, the column that is read, and the one that reads it."""
    direct = cells.inputs > 0
    direct[:, :, 1] &= cells.ops != BLEND  # the kept input of a blend goes into its product
    row, k, slot = np.nonzero(direct)
    blended, j = np.nonzero(cells.ops == BLEND)
    gate, kept, _ = cells.inputs[blended, j].T
    state_of, state = np.nonzero(cells.outputs > 0)
    product = SOURCES + j
    return (
        np.concatenate([row, blended, blended, blended, state_of]),
        np.concatenate([cells.inputs[row, k, slot], gate, kept, product, cells.outputs[state_of, state]]),
        np.concatenate([FIRST + k, product, product, FIRST + j, SOURCES + PLACES + state]),
    )


def from_graphs(graphs: GraphBatch) -> NDArray[np.uint8]:
    """The rows of codes (n, CODE_LENGTH) of graphs that `to_graphs` made, in whatever order their nodes now stand.

    Raises:
        ArchitectureError: naming the graph that is not of this form.
    """
    codes = np.zeros((len(graphs), CODE_LENGTH), np.uint8)
    for row in range(len(graphs)):
        real = np.flatnonzero(graphs.mask[row])
        kinds = graphs.nodes[row, real].argmax(axis=1).tolist()
        inputs = [np.flatnonzero(column).tolist() for column in graphs.adjacency[row][np.ix_(real, real)].T]
        try:
            codes[row] = _codes_of(kinds, inputs)
        except (IndexError, KeyError, ValueError) as error:
            raise ArchitectureError(
                f"graph {row} of the batch is no recurrent cell: expected the nodes and edges that `encode` makes"
            ) from error
    return codes


def _codes_of(kinds: list[int], inputs: list[list[int]]) -> NDArray[np.uint8]:
    """The codes of one graph.

    Args:
        kinds: kind of each node.
        inputs: what each node reads.
    """
    number = {node: X + kind for node, kind in enumerate(kinds) if kind < len(SOURCE_NAMES)}
    read = {
        node: _blend_inputs(node, kinds, inputs) if kind == _FIRST_OPERATION + BLEND else inputs[node]
        for node, kind in enumerate(kinds)
        if _FIRST_OPERATION < kind < _PRODUCT
    }
    cells = Cells.from_codes(np.zeros((1, CODE_LENGTH), np.uint8))
    for place in range(len(read)):
        ready = [node for node, sources in read.items() if node not in number and all(s in number for s in sources)]
        node = ready[0]
        op = kinds[node] - _FIRST_OPERATION
        sources = [number[source] for source in read[node]]
        cells.ops[0, place] = op
        cells.inputs[0, place, : len(sources)] = sources if op == BLEND else sorted(sources)
        number[node] = FIRST + place
    for node, kind in enumerate(kinds):
        if kind >= _FIRST_STATE:
            (source,) = inputs[node]
            cells.outputs[0, kind - _FIRST_STATE] = number[source]
    return np.asarray(cells.codes()[0])


def _blend_inputs(node: int, kinds: list[int], inputs: list[list[int]]) -> list[int]:
    """z, a and b of a blend node."""
    (product,) = (source for source in inputs[node] if kinds[source] == _PRODUCT)
    (gate,) = set(inputs[product]) & set(inputs[node])
    (kept,) = set(inputs[product]) - {gate}
    (other,) = set(inputs[node]) - {gate, product}
    return [gate, kept, other]
