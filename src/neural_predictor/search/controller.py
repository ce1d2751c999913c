"""REINFORCE with a recurrent controller: an LSTM draws each decision given those before it.

Source: Zoph and Le, "Neural Architecture Search with Reinforcement Learning", ICLR 2017: two LSTM layers of 35 units, a
softmax a decision that is the next input, weights that begin between -.08 and .08, Adam, and as reward the accuracy
less a moving average. The reward is `reinforce`'s (there the accuracy's third power), and so is how draws are
conditioned on a listed pool: the controller gives every architecture its probability. The table of embeddings is part
of the first kernel. The learning rate is larger, .04, the best of four on NAS-Bench-Graph's cs (the source's .0006 is
for 12,800 trainings); what is told at once makes one step; skip connections are decisions like others, where the
space has any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.search.ranges import Choice, Range
from neural_predictor.search.recurrent_policy import RecurrentPolicy
from neural_predictor.search.reinforce import PolicyGradient, ReinforceSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]


class ControllerSettings(ReinforceSettings):
    """Settings of the controller.

    Attributes:
        learning_rate: of Adam.
        layers: of the LSTM.
        units: of a layer.
    """

    learning_rate: Annotated[float, Field(gt=0)] = 0.04
    layers: Annotated[int, Field(ge=1)] = 2
    units: Annotated[int, Field(ge=1)] = 35

    ranges: ClassVar[Ranges] = {
        "learning_rate": Range(0.004, 0.4, log=True),
        "memory": Range(0.5, 0.99),
        "layers": Choice((1, 2)),
        "units": Range(16, 100, log=True, whole=True),
    }


class Controller(PolicyGradient):
    """See the module."""

    settings_class = ControllerSettings

    def _begin(self) -> None:
        super()._begin()
        layers, units = int(self.settings.layers), int(self.settings.units)
        self._policy = RecurrentPolicy(self._decisions.choices, layers, units, self.rng)

    def _propose(self, count: int) -> Rows:
        if self.pool.endless:
            return self._decisions.draw_endless(lambda: self._policy.draw(2 * count, self.rng), count, self.asked)
        logits = self._policy.of_decisions(self.pool.codes(np.arange(len(self.pool)))).sum(axis=1)
        return self._decisions.draw_listed(logits.astype(np.float64), count, self.asked, self.rng)

    def _reinforce(self, rows: Rows, rewards: Floats) -> None:
        self._policy.climb(self.pool.codes(rows), rewards, self.settings.learning_rate)
