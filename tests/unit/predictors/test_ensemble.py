"""Predictors behind one interface: out-of-fold predictions that do not see their labels, weights, and refusals."""

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from scipy.stats import kendalltau, spearmanr

from neural_predictor.errors import PredictorError
from neural_predictor.predictors.boosted_trees import BoostedTreesRecipe
from neural_predictor.predictors.cascade import CascadeRecipe
from neural_predictor.predictors.ensemble import EnsembleRecipe, make_predictor, stacking_weights
from neural_predictor.predictors.forest import ForestRecipe
from neural_predictor.predictors.gaussian_process import GaussianProcessRecipe
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.recipes import PREDICTORS, Recipe
from neural_predictor.spaces import GraphBatch
from neural_predictor.spaces.nasbench101.space import NasBench101Space
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace

SPACE = NasBenchGraphSpace()
QUICK = {
    "gcn": PREDICTORS["gcn-reach"].model_copy(update={"epochs": 8, "width": 16}),
    "xgboost": BoostedTreesRecipe(trees=60, ensembles=1),
    "forest": ForestRecipe(trees=30),
    "gp": GaussianProcessRecipe(),
}
parsed = TypeAdapter(Recipe).validate_python
RULES = {"gat": 3.0, "gcn": 2.0, "skip": -3.0}


@pytest.fixture(scope="module")
def graphs():
    return SPACE.encode(SPACE.sample(90, np.random.default_rng(0)))


@pytest.fixture(scope="module")
def labels(graphs):
    """Synthetic: a rule on operations, bent as accuracies are, with a little noise."""
    worth = np.array([RULES.get(name, 0.0) for name in SPACE.operations])
    value = graphs.nodes.sum(axis=1) @ worth + np.random.default_rng(1).normal(0, 0.3, len(graphs))
    return 0.95 - 0.1 * np.exp(-value / 4)


@pytest.fixture(scope="module")
def ensemble(graphs, labels):
    return make_predictor(EnsembleRecipe(members=QUICK, seeds=2)).fit(graphs.take(slice(60)), labels[:60])


def test_an_ensemble_ranks_what_it_did_not_see_and_speaks_in_the_labels_unit(graphs, labels, ensemble):
    rest = graphs.take(slice(60, 90))
    found = ensemble.predict(rest)
    assert kendalltau(found, labels[60:]).statistic > 0.6
    assert labels.min() - 0.2 < found.min() < found.max() < 1.1
    assert ensemble.members(rest).shape == (4, 30)
    assert set(ensemble.weights) == set(QUICK)
    assert min(ensemble.weights.values()) >= 0


def test_members_that_are_fitted_side_by_side_are_those_of_one_thread(graphs, labels, ensemble):
    beside = make_predictor(EnsembleRecipe(members=QUICK, seeds=2), workers=3).fit(graphs.take(slice(60)), labels[:60])
    rest = graphs.take(slice(60, 90))
    assert list(beside.weights) == list(ensemble.weights)
    np.testing.assert_allclose(beside.members(rest), ensemble.members(rest), rtol=1e-3)
    np.testing.assert_allclose(beside.predict_out_of_fold(), ensemble.predict_out_of_fold(), rtol=1e-3)


@pytest.mark.parametrize("name", QUICK)
def test_each_member_alone_ranks_what_it_did_not_see(graphs, labels, name):
    recipe = QUICK[name].model_copy(update={"epochs": 60}) if name == "gcn" else QUICK[name]
    fitted = make_predictor(recipe, seed=3).fit(graphs.take(slice(60)), labels[:60])
    assert kendalltau(fitted.predict(graphs.take(slice(60, 90))), labels[60:]).statistic > 0.5
    np.testing.assert_allclose(
        fitted.members(graphs.take(slice(60, 90)))[0], fitted.predict(graphs.take(slice(60, 90)))
    )


def test_out_of_fold_predictions_do_not_see_their_own_label(graphs):
    """On labels that are noise no fit can rank what it did not see; one that had would rank it well."""
    noise = np.random.default_rng(5).normal(size=60)
    recipe = EnsembleRecipe(members={name: QUICK[name] for name in ("xgboost", "forest")})
    fitted = make_predictor(recipe).fit(graphs.take(slice(60)), noise)
    assert abs(spearmanr(fitted.predict_out_of_fold(), noise).statistic) < 0.4
    assert spearmanr(fitted.predict(graphs.take(slice(60))), noise).statistic > 0.8
    assert np.abs([spearmanr(row, noise).statistic for row in fitted.predict_members_out_of_fold()]).max() < 0.4


@pytest.mark.parametrize("name", QUICK)
def test_fits_to_subsets_do_not_see_the_labels_of_others(graphs, labels, name):
    own, others = np.arange(0, 60, 2), np.arange(1, 60, 2)
    changed = labels[:60].copy()
    changed[others] = np.random.default_rng(0).permutation(changed[others])
    found, again = (
        make_predictor(QUICK[name]).fit(graphs.take(slice(60)), known).predict_from_subsets([own, others])
        for known in (labels[:60], changed)
    )
    assert found.shape == (2, 60)
    np.testing.assert_allclose(again[0], found[0], rtol=1e-6)
    assert np.abs(again[1] - found[1]).max() > 1e-3


def test_subsets_of_an_ensemble_rank_the_others(graphs, labels, ensemble):
    own, others = np.arange(0, 60, 2), np.arange(1, 60, 2)
    found = ensemble.predict_from_subsets([own, others])
    assert kendalltau(found[0][others], labels[others]).statistic > 0.5
    assert kendalltau(found[1][own], labels[own]).statistic > 0.5
    assert abs(kendalltau(found[0][others], ensemble.predict(graphs.take(others))).statistic) < 0.99


