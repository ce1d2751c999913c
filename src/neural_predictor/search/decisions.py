"""An architecture as a list of decisions, one categorical each: what REINFORCE and TPE draw from.

The decisions are the positions of the space's codes. Over a listed pool, a product of categoricals is conditioned on
the pool exactly: a row's probability is proportional to the product of its decisions' probabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import SearchError

if TYPE_CHECKING:
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
            self._codes = pool.codes(np.arange(len(pool)))
            self.choices = self._codes.max(axis=0).astype(np.intp) + 1
        self._offsets = np.concatenate([[0], np.cumsum(self.choices)[:-1]])

    @property
    def size(self) -> int:
        """Length of a vector with one number for each choice of each decision."""
        return int(self.choices.sum())

    def places(self, rows: Rows) -> Rows:
        """(k, D) place in such a vector of what each architecture decides."""
        return np.asarray(self.pool.codes(rows) + self._offsets, np.intp)

    def log_softmax(self, values: Floats) -> Floats:
        """(size,) log-probabilities of each decision's choices from their logits."""
        out = np.empty_like(values)
        for offset, count in zip(self._offsets, self.choices, strict=True):
            part = values[offset : offset + count] - values[offset : offset + count].max()
            out[offset : offset + count] = part - np.log(np.exp(part).sum())
        return out

    def draw(self, log_probabilities: Floats, count: int, taken: Rows, rng: np.random.Generator) -> Rows:
        """Up to `count` different architectures by log-probabilities (size,), none of `taken`, in random order."""
        if not self.pool.endless:
            logits = log_probabilities[self._codes.astype(np.intp) + self._offsets].sum(axis=1)
            keys = logits + rng.gumbel(size=len(logits))  # the largest keys are a draw without replacement
            keys[taken] = -np.inf
            count = min(count, len(keys) - len(np.unique(taken)))
            return np.asarray(np.argsort(-keys)[:count], np.intp)
        drawn: dict[int, None] = {}
        known = set(taken.tolist())
        for _ in range(DRAWS):
            keys = log_probabilities + rng.gumbel(size=(DRAWS * count, self.size))
            ends = zip(self._offsets, self.choices, strict=True)
            codes = np.stack([keys[:, o : o + c].argmax(axis=1) for o, c in ends], axis=1).astype(np.uint8)
            drawn |= {row: None for row in self.pool.find(codes).tolist() if row not in known}
            if len(drawn) >= count:
                break
        return np.array(list(drawn)[:count], np.intp)
