import numpy as np
import pytest
from scipy.stats import bootstrap

from neural_predictor.config.sections import Bootstrap
from neural_predictor.statistics.bootstrap import bootstrap_mean, held_from, predictor_metrics


def test_the_interval_is_scipys_percentile_bootstrap():
    values = np.random.default_rng(0).gamma(2, size=(30, 3))
    mean, low, high = bootstrap_mean(values, Bootstrap(resamples=20_000), seed=1)
    expected = bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", axis=0, rng=2).confidence_interval
    np.testing.assert_allclose(mean, values.mean(axis=0))
    np.testing.assert_allclose(low, expected.low, atol=0.02)
    np.testing.assert_allclose(high, expected.high, atol=0.02)


def test_the_interval_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    intervals = [bootstrap_mean(rng.normal(size=(40, 1)), Bootstrap(resamples=400), seed)[1:] for seed in range(400)]
    covered = np.mean([low <= 0 <= high for low, high in intervals])
    assert 0.90 < covered < 0.97


def test_equal_repeats_have_no_width_and_shapes_are_kept():
    mean, low, high = bootstrap_mean(np.ones((5, 2, 1500)), Bootstrap(), seed=0)
    assert mean.shape == low.shape == high.shape == (2, 1500)
    assert (low == high).all()


def test_metrics_of_a_predictor():
    observed = np.array([1.0, 2.0, 3.0, 4.0])
    assert predictor_metrics(observed, observed) == {"kendall_tau": pytest.approx(1), "mse": 0, "r2": 1}
    constant = predictor_metrics(np.full(4, 2.5), observed)
    assert constant == {"kendall_tau": 0, "mse": 1.25, "r2": 0}
    assert predictor_metrics(-observed, observed)["kendall_tau"] == pytest.approx(-1)


def test_a_level_is_held_from_where_the_curve_never_falls_below_it():
    curve = np.array([1.0, 3.0, 2.0, 3.0, 4.0])
    assert held_from(curve, 3.0, first=11) == 14
    assert held_from(curve, 1.0, first=11) == 11
    assert held_from(curve, 5.0, first=11) is None
    assert held_from(np.array([3.0, 2.0]), 3.0, first=1) is None
