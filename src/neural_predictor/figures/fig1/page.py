"""Fig. 1: how the predictor is built and applied."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.figures.diagrams import (
    SMALL,
    TITLE,
    Place,
    add_axes,
    box,
    chain,
    new_canvas,
    write,
)
from neural_predictor.figures.search_diagrams import (
    CHOICE,
    CHOSEN,
    PREDICTOR,
    by_kind,
    draw_predictions,
    in_unit,
    short_name,
)
from neural_predictor.figures.style import INK, REFERENCE, style

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.figures.search_diagrams import Parts

COLUMNS = ("kind", "place", "architecture", "predicted", "signal", "target", "low", "high", "count")
LISTED = 4
"""Architectures that are named of many."""
MONOSPACED = 0.602  # width of a character of DejaVu Sans Mono over its size


def _is_matrix(edges: str) -> bool:
    return set(edges) <= set("01") and math.isqrt(len(edges)) ** 2 == len(edges)


def _edges_and_operations(architecture: str) -> tuple[str, str]:
    """The two parts of an architecture's text, short.

    An adjacency matrix row by row (NAS-Bench-101) is cut to what stands above its diagonal, and its list of
    operations to those between input and output.
    """
    edges, _, operations = architecture.partition(" ")
    if not _is_matrix(edges):
        return edges, operations
    side = math.isqrt(len(edges))
    rows = [edges[row * side + row + 1 : (row + 1) * side] for row in range(side - 1)]
    return "/".join(rows), ",".join(short_name(name) for name in operations.split(",")[1:-1])


def _wrapped(text: str, characters: int) -> list[str]:
    """Lines of at most so many characters where commas and slashes allow it."""
    lines = [""]
    for part in re.findall(r"[^,/]+[,/]?", text):
        if lines[-1] and len(lines[-1]) + len(part) > characters:
            lines.append("")
        lines[-1] += part
    return lines


def _pitch(places: Sequence[tuple[Place, Sequence[str]]]) -> float:
    """Size in points at which lines of fixed pitch fit into their places, the same for all."""
    wide = min(72 * place.width / (MONOSPACED * max(map(len, lines))) for place, lines in places)
    high = min(72 * place.height / (1.15 * len(lines)) for place, lines in places)
    return min(SMALL, wide, high)


def _mono(canvas: Axes, x: float, y: float, lines: Sequence[str], size: float, align: str) -> None:
    text = canvas.text(x, y, "\n".join(lines), ha=align, va="center", fontsize=size, color=INK)
    text.set(family="DejaVu Sans Mono", linespacing=1.05)


def _list(canvas: Axes, place: Place, rows: pd.DataFrame, column: str, head: str, protocol: ProtocolRecord) -> None:
    """The first architectures of some rows with their accuracies, and how many more there are."""
    step = place.height / (LISTED + 2)
    heights = place.top - step * (np.arange(LISTED + 2) + 0.5)
    notation = "matrix above its diagonal" if _is_matrix(rows["architecture"].iloc[0].split(" ")[0]) else "inputs"
    canvas.text(place.left, heights[0], f"{notation}, operations", fontsize=SMALL, color=REFERENCE, va="center")
    canvas.text(place.right, heights[0], head, fontsize=SMALL, color=REFERENCE, ha="right", va="center")
    room = Place(place.left, 0, place.width - 0.52, 0.9 * step)
    named = []
    for architecture in rows["architecture"].head(LISTED):
        edges, operations = _edges_and_operations(architecture)
        short = len(edges) + len(operations) < 34
        named.append((room, [f"{edges} {operations}"] if short else [edges, operations]))
    values = rows[column].head(LISTED)
    for y, (_, lines), value in zip(heights[1:], named, values, strict=False):
        _mono(canvas, place.left, y, lines, _pitch(named), "left")
        canvas.text(place.right, y, in_unit(value, protocol), fontsize=SMALL, ha="right", va="center", color=INK)
    if len(rows) > LISTED:
        more = f"... and {len(rows) - LISTED:,} more"
        canvas.text(place.left, heights[-1], more, fontsize=SMALL, color=REFERENCE, va="center")


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Above: N architectures are trained, a predictor is fitted. Below: it ranks all others, K are trained."""
    parts = by_kind(frame)
    with style():
        figure, canvas = new_canvas(5.4, protocol)
        canvas.text(0.08, 5.26, "a  build the predictor", fontsize=TITLE, va="center")
        _build(figure, canvas, parts["training"], protocol)
        canvas.text(0.08, 3.02, "b  apply the predictor", fontsize=TITLE, va="center")
        _apply(figure, canvas, parts, protocol)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """Which of the trainings gave the choice, and what it is beside the best training architecture."""
    parts = by_kind(frame)
    training, candidates, choice = parts["training"]["signal"], parts["candidate"], parts["choice"].iloc[0]
    best = training.max() if protocol.maximise else training.min()
    place = int(choice["place"])
    said = f"The best {protocol.signal} among the N = {len(training):,} training architectures is "
    said += f"{in_unit(best, protocol)}. "
    if place <= len(training):
        said += f"None of the K = {len(candidates):,} candidates is better: the choice is that architecture"
    else:
        said += f"The choice is candidate {place - len(training):,} of {len(candidates):,}, at "
        said += f"{in_unit(choice['signal'], protocol)}; the predictor said {in_unit(choice['predicted'], protocol)}"
    return f"{said}. Its {protocol.target} is {in_unit(choice['target'], protocol)}. One search: no interval."


