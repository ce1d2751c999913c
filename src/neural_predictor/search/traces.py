"""Traces of searches, and what a search holds after each architecture that it has trained.

A trace is the order in which a search trains architectures: rows of the table. The choice after m of them is the
one with the best search signal among the m; what is reported of it is the table's mean target metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def random_trace(size: int, budget: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Random search: (budget,) different rows, uniform over the table."""
    return rng.choice(size, size=budget, replace=False)


def guided_trace(
    scores: NDArray[np.floating],
    train_rows: NDArray[np.intp],
    budget: int,
    rng: np.random.Generator,
    *,
    maximise: bool,
) -> NDArray[np.intp]:
    """The neural predictor's search: the N training rows, then the K = budget - N best of all others by score.

    Args:
        scores: (n,) predicted signal of every row.
        train_rows: (N,) rows that the predictor was fitted to.
        budget: N + K.
        rng: orders equal scores at random, so that a constant predictor is a random search.
        maximise: whether a higher signal is better.
    """
    badness = -scores if maximise else scores
    order = np.lexsort((rng.random(len(scores)), badness))
    unseen = order[~np.isin(order, train_rows)]
    return np.concatenate([train_rows, unseen])[:budget]


def best_so_far(signal: NDArray[np.floating], *, maximise: bool) -> NDArray[np.intp]:
    """Place of the best signal seen so far, the first of equals, along the last axis: same shape as `signal`."""
    goodness = signal if maximise else -signal
    record = np.maximum.accumulate(goodness, axis=-1)
    new = np.ones(signal.shape, np.bool_)
    new[..., 1:] = goodness[..., 1:] > record[..., :-1]
    places = np.where(new, np.arange(signal.shape[-1]), 0)
    return np.asarray(np.maximum.accumulate(places, axis=-1), np.intp)


def oracle(signal: NDArray[np.floating], *, maximise: bool) -> int:
    """The oracle's row: the best signal of the whole table."""
    return int(np.argmax(signal) if maximise else np.argmin(signal))
