"""REINFORCE with one categorical a decision, as NAS-Bench-101 ran it; and what all policies by REINFORCE share.

Source: Williams, "Simple Statistical Gradient-Following Algorithms", Machine Learning 1992; Ying et al.,
"NAS-Bench-101", ICML 2019 (section 4.3 and supplement): a softmax for each decision, no network. The reward is the
label less a moving average of labels, here in deviations of all labels so far, so that one learning rate serves every
unit. Over a listed pool the policy's draws are conditioned on the pool, its gradient is that of the independent
decisions; an architecture that was trained before is not drawn again.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.search.base import Search, Settings
from neural_predictor.search.decisions import Decisions
from neural_predictor.search.ranges import Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]


class ReinforceSettings(Settings):
    """Settings of REINFORCE.

    Attributes:
        learning_rate: step along the gradient of the log-probability, a deviation of the labels.
        memory: share of the moving average that stays at each label.
    """

    learning_rate: Annotated[float, Field(gt=0)] = 0.1
    memory: Annotated[float, Field(ge=0, lt=1)] = 0.9

    ranges: ClassVar[Ranges] = {"learning_rate": Range(0.01, 1, log=True), "memory": Range(0.5, 0.99)}


class PolicyGradient(Search):
    """A policy draws architectures, decision by decision; their rewards move it."""

    settings_class = ReinforceSettings

    def _begin(self) -> None:
        self._decisions = Decisions(self.pool)
        self._baseline: float | None = None

    def _learn(self, rows: Rows, goodness: Floats) -> None:
        deviation, rewards = float(self.goodness.std()) or 1.0, np.zeros(len(rows))
        for k, value in enumerate(goodness.tolist()):
            before = value if self._baseline is None else self._baseline
            rewards[k] = (value - before) / deviation
            self._baseline = self.settings.memory * before + (1 - self.settings.memory) * value
        self._reinforce(rows, rewards)

    @abstractmethod
    def _reinforce(self, rows: Rows, rewards: Floats) -> None:
        """Move the policy by the rewards (k,) of architectures (k,): labels over their moving average."""


class Reinforce(PolicyGradient):
    """See the module."""

    def _begin(self) -> None:
        super()._begin()
        self._logits = np.zeros(self._decisions.size)

    def _propose(self, count: int) -> Rows:
        return self._decisions.draw(self._decisions.log_softmax(self._logits), count, self.asked, self.rng)

    def _reinforce(self, rows: Rows, rewards: Floats) -> None:
        for places, reward in zip(self._decisions.places(rows), rewards, strict=True):
            gradient = -np.exp(self._decisions.log_softmax(self._logits))
            gradient[places] += 1
            self._logits += self.settings.learning_rate * reward * gradient
