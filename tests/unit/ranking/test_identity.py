from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_predictor.ranking.cells import Cells
from neural_predictor.ranking.identity import MAX_TIED_NODES, identities

few = settings(max_examples=40, deadline=None)


@st.composite
def graphs(draw, most=5):
    """(kinds, adjacency) of a DAG of few kinds, so that many nodes are alike."""
    size = draw(st.integers(1, most))
    kinds = draw(st.lists(st.integers(0, 1), min_size=size, max_size=size))
    bits = draw(st.lists(st.booleans(), min_size=size * size, max_size=size * size))
    return np.array(kinds, np.int16), np.triu(np.array(bits, np.uint8).reshape(size, size), 1)


def cells_of(found):
    cells = Cells.empty(np.array([len(kinds) for kinds, _ in found]))
    for row, (kinds, adjacency) in enumerate(found):
        cells.kinds[row, : len(kinds)] = kinds
        cells.adjacency[row, : len(kinds), : len(kinds)] = adjacency
    return cells


def renumbered(graph, order):
    kinds, adjacency = graph
    return kinds[order], adjacency[np.ix_(order, order)]


def least(graph):
    """The least of all ways to number the nodes of a graph."""
    ways = (renumbered(graph, list(order)) for order in permutations(range(len(graph[0]))))
    return min((len(kinds), *kinds.tolist(), *adjacency.ravel().tolist()) for kinds, adjacency in ways)


@few
@given(st.lists(graphs(), min_size=2, max_size=6))
def test_identities_are_equal_exactly_for_isomorphic_graphs(found):
    names = [identity.tobytes() for identity in identities(cells_of(found))]
    expected = [least(graph) for graph in found]
    for one in range(len(found)):
        for other in range(one):
            assert (names[one] == names[other]) == (expected[one] == expected[other])


@few
@given(graphs(most=12), st.randoms(use_true_random=False))
def test_an_identity_does_not_depend_on_the_numbers_of_nodes(graph, random):
    order = list(range(len(graph[0])))
    random.shuffle(order)
    first, second = identities(cells_of([graph, renumbered(graph, order)]))
    assert first == second


def test_many_graphs_of_many_sizes_and_none():
    rng = np.random.default_rng(0)
    found = [
        (rng.integers(0, 3, size).astype(np.int16), np.triu(rng.random((size, size)) < 0.3, 1).astype(np.uint8))
        for size in (1, 200, 3, MAX_TIED_NODES, 7) * 20
    ]
    orders = [rng.permutation(len(kinds)) for kinds, _ in found]
    again = [renumbered(graph, order) for graph, order in zip(found, orders, strict=True)]
    together = identities(cells_of(found))
    np.testing.assert_array_equal(together, identities(cells_of(again)))
    alone = np.concatenate([identities(cells_of([graph])) for graph in again])
    np.testing.assert_array_equal(together, alone)
    assert len(identities(Cells.empty(np.zeros(0, int)))) == 0
