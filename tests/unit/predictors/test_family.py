"""The predictors beside the paper's GCN: MLP and CNN against plain Keras, and the cascade."""

import keras
import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from neural_predictor.errors import PredictorError
from neural_predictor.predictors import engine
from neural_predictor.predictors.cascade import accurate, fit_cascades
from neural_predictor.predictors.gcn import model_inputs
from neural_predictor.predictors.recipe import CascadeRecipe, NeuralRecipe, Recipe
from neural_predictor.predictors.scoring import score
from neural_predictor.spaces import make_space

RNG = np.random.default_rng
SPACE = make_space("nasbench-graph")
GRAPHS = SPACE.encode(SPACE.sample(300, RNG(0)))
LABELS = GRAPHS.nodes.sum(axis=1) @ np.arange(11) / 10


def keras_mlp(inputs, width):
    hidden = keras.layers.Flatten()(inputs)
    for _ in range(3):
        hidden = keras.layers.Dense(width, "relu")(hidden)
    return hidden


def keras_cnn(inputs, width):
    hidden = inputs
    for _ in range(3):
        hidden = keras.layers.Conv1D(width, 3, padding="same", activation="relu")(hidden)
        hidden = keras.layers.MaxPooling1D(2, padding="same")(hidden)
    return keras.layers.GlobalAveragePooling1D()(hidden)


@pytest.mark.parametrize(("kind", "body"), [("mlp", keras_mlp), ("cnn", keras_cnn)])
def test_mlp_and_cnn_are_the_plain_keras_networks(kind, body):
    recipe = NeuralRecipe(kind=kind, width=7, hidden=(5,), epochs=2)
    fitted = engine.fit_replicates(GRAPHS, LABELS[None, :40], recipe, [0], rows=np.arange(40)[None])
    nodes, propagation, _ = model_inputs(GRAPHS)
    inputs = keras.Input((6, 17))
    hidden = keras.layers.Dense(5, "relu")(body(inputs, 7))
    model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    ours = [weight[0] for weight in fitted.weights]
    model.set_weights([w.reshape(v.shape) for w, v in zip(ours, model.weights, strict=True)])
    plain = model.predict(np.concatenate([nodes, propagation[:, 0]], axis=-1), verbose=0)[:, 0]
    expected = plain * fitted.label_deviation[0] + fitted.label_mean[0]
    np.testing.assert_allclose(score(fitted, GRAPHS)[0], expected, rtol=1e-4)
    with pytest.raises(PredictorError, match="only the paper's gcn has a Keras model"):
        fitted.keras_model(0)


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_mlp_and_cnn_learn(kind):
    recipe = NeuralRecipe(kind=kind, width=32, epochs=150, learning_rate=3e-3)
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
    recipe = NeuralRecipe(kind="cnn", width=8, hidden=(6,), epochs=3, learning_rate=1e-2)
    fitted = engine.fit_replicates(graphs, RNG(1).random((1, 60)), recipe, [0], rows=np.arange(60)[None])
    nodes, propagation, _ = model_inputs(graphs)
    inputs, sizes = np.concatenate([nodes, propagation[:, 0]], axis=-1), graphs.mask.sum(axis=1)
    weights = [weight[0] for weight in fitted.weights]
    scores = score(fitted, graphs)[0]
    for row in (0, 3, 50, 500, 1999):
        by_hand = cnn_by_hand(weights, inputs[row], sizes[row]) * fitted.label_deviation[0] + fitted.label_mean[0]
        assert scores[row] == pytest.approx(by_hand, rel=1e-4)


def test_the_classifier_separates_classes_and_takes_no_other_labels():
    recipe = NeuralRecipe(width=16, epochs=150, learning_rate=3e-3, loss="logistic")
    classes = (np.median(LABELS) < LABELS).astype(float)
    fitted = engine.fit_replicates(GRAPHS, classes[None], recipe, [0])
    assert ((score(fitted, GRAPHS)[0] > 0) == classes).mean() > 0.9
    with pytest.raises(PredictorError, match="takes labels 0 and 1"):
        engine.fit_replicates(GRAPHS, LABELS[None], recipe, [0])
    with pytest.raises(PredictorError, match="not all equal"):
        engine.fit_replicates(GRAPHS, np.ones((1, 300)), recipe, [0])


def cascade(**changes):
    quick = {"width": 12, "epochs": 60, "learning_rate": 3e-3}
    fields = {
        "kind": "cascade",
        "classifier": quick | {"loss": "logistic"},
        "regressor": quick,
        "quantile": 0.5,
    }
    return CascadeRecipe.model_validate(fields | changes)


def test_the_cascade_learns_from_the_same_networks_and_ranks_the_accurate_ones():
    rows = np.stack([RNG(k).permutation(300)[:100] for k in range(2)])
    found = fit_cascades(GRAPHS, LABELS[rows], cascade(), [1, 2], rows, maximise=True)
    assert not found.one_stage.any()
    rest = np.setdiff1d(np.arange(300), rows[0])
    bound = np.quantile(LABELS[rows[0]], 0.5)
    truly = bound < LABELS
    accepted = found.logits[0] > 0
    assert (accepted[rest] == truly[rest]).mean() > 0.8
    assert np.corrcoef(found.scores[0][rest][accepted[rest]], LABELS[rest][accepted[rest]])[0, 1] > 0.5


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"quantile": None, "threshold": 99.0}, "no accurate network"),
        ({"quantile": None, "threshold": -99.0}, "only accurate networks"),
        ({"quantile": 0.95}, "fewer than ten accurate networks"),
    ],
)
def test_where_two_stages_cannot_be_fitted_one_must_do(changes, why):
    rows = RNG(0).permutation(300)[None, :60]
    found = fit_cascades(GRAPHS, LABELS[rows], cascade(**changes), [1], rows, maximise=True)
    assert found.one_stage.all(), why
    assert (found.logits == 1).all()
    assert np.isfinite(found.scores).all()


def test_accurate_follows_the_direction():
    labels = np.arange(10.0)[None]
    assert accurate(labels, cascade(quantile=None, threshold=6.5), maximise=True).sum() == 3
    assert accurate(labels, cascade(quantile=None, threshold=6.5), maximise=False).sum() == 7
    assert accurate(labels, cascade(quantile=0.8), maximise=True)[0].tolist() == [False] * 8 + [True] * 2
    assert accurate(labels, cascade(quantile=0.8), maximise=False)[0].tolist() == [True] * 2 + [False] * 8


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"threshold": 0.9}, "either a threshold or a quantile"),
        ({"quantile": None}, "either a threshold or a quantile"),
        ({"classifier": {}}, "classifier.loss must be logistic"),
    ],
)
def test_recipes_that_make_no_sense_are_refused(changes, said):
    with pytest.raises(ValidationError, match=said):
        cascade(**changes)


def test_the_kind_chooses_the_recipe():
    adapter = TypeAdapter(Recipe)
    assert isinstance(adapter.validate_python({"kind": "mlp"}), NeuralRecipe)
    assert isinstance(adapter.validate_python(cascade().model_dump()), CascadeRecipe)
