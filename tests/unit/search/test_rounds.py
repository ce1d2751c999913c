"""Batches of the highest expected improvement, and what rounds learn from."""

from pathlib import Path

import nas_bench_graph
import numpy as np
import pytest

from neural_predictor.predictors.gaussian_process import GaussianProcessRecipe, fit
from neural_predictor.search import improvement
from neural_predictor.search.improvement import expected_improvement, improving_batch
from neural_predictor.search.pool import ListedPool
from neural_predictor.search.rounds import Rounds, RoundsSettings
from neural_predictor.spaces.nasbench_graph import PROTEINS_OPERATIONS, NasBenchGraphSpace
from neural_predictor.tables.nasbench_graph import read

RNG = np.random.default_rng


@pytest.fixture(scope="module")
def process():
    """A Gaussian process of a smooth function of three features, and points to choose among."""
    points = RNG(0).normal(size=(40, 3))
    asked = np.concatenate([points[:10] + 0.2, points[:10] + 0.21, RNG(1).normal(size=(480, 3))])  # some are alike
    return fit(GaussianProcessRecipe(trees=20), points, np.sin(points).sum(axis=1), 0, 1), asked


@pytest.fixture(scope="module")
def proteins():
    folder = Path(nas_bench_graph.__file__).parent / "light"
    return read("nasbench-graph-proteins", folder / "proteins.bench")


def test_expected_improvement_is_that_of_a_normal():
    drawn = RNG(0).normal(0.3, 0.7, 400_000)
    found = expected_improvement(np.array([0.3]), np.array([0.7]), 0.5)[0]
    assert found == pytest.approx(np.maximum(drawn - 0.5, 0).mean(), rel=0.01)


@pytest.mark.parametrize("shortlist", [1, 30, 1000])
def test_a_batch_from_a_shortlist_is_that_from_all(process, monkeypatch, shortlist):
    model, asked = process
    monkeypatch.setattr(improvement, "SHORTLIST", shortlist)
    mean, variance = model.moments(asked)
    found = improving_batch(mean, variance, 2.5, 20, lambda places: model.posterior(asked[places]))
    whole, expected = model.posterior(asked), []
    for _ in range(20):
        gains = expected_improvement(mean, np.sqrt(whole.variance), 2.5)
        gains[expected] = -np.inf
        expected.append(int(gains.argmax()))
        whole.observe(expected[-1])
    assert found.tolist() == expected
    first = np.argsort(-expected_improvement(mean, np.sqrt(variance), 2.5))[:20]
    assert found.tolist() != first.tolist()  # what is chosen changes what comes after it


def test_all_candidates_are_a_batch_where_they_are_few(process):
    model, asked = process
    mean, variance = model.moments(asked[:4])
    found = improving_batch(mean, variance, 0.0, 9, lambda places: model.posterior(asked[places]))
    assert sorted(found) == [0, 1, 2, 3]


def test_moments_are_those_of_the_posterior_and_of_some_of_its_points(process):
    model, asked = process
    mean, variance = model.moments(asked)
    some = np.array([400, 3, 77])
    taken = model.posterior(asked).take(some)
    np.testing.assert_allclose(taken.mean, mean[some], rtol=1e-9)
    np.testing.assert_allclose(taken.variance, variance[some], rtol=1e-5)
    taken.observe(1)
    assert taken.variance[1] < variance[3]
    assert model.moments(asked[:0])[0].shape == (0,)


def test_what_rounds_predict_is_the_mean_of_trees_and_process(proteins):
    pool = ListedPool(NasBenchGraphSpace(PROTEINS_OPERATIONS), proteins.encoding)
    signal = proteins.mean("validation_accuracy")
    search = Rounds(pool, 0, settings=RoundsSettings(process_learns=30))
    rows = search.ask(20)
    search.tell(rows, signal[rows])
    more = search.ask(25)
    search.tell(more, signal[more])
    asked = np.arange(100)
    found = search.predict(asked)
    fitted, described = found.fitted, pool.features(asked)
    trees = fitted.trees.predict(described[:, fitted.tree_columns])
    process = fitted.process.predict(described[:, fitted.process_columns])
    np.testing.assert_allclose(found.mean, (trees + process) / 2, rtol=1e-6)
    assert found.best == pytest.approx(search.predict(search.rows).mean.max(), abs=0.3)  # fits differ by their seeds
    assert fitted.process.learnt == 30  # of 45: the best half of so many, and others at random
    assert np.corrcoef(search.predict_out_of_fold(), search.targets)[0, 1] > 0.3
