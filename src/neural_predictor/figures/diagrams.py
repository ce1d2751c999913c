"""Parts of schematic figures: boxes, arrows, graphs and matrices on a canvas whose unit is the inch."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path

from neural_predictor.figures.results import caption
from neural_predictor.figures.style import INK, add_caption, new_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from neural_predictor.figures.results import ProtocolRecord

    Point = tuple[float, float]

WIDTH = 7.2
"""Of every canvas."""
TITLE, TEXT, SMALL = 9.0, 7.5, 6.5  # points
LANE, GAP = 0.18, 0.08
"""Width of an edge that crosses a layer of a graph, and what is free beside a node."""
SWEEPS = 12
ARROW: Any = {"arrowstyle": "-|>", "mutation_scale": 8, "color": INK, "linewidth": 0.9}


class Place(NamedTuple):
    """A rectangle of the canvas."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right end."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """Its upper end."""
        return self.bottom + self.height

    @property
    def x(self) -> float:
        """Of its middle."""
        return self.left + self.width / 2

    @property
    def y(self) -> float:
        """Of its middle."""
        return self.bottom + self.height / 2


def new_canvas(height: float, protocol: ProtocolRecord) -> tuple[Figure, Axes]:
    """A figure with the protocol's caption, and invisible axes all over it."""
    figure = new_figure(WIDTH, height)
    canvas = figure.add_axes((0, 0, 1, 1))
    canvas.set(xlim=(0, WIDTH), ylim=(0, height))
    canvas.set_axis_off()
    add_caption(figure, caption(protocol), characters=150)
    return figure, canvas


def add_axes(figure: Figure, place: Place) -> Axes:
    """Axes for a small histogram: a horizontal axis only."""
    height = figure.get_figheight()
    axes = figure.add_axes((place.left / WIDTH, place.bottom / height, place.width / WIDTH, place.height / height))
    axes.grid(visible=False)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="x", labelsize=SMALL, length=2, pad=1.5)
    axes.locator_params(axis="x", nbins=5)
    return axes


def write(canvas: Axes, x: float, y: float, text: str, size: float = TEXT, colour: str = INK) -> None:
    """Text around a point."""
    canvas.text(x, y, text, ha="center", va="center", fontsize=size, color=colour, linespacing=1.25)


def box(canvas: Axes, place: Place, text: str, colour: str = INK, *, dashed: bool = False) -> None:
    """A box with text in its middle, filled with a tint of its colour."""
    patch = FancyBboxPatch(
        (place.left, place.bottom),
        place.width,
        place.height,
        "round,pad=0,rounding_size=0.06",
        facecolor=(colour, 0.04 if colour == INK else 0.13),
        edgecolor=colour,
        linewidth=0.9,
        linestyle="--" if dashed else "-",
    )
    canvas.add_patch(patch)
    write(canvas, place.x, place.y, text)


def arrow(canvas: Axes, start: Point, end: Point) -> None:
    """A straight arrow between two points."""
    canvas.add_patch(FancyArrowPatch(start, end, shrinkA=2, shrinkB=2, **ARROW))


def chain(canvas: Axes, *places: Place) -> None:
    """Arrows from each place to the next on its right, half way up the lower of the two."""
    for first, second in pairwise(places):
        y = min(first, second, key=lambda place: place.height).y
        arrow(canvas, (first.right, y), (second.left, y))


def matrix(
    canvas: Axes,
    corner: tuple[float, float],
    cell: tuple[float, float],
    values: NDArray[np.float64],
    title: str,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
) -> None:
    """A matrix of values from 0 to 1 as cells of a width and height, right of and below its corner.

    Zeros are left empty. The title stands below; columns without names are numbered.
    """
    (left, top), (width, height) = corner, cell
    for (i, j), value in np.ndenumerate(values):
        x, y = left + j * width, top - (i + 1) * height
        fill = colormaps["Blues"](0.75 * value) if value else "white"
        canvas.add_patch(Rectangle((x, y), width, height, facecolor=fill, edgecolor="#d0d0d0", linewidth=0.5))
        if value:
            colour = "white" if value > 0.6 else INK
            write(canvas, x + width / 2, y + height / 2, f"{value:.2g}".removeprefix("0"), 30 * height, colour)
    for i, name in enumerate(rows):
        canvas.text(left - 0.05, top - (i + 0.5) * height, name, fontsize=SMALL, ha="right", va="center")
    for j in range(values.shape[1]):
        x, y = left + (j + 0.5) * width, top + 0.04
        if columns:
            canvas.text(x, y, columns[j], fontsize=SMALL, rotation=60, rotation_mode="anchor", va="center")
        else:
            canvas.text(x, y, str(j), fontsize=SMALL, ha="center")
    below = top - len(values) * height - 0.05
    canvas.text(left + width * values.shape[1] / 2, below, title, fontsize=SMALL, ha="center", va="top")


