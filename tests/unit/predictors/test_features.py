"""Graph features against a walk over every path, and what they must not depend on."""

from itertools import pairwise

import numpy as np
import pytest

from neural_predictor.errors import PredictorError
from neural_predictor.predictors import features
from neural_predictor.predictors.features import FeatureMap, operation_subsets
from neural_predictor.predictors.paths import Paths, transitive_closure
from neural_predictor.spaces import GraphBatch
from neural_predictor.spaces.nasbench101.space import NasBench101Space

KINDS = 4


def random_graphs(count, v, seed):
    """Synthetic DAGs of 2 to v nodes."""
    rng = np.random.default_rng(seed)
    mask = np.arange(v) < rng.integers(2, v + 1, count)[:, None]
    adjacency = np.triu(rng.random((count, v, v)) < 0.45, 1) & mask[:, None] & mask[:, :, None]
    nodes = np.eye(KINDS, dtype=np.float32)[rng.integers(KINDS, size=(count, v))] * mask[..., None]
    return GraphBatch(nodes, adjacency.astype(np.uint8), mask)


def paths_of(edges, real):
    """All input-output paths of one graph, as lists of nodes."""
    nodes = np.flatnonzero(real).tolist()
    unfinished = [[node] for node in nodes if not edges[:, node].any()]
    found = []
    while unfinished:
        path = unfinished.pop()
        after = np.flatnonzero(edges[path[-1]]).tolist()
        found += [] if after else [path]
        unfinished += [[*path, node] for node in after]
    return found


@pytest.fixture(scope="module")
def graphs():
    return random_graphs(60, 7, 0)


def walked(graphs):
    """Paths of each graph, as lists of kinds."""
    kinds = graphs.nodes.argmax(axis=2)
    for k in range(len(graphs)):
        yield [[int(kinds[k, node]) for node in path] for path in paths_of(graphs.adjacency[k] > 0, graphs.mask[k])]


def test_paths_are_those_of_a_walk(graphs):
    counts, shortest, longest, share = features._paths(graphs, Paths(graphs))
    for k, paths in enumerate(walked(graphs)):
        assert counts[k] == pytest.approx(np.log1p(len(paths)))
        assert (shortest[k], longest[k]) == (min(map(len, paths)) - 1, max(map(len, paths)) - 1)
        on_one = [np.mean([path.count(kind) for path in paths]) for kind in range(KINDS)]
        np.testing.assert_allclose(share[k], on_one, rtol=1e-5, atol=1e-6)


def test_paths_of_subsets_are_those_of_a_walk(graphs):
    subsets = operation_subsets(graphs)
    assert len(subsets) == 2**KINDS - 1
    least, most, shortest, longest, number = features._subset_paths(graphs, Paths(graphs), subsets)
    for k, paths in enumerate(walked(graphs)):
        for place, subset in enumerate(subsets):
            counts = [sum(kind in subset for kind in path) for path in paths]
            assert (least[k, place], most[k, place]) == (min(counts), max(counts))
            lengths = [len(path) - 1 for path in paths if set(path[1:-1]) <= set(subset)]
            nothing = (int(graphs.mask[k].sum()) + 1, -1)
            assert (shortest[k, place], longest[k, place]) == ((min(lengths), max(lengths)) if lengths else nothing)
            assert number[k, place] == pytest.approx(np.log1p(len(lengths)), abs=1e-6)


def test_the_transitive_closure_is_that_of_a_walk(graphs):
    reach = transitive_closure(graphs)
    for k in range(len(graphs)):
        real = np.diag(graphs.mask[k])
        power = np.linalg.matrix_power(graphs.adjacency[k].astype(np.int64) + real, 7) > 0
        np.testing.assert_array_equal(reach[k], power)


def test_depths_are_longest_distances(graphs):
    blocks = list(features._depths(graphs, Paths(graphs)))
    at_depth = np.stack(blocks[1 : 1 + features.DEPTHS_FROM_INPUT], axis=1)
    kinds = graphs.nodes.argmax(axis=2)
    for k in range(len(graphs)):
        depth = {}
        for path in paths_of(graphs.adjacency[k] > 0, graphs.mask[k]):
            depth.setdefault(path[0], 0)
            for a, b in pairwise(path):
                depth[b] = max(depth.get(b, 0), depth[a] + 1)
        # A path to a node need not be walked in the order of depths: repeat until nothing changes.
        for _ in range(7):
            for a, b in np.argwhere(graphs.adjacency[k]).tolist():
                depth[b] = max(depth[b], depth[a] + 1)
        expected = np.zeros((features.DEPTHS_FROM_INPUT, KINDS))
        for node, level in depth.items():
            expected[level, kinds[k, node]] += 1
        np.testing.assert_array_equal(at_depth[k], expected)


def test_neither_padding_nor_portions_nor_the_order_of_nodes_matter(graphs, monkeypatch):
    made = FeatureMap(graphs)
    expected = made(graphs)
    np.testing.assert_allclose(made(graphs.padded(11)), expected, rtol=1e-5)
    # Exchange neighbours in the order that no edge joins: another topological order of the same graph.
    order = np.arange(7)
    order[[2, 3]] = 3, 2
    free = np.flatnonzero((graphs.adjacency[:, 2, 3] == 0) & graphs.mask[:, 3])
    assert len(free) > 10
    swapped = graphs.take(free).permuted(order)
    np.testing.assert_allclose(made(swapped), expected[free], rtol=1e-5)
    monkeypatch.setattr(features, "_MAX_ELEMENTS", 1)
    np.testing.assert_allclose(FeatureMap(graphs)(graphs), expected, rtol=1e-5)


def test_the_subsets_of_many_operations_are_few():
    rng = np.random.default_rng(3)
    for kinds, expected in ((6, 63), (9, 9 + 36 + 1), (20, 21)):
        nodes = np.eye(kinds, dtype=np.float32)[rng.integers(kinds, size=(300, 6))]
        adjacency = np.broadcast_to(np.eye(6, k=1, dtype=np.uint8), (300, 6, 6))
        graphs = GraphBatch(nodes, adjacency, np.ones((300, 6), np.bool_))
        assert len(operation_subsets(graphs)) == expected


def test_graphs_out_of_order_and_of_other_operations_are_refused(graphs):
    made = FeatureMap(graphs)
    turned = GraphBatch(graphs.nodes, graphs.adjacency.swapaxes(1, 2).copy(), graphs.mask)
    with pytest.raises(PredictorError, match="topological order"):
        made(turned)
    space = NasBench101Space()
    cells = space.encode(space.sample(12, np.random.default_rng(0)))
    with pytest.raises(PredictorError, match=r"features are of 4 kinds of operation, these graphs have 5"):
        made(cells)
