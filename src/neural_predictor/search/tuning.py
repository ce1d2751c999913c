"""Hyper-parameters of searches: the ranges that they are drawn from, and the draws.

A search states its ranges beside its settings (`Settings.ranges`). Setting 0 is the default, all others are drawn by a
seed of their own. Ranges are ours: what a user who does not know the defaults might try.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.search.registry import SEARCHES
from neural_predictor.seeds import seed_of

if TYPE_CHECKING:
    from neural_predictor.search.base import Settings


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`.

    Attributes:
        low: the smallest.
        high: the largest.
        log: whether the logarithm is uniform, else the number.
        whole: whether numbers are rounded to whole ones.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def draw(self, rng: np.random.Generator) -> float:
        """One number."""
        if self.log:
            value = float(np.exp(rng.uniform(np.log(self.low), np.log(self.high))))
        else:
            value = float(rng.uniform(self.low, self.high))
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else value


@dataclass(frozen=True)
class Choice:
    """One of some values, each as likely.

    Attributes:
        values: to choose from.
    """

    values: tuple[Any, ...]

    def draw(self, rng: np.random.Generator) -> Any:
        """One of them."""
        return self.values[rng.integers(len(self.values))]


Ranges = Mapping[str, Range | Choice]
INITIAL = Range(5, 60, log=True, whole=True)
"""Random architectures before a model is fitted, of all searches that have one."""
PARENTS = Range(5, 50, log=True, whole=True)
"""Best architectures that are mutated, likewise."""
TRAINING: Ranges = {
    "recipe.epochs": Range(20, 100, log=True, whole=True),
    "recipe.learning_rate": Range(0.001, 0.02, log=True),
    "recipe.dropout": Range(0, 0.3),
    "recipe.batch_size": Range(5, 40, log=True, whole=True),
}
"""Of a predictor that reads sequences."""


def settings_of(search: str, setting: int, study_seed: int) -> Settings:
    """Hyper-parameters of a search: its defaults for setting 0, else drawn from its ranges."""
    kind: type[Settings] = SEARCHES[search].load("search").settings_class
    if not setting:
        return kind()
    rng = np.random.default_rng(seed_of(study_seed, "settings", search, setting))
    values = kind().model_dump()
    for name, source in kind.ranges.items():
        *path, last = name.split(".")
        part = values
        for key in path:
            part = part[key]
        part[last] = source.draw(rng)
    return kind.model_validate(values)
