"""Trained replicates of a neural predictor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe_base import NeuralRecipe


@dataclass(frozen=True, eq=False)
class Replicates:
    """R trained predictors of one recipe, their weights stacked.

    Attributes:
        recipe: how they were built and trained.
        width: D.
        features: f, kinds of operation.
        weights: arrays (R, ...), laid out as `network.Weights` says.
        label_mean: (R,) mean of each replicate's training labels.
        label_deviation: (R,) their standard deviation.
        loss: (R, epochs) mean training loss, in the unit of the targets.
    """

    recipe: NeuralRecipe
    width: int
    features: int
    weights: tuple[NDArray[np.float32], ...]
    label_mean: NDArray[np.float64]
    label_deviation: NDArray[np.float64]
    loss: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.label_mean)

    def take(self, rows: Sequence[int]) -> Self:
        """The replicates at these places."""
        chosen = list(rows)
        return replace(
            self,
            weights=tuple(weight[chosen] for weight in self.weights),
            label_mean=self.label_mean[chosen],
            label_deviation=self.label_deviation[chosen],
            loss=self.loss[chosen],
        )

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """Replicates of one recipe, width and number of operations as one."""
        return replace(
            parts[0],
            weights=tuple(np.concatenate(weights) for weights in zip(*(part.weights for part in parts), strict=True)),
            label_mean=np.concatenate([part.label_mean for part in parts]),
            label_deviation=np.concatenate([part.label_deviation for part in parts]),
            loss=np.concatenate([part.loss for part in parts]),
        )
