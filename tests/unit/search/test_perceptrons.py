"""Ensembles of multilayer perceptrons."""

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

from neural_predictor.search.perceptrons import Perceptrons, Training, fit_perceptrons

RNG = np.random.default_rng
PLAIN = Training(networks=3, hidden=(20, 20), epochs=100, batch_size=16, learning_rate=0.01)


@pytest.fixture(scope="module")
def wave():
    """Inputs (200, 4) and a smooth function of them with a kink."""
    inputs = RNG(0).normal(size=(200, 4)).astype(np.float32)
    return inputs, (np.sin(inputs[:, 0]) + np.abs(inputs[:, 1])).astype(np.float32)


def test_slopes_are_those_of_the_squared_error(wave):
    inputs, targets = (array[:24].reshape(2, 12, -1).squeeze() for array in wave)
    networks = Perceptrons(2, [4, 5, 3, 1])
    networks.start(RNG(1))
    networks.weights += RNG(2).normal(scale=0.1, size=len(networks.weights)).astype(np.float32)

    def loss():
        each = np.stack([networks.predict(inputs[k])[k] for k in range(2)])
        return float(np.square(each - targets, dtype=np.float64).mean(axis=1).sum() / 2)

    networks.differentiate(inputs, targets)
    slope, step = networks.slope.copy(), np.float32(2e-3)
    for place in range(len(slope)):
        kept = networks.weights[place]
        networks.weights[place] = kept + step
        above = loss()
        networks.weights[place] = kept - step
        below = loss()
        networks.weights[place] = kept
        assert slope[place] == pytest.approx((above - below) / (2 * step), abs=2e-3)
    assert np.abs(slope).max() > 0.1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_ensemble_is_as_good_as_scikit_learns_networks(wave):
    inputs, targets = wave
    networks = fit_perceptrons(inputs[:150], targets[:150], PLAIN, RNG(0))
    ours = networks.predict(inputs[150:])
    options = {"learning_rate_init": 0.01, "batch_size": 16, "max_iter": 100, "n_iter_no_change": 100}
    theirs = [
        MLPRegressor(hidden_layer_sizes=(20, 20), random_state=k, **options).fit(inputs[:150], targets[:150])
        for k in range(3)
    ]
    theirs = np.stack([network.predict(inputs[150:]) for network in theirs])
    errors = [np.square(found - targets[150:]).mean(axis=1) for found in (ours, theirs)]
    assert errors[0].mean() < 1.5 * errors[1].mean() < 0.3 * targets.var()


def test_networks_differ_and_follow_from_the_seed(wave):
    inputs, targets = wave
    first, again = (fit_perceptrons(inputs, targets, PLAIN, RNG(5)).predict(inputs) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.std(axis=0).mean() > 1e-3
