"""What a neural predictor takes of a graph."""

import numpy as np

from neural_predictor.predictors.dagnn import DagnnRecipe
from neural_predictor.predictors.mlp import MlpRecipe
from neural_predictor.predictors.paths import transitive_closure
from neural_predictor.predictors.propagation import (
    POSITIONAL_SCALE,
    network_inputs,
    pooling_weights,
    positional_features,
    propagation_matrices,
)
from neural_predictor.spaces import GraphBatch
from neural_predictor.spaces.nasbench101.space import NasBench101Space


def test_propagation_is_row_normalised_both_ways_and_blind_to_padding():
    adjacency = np.zeros((1, 4, 4), np.uint8)
    adjacency[0, [0, 0], [1, 2]] = 1
    nodes = np.zeros((1, 4, 2), np.float32)
    nodes[0, :3, 0] = 1
    graphs = GraphBatch(nodes, adjacency, np.array([[True, True, True, False]]))
    along, against = propagation_matrices(graphs)[0]
    third = 1 / 3
    np.testing.assert_allclose(along, [[third, third, third, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    np.testing.assert_allclose(against, [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.5, 0, 0.5, 0], [0, 0, 0, 0]])
    np.testing.assert_allclose(pooling_weights(graphs), [[third, third, third, 0]])


def test_recipes_choose_what_nodes_carry_and_see():
    space = NasBench101Space()
    cells = space.encode(space.sample(20, np.random.default_rng(0)))
    plain, recipe = MlpRecipe(), DagnnRecipe(positional_features=True, transitive_closure=True)
    nodes, propagation, pooling = network_inputs(cells, recipe)
    np.testing.assert_array_equal(nodes[..., :5], network_inputs(cells, plain)[0])
    np.testing.assert_array_equal(nodes[..., 5:], np.float32(POSITIONAL_SCALE) * positional_features(cells))
    np.testing.assert_array_equal(propagation[:, :2], propagation_matrices(cells))
    np.testing.assert_array_equal(propagation[:, 2] > 0, transitive_closure(cells))
    np.testing.assert_array_equal(propagation[:, 3] > 0, transitive_closure(cells).swapaxes(1, 2))
    np.testing.assert_array_equal(pooling, pooling_weights(cells))


def test_positional_features_are_those_of_a_diamond():
    """0 -> 1 -> 3, 0 -> 2 -> 3, and 0 -> 3: three paths; node 4 is padding."""
    adjacency = np.zeros((1, 5, 5), np.uint8)
    adjacency[0, [0, 0, 0, 1, 2], [1, 2, 3, 3, 3]] = 1
    mask = np.array([[True, True, True, True, False]])
    nodes = np.float32(mask[..., None])
    depth, height, share, incoming, outgoing = positional_features(GraphBatch(nodes, adjacency, mask))[0].T
    np.testing.assert_allclose(np.expm1(depth), [0, 1, 1, 2, 0], atol=1e-6)
    np.testing.assert_allclose(np.expm1(height), [2, 1, 1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(share, [1, 1 / 3, 1 / 3, 1, 0], atol=1e-6)
    np.testing.assert_allclose(np.expm1(incoming), [0, 1, 1, 3, 0], atol=1e-6)
    np.testing.assert_allclose(np.expm1(outgoing), [3, 1, 1, 0, 0], atol=1e-6)
