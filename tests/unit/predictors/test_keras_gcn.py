"""The readable GCN: the paper's equation, and Keras's own format."""

import numpy as np
import pytest

from neural_predictor.errors import PredictorError
from neural_predictor.predictors import engine
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.keras_gcn import build_gcn, keras_model, load_gcn, model_inputs
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace

SPACE = NasBenchGraphSpace()


@pytest.fixture(scope="module")
def graphs():
    return SPACE.encode(SPACE.sample(23, np.random.default_rng(0)))


def test_it_is_the_equation(graphs):
    """One layer by hand: 1/2 ReLU(A_hat V W+ + b+) + 1/2 ReLU(A_hat' V W- + b-), mean, ReLU layer, linear output."""
    recipe = GcnRecipe(layers=1, width=3, hidden=(4,))
    model = build_gcn(recipe, 3, graphs.features)
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=weight.shape) for weight in model.weights])
    w_plus, b_plus, w_minus, b_minus, w_hidden, b_hidden, w_out, b_out = model.get_weights()
    nodes, propagation, pooling = model_inputs(graphs)
    plus = np.maximum(propagation[:, 0] @ nodes @ w_plus + b_plus, 0)
    minus = np.maximum(propagation[:, 1] @ nodes @ w_minus + b_minus, 0)
    pooled = ((plus + minus) / 2 * pooling[..., None]).sum(axis=1)
    expected = np.maximum(pooled @ w_hidden + b_hidden, 0) @ w_out + b_out
    np.testing.assert_allclose(model.predict([nodes, propagation, pooling], verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_a_saved_model_comes_back(tmp_path, graphs):
    model = build_gcn(GcnRecipe(hidden=(8,)), 12, graphs.features)
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(
        load_gcn(tmp_path / "m.keras").predict(model_inputs(graphs), verbose=0),
        model.predict(model_inputs(graphs), verbose=0),
    )
    with pytest.raises(PredictorError, match=r"absent\.keras: not a saved gcn"):
        load_gcn(tmp_path / "absent.keras")


def test_a_gcn_that_is_not_the_papers_has_no_keras_model(graphs):
    recipe = GcnRecipe(width=4, epochs=1, positional_features=True)
    fitted = engine.fit_replicates(graphs, np.arange(23.0)[None], recipe, [0])
    with pytest.raises(PredictorError, match="only the paper's gcn has a Keras model here, not this gcn"):
        keras_model(fitted, 0)
