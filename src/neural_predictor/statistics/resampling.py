"""Metrics of a predictor on bootstrap resamples of networks, all resamples in one matrix product.

A resample is a row of counts: how often it holds each network. The networks of a sample are what another sample would
have otherwise, so they are what is resampled; partitions of one sample, or fits to it, say nothing of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.config.sections import Bootstrap

    Values = NDArray[np.floating]
    Counts = NDArray[np.float64]


class Estimate(NamedTuple):
    """A number of the sample, and its percentile interval over resamples."""

    value: float
    low: float
    high: float


def resample(networks: int, bootstrap: Bootstrap, seed: int) -> Counts:
    """Counts (1 + resamples, networks); the first row is the sample itself, each network once."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(networks, np.full(networks, 1 / networks), size=bootstrap.resamples)
    return np.vstack([np.ones((1, networks)), drawn])


def estimate(values: Values, bootstrap: Bootstrap) -> Estimate:
    """The first of (1 + resamples,) values, with the quantiles of the others; those that are NaN are left out."""
    tail = (1 - bootstrap.confidence) / 2
    drawn = values[1:][np.isfinite(values[1:])]
    low, high = np.quantile(drawn, (tail, 1 - tail)) if len(drawn) else (np.nan, np.nan)
    return Estimate(float(values[0]), float(low), float(high))


def taus(x: Values, y: Values, counts: Counts, groups: NDArray[np.integer] | None = None) -> NDArray[np.float64]:
    """Kendall tau-b of x (n,) and y (n,) on each of b resamples (b, n): (b,).

    Copies of one network are tied with themselves in both, and take no part. 0 where all x or all y are equal, which
    rank nothing.

    Args:
        x: one value a network.
        y: another.
        counts: of `resample`.
        groups: (n,) numbers; only pairs of networks of one number are compared. None: all pairs.
    """
    together = 1.0 if groups is None else (groups[:, None] == groups[None]).astype(np.float64)
    x_signs, y_signs = (together * np.sign(values[:, None] - values[None]) for values in (x, y))
    concordant, x_untied, y_untied = (
        _pairs(signs, counts) for signs in (x_signs * y_signs, np.abs(x_signs), np.abs(y_signs))
    )
    scale = np.sqrt(x_untied * y_untied)
    return np.divide(concordant, scale, out=np.zeros(len(counts)), where=scale > 0)


def _pairs(values: Values, counts: Counts) -> NDArray[np.float64]:
    """Sum over all pairs of networks, by how often each resample holds both."""
    total: NDArray[np.float64] = np.einsum("bi,bi->b", counts @ values, counts)
    return total


def metrics(
    predicted: Values, observed: Values, counts: Counts, groups: NDArray[np.integer]
) -> dict[str, NDArray[np.float64]]:
    """`statistics.predictor_metrics` of predictions (n,) on each of b resamples (b, n): name -> (b,).

    R2 compares with the mean of the n observations on every resample, and tau two networks of one group only, such as
    those that one fit predicts. NaN for a resample that holds none of the networks.

    Args:
        predicted: by the fits of the groups.
        observed: the labels.
        counts: of `resample`.
        groups: (n,) numbers.
    """
    total = counts.sum(axis=1)
    share = counts / np.where(total > 0, total, np.nan)[:, None]
    error, variance = share @ np.square(predicted - observed), share @ np.square(observed - observed.mean())
    r2 = 1 - np.divide(error, variance, out=np.where(total > 0, 1.0, np.nan), where=variance > 0)
    tau = np.where(total > 0, taus(predicted, observed, counts, groups), np.nan)
    return {"kendall_tau": tau, "mse": error, "r2": r2}


def variances(observed: Values, counts: Counts) -> NDArray[np.float64]:
    """Variance of observations (n,) on each of b resamples (b, n): the squared error of the best constant, (b,)."""
    share = counts / counts.sum(axis=1, keepdims=True)
    centred = observed - observed.mean()
    return np.asarray(share @ np.square(centred) - np.square(share @ centred))
