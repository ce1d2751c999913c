"""The neural predictor's search: N architectures at random, then the best of all others by its scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def guided_trace(
    scores: NDArray[np.floating],
    train_rows: NDArray[np.intp],
    budget: int,
    rng: np.random.Generator,
    *,
    maximise: bool,
) -> NDArray[np.intp]:
    """The N training rows, then the K = budget - N best of all others by score.

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
