"""Ranges that studies of tuning draw hyper-parameters from: ours, what a user might try who does not know the defaults.

A search states its ranges beside its settings (`Settings.ranges`), a method that shares weights beside its recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np


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


def drawn(values: Mapping[str, Any], ranges: Ranges, rng: np.random.Generator) -> dict[str, Any]:
    """Hyper-parameters in which those that ranges name, of a part's as `part.name`, are drawn; the others stay."""
    found = deepcopy(dict(values))
    for name, source in ranges.items():
        *path, last = name.split(".")
        part = found
        for key in path:
            part = part[key]
        part[last] = source.draw(rng)
    return found


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
