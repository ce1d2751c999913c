"""The recurrent network along the edges: against its equations, padding, node order, and what only it can count."""

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import kendalltau

from neural_predictor.predictors import engine
from neural_predictor.predictors.dagnn import DagnnRecipe
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.propagation import network_inputs
from neural_predictor.predictors.scoring import score
from neural_predictor.spaces import GraphBatch, make_space

RNG = np.random.default_rng
SPACE = make_space("nasbench101")
CELLS = SPACE.encode(SPACE.sample(60, RNG(0)))  # of 5 to 7 vertices, padded to 7
LABELS = RNG(1).normal(90, 2, (2, 20))
ROWS = np.stack([np.arange(20), np.arange(20, 40)])
SETTINGS = {"layers": 2, "width": 6, "hidden": (5,), "epochs": 4, "learning_rate": 1e-2, "readout": "mean-sum-max"}
RECIPE = DagnnRecipe(transitive_closure=True, positional_features=True, **SETTINGS)


@pytest.fixture(scope="module")
def fitted():
    return engine.fit_replicates(CELLS, LABELS, RECIPE, [1, 2], ROWS)


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def attended(states, scores, who):
    """The mean of some nodes' states, weighed by the softmax of their bent scores."""
    if not who:
        return np.zeros(states.shape[1])
    return softmax(6 * np.tanh(scores[who] / 6)) @ states[who]


def sweep(inputs, hears, order, kernel, bias):
    """States (v, D) of one graph: `hears` are two lists, of the nodes that each node hears at once and from afar."""
    width = len(bias) // 3
    own, near, far = np.split(kernel, [inputs.shape[1], inputs.shape[1] + width])
    states, scores = np.zeros((len(inputs), width)), np.zeros(len(inputs))
    for j in order:
        close, distant = (attended(states, scores, who[j]) for who in hears)
        update, reset, new, score = np.split(inputs[j] @ own + distant @ far + bias, [width, 2 * width, 3 * width])
        by_update, by_reset, by_new = np.split(close @ near[:, :-1], 3)
        kept = sigmoid(update + by_update)
        states[j] = (1 - kept) * np.tanh(new + sigmoid(reset + by_reset) * by_new) + kept * close
        scores[j] = score[0] + states[j] @ near[:, -1]
    return states


def by_hand(weights, graph):
    """The score of one graph without padding, in units of the z-scored label."""
    edges, v = graph.adjacency[0].astype(bool), len(graph.adjacency[0])
    closure = np.linalg.matrix_power(np.eye(v) + edges, v) > 0
    closure &= ~np.eye(v, dtype=bool)
    before = [[np.flatnonzero(links[:, j]).tolist() for j in range(v)] for links in (edges, closure)]
    after = [[np.flatnonzero(links[j]).tolist() for j in range(v)] for links in (edges, closure)]
    first = sweep(network_inputs(graph, RECIPE)[0][0], before, range(v), weights[0], weights[1])
    second = sweep(first, after, reversed(range(v)), weights[2], weights[3])
    states = np.hstack([first, second])
    ends = first[~edges.any(axis=1)].mean(axis=0), second[~edges.any(axis=0)].mean(axis=0)
    vector = np.concatenate([states.mean(axis=0), states.sum(axis=0) / np.sqrt(v), states.max(axis=0), *ends])
    return (np.maximum(vector @ weights[4] + weights[5], 0) @ weights[6] + weights[7])[0]


