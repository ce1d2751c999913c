"""What recipes have in common: keys, defaults, widths, and the parts that compiled code depends on."""

import pytest
from pydantic import TypeAdapter, ValidationError

from neural_predictor.predictors.cascade import CascadeRecipe
from neural_predictor.predictors.dagnn import DagnnRecipe
from neural_predictor.predictors.ensemble import EnsembleRecipe
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.mlp import MlpRecipe
from neural_predictor.predictors.recipes import PREDICTORS, Recipe

parsed = TypeAdapter(Recipe).validate_python


def test_width_follows_the_papers_table_and_says_what_lies_between():
    recipe = GcnRecipe()
    assert [recipe.width_for(n) for n in (43, 86, 129, 172, 344, 860)] == [48, 72, 96, 144, 210, 320]
    assert (recipe.width_for(10), recipe.width_for(258), recipe.width_for(5000)) == (48, 177, 320)
    assert GcnRecipe(width=7).width_for(172) == 7


def test_the_kind_chooses_the_recipe():
    assert isinstance(parsed({"kind": "mlp"}), MlpRecipe)
    stage = {"kind": "gcn", "loss": "logistic"}
    cascade = parsed({"kind": "cascade", "classifier": stage, "regressor": {"kind": "dagnn"}, "quantile": 0.5})
    assert isinstance(cascade, CascadeRecipe)
    assert isinstance(cascade.regressor, DagnnRecipe)
    assert parsed(cascade.model_dump()) == cascade


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (
            {"kind": "mlp", "transitive_closure": True},
            "unknown key transitive_closure; a recipe of kind mlp takes kind",
        ),
        ({"kind": "dagnn", "initial_gain": 2}, "unknown key initial_gain; a recipe of kind dagnn takes .*readout"),
        ({"kind": "gcn", "reach": True, "structure": True}, "unknown keys reach, structure; .*transitive_closure"),
        ({"kind": "forest", "epochs": 3}, "unknown key epochs; a recipe of kind forest takes kind, trees, columns"),
        ({"kind": "ensemble", "members": {"a": {"kind": "gp"}, "b": {"kind": "ensemble"}}}, "expected tags: 'gcn'"),
        ({"kind": "gcn", "loss": "absolute"}, "Input should be 'squared', 'logistic', 'hinge'"),
        ({"kind": "tree"}, "does not match any of the expected tags: 'ensemble', 'gcn'"),
        ({"epochs": 3}, "Unable to extract tag using discriminator 'kind'"),
    ],
)
def test_what_a_kind_does_not_have_is_refused(recipe, said):
    with pytest.raises(ValidationError, match=said):
        parsed(recipe)


def test_the_inference_key_has_all_that_a_score_depends_on_and_no_training():
    recipe = PREDICTORS["gcn-reach"]
    key = recipe.inference_key
    kept = {"layers", "width", "hidden", "readout", "transitive_closure", "positional_features", "precision"}
    assert key.model_dump(include=kept) == recipe.model_dump(include=kept)
    trained_otherwise = {"epochs": 3, "learning_rate": 0.1, "loss": "squared", "optimizer": "adam", "initial_gain": 2}
    assert recipe.model_copy(update=trained_otherwise).inference_key == key
    assert recipe.model_copy(update={"readout": "mean"}).inference_key != key


def test_best_is_an_ensemble_of_predictors_that_have_a_name():
    best = PREDICTORS["best"]
    assert isinstance(best, EnsembleRecipe)
    assert all(recipe in PREDICTORS.values() for recipe in best.members.values())
    assert set(best.prior) < set(best.members)
