"""The GCN's initial weights; test_engine compares what it computes with Keras."""

import numpy as np
import pytest

from neural_predictor.predictors import engine, network
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.keras_gcn import build_gcn
from neural_predictor.predictors.scoring import score
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace

SPACE = NasBenchGraphSpace()


@pytest.fixture(scope="module")
def graphs():
    return SPACE.encode(SPACE.sample(23, np.random.default_rng(0)))


def test_the_gain_doubles_graph_convolutions_alone_and_lets_eighteen_layers_pass_something_on(graphs):
    plain, doubled = (GcnRecipe(layers=18, hidden=(8,), width=16, initial_gain=gain) for gain in (1, 2))
    weights = [
        network.initial_weights(recipe, 16, 6, graphs.features, np.random.default_rng(0)) for recipe in (plain, doubled)
    ]
    for k, (one, two) in enumerate(zip(*weights, strict=True)):
        np.testing.assert_array_equal(two, 2 * one if k < 36 else one)
    spread = []
    for recipe in (plain, doubled):
        rows = np.arange(10)[None]
        fitted = engine.fit_replicates(
            graphs,
            np.linspace(0, 1, 10)[None],
            recipe.model_copy(update={"epochs": 1, "learning_rate": 1e-9}),
            [0],
            rows,
        )
        spread.append(np.ptp(score(fitted, graphs)))
        kernel = build_gcn(recipe, 16, graphs.features).get_layer("convolution_2").forward_kernel.numpy()
        assert np.abs(kernel).max() == pytest.approx(recipe.initial_gain * np.sqrt(6 / 32), rel=0.05)
    assert spread[1] > 1000 * spread[0]