def test_a_score_is_what_the_equations_give(fitted):
    """Of cells, and of a graph with two inputs and two outputs."""
    scores = score(fitted, CELLS)
    for k, row in ((0, 0), (1, 7), (1, 31)):
        size = CELLS.mask[row].sum()
        graph = CELLS.take([row])
        graph = GraphBatch(graph.nodes[:, :size], graph.adjacency[:, :size, :size], graph.mask[:, :size])
        expected = by_hand([weight[k] for weight in fitted.weights], graph)
        expected = expected * fitted.label_deviation[k] + fitted.label_mean[k]
        assert scores[k, row] == pytest.approx(expected, rel=1e-5)
    links = np.zeros((1, 5, 5), np.uint8)
    links[0, [0, 0, 1, 2], [2, 3, 3, 4]] = 1  # from two inputs to two outputs
    graph = GraphBatch(CELLS.nodes[:1, :5], links, np.ones((1, 5), np.bool_))
    expected = by_hand([weight[0] for weight in fitted.weights], graph)
    found = score(fitted, graph)[0, 0]
    assert found == pytest.approx(expected * fitted.label_deviation[0] + fitted.label_mean[0], rel=1e-5)


def test_padding_changes_neither_training_nor_scores(fitted):
    wide = engine.fit_replicates(CELLS.padded(10), LABELS, RECIPE, [1, 2], ROWS)
    np.testing.assert_allclose(wide.loss, fitted.loss, rtol=1e-4)
    np.testing.assert_allclose(score(fitted, CELLS.padded(10)), score(fitted, CELLS), rtol=1e-5)


def test_a_score_does_not_depend_on_the_order_of_nodes(fitted):
    """Of two neighbours in the order without an edge between them either may come first."""
    scores, swapped = score(fitted, CELLS), 0
    for j in range(6):
        free = np.flatnonzero(CELLS.mask[:, j + 1] & (CELLS.adjacency[:, j, j + 1] == 0))
        if not len(free):
            continue
        order = np.arange(7)
        order[[j, j + 1]] = j + 1, j
        part = CELLS.take(free)
        other = GraphBatch(part.nodes[:, order], part.adjacency[:, order][:, :, order], part.mask)
        np.testing.assert_allclose(score(fitted, other), scores[:, free], rtol=1e-5)
        swapped += len(free)
    assert swapped > 30


def test_a_replicate_does_not_depend_on_what_is_trained_beside_it(fitted):
    alone = engine.fit_replicates(CELLS, LABELS[1:], RECIPE, [2], ROWS[1:])
    for weight, both in zip(alone.weights, fitted.weights, strict=True):
        np.testing.assert_allclose(weight[0], both[1], rtol=1e-3, atol=1e-5)


def test_what_lies_far_apart_is_seen_together():
    """Synthetic: chains of twenty nodes, two of them of a kind of their own, over seven edges from each other and four
    from the ends; the label is which comes first. Three convolutions see three edges far.
    """
    rng = RNG(5)
    pairs = np.array([(i, j) for i in range(4, 16) for j in range(4, 16) if abs(i - j) >= 7])
    places = pairs[rng.integers(len(pairs), size=240)]
    nodes = np.zeros((240, 20, 3), np.float32)
    nodes[..., 2] = 1
    for kind in range(2):
        nodes[np.arange(240), places[:, kind]] = np.eye(3, dtype=np.float32)[kind]
    adjacency = np.broadcast_to(np.eye(20, k=1, dtype=np.uint8), (240, 20, 20))
    graphs = GraphBatch(nodes, adjacency, np.ones((240, 20), np.bool_))
    labels = (places[:, 0] < places[:, 1]) + 0.01 * rng.random(240)
    taus = {}
    for kind, layers in ((DagnnRecipe, 1), (GcnRecipe, 3)):
        recipe = kind(layers=layers, width=16, hidden=(), epochs=40, learning_rate=1e-2, dropout=0)
        trained = engine.fit_replicates(graphs, labels[None, :160], recipe, [0], np.arange(160)[None])
        predicted = score(trained, graphs)[0, 160:]
        taus[recipe.kind] = np.nan_to_num(
            kendalltau(predicted, labels[160:] > 0.5).statistic
        )  # NaN: all are scored alike
    assert taus["dagnn"] > 0.6
    assert abs(taus["gcn"]) < 0.3
