import numpy as np
import pytest

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces import GraphBatch


def chain(count=2, nodes=3):
    adjacency = np.zeros((count, nodes, nodes), np.uint8)
    adjacency[:, np.arange(nodes - 1), np.arange(1, nodes)] = 1
    return GraphBatch(
        np.tile(np.eye(nodes, dtype=np.float32), (count, 1, 1)), adjacency, np.ones((count, nodes), np.bool_)
    )


def test_padding_adds_nodes_that_take_no_part():
    padded = chain().padded(5)
    assert padded.mask.tolist() == [[True] * 3 + [False] * 2] * 2
    assert padded.adjacency[:, 3:].sum() == padded.adjacency[:, :, 3:].sum() == padded.nodes[:, 3:].sum() == 0
    with pytest.raises(ArchitectureError, match="cannot pad a batch of 5 nodes a graph to 4"):
        padded.padded(4)


def test_permutation_moves_nodes_and_edges_together():
    permuted = chain(1).permuted(np.array([2, 0, 1]))
    assert permuted.nodes[0].argmax(axis=1).tolist() == [2, 0, 1]
    assert np.argwhere(permuted.adjacency[0]).tolist() == [[1, 2], [2, 0]]  # 0 -> 1 and 1 -> 2 under their new places


def test_shapes_that_do_not_fit_are_refused():
    good = chain()
    with pytest.raises(ArchitectureError, match=r"nodes \(n, v, f\).*found nodes \(2, 3, 3\), adjacency \(2, 3, 2\)"):
        GraphBatch(good.nodes, good.adjacency[:, :, :2], good.mask)
    with pytest.raises(ArchitectureError, match="float64"):
        GraphBatch(good.nodes.astype(np.float64), good.adjacency, good.mask)


@pytest.mark.parametrize("fault", ["two operations", "operation on padding", "edge from padding"])
def test_a_broken_graph_is_named(fault):
    good = chain().padded(4)
    nodes, adjacency = good.nodes.copy(), good.adjacency.copy()
    if fault == "two operations":
        nodes[1, 0, 1] = 1
    elif fault == "operation on padding":
        nodes[1, 3, 0] = 1
    else:
        adjacency[1, 3, 0] = 1
    with pytest.raises(ArchitectureError, match="graph 1 of the batch"):
        GraphBatch(nodes, adjacency, good.mask)