def graph(canvas: Axes, place: Place, names: Sequence[str], edges: NDArray[np.intp], colour: str) -> None:
    """A directed acyclic graph from top to bottom, in layers by the longest way from where it starts.

    An edge that skips layers has a slot of its own in each of them, so that no edge runs through a node.

    Args:
        canvas: where to draw.
        place: room for it.
        names: of the v nodes.
        edges: (e, 2) from node to node.
        colour: of the nodes.
    """
    layer, routes = _slots(len(names), edges)
    real = np.arange(len(layer)) < len(names)
    layers = layer.max() + 1
    height = min(0.24, 0.5 * place.height / layers)
    free = [(place.width - LANE * np.sum(~real[layer == k])) / np.sum(real[layer == k]) for k in range(layers)]
    width = min(0.72, min(free) - GAP)
    x = place.left + _across(layer, routes, np.where(real, width + GAP, LANE), place.width)
    y = place.top - height / 2 - (place.height - height) * layer / max(layers - 1, 1)
    for k, name in enumerate(names):
        box(canvas, Place(x[k] - width / 2, y[k] - height / 2, width, height), "", colour)
        write(canvas, x[k], y[k], name, min(SMALL, 72 * (width - 0.06) / (0.6 * len(name))))
    for route in routes:
        leaving = sorted((x[other[1]], other) for other in routes if other[0] == route[0])
        entering = sorted((x[other[-2]], other) for other in routes if other[-1] == route[-1])
        points = [(x[k], y[k] + side * height / 2) for k in route for side in (1, -1)][1:-1]
        for end, beside in ((0, leaving), (-1, entering)):
            rank = [other for _, other in beside].index(route) - (len(beside) - 1) / 2
            points[end] = (points[end][0] + rank * min(0.12, 0.8 * width / len(beside)), points[end][1])
        _edge(canvas, points)


def _slots(count: int, edges: NDArray[np.intp]) -> tuple[NDArray[np.intp], list[list[int]]]:
    """Layer of each slot, the nodes and then the places where edges cross a layer; slots that each edge visits."""
    depth = np.zeros(count, np.intp)
    for _ in range(count):
        for i, j in edges:
            depth[j] = max(depth[j], depth[i] + 1)
    layer, routes = depth.tolist(), []
    for i, j in edges.tolist():
        between = range(depth[i] + 1, depth[j])
        routes.append([i, *range(len(layer), len(layer) + len(between)), j])
        layer += between
    return np.array(layer), routes


def _across(
    layer: NDArray[np.intp], routes: Sequence[Sequence[int]], widths: NDArray[np.float64], room: float
) -> NDArray[np.float64]:
    """Middle of each slot from the left: near those that it is joined to, beside others of its layer, in the room.

    Layers are put in the order of their wanted places again and again, the barycentre method of layered drawing.
    """
    from scipy.optimize import isotonic_regression  # here, for the figures without diagrams do not need it

    links = np.zeros((len(layer), len(layer)))
    for first, second in (pair for route in routes for pair in pairwise(route)):
        links[first, second] = links[second, first] = 1
    links /= np.maximum(links.sum(axis=1, keepdims=True), 1)
    x = np.full(len(layer), room / 2)
    downwards = list(range(layer.max() + 1))
    for number in (downwards + downwards[::-1]) * SWEEPS:
        slots = np.flatnonzero(layer == number)
        slots = slots[np.argsort(links[slots] @ x, kind="stable")]
        offsets = np.cumsum(widths[slots]) - widths[slots] / 2
        nearest = isotonic_regression(links[slots] @ x - offsets).x  # least squares among places in this order
        x[slots] = offsets + np.clip(nearest, 0, max(room - widths[slots].sum(), 0))
    return np.asarray(x + (room - x.min() - x.max()) / 2)


def _edge(canvas: Axes, points: Sequence[Point]) -> None:
    """A smooth arrow through points, vertical in each of them."""
    vertices, codes = [points[0]], [Path.MOVETO]
    for (x, y), (next_x, next_y) in pairwise(points):
        vertices += [(x, (y + next_y) / 2), (next_x, (y + next_y) / 2), (next_x, next_y)]
        codes += [Path.CURVE4] * 3
    canvas.add_patch(FancyArrowPatch(path=Path(vertices, codes), **ARROW))