def _build(figure: Figure, canvas: Axes, training: pd.DataFrame, protocol: ProtocolRecord) -> None:
    sample, train = Place(0.08, 3.85, 1.2, 0.8), Place(1.5, 3.85, 0.85, 0.8)
    known, fit = Place(2.57, 3.85, 3.0, 0.8), Place(5.95, 3.85, 1.15, 0.8)
    chain(canvas, sample, train, known, fit)
    box(canvas, sample, f"sample\nN = {len(training):,} of {protocol.architectures:,}\narchitectures\nat random")
    box(canvas, train, "train and\nvalidate")
    _list(canvas, Place(2.65, 3.8, 2.8, 1.4), training, "signal", protocol.signal, protocol)
    axes = add_axes(figure, Place(2.65, 3.47, 2.8, 0.3))
    axes.hist(protocol.scale * training["signal"], 40, color=REFERENCE)
    axes.set_xlabel(f"{protocol.signal} of all N ({protocol.unit})", fontsize=SMALL, labelpad=1.5)
    box(canvas, fit, "fit the neural\npredictor", PREDICTOR)


def _apply(figure: Figure, canvas: Axes, parts: Parts, protocol: ProtocolRecord) -> None:
    candidates, choice = parts["candidate"], parts["choice"].iloc[0]
    space, predictor = Place(0.08, 1.6, 0.9, 0.8), Place(1.16, 1.6, 0.72, 0.8)
    ranked, train, last = Place(2.06, 1.6, 2.69, 0.8), Place(4.97, 1.6, 0.83, 0.8), Place(6.0, 1.25, 1.12, 1.5)
    chain(canvas, space, predictor, ranked, train, last)
    box(canvas, space, f"all other\n{int(parts['scored']['count'].iloc[0]):,}\narchitectures")
    box(canvas, predictor, "neural\npredictor", PREDICTOR)
    box(canvas, train, f"train and\nvalidate the\nK = {len(candidates):,}\nbest", CHOSEN)
    _list(canvas, Place(2.13, 1.62, 2.57, 1.4), candidates, "predicted", "predicted", protocol)
    axes = add_axes(figure, Place(2.13, 1.05, 2.57, 0.53))
    draw_predictions(axes, parts["space"], parts["best"], protocol, f"the K = {len(candidates):,} best")
    box(canvas, last, "", CHOICE)
    write(canvas, last.x, last.top - 0.2, f"choice: best\n{protocol.signal}")
    lines = [line for part in _edges_and_operations(choice["architecture"]) for line in _wrapped(part, 20)]
    _mono(canvas, last.x, last.bottom + 0.74, lines, _pitch([(Place(0, 0, 1.04, 0.65), lines)]), "center")
    for name, value, y in ((protocol.signal, choice["signal"], 0.27), (protocol.target, choice["target"], 0.12)):
        write(canvas, last.x, last.bottom + y, f"{name.split(' ')[0]} {in_unit(value, protocol)}")
