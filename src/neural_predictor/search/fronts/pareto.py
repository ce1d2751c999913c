"""Fronts of two quantities: non-dominated layers, the hypervolume above a reference point, a spread choice.

A point is (goodness, cheapness), both better the higher they are; `oriented` turns columns of a table into such. A
point dominates another if it is at least as good in both and better in one. Equal points do not dominate each other.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]


def oriented(values: Floats, *, maximise: bool | None) -> Floats:
    """Values (n,) with the sign that makes higher better; a quantity of no direction, a count or time, is a cost."""
    return np.asarray(values if maximise else -values, np.float64)


def layers(points: Floats) -> Rows:
    """(n,) the non-dominated layer of each of points (n, 2): 0 for the front, 1 for the front of all others, and so on.

    Points are taken in order of falling goodness. One lies in the first layer of which no member so far is as cheap.
    The cheapest of each layer rise from layer to layer, so that bisection finds it: O(n log n) in all.
    """
    different, inverse = np.unique(-points, axis=0, return_inverse=True)
    found, cheapest = np.empty(len(different), np.intp), list[float]()
    for place, cost in enumerate(different[:, 1].tolist()):
        found[place] = layer = bisect_right(cheapest, cost)
        cheapest[layer : layer + 1] = [cost]
    return found[inverse.ravel()]


def front(points: Floats) -> Rows:
    """Places of the points (n, 2) that none dominates, by falling goodness; of equal points the first alone."""
    different, first = np.unique(-points, axis=0, return_index=True)
    costs = different[:, 1]
    before = np.concatenate([[np.inf], np.minimum.accumulate(costs)[:-1]])
    return np.asarray(first[costs < before], np.intp)


def hypervolume(points: Floats, reference: Floats) -> float:
    """Area that points (n, 2) dominate above a reference point (2,); points that are not above it add nothing."""
    above = points[(points > reference).all(axis=1)]
    if not len(above):
        return 0.0
    best = above[front(above)] - reference
    return float((np.diff(best[:, 1], prepend=0) * best[:, 0]).sum())


def growing_hypervolume(points: Floats, reference: Floats) -> Floats:
    """(n,) hypervolume of the first 1, 2, .. n of points (n, 2); a point that another before dominates adds nothing."""
    found, held, area = np.empty(len(points)), np.empty((0, 2)), 0.0
    for place, point in enumerate(points):
        if not (held >= point).all(axis=1).any():
            held = np.vstack([held, point])
            held = held[front(held)]
            area = hypervolume(held, reference)
        found[place] = area
    return found


def nadir(points: Floats) -> Floats:
    """(2,) the worst of points (n, 2) in each quantity: the reference point of a table's front."""
    return np.asarray(points.min(axis=0), np.float64)


def crowding(points: Floats) -> Floats:
    """(n,) distance along a front of points (n, 2) between the neighbours of each, both axes scaled; the ends infinite.

    Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", 2002, section III.B.
    """
    found = np.zeros(len(points))
    for values in points.T:
        order = np.argsort(values, kind="stable")
        gaps = values[order[2:]] - values[order[:-2]]
        found[order[1:-1]] += gaps / (np.ptp(values) or 1.0)
        found[order[[0, -1]]] = np.inf
    return found


def spread_order(points: Floats, rng: np.random.Generator, most: int | None = None) -> Rows:
    """Places of points (n, 2), layer by layer; within a layer those first that lie apart from all before in it.

    A layer begins with its two ends, then the point farthest from the chosen follows, both axes scaled by the layer's
    range. The first k of the order are then spread along the front, whatever k is.

    Args:
        points: as `layers` takes them.
        rng: orders equal points.
        most: layers end with the one that holds this place; None for all.
    """
    layer = layers(points)
    sizes = np.bincount(layer)
    last = len(sizes) if most is None else int(np.searchsorted(np.cumsum(sizes), most)) + 1
    order = [_spread(points, np.flatnonzero(layer == number), rng) for number in range(min(last, len(sizes)))]
    return np.concatenate([np.zeros(0, np.intp), *order])


def _spread(points: Floats, members: Rows, rng: np.random.Generator) -> Rows:
    members = rng.permutation(members)  # equal points in random order
    scaled = points[members] / np.maximum(np.ptp(points[members], axis=0), 1e-12)
    chosen = [int(scaled[:, 0].argmax())]
    nearest = np.full(len(members), np.inf)
    while len(chosen) < len(members):
        nearest = np.minimum(nearest, np.square(scaled - scaled[chosen[-1]]).sum(axis=1))
        nearest[chosen] = -1
        chosen.append(int(nearest.argmax()))
    return members[chosen]
