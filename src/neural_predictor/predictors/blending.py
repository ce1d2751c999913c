"""What a blend does with numbers: the units of its labels, and the weights of its members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.predictors.engine import normal_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Units:
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


def blend_weights(
    crossed: NDArray[np.float64], targets: NDArray[np.float64], shrinkage: float, prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights (m,) of least squared error of (m, N) cross-validated predictions: none negative, drawn to a prior.

    The prior (m,) sums to one; weights are drawn to the multiple of it that has the least error.
    """
    from scipy.optimize import nnls  # here, since it takes a second to load, and most predictors are no blends

    m, n = crossed.shape
    mean = prior @ crossed
    factor = max(float(mean @ targets) / float(mean @ mean), 0) if mean.any() else 1
    pull = np.sqrt(shrinkage * n)
    rows = np.concatenate([crossed.T, pull * np.eye(m)])
    weights, _ = nnls(rows, np.concatenate([targets, pull * factor * prior]))
    return weights if weights.any() else prior
