"""The name of a set of fits. It imports nothing, so that the registry of figures can name fits in a plan."""

from __future__ import annotations

from typing import NamedTuple


class FitKey(NamedTuple):
    """Fits of one predictor to N architectures of a benchmark; the repeats are dealt to jobs, the shards."""

    predictor: str
    benchmark: str
    train_size: int
