import numpy as np
import pytest
from scipy.optimize import linprog

from neural_predictor.search.nasbot import _factor
from neural_predictor.search.transport import distances, path_lengths
from neural_predictor.spaces import GraphBatch, make_space

RNG = np.random.default_rng


def diamond_with_a_shortcut():
    """0 -> 1 -> 2 -> 3 and 0 -> 3, beside a place of padding."""
    adjacency = np.zeros((1, 5, 5), np.uint8)
    adjacency[0, [0, 1, 2, 0], [1, 2, 3, 3]] = 1
    mask = np.array([[True] * 4 + [False]])
    return GraphBatch(np.eye(5, dtype=np.float32)[None] * mask[..., None], adjacency, mask)


def transported(costs, left, right):
    """Least cost of carrying unit masses of `left` to `right` nodes, or nowhere at 1 each, by linear programming."""
    keep_left = np.kron(np.eye(left), np.ones(right))
    keep_right = np.tile(np.eye(right), left)
    gained = costs.ravel() - 2  # what is carried does not cost 1 at both ends
    found = linprog(gained, A_ub=np.concatenate([keep_left, keep_right]), b_ub=np.ones(left + right))
    return left + right + found.fun


def test_path_lengths_of_a_graph_that_one_can_count():
    found = path_lengths(diamond_with_a_shortcut())[0, :4]
    assert found[:, :3].tolist() == [[0, 0, 0], [1, 1, 1], [2, 2, 2], [1, 3, 2]]
    assert found[:, 3:].tolist() == [[1, 3, 2], [2, 2, 2], [1, 1, 1], [0, 0, 0]]


def test_distances_are_the_optimum_of_the_transport_problem():
    space = make_space("nasbench101")
    graphs = space.encode(space.sample(12, RNG(0)))
    found, lengths = distances(graphs, 0.3), path_lengths(graphs)
    for a, b in [(0, 1), (2, 3), (4, 11), (7, 5)]:
        real = [np.flatnonzero(graphs.mask[k]) for k in (a, b)]
        kinds = [graphs.nodes[k, own].argmax(axis=1) for k, own in zip((a, b), real, strict=True)]
        apart = np.abs(lengths[a, real[0]][:, None] - lengths[b, real[1]]).mean(axis=2)
        costs = (kinds[0][:, None] != kinds[1]) + 0.3 * apart
        assert found[a, b] == pytest.approx(transported(costs, len(real[0]), len(real[1])))
    assert (found == found.T).all()
    assert not found.diagonal().any()
    assert (found[~np.eye(12, dtype=bool)] > 0).all()


def test_a_kernel_that_is_none_is_projected_and_one_that_is_stays():
    values = RNG(1).normal(size=(6, 6))
    good = values @ values.T
    np.testing.assert_allclose(_factor(good) @ _factor(good).T, good, atol=1e-9)
    bad = np.diag([1.0, -0.5])
    np.testing.assert_allclose(_factor(bad) @ _factor(bad).T, np.diag([1.0, 0.0]), atol=1e-9)
