"""An architecture as a list of decisions, one categorical each: what REINFORCE and TPE draw from.

The decisions are the positions of the space's codes. Over a listed pool, a product of categoricals is conditioned on
the pool exactly: a row's probability is proportional to the product of its decisions' probabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from neural_predictor.search.pool import Pool

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

DRAWS = 16
"""Times the architectures that are still missing, drawn at once from an endless pool."""


class Decisions:
    """The decisions of a pool's architectures.

    Args:
        pool: listed, or of an endless space whose `choices` are independent.

    Attributes:
        choices: (D,) number of choices of each decision.
        offsets: (D,) where a decision's begin in a vector with one number for each choice of each decision.

    Raises:
        SearchError: for graphs without a space, and for an endless space whose decisions depend on each other.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        choices = pool.space.choices if pool.endless and pool.space is not None else None
        if choices is not None:
            self.choices = choices
        elif pool.endless:
            raise SearchError(
                "a search over decisions needs a space whose architectures are lists of independent choices, or a list "
                "of architectures: take a search that works on graphs"
            )
        else:
            self.choices = pool.codes(np.arange(len(pool))).max(axis=0).astype(np.intp) + 1
        self.offsets = np.concatenate([[0], np.cumsum(self.choices)[:-1]])

    @property
    def size(self) -> int:
        """Length of a vector with one number for each choice of each decision."""
        return int(self.choices.sum())

    def places(self, rows: Rows) -> Rows:
        """(k, D) place in such a vector of what each architecture decides."""
        return np.asarray(self.pool.codes(rows) + self.offsets, np.intp)

    def log_softmax(self, values: Floats) -> Floats:
        """(size,) log-probabilities of each decision's choices from their logits."""
        out = np.empty_like(values)
        for offset, count in zip(self.offsets, self.choices, strict=True):
            part = values[offset : offset + count] - values[offset : offset + count].max()
            out[offset : offset + count] = part - np.log(np.exp(part).sum())
        return out

    def draw(self, log_probabilities: Floats, count: int, taken: Rows, rng: np.random.Generator) -> Rows:
        """Up to `count` different architectures by log-probabilities (size,), none of `taken`, in random order."""
        if not self.pool.endless:
            logits = log_probabilities[self.places(np.arange(len(self.pool)))].sum(axis=1)
            return self.draw_listed(logits, count, taken, rng)
        ends = list(zip(self.offsets, self.choices, strict=True))

        def codes(number: int) -> NDArray[np.uint8]:
            keys = log_probabilities + rng.gumbel(size=(number, self.size))
            return np.stack([keys[:, o : o + c].argmax(axis=1) for o, c in ends], axis=1).astype(np.uint8)

        return self.draw_endless(lambda: codes(DRAWS * count), count, taken)

    def draw_listed(self, logits: Floats, count: int, taken: Rows, rng: np.random.Generator) -> Rows:
        """Up to `count` different architectures of a listed pool by its log-probabilities (n,), none of `taken`."""
        keys = logits + rng.gumbel(size=len(logits))  # the largest keys are a draw without replacement
        keys[taken] = -np.inf
        count = min(count, len(keys) - len(np.unique(taken)))
        return np.asarray(np.argsort(-keys)[:count], np.intp)

    def draw_endless(self, codes: Callable[[], NDArray[np.uint8]], count: int, taken: Rows) -> Rows:
        """Up to `count` different architectures, none of `taken`, of those whose codes (k, D) each call draws."""
        drawn: dict[int, None] = {}
        known = set(taken.tolist())
        for _ in range(DRAWS):
            drawn |= {row: None for row in self.pool.find(codes()).tolist() if row not in known}
            if len(drawn) >= count:
                break
        return np.array(list(drawn)[:count], np.intp)
