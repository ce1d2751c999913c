"""The predictors that read a sequence of nodes: against Keras, padding, replicates, and order."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import kendalltau

from neural_predictor.predictors import engine, lstm, network
from neural_predictor.predictors.assessor import AssessorRecipe
from neural_predictor.predictors.nao import NaoRecipe
from neural_predictor.predictors.pnas import PnasRecipe
from neural_predictor.predictors.propagation import network_inputs
from neural_predictor.predictors.replicates import Replicates
from neural_predictor.predictors.scoring import score
from neural_predictor.spaces import GraphBatch, make_space

RNG = np.random.default_rng
RECIPES = {"assessor": AssessorRecipe, "nao": NaoRecipe, "pnas": PnasRecipe}
KINDS = list(RECIPES)
SPACE = make_space("nasbench101")
CELLS = SPACE.encode(SPACE.sample(60, RNG(0)))  # of 5 to 7 vertices, padded to 7
LABELS = RNG(1).normal(90, 2, (2, 20))
ROWS = np.stack([np.arange(20), np.arange(20, 40)])


def small(kind, **changes):
    fields = {"layers": 1, "width": 8, "hidden": (), "epochs": 4, "learning_rate": 1e-2}
    return RECIPES[kind](**(fields | changes))


@pytest.fixture(scope="module")
def fitted():
    return {kind: engine.fit_replicates(CELLS, LABELS, small(kind), [1, 2], ROWS) for kind in KINDS}


def test_an_lstm_layer_is_the_one_of_keras():
    rng = RNG(2)
    tokens = rng.normal(size=(2, 5, 9, 6)).astype(np.float32)
    real = rng.random((2, 5, 9)) < 0.7
    kernels = rng.normal(size=(2, 6 + 4, 16)).astype(np.float32)
    biases = rng.normal(size=(2, 16)).astype(np.float32)
    ours = lstm.lstm(tf.constant(tokens), tf.constant(real), kernels, biases, small("pnas")).numpy()
    for k in range(2):
        layer = keras.layers.LSTM(4, return_sequences=True)
        layer.build((None, 9, 6))
        layer.set_weights([kernels[k, :6], kernels[k, 6:], biases[k]])
        plain = layer(tokens[k], mask=tf.constant(real[k])).numpy()
        places = np.maximum.accumulate(real[k], axis=1)  # before the first token Keras shows zeros as well
        np.testing.assert_allclose(ours[:, k].swapaxes(0, 1)[places], plain[places], rtol=1e-4, atol=1e-5)


def by_hand(kind, weights, graph):
    """The score of one graph without padding in Keras layers, in units of the z-scored label."""
    operations = graph.nodes[0]
    incoming = graph.adjacency[0].T.astype(np.float32) @ operations
    if kind == "pnas":
        nothing = np.zeros_like(operations)
        pairs = zip(np.hstack([nothing, incoming]), np.hstack([operations, nothing]), strict=True)
        tokens = np.stack([token for pair in pairs for token in pair])
    else:
        tokens = np.hstack([operations, incoming])
    hidden = tokens[None]
    for kernel, bias in zip(weights[:4:2], weights[1:4:2], strict=True):
        layer = keras.layers.LSTM(8, return_sequences=True)
        layer.build(hidden.shape)
        layer.set_weights([kernel[: hidden.shape[-1]], kernel[hidden.shape[-1] :], bias])
        hidden = layer(hidden).numpy()
    vector = hidden[0, -1]
    if kind == "nao":
        mean = (hidden[0] / np.linalg.norm(hidden[0], axis=1, keepdims=True)).mean(axis=0)
        vector = mean / np.linalg.norm(mean)
    return (np.maximum(vector @ weights[4] + weights[5], 0) @ weights[6] + weights[7])[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_score_is_what_the_documented_predictor_gives(kind):
    recipe = small(kind, layers=2, hidden=(5,))
    drawn = [network.initial_weights(recipe, 8, 7, CELLS.features, RNG(seed)) for seed in (1, 2)]
    weights = tuple(np.stack(parts) + RNG(3).normal(0, 0.3, parts[0].shape) for parts in zip(*drawn, strict=True))
    units = {"label_mean": LABELS.mean(axis=1), "label_deviation": LABELS.std(axis=1), "loss": np.zeros((2, 1))}
    fitted = Replicates(recipe, 8, CELLS.features, tuple(part.astype(np.float32) for part in weights), **units)
    scores = score(fitted, CELLS)
    for k, row in ((0, 0), (1, 7), (1, 31)):
        size = CELLS.mask[row].sum()
        graph = CELLS.take([row])
        graph = GraphBatch(graph.nodes[:, :size], graph.adjacency[:, :size, :size], graph.mask[:, :size])
        expected = by_hand(kind, [weight[k] for weight in fitted.weights], graph)
        expected = expected * fitted.label_deviation[k] + fitted.label_mean[k]
        assert scores[k, row] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_neither_training_nor_scores(kind, fitted):
    wide = engine.fit_replicates(CELLS.padded(10), LABELS, small(kind), [1, 2], ROWS)
    np.testing.assert_allclose(wide.loss, fitted[kind].loss, rtol=1e-4)
    scores = score(fitted[kind], CELLS)
    np.testing.assert_allclose(score(fitted[kind], CELLS.padded(10)), scores, rtol=1e-5)
    np.testing.assert_allclose(score(wide, CELLS), scores, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_replicate_does_not_depend_on_what_is_trained_beside_it(kind, fitted):
    alone = engine.fit_replicates(CELLS, LABELS[1:], small(kind), [2], ROWS[1:])
    for weight, both in zip(alone.weights, fitted[kind].weights, strict=True):
        np.testing.assert_allclose(weight[0], both[1], rtol=1e-3, atol=1e-5)


def test_forget_gates_start_open_and_weights_do_not_depend_on_the_number_of_places():
    recipe = small("assessor", layers=2, hidden=(3,))
    short, long = (network.initial_weights(recipe, 4, places, 5, RNG(0)) for places in (7, 70))
    assert [weight.shape for weight in short] == [(14, 16), (16,), (8, 16), (16,), (4, 3), (3,), (3, 1), (1,)]
    assert short[1].tolist() == short[3].tolist() == [0] * 4 + [1] * 4 + [0] * 8
    assert all((one == other).all() for one, other in zip(short, long, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_of_the_order_is_learnt(kind):
    """Synthetic: chains of the same eight operations in another order each; the label is the mean place of one kind.

    How often each operation occurs is the same in all of them and tells nothing.
    """
    order = RNG(5).permuted(np.tile([0, 0, 0, 1, 1, 1, 2, 2], (360, 1)), axis=1)
    nodes = np.eye(3, dtype=np.float32)[order]
    adjacency = np.broadcast_to(np.eye(8, k=1, dtype=np.uint8), (360, 8, 8))
    graphs = GraphBatch(nodes, adjacency, np.ones((360, 8), np.bool_))
    labels = nodes[:, :, 0] @ np.arange(8) / 3
    recipe = small(kind, width=24, epochs=50)
    fitted = engine.fit_replicates(graphs, labels[None, :160], recipe, [0], np.arange(160)[None])
    assert kendalltau(score(fitted, graphs)[0, 160:], labels[160:]).statistic > 0.75


def test_incoming_edges_are_counted_by_the_operation_they_come_from():
    nodes, propagation, pooling = (tf.constant(part[None]) for part in network_inputs(CELLS))
    operations, incoming, real = lstm.tokens((nodes, propagation, pooling))
    expected = CELLS.adjacency.astype(np.float32).swapaxes(1, 2) @ CELLS.nodes
    np.testing.assert_array_equal(incoming[0], expected)
    np.testing.assert_array_equal(operations[0], CELLS.nodes)
    np.testing.assert_array_equal(real[0], CELLS.mask)
