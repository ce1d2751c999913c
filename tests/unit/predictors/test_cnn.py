"""The CNN against plain Keras and by hand, and that it learns."""

import keras
import numpy as np
import pytest

from neural_predictor.predictors import engine
from neural_predictor.predictors.cnn import CnnRecipe
from neural_predictor.predictors.keras_gcn import model_inputs
from neural_predictor.predictors.scoring import score
from neural_predictor.spaces import make_space
from support.predictors import GRAPHS, LABELS, assert_plain_keras

RNG = np.random.default_rng


def keras_cnn(inputs, width):
    hidden = inputs
    for _ in range(3):
        hidden = keras.layers.Conv1D(width, 3, padding="same", activation="relu")(hidden)
        hidden = keras.layers.MaxPooling1D(2, padding="same")(hidden)
    return keras.layers.GlobalAveragePooling1D()(hidden)


def test_it_is_the_plain_keras_network():
    assert_plain_keras(CnnRecipe(width=7, hidden=(5,), epochs=2), keras_cnn)


def test_it_learns():
    recipe = CnnRecipe(width=32, epochs=150, learning_rate=3e-3)
    fitted = engine.fit_replicates(GRAPHS, LABELS[None], recipe, [0])
    assert fitted.loss[0, -1] < 0.2 < fitted.loss[0, 0]


def cnn_by_hand(weights, cell, real):
    """The CNN on one cell (v, c) whose first `real` places are nodes: what lies behind them never counts."""
    for k in range(3):
        v = len(cell)
        wide = np.pad(cell, ((1, 1), (0, 0)))
        windows = np.concatenate([wide[i : i + v] for i in range(3)], axis=1)
        cell = np.maximum(windows @ weights[2 * k] + weights[2 * k + 1], 0)
        cell[real:] = 0
        cell = np.pad(cell, ((0, v % 2), (0, 0))).reshape(-1, 2, cell.shape[1]).max(axis=1)
        real = -(-real // 2)
    hidden = np.maximum(cell.sum(axis=0) / real @ weights[6] + weights[7], 0)
    return (hidden @ weights[8] + weights[9])[0]


def test_the_cnn_masks_padding():
    space = make_space("nasbench101")
    graphs = space.encode(space.enumerate()[:2000])  # cells of 2 to 5 vertices, padded to 7
    recipe = CnnRecipe(width=8, hidden=(6,), epochs=3, learning_rate=1e-2)
    fitted = engine.fit_replicates(graphs, RNG(1).random((1, 60)), recipe, [0], rows=np.arange(60)[None])
    nodes, propagation, _ = model_inputs(graphs)
    inputs, sizes = np.concatenate([nodes, propagation[:, 0]], axis=-1), graphs.mask.sum(axis=1)
    weights = [weight[0] for weight in fitted.weights]
    scores = score(fitted, graphs)[0]
    for row in (0, 3, 50, 500, 1999):
        by_hand = cnn_by_hand(weights, inputs[row], sizes[row]) * fitted.label_deviation[0] + fitted.label_mean[0]
        assert scores[row] == pytest.approx(by_hand, rel=1e-4)
