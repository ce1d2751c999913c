"""Metrics of predictions, also on resamples, against their definitions written out."""

import numpy as np
import pytest

from neural_predictor.config.sections import Bootstrap
from neural_predictor.statistics.bootstrap import estimate, resample
from neural_predictor.statistics.metrics import predictor_metrics, resampled_metrics, resampled_variances

BOOTSTRAP = Bootstrap(resamples=300)


def test_metrics_of_a_predictor():
    observed = np.array([1.0, 2.0, 3.0, 4.0])
    assert predictor_metrics(observed, observed) == {"kendall_tau": pytest.approx(1), "mse": 0, "r2": 1}
    constant = predictor_metrics(np.full(4, 2.5), observed)
    assert constant == {"kendall_tau": 0, "mse": 1.25, "r2": 0}
    assert predictor_metrics(-observed, observed)["kendall_tau"] == pytest.approx(-1)


def test_metrics_on_the_sample_are_those_of_the_predictor():
    rng = np.random.default_rng(0)
    observed = rng.normal(size=30)
    predicted = observed + rng.normal(size=30)
    counts = resample(30, BOOTSTRAP, 0)
    found = resampled_metrics(predicted, observed, counts, np.zeros(30, int))
    for name, value in predictor_metrics(predicted, observed).items():
        assert found[name][0] == pytest.approx(value)
    assert resampled_variances(observed, counts)[0] == pytest.approx(observed.var())
    members = np.repeat(np.arange(30), counts[5].astype(int))
    assert found["mse"][5] == pytest.approx(np.mean((predicted - observed)[members] ** 2))
    assert resampled_variances(observed, counts)[5] == pytest.approx(observed[members].var())


def test_the_mean_has_an_r2_of_nothing_on_every_resample():
    observed = np.random.default_rng(0).normal(size=30)
    counts = resample(30, BOOTSTRAP, 0)
    found = resampled_metrics(np.full(30, observed.mean()), observed, counts, np.zeros(30, int))
    np.testing.assert_allclose(found["r2"], 0, atol=1e-12)
    assert (found["kendall_tau"] == 0).all()


def test_a_resample_without_the_architectures_has_no_metrics_and_is_left_out():
    counts = np.array([[1.0, 1.0], [0.0, 0.0], [2.0, 1.0]])
    found = resampled_metrics(np.array([1.0, 2.0]), np.array([1.0, 2.0]), counts, np.zeros(2, int))
    for values in found.values():
        assert np.isnan(values).tolist() == [False, True, False]
    assert estimate(found["r2"], 0.95) == (1, 1, 1)