def test_the_order_of_labels_alone_counts(graphs, labels):
    recipe = EnsembleRecipe(members={name: QUICK[name] for name in ("xgboost", "gp")})
    one = make_predictor(recipe).fit(graphs.take(slice(60)), labels[:60]).predict(graphs.take(slice(60, 90)))
    other = make_predictor(recipe).fit(graphs.take(slice(60)), 7 * labels[:60] ** 3).predict(graphs.take(slice(60, 90)))
    assert spearmanr(one, other).statistic == pytest.approx(1)


def test_weights_follow_what_predicts_and_fall_back_to_the_prior():
    rng = np.random.default_rng(0)
    targets, prior = rng.normal(size=200), np.array([0.2, 0.8])
    good, bad = targets + rng.normal(0, 0.3, 200), rng.normal(size=200)
    free = stacking_weights(np.stack([good, bad]), targets, 0.0, prior)
    drawn = stacking_weights(np.stack([good, bad]), targets, 1e4, prior)
    assert free[0] > 0.7
    assert free[1] < 0.1
    assert 4 * drawn[0] == pytest.approx(drawn[1], rel=0.05)
    np.testing.assert_allclose(stacking_weights(-np.stack([good, good]), targets, 0.0, prior), prior)


def test_a_prior_is_of_members_and_reaches_the_weights(graphs, labels):
    two = {name: QUICK[name] for name in ("xgboost", "forest")}
    recipe = EnsembleRecipe(members=two, shrinkage=1e6, prior={"forest": 3})
    weights = make_predictor(recipe).fit(graphs.take(slice(60)), labels[:60]).weights
    assert weights["forest"] == pytest.approx(3 * weights["xgboost"], rel=1e-3)
    assert EnsembleRecipe(members=two).prior == {}
    assert set(EnsembleRecipe().prior) < set(EnsembleRecipe().members)
    with pytest.raises(ValidationError, match="prior names gcn; the members are xgboost, forest"):
        EnsembleRecipe(members=two, prior={"gcn": 2})


@pytest.mark.parametrize("kind", ["mlp", "cnn", "gcn"])
def test_graphs_of_other_sizes_than_those_of_training_are_read(kind):
    space = NasBench101Space()
    cells = space.encode(space.sample(60, np.random.default_rng(2)))
    label = cells.adjacency.sum(axis=(1, 2)) + np.random.default_rng(3).normal(size=60)
    fitted = make_predictor(parsed({"kind": kind, "epochs": 2, "width": 8})).fit(cells, label)
    small = cells.take(np.flatnonzero(cells.mask.sum(axis=1) <= 6))
    assert len(small)
    narrow = GraphBatch(small.nodes[:, :6], small.adjacency[:, :6, :6], small.mask[:, :6])
    np.testing.assert_allclose(fitted.predict(narrow), fitted.predict(small), rtol=1e-5)
    if kind == "gcn":
        np.testing.assert_allclose(fitted.predict(small.padded(9)), fitted.predict(small), rtol=1e-5)
    else:
        with pytest.raises(PredictorError, match=f"kind {kind} that was fitted to graphs of up to 7 nodes"):
            fitted.predict(small.padded(9))


def test_what_cannot_be_fitted_is_refused(graphs, labels):
    ensemble = make_predictor(EnsembleRecipe(members=QUICK))
    with pytest.raises(PredictorError, match="at least 10 of each"):
        ensemble.fit(graphs.take(slice(9)), labels[:9])
    with pytest.raises(PredictorError, match="finite and not all equal"):
        ensemble.fit(graphs.take(slice(20)), np.full(20, 0.5))
    with pytest.raises(PredictorError, match="finite and not all equal"):
        ensemble.fit(graphs.take(slice(20)), np.where(np.arange(20) == 3, np.nan, labels[:20]))
    with pytest.raises(PredictorError, match="not a gcn of accurate architectures"):
        make_predictor(GcnRecipe(loss="logistic"))
    stage = GcnRecipe()
    cascade = CascadeRecipe(classifier=stage.model_copy(update={"loss": "logistic"}), regressor=stage, quantile=0.4)
    with pytest.raises(PredictorError, match="not a cascade"):
        make_predictor(cascade)


@pytest.mark.shared_data
def test_the_best_predictor_beats_its_members_on_real_cells(shared_data):
    """NAS-Bench-101, best of three runs, N = 60, tested on 1,000: a small case of docs/predictors.md."""
    import pandas as pd

    data = pd.read_csv(shared_data / "nasbench101_val_15k.csv.gz", dtype={"adjacency": str})
    space, label = NasBench101Space(), data["val_acc_108_max3"].to_numpy()
    rows = np.random.default_rng(7).permutation(len(data))
    chosen = data.iloc[rows[:1060]]
    cells = space.encode(space.from_columns([chosen["adjacency"].tolist(), chosen["operations"].tolist()]))
    fitted = make_predictor(EnsembleRecipe(), workers=2).fit(cells.take(slice(60)), label[rows[:60]])
    rest, truth = cells.take(slice(60, 1060)), label[rows[60:1060]]
    tau = kendalltau(fitted.predict(rest), truth).statistic
    assert tau > 0.65
    assert tau > np.mean([kendalltau(row, truth).statistic for row in fitted.members(rest)]) + 0.01
    assert kendalltau(fitted.predict_out_of_fold(), label[rows[:60]]).statistic == pytest.approx(tau, abs=0.1)
