"""The kernel is scikit-learn's."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.gaussian_process.kernels import Matern

from neural_predictor.predictors.matern import FastMatern


@pytest.mark.parametrize("smoothness", [0.5, 1.5, 2.5, 0.7])
def test_values_between_points_are_those_of_scikit_learn(smoothness):
    rng = np.random.default_rng(0)
    points, others = 3 * rng.normal(size=(40, 7)), 3 * rng.normal(size=(30, 7))
    others[:5] = points[:5]
    fast, plain = (clone(kernel(4.0, (0.1, 100), smoothness)) for kernel in (FastMatern, Matern))
    np.testing.assert_allclose(fast(points, others), plain(points, others), rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(fast(points), plain(points))


def test_lengths_of_each_coordinate_are_left_to_scikit_learn():
    points = np.random.default_rng(1).normal(size=(20, 2))
    fast, plain = (kernel([1.0, 5.0], nu=1.5) for kernel in (FastMatern, Matern))
    np.testing.assert_array_equal(fast(points, points[:3]), plain(points, points[:3]))
