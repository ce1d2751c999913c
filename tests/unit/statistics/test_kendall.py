import numpy as np
import pytest
from scipy.stats import kendalltau

from neural_predictor.config.sections import Bootstrap
from neural_predictor.statistics import kendall
from neural_predictor.statistics.bootstrap import resample
from neural_predictor.statistics.kendall import bootstrap_taus, kendall_tau, resampled_taus

BOOTSTRAP = Bootstrap(resamples=300)
RNG = np.random.default_rng


def noisy(n, seed):
    """Values, and values that follow them."""
    rng = RNG(seed)
    labels = rng.normal(size=n)
    return labels + rng.normal(size=n), labels


def test_tau_of_a_constant_is_zero():
    assert kendall_tau(np.ones(5), np.arange(5.0)) == 0
    assert kendall_tau(np.arange(5.0), np.arange(5.0)) == pytest.approx(1)


@pytest.mark.parametrize("n", [2, 40])
def test_tau_of_all_resamples_at_once_is_that_of_each_alone(monkeypatch, n):
    """With ties on both sides; of two values, half of the resamples hold one twice, and rank nothing."""
    rng = RNG(n)
    tied = rng.normal(size=n).round(1), rng.integers(0, 6, n).astype(float)
    at_once = bootstrap_taus(*tied, 500, RNG(3))
    monkeypatch.setattr(kendall, "_MAX_PAIRED", 0)
    np.testing.assert_allclose(at_once, bootstrap_taus(*tied, 500, RNG(3)), rtol=1e-12, atol=1e-15)
    assert at_once[0] == kendall_tau(*tied)
    assert len(np.unique(at_once)) > 1


def test_the_interval_of_tau_holds_the_truth_about_as_often_as_it_says():
    truth = kendall_tau(*noisy(5000, 0))
    hits = 0
    for seed in range(40):
        taus = bootstrap_taus(*noisy(60, seed + 1), 500, RNG(seed))
        low, high = np.quantile(taus[1:], (0.025, 0.975))
        hits += low <= truth <= high
    assert hits >= 33


def test_tau_of_a_resample_is_that_of_its_networks_written_out():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 8, 25).astype(float), rng.integers(0, 8, 25).astype(float)
    counts = resample(25, BOOTSTRAP, 3)
    found = resampled_taus(x, y, counts)
    for row in (0, 1, 2, 200):
        members = np.repeat(np.arange(25), counts[row].astype(int))
        assert found[row] == pytest.approx(kendalltau(x[members], y[members]).statistic)
    assert (resampled_taus(np.ones(25), y, counts) == 0).all()


def test_only_pairs_of_one_group_are_ranked():
    observed = np.array([1.0, 2.0, 3.0, 11.0, 12.0, 13.0])
    groups = np.array([0, 0, 0, 1, 1, 1])
    fold_means = np.where(groups == 0, 12.0, 2.0)  # what constant predictors of the folds would say
    once = np.ones((1, 6))
    assert resampled_taus(fold_means, observed, once)[0] < -0.7
    assert resampled_taus(fold_means, observed, once, groups)[0] == 0
    assert resampled_taus(fold_means + observed, observed, once, groups)[0] == 1
