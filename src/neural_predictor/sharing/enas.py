"""ENAS: a controller draws the paths that train shared weights, and learns from their validation accuracies.

Source: Pham et al., "Efficient Neural Architecture Search via Parameter Sharing", ICML 2018. An epoch of weights along
drawn paths, one a step, and steps of the controller by REINFORCE take turns. The reward is the accuracy on one batch
of validation images, less a moving average. The choice is the best of some paths that the controller draws.

What differs: the controller is that of `search.recurrent_policy`, an LSTM of one layer that reads its last choice,
without ENAS's temperature, tanh and entropy term. An architecture's score is its accuracy with shared weights on all
validation images, and so is what the choice is made by, where ENAS takes one batch.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.children.feeds import Order
from neural_predictor.config.sharing_recipes import Enas as Recipe
from neural_predictor.search.recurrent_policy import UPDATE, RecurrentPolicy
from neural_predictor.sharing.base import Method
from neural_predictor.spaces.proxylessnas.layers import CHOICES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from neural_predictor.sharing.base import Trained


class Enas(Method[Recipe]):
    """See the module."""

    def _begin(self) -> None:
        rng = np.random.default_rng((self.seed, 3))
        self._policy = RecurrentPolicy(CHOICES, 1, self.recipe.policy_units, rng, batch=UPDATE)
        self._baseline: float | None = None

    def _own(self) -> dict[str, NDArray[Any]]:
        known = self._baseline is not None
        return {"baseline": np.array([known, self._baseline if known else 0], np.float64), **self._policy.arrays()}

    def _take(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._policy.take(arrays)
        known, value = arrays["baseline"].tolist()
        self._baseline = value if known else None

    def run_epoch(self, epoch: int) -> Trained:  # noqa: D102
        rng = self.generator(epoch)
        paths = self._policy.draw(self.trainer.steps, rng)
        trained = self._epoch(epoch, lambda k: (paths[k][None], None))
        if epoch >= self.recipe.warm_up:
            self._learn(epoch, rng)
        return trained

    def _learn(self, epoch: int, rng: np.random.Generator) -> None:
        """Steps of the controller, a batch of validation images each."""
        batches = cycle(self.trainer.batches("validation", Order(self.seed, epoch)))
        for _ in range(self.recipe.policy_steps):
            paths, batch = self._policy.draw(self.recipe.policy_paths, rng), next(batches)
            rewards = np.array([self.trainer.glance(self.values, batch, path) for path in paths])
            before = float(rewards.mean()) if self._baseline is None else self._baseline
            self._baseline = float(self.recipe.memory * before + (1 - self.recipe.memory) * rewards.mean())
            self._policy.climb(paths, rewards - before, self.recipe.policy_rate)

    def candidates(self) -> NDArray[np.uint8]:  # noqa: D102
        return self._policy.draw(self.recipe.candidates, self.generator(self.recipe.training.epochs))
