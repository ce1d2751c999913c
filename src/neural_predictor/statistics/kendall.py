"""Kendall's tau-b, of a sample and of its bootstrap resamples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_PAIRED = 500
"""Up to this many values, the signs of all pairs give tau of all resamples faster than one resample at a time."""


def kendall_tau(x: NDArray[np.floating], y: NDArray[np.floating]) -> float:
    """Kendall's tau-b of x (n,) and y (n,); 0 where either is constant, since it ranks nothing."""
    from scipy.stats import kendalltau  # here, since it takes a second to load, and few commands need it

    found = float(kendalltau(x, y).statistic)
    return 0.0 if np.isnan(found) else found


def bootstrap_taus(
    x: NDArray[np.floating], y: NDArray[np.floating], resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Kendall's tau-b of x (n,) and y (n,), then of `resamples` draws of their pairs with replacement.

    Returns:
        (1 + resamples,), as `bootstrap.estimate` takes them.
    """
    n = len(x)
    draws = (rng.integers(n, size=n) for _ in range(resamples))
    if n > _MAX_PAIRED:
        found = np.array([kendall_tau(x[rows], y[rows]) for rows in draws])
    else:
        found = resampled_taus(x, y, np.stack([np.bincount(rows, minlength=n) for rows in draws]).astype(np.float64))
    return np.concatenate([[kendall_tau(x, y)], found])


def resampled_taus(
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    counts: NDArray[np.float64],
    groups: NDArray[np.integer] | None = None,
) -> NDArray[np.float64]:
    """Kendall's tau-b of x (n,) and y (n,) on each of b resamples (b, n): (b,).

    Copies of one member are tied with themselves in both, and take no part. 0 where all x or all y are equal, which
    rank nothing.

    Args:
        x: one value a member.
        y: another.
        counts: how often each resample holds each member, see `bootstrap.resample`.
        groups: (n,) numbers; only pairs of members of one number are compared. None: all pairs.
    """
    together = 1.0 if groups is None else (groups[:, None] == groups[None]).astype(np.float64)
    x_signs, y_signs = (together * np.sign(values[:, None] - values[None]) for values in (x, y))
    concordant, x_untied, y_untied = (
        _pairs(signs, counts) for signs in (x_signs * y_signs, np.abs(x_signs), np.abs(y_signs))
    )
    scale = np.sqrt(x_untied * y_untied)
    return np.divide(concordant, scale, out=np.zeros(len(counts)), where=scale > 0)


def _pairs(values: NDArray[np.floating], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over all pairs of members, by how often each resample holds both."""
    total: NDArray[np.float64] = np.einsum("bi,bi->b", counts @ values, counts)
    return total
