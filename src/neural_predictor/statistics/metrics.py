"""How good predictions are: Kendall's tau, squared error, R2, also on bootstrap resamples of the architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.statistics.kendall import kendall_tau, resampled_taus

if TYPE_CHECKING:
    from numpy.typing import NDArray


MSE_UNIT = "in the square of the metric's unit (accuracies: squared percentage points, losses: squared nats)"


def predictor_metrics(predicted: NDArray[np.floating], observed: NDArray[np.floating]) -> dict[str, float]:
    """Kendall's tau-b, mean squared error and R2 of predictions (n,) against observations (n,).

    Tau is 0 where all predictions are equal: they rank nothing. R2 is 0 where all observations are equal.
    """
    error = float(np.mean(np.square(predicted - observed)))
    variance = float(np.var(observed))
    return {
        "kendall_tau": kendall_tau(predicted, observed),
        "mse": error,
        "r2": 1 - error / variance if variance else 0.0,
    }


def resampled_metrics(
    predicted: NDArray[np.floating],
    observed: NDArray[np.floating],
    counts: NDArray[np.float64],
    groups: NDArray[np.integer],
) -> dict[str, NDArray[np.float64]]:
    """`predictor_metrics` of predictions (n,) on each of b resamples (b, n): name -> (b,).

    R2 compares with the mean of the n observations on every resample, and tau two architectures of one group only,
    such as those that one fit predicts. NaN for a resample that holds none of the architectures.

    Args:
        predicted: by the fits of the groups.
        observed: the labels.
        counts: how often each resample holds each architecture, see `bootstrap.resample`.
        groups: (n,) number of each one's group.
    """
    total = counts.sum(axis=1)
    share = counts / np.where(total > 0, total, np.nan)[:, None]
    error, variance = share @ np.square(predicted - observed), share @ np.square(observed - observed.mean())
    r2 = 1 - np.divide(error, variance, out=np.where(total > 0, 1.0, np.nan), where=variance > 0)
    tau = np.where(total > 0, resampled_taus(predicted, observed, counts, groups), np.nan)
    return {"kendall_tau": tau, "mse": error, "r2": r2}


def resampled_variances(observed: NDArray[np.floating], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance of observations (n,) on each of b resamples (b, n): the squared error of the best constant, (b,)."""
    share = counts / counts.sum(axis=1, keepdims=True)
    centred = observed - observed.mean()
    return np.asarray(share @ np.square(centred) - np.square(share @ centred))
