"""Rows of fig10: points, and densities of points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = list[dict[str, object]]

COLUMNS = ("kind", "metric", "cost", "goodness", "width", "height", "value", "name")
BINS = 70


def points(kind: str, cost: NDArray[np.float64], goodness: NDArray[np.float64]) -> Rows:
    """A row for each of points with costs (n,) and goodness (n,)."""
    return [{"kind": kind, "cost": x, "goodness": y} for x, y in zip(cost.tolist(), goodness.tolist(), strict=True)]


def density(cost: NDArray[np.float64], predicted: NDArray[np.float64]) -> Rows:
    """A row for each square of a grid that holds some of n points: corner, width, height, and how many as `value`."""
    counts, xs, ys = np.histogram2d(cost, predicted, BINS)
    return [
        {
            "kind": "density",
            "cost": float(xs[i]),
            "goodness": float(ys[j]),
            "width": float(xs[1] - xs[0]),
            "height": float(ys[1] - ys[0]),
            "value": int(counts[i, j]),
        }
        for i, j in np.argwhere(counts)
    ]
