"""Trainings that show a label before they end, and what each part of one costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import SearchError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """When trainings show a label.

    Attributes:
        epochs: after how many epochs, ascending; the last is the whole training.
        continued: whether one training runs through all of them; else, as in NAS-Bench-101, each is a training of its
            own, from the first epoch on.

    Raises:
        SearchError: for fewer than two epochs, or such as do not ascend from 1.
    """

    epochs: tuple[int, ...]
    continued: bool = True

    def __post_init__(self) -> None:
        if len(self.epochs) < 2 or min(np.diff((0, *self.epochs))) < 1:
            raise SearchError(f"epochs {self.epochs}: a curve has two or more, ascending, such as (4, 12, 36, 108)")

    @property
    def costs(self) -> Floats:
        """(B,) what a training has cost when it shows each label, in whole trainings."""
        spent = np.array(self.epochs) if self.continued else np.cumsum(self.epochs)
        return np.asarray(spent / self.epochs[-1], np.float64)
