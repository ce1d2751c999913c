"""The paper's cascade: its classifier, its regressor, and where one stage must do."""

import numpy as np
import pytest
from pydantic import ValidationError

from neural_predictor.errors import PredictorError
from neural_predictor.predictors import engine
from neural_predictor.predictors.cascade import CascadeRecipe, fit_cascades
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.scoring import score
from neural_predictor.spaces import make_space

RNG = np.random.default_rng
SPACE = make_space("nasbench-graph")
GRAPHS = SPACE.encode(SPACE.sample(300, RNG(0)))
LABELS = GRAPHS.nodes.sum(axis=1) @ np.arange(11) / 10


def test_the_classifier_separates_classes_and_takes_no_other_labels():
    recipe = GcnRecipe(width=16, epochs=150, learning_rate=3e-3, loss="logistic")
    classes = (np.median(LABELS) < LABELS).astype(float)
    fitted = engine.fit_replicates(GRAPHS, classes[None], recipe, [0])
    assert ((score(fitted, GRAPHS)[0] > 0) == classes).mean() > 0.9
    with pytest.raises(PredictorError, match="takes labels 0 and 1"):
        engine.fit_replicates(GRAPHS, LABELS[None], recipe, [0])
    with pytest.raises(PredictorError, match="not all equal"):
        engine.fit_replicates(GRAPHS, np.ones((1, 300)), recipe, [0])


def cascade(**changes):
    quick = {"kind": "gcn", "width": 12, "epochs": 60, "learning_rate": 3e-3}
    fields = {
        "classifier": quick | {"loss": "logistic"},
        "regressor": quick,
        "quantile": 0.5,
    }
    return CascadeRecipe.model_validate(fields | changes)


def test_the_cascade_learns_from_the_same_architectures_and_ranks_the_accurate_ones():
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
        ({"quantile": None, "threshold": 99.0}, "no accurate architecture"),
        ({"quantile": None, "threshold": -99.0}, "only accurate architectures"),
        ({"quantile": 0.95}, "fewer than ten accurate architectures"),
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

    def accurate(recipe, *, maximise):
        return recipe.accurate(labels, recipe.bounds(labels, maximise=maximise), maximise=maximise)

    assert accurate(cascade(quantile=None, threshold=6.5), maximise=True).sum() == 3
    assert accurate(cascade(quantile=None, threshold=6.5), maximise=False).sum() == 7
    assert accurate(cascade(quantile=0.8), maximise=True)[0].tolist() == [False] * 8 + [True] * 2
    assert accurate(cascade(quantile=0.8), maximise=False)[0].tolist() == [True] * 2 + [False] * 8


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"threshold": 0.9}, "either a threshold or a quantile"),
        ({"quantile": None}, "either a threshold or a quantile"),
        ({"classifier": {"kind": "gcn"}}, "classifier.loss must be logistic"),
        ({"classifier": {"kind": "forest"}}, "any of the expected tags: 'gcn', 'dagnn'"),
    ],
)
def test_recipes_that_make_no_sense_are_refused(changes, said):
    with pytest.raises(ValidationError, match=said):
        cascade(**changes)
