"""DARTS: all choices at once, weighted by a softmax that descends the loss of validation images.

Source: Liu et al., "DARTS: Differentiable Architecture Search", ICLR 2019, of first order.

What differs: the space is a chain of blocks, not a cell, so that the choice is one block a layer. The zero layer of a
residual block is a skip, takes part in the softmax and may be chosen. Batch normalisations keep scale and offset, which
DARTS takes away in search. The shared weights are trained as the recipe says, alphas with DARTS's Adam.

The choice is known to collapse to skips (Zela et al., "Understanding and Robustifying Differentiable Architecture
Search", ICLR 2020). Nothing is done against it; figures say how many layers of the choice are zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from neural_predictor.config.sharing_recipes import Darts as Recipe
from neural_predictor.sharing.alphas import Alphas, through_softmax
from neural_predictor.sharing.one_shot import NO_PATH
from neural_predictor.sharing.trainer import ALL
from neural_predictor.spaces.proxylessnas.layers import ZERO

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.sharing.trainer import Batch


class Darts(Alphas[Recipe]):
    """See the module."""

    def _sizes(self) -> dict[str, Any]:
        return {"branches": ALL}

    def _learn(self, rng: np.random.Generator, batch: Batch) -> None:
        found = self.trainer.gate_gradient(self.values, batch, NO_PATH, self._gates())
        nothing = np.zeros((len(found), 1))  # a zero layer adds nothing
        self._descend(through_softmax(self.probabilities, np.concatenate([found, nothing], axis=1)))

    def _next(self, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Any]:
        return NO_PATH, self._gates()

    def _gates(self) -> Any:
        """(22, 6) probabilities of all choices but zero."""
        return tf.constant(self.probabilities[:, :ZERO], tf.float32)
