"""From normal scores of ranks to what is to be expected of labels: the way back, and cross-validated errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.predictors.label_units import LabelUnits
from neural_predictor.ranking.quality import conformal_quantile
from neural_predictor.statistics.kendall import kendall_tau

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class TopUnits:
    """Between labels (N,) and normal scores of their ranks; beyond the best label with the slope of the best quarter.

    The slope of all would promise too much: bad labels lie far apart, good ones close together.
    """

    def __init__(self, labels: Floats) -> None:
        self._units = LabelUnits(labels, ranks=True)
        scores, values = self._units.scores, self._units.values
        self.best, quarter = float(scores[-1]), int(np.searchsorted(scores, np.quantile(scores, 0.75)))
        quarter = min(quarter, len(scores) - 2)
        self._slope = float((values[-1] - values[quarter]) / (scores[-1] - scores[quarter]))

    def back(self, targets: Floats) -> Floats:
        """Normal scores of any shape as labels."""
        beyond = np.maximum(targets - self.best, 0)
        return np.asarray(self._units.back(np.minimum(targets, self.best)) + self._slope * beyond)


@dataclass(frozen=True)
class Errors:
    """What cross-validation says of predictions, in normal scores.

    Attributes:
        offset: of the line from predictions to targets.
        slope: of that line, 0 to 1: below 1 where the best predictions promise too much.
        deviation: of targets from the line.
        half: half the width of an interval around the line; see `quality.conformal_quantile`.
        tau: Kendall tau between predictions and targets.
    """

    offset: float
    slope: float
    deviation: float
    half: float
    tau: float

    @classmethod
    def of(cls, predicted: Floats, targets: Floats) -> Errors:
        """Of out-of-fold predictions (N,) and targets (N,)."""
        centred = predicted - predicted.mean()
        slope = float(np.clip((centred * targets).sum() / max((centred**2).sum(), 1e-12), 0, 1))
        offset = float(targets.mean() - slope * predicted.mean())
        errors = targets - (offset + slope * predicted)
        half = conformal_quantile(np.abs(errors))
        return cls(offset, slope, float(errors.std()), half, kendall_tau(predicted, targets))

    def corrected(self, predicted: Floats) -> Floats:
        """What is to be expected of predictions (k,)."""
        return self.offset + self.slope * predicted
