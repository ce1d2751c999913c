"""Agreement of trainings, against its definition written out."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from neural_predictor.config.sections import Bootstrap
from neural_predictor.statistics.reliability import reliability

BOOTSTRAP = Bootstrap(resamples=300)


def trainings(networks, count, between, within, seed=0):
    rng = np.random.default_rng(seed)
    return 0.8 + between * rng.normal(size=(networks, 1)) + within * rng.normal(size=(networks, count))


def test_the_deviations_that_made_the_numbers_are_found():
    found = reliability(trainings(3000, 3, 0.02, 0.01), BOOTSTRAP, 0)
    assert found.sd_between.value == pytest.approx(0.02, rel=0.05)
    assert found.sd_within.value == pytest.approx(0.01, rel=0.05)
    assert found.one.value == pytest.approx(0.8, abs=0.02)
    assert found.mean.value == pytest.approx(2.4 / 2.6, abs=0.02)
    assert found.trainings == 3


def test_a_small_table_is_the_textbook_anova():
    values = np.array([[1.0, 2.0, 3.0], [4.0, 4.0, 7.0], [2.0, 6.0, 4.0], [9.0, 8.0, 7.0]])
    n, r = values.shape
    between = r * np.var(values.mean(axis=1)) * n / (n - 1)
    within = values.var(axis=1, ddof=1).mean()
    found = reliability(values, BOOTSTRAP, 0)
    assert found.one.value == pytest.approx((between - within) / (between + (r - 1) * within))
    assert found.mean.value == pytest.approx((between - within) / between)
    assert found.sd_within.value == pytest.approx(np.sqrt(within))
    pairs = [kendalltau(values[:, i], values[:, j]).statistic for i, j in ((0, 1), (0, 2), (1, 2))]
    assert found.tau.value == pytest.approx(np.mean(pairs))


def test_intervals_hold_the_value_and_shrink_with_networks():
    few = reliability(trainings(40, 3, 0.02, 0.02), BOOTSTRAP, 0)
    many = reliability(trainings(640, 3, 0.02, 0.02), BOOTSTRAP, 0)
    for name in ("tau", "sd_between", "sd_within", "one", "mean"):
        value, low, high = getattr(few, name)
        assert low < value < high
        assert getattr(many, name).high - getattr(many, name).low < 0.5 * (high - low)
    assert few == reliability(trainings(40, 3, 0.02, 0.02), BOOTSTRAP, 0)
    assert few != reliability(trainings(40, 3, 0.02, 0.02), BOOTSTRAP, 1)


def test_missing_trainings_and_networks_take_no_part():
    values = trainings(3000, 3, 0.02, 0.01)
    values[:1500, 2] = np.nan
    values[0] = np.nan
    found = reliability(values, BOOTSTRAP, 0)
    assert found.sd_between.value == pytest.approx(0.02, rel=0.05)
    assert found.sd_within.value == pytest.approx(0.01, rel=0.05)
    assert found == reliability(values[1:], BOOTSTRAP, 0)


def test_the_ends_of_the_scale():
    equal = np.repeat(np.arange(20.0)[:, None], 2, axis=1)
    assert reliability(equal, BOOTSTRAP, 0).one.value == 1
    opposite = np.stack([np.arange(20.0), -np.arange(20.0)], axis=1)  # the networks' means are all equal
    found = reliability(opposite, BOOTSTRAP, 0)
    assert (found.one.value, found.mean.value, found.sd_between.value, found.tau.value) == (0, 0, 0, -1)
    assert reliability(np.ones((20, 2)), BOOTSTRAP, 0).one.value == 0


@pytest.mark.parametrize("values", [np.ones((20, 1)), np.array([[1, np.nan], [1, 2], [2, 1]])])
def test_without_two_trainings_of_three_networks_nothing_is_known(values):
    assert reliability(values, BOOTSTRAP, 0) is None
