"""What tests of single predictors share: a small real space with a plain signal, and a comparison with Keras."""

import keras
import numpy as np
import pytest

from neural_predictor.errors import PredictorError
from neural_predictor.predictors import engine
from neural_predictor.predictors.keras_gcn import keras_model, model_inputs
from neural_predictor.predictors.scoring import score
from neural_predictor.spaces import make_space

SPACE = make_space("nasbench-graph")
GRAPHS = SPACE.encode(SPACE.sample(300, np.random.default_rng(0)))
LABELS = GRAPHS.nodes.sum(axis=1) @ np.arange(11) / 10


def assert_plain_keras(recipe, body):
    """A predictor with one hidden layer of 5 fits, and scores as `body` in Keras does with the fitted weights."""
    fitted = engine.fit_replicates(GRAPHS, LABELS[None, :40], recipe, [0], rows=np.arange(40)[None])
    nodes, propagation, _ = model_inputs(GRAPHS)
    inputs = keras.Input((6, 17))
    hidden = keras.layers.Dense(5, "relu")(body(inputs, recipe.width))
    model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    ours = [weight[0] for weight in fitted.weights]
    model.set_weights([w.reshape(v.shape) for w, v in zip(ours, model.weights, strict=True)])
    plain = model.predict(np.concatenate([nodes, propagation[:, 0]], axis=-1), verbose=0)[:, 0]
    expected = plain * fitted.label_deviation[0] + fitted.label_mean[0]
    np.testing.assert_allclose(score(fitted, GRAPHS)[0], expected, rtol=1e-4)
    with pytest.raises(PredictorError, match="only the paper's gcn has a Keras model"):
        keras_model(fitted, 0)
