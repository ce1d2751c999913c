"""The registry: its rows, what follows from them, and the messages about rows that are wrong."""

import subprocess
import sys
import types
from dataclasses import replace
from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
from pydantic import TypeAdapter

from neural_predictor.errors import ConfigError, PredictorError
from neural_predictor.predictors import engine, registry
from neural_predictor.predictors.ensemble import make_predictor
from neural_predictor.predictors.kernels import glorot
from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.recipe_base import BaseRecipe, NeuralRecipe
from neural_predictor.predictors.recipes import PREDICTORS
from neural_predictor.predictors.registry import (
    KINDS,
    EstimatorKind,
    Kind,
    NeuralKind,
    check_entry_points,
    named_recipes,
    recipe_union,
    row_of,
)
from neural_predictor.predictors.scoring import score
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace

GCN = row_of("gcn", Kind)
PACKAGE = "neural_predictor.predictors"


def test_every_named_recipe_is_of_a_row():
    kinds = {row.name for row in KINDS}
    assert len(kinds) == len(KINDS)
    assert {recipe.kind for recipe in PREDICTORS.values()} == kinds - {"cascade"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"recipe": "gnc:GcnRecipe"}, "row 'gcn': the entry point 'gnc:GcnRecipe' does not exist: there is no module"),
        (
            {"embed": "gcn:embedd"},
            "row 'gcn': the entry point 'gcn:embedd' does not exist: the module .* has no embedd",
        ),
        ({"named": "gcn"}, "row 'gcn': the entry point 'gcn' does not exist; expected module:name"),
    ],
)
def test_an_entry_point_that_does_not_exist_is_named_with_its_row(changes, said):
    with pytest.raises(ConfigError, match=said):
        check_entry_points([replace(GCN, **changes)])


def test_a_name_used_twice_is_named():
    with pytest.raises(ConfigError, match=r"predictors/registry\.py: two rows have the name 'gcn'"):
        recipe_union([*KINDS, GCN])
    with pytest.raises(ConfigError, match="the rows 'gcn' and 'mlp' both name a recipe 'paper'"):
        named_recipes([GCN, replace(row_of("mlp", Kind), named="gcn:NAMED")])


def test_a_row_and_its_recipe_are_of_one_kind():
    with pytest.raises(ConfigError, match="row 'gnc': the recipe 'gcn:GcnRecipe' is of kind 'gcn'"):
        recipe_union([replace(GCN, name="gnc")])


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(PredictorError, match="no NeuralKind is named 'forest'; known are gcn, dagnn"):
        row_of("forest", NeuralKind)


def add(monkeypatch, row, **attributes):
    """A file of the package with these attributes, and its row; what parses recipes then."""
    module = types.ModuleType(f"{PACKAGE}.toy")
    vars(module).update(attributes)
    monkeypatch.setitem(sys.modules, f"{PACKAGE}.toy", module)
    monkeypatch.setattr(registry, "KINDS", (*KINDS, row))
    check_entry_points(registry.KINDS)
    return TypeAdapter(recipe_union(registry.KINDS)).validate_python


@pytest.fixture
def graphs():
    space = NasBenchGraphSpace()
    return space.encode(space.sample(60, np.random.default_rng(0)))


def test_a_neural_predictor_is_one_file_and_one_row(monkeypatch, graphs):
    """The toy: operations counted, and multiplied by one matrix a layer."""

    class ToyRecipe(NeuralRecipe):
        kind: Literal["toy"] = "toy"

    def initial_weights(recipe, width, places, features, rng):
        shapes = pairwise([features] + [width] * recipe.layers)
        return [part for i, o in shapes for part in (glorot(rng, i, o), np.zeros(o, np.float32))]

    def embed(weights, graphs, recipe):
        counts = tf.reduce_sum(graphs[0], axis=2)
        for k in range(recipe.layers):
            counts = tf.matmul(counts, weights[2 * k]) + weights[2 * k + 1][:, None]
        return counts

    row = NeuralKind(name="toy", recipe="toy:ToyRecipe", initial_weights="toy:initial_weights", embed="toy:embed")
    parsed = add(monkeypatch, row, ToyRecipe=ToyRecipe, initial_weights=initial_weights, embed=embed)
    recipe = parsed({"kind": "toy", "layers": 1, "width": 8, "hidden": [], "epochs": 60, "learning_rate": 0.03})
    labels = graphs.nodes.sum(axis=1) @ np.arange(11.0)
    fitted = engine.fit_replicates(graphs, labels[None, :40], recipe, [0], np.arange(40)[None])
    assert np.corrcoef(score(fitted, graphs)[0, 40:], labels[40:])[0, 1] > 0.9


def test_an_estimator_is_one_file_and_one_row(monkeypatch, graphs):
    """The toy: the nearest training graph's target."""

    class ToyRecipe(BaseRecipe):
        kind: Literal["toy"] = "toy"

    class Nearest:
        def __init__(self, features, targets):
            self.features, self.targets = features, targets

        def predict(self, features):
            distances = np.abs(features[:, None] - self.features[None]).sum(axis=2)
            return self.targets[distances.argmin(axis=1)]

    def fit(recipe, features, targets, seed, workers):
        return Nearest(features, targets)

    row = EstimatorKind(name="toy", recipe="toy:ToyRecipe", fit="toy:fit", named="toy:NAMED")
    parsed = add(monkeypatch, row, ToyRecipe=ToyRecipe, fit=fit, NAMED={"toy": ToyRecipe()})
    assert named_recipes(registry.KINDS)["toy"] == parsed({"kind": "toy"})
    labels = np.arange(60.0)
    fitted = make_predictor(parsed({"kind": "toy"})).fit(graphs, labels)
    np.testing.assert_allclose(fitted.predict(graphs), labels, rtol=1e-4, atol=1e-3)


def test_recipes_are_read_without_the_libraries_that_fit():
    code = f"import sys; from {PACKAGE}.recipes import PREDICTORS; print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    heavy = ["tensorflow", "keras", "pandas", "scipy", "sklearn", "xgboost"]
    found = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
