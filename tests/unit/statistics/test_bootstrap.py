import numpy as np
import pytest
from scipy.stats import bootstrap

from neural_predictor.config.sections import Bootstrap
from neural_predictor.statistics.bootstrap import bootstrap_mean, estimate, resample


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


def test_an_estimate_is_its_first_value_with_quantiles_of_the_others_that_are_numbers():
    found = estimate(np.array([7.0, np.nan, *range(101)]), confidence=0.9)
    assert found == pytest.approx((7, 5, 95))
    assert str(found) == "7.000 (5.000 to 95.000)"
    assert np.isnan(estimate(np.array([7.0, np.nan]), 0.9)[1:]).all()


def test_the_first_resample_is_the_sample():
    counts = resample(5, Bootstrap(resamples=100), seed=0)
    assert counts.shape == (101, 5)
    assert (counts[0] == 1).all()
    assert (counts.sum(axis=1) == 5).all()
