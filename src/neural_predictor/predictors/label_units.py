"""From the labels' unit to the targets of a fit, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def normal_scores(labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """(R, N) labels, row by row, as the normal quantiles of their ranks; equal labels have the mean of theirs."""
    from scipy.stats import norm, rankdata  # here, since it takes a second to load, and not all recipes need it

    return np.asarray(norm.ppf((rankdata(labels, axis=-1) - 0.5) / labels.shape[-1]), np.float64)


class LabelUnits:
    """From the labels' unit to the targets of a fit, and back.

    Targets are the labels, or normal scores of their ranks: losses have heavy tails, accuracies crowd at their upper
    end. The way back goes through the training labels, piecewise linear; outside of them it goes on as at the end.
    """

    def __init__(self, labels: NDArray[np.float64], *, ranks: bool) -> None:
        self.labels, self.ranks = labels, ranks
        self.targets = normal_scores(labels[None])[0] if ranks else labels
        self.scores, places = np.unique(self.targets, return_index=True)
        self.values = labels[places]
        self.tilt = 1e-6 * float(np.std(labels))  # equal labels do not make unequal scores equal

    def back(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Targets of any shape in the labels' unit, in the same order."""
        if not self.ranks:
            return targets
        scores, values = self.scores, self.values
        found = np.interp(targets, scores, values)
        slope = (values[-1] - values[0]) / (scores[-1] - scores[0])
        beyond = targets - np.clip(targets, scores[0], scores[-1])
        return np.asarray(found + slope * beyond + self.tilt * targets)
