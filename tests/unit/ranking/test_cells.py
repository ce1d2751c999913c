from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_predictor.errors import ArchitectureError
from neural_predictor.ranking.cells import MAX_OPERATIONS, Cells, Vocabulary, cycle_of, ordered


@st.composite
def matrices(draw, most=9):
    """A random DAG whose nodes are in any order: (v, v) uint8."""
    size = draw(st.integers(1, most))
    bits = draw(st.lists(st.booleans(), min_size=size * size, max_size=size * size))
    order = np.array(draw(st.permutations(range(size))))
    matrix = np.triu(np.array(bits, np.uint8).reshape(size, size), 1)
    return matrix[np.ix_(order, order)]


def cells_of(found):
    cells = Cells.empty(np.array([len(matrix) for matrix in found]))
    for row, matrix in enumerate(found):
        size = len(matrix)
        cells.kinds[row, :size] = np.arange(size)
        cells.adjacency[row, :size, :size] = matrix
    return cells


def kahn(matrix):
    """The order by definition: again and again the lowest node whose inputs are all placed."""
    order = []
    while len(order) < len(matrix):
        free = (k for k in range(len(matrix)) if k not in order and set(np.flatnonzero(matrix[:, k])) <= set(order))
        order.append(next(free))
    return order


@settings(max_examples=100, deadline=None)
@given(st.lists(matrices(), min_size=1, max_size=5))
def test_graphs_are_ordered_as_kahn_orders_them(found):
    cells, cyclic = ordered(cells_of(found))
    assert not cyclic.any()
    assert not np.tril(cells.adjacency).any()
    for row, matrix in enumerate(found):
        order = kahn(matrix)
        assert cells.kinds[row].tolist()[: len(matrix)] == order  # kinds are the numbers of the nodes before
        np.testing.assert_array_equal(cells.adjacency[row, : len(matrix), : len(matrix)], matrix[np.ix_(order, order)])


@settings(max_examples=100, deadline=None)
@given(st.lists(matrices(), min_size=1, max_size=5))
def test_packing_loses_nothing_but_padding(found):
    cells = cells_of(found)
    kinds, edges = cells.pack()
    back = Cells.unpack(kinds, edges)
    np.testing.assert_array_equal(back.kinds, cells.kinds)
    np.testing.assert_array_equal(back.adjacency, cells.adjacency)
    alone = [cells_of([matrix]).pack() for matrix in found]
    assert [(k[0], e[0]) for k, e in alone] == list(zip(kinds, edges, strict=True))


@settings(max_examples=100, deadline=None)
@given(matrices(), st.data())
def test_a_cycle_is_found_and_named(matrix, data):
    size = len(matrix)
    if size < 2:
        return
    members = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=size, unique=True))
    for start, end in zip(members, [*members[1:], members[0]], strict=True):
        matrix[start, end] = 1
    _, cyclic = ordered(cells_of([matrix, np.zeros((1, 1), np.uint8)]))
    assert cyclic.tolist() == [True, False]
    cycle = cycle_of(matrix)
    assert cycle[0] == cycle[-1]
    assert len(set(cycle)) == len(cycle) - 1 >= 2
    assert all(matrix[start, end] for start, end in pairwise(cycle))


def test_operations_that_only_candidates_have_come_last():
    vocabulary = Vocabulary()
    for name in ("pool", "conv", "z", "a"):
        vocabulary.number(name)
    assert vocabulary.places(trained=2).tolist() == [1, 0, 3, 2]
    cells = Cells(np.array([[0, 1, -1], [3, 2, 0]], np.int16), np.zeros((2, 3, 3), np.uint8))
    graphs = cells.encode(vocabulary.places(trained=2))
    assert graphs.nodes.argmax(axis=2).tolist() == [[1, 0, 0], [2, 3, 1]]
    assert graphs.mask.tolist() == [[True, True, False], [True] * 3]


def test_names_of_nodes_are_no_vocabulary():
    vocabulary = Vocabulary()
    for number in range(MAX_OPERATIONS):
        vocabulary.number(f"node{number}")
    assert vocabulary.number("node3") == 3
    with pytest.raises(ArchitectureError, match=r"operation 'one' would be the 1,001th.*name the kind of a node"):
        vocabulary.number("one")
