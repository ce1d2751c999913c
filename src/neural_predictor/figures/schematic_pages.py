"""Figs. 1, 2 and 5: how the predictor is built and applied, what it sees of a network, and its two stages."""

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
    arrow,
    box,
    chain,
    graph,
    matrix,
    new_canvas,
    write,
)
from neural_predictor.figures.style import INK, OKABE_ITO, REFERENCE, style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

    Parts = Mapping[str, pd.DataFrame]

LISTED = 4
"""Networks that are named of many."""
PREDICTOR, CHOSEN, CHOICE, OTHERS = OKABE_ITO["blue"], OKABE_ITO["vermilion"], OKABE_ITO["green"], "#b8b8b8"
MONOSPACED = 0.602  # width of a character of DejaVu Sans Mono over its size


def _parts(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {str(kind): rows for kind, rows in frame.groupby("kind")}


def _shown(value: float, protocol: ProtocolRecord) -> str:
    return f"{protocol.scale * value:.2f} {protocol.unit}"


def _predictions(axes: Axes, every: pd.DataFrame, best: pd.DataFrame, protocol: ProtocolRecord, label: str) -> None:
    """All predictions as bars, the best of them shaded; both have low, high and count of the same bins."""
    for bins, colour, name in ((every, OTHERS, None), (best, CHOSEN, label)):
        low, high = protocol.scale * bins["low"], protocol.scale * bins["high"]
        axes.bar(low, bins["count"].astype(int), high - low, align="edge", color=colour, linewidth=0, label=name)
    axes.set_xlabel(f"predicted {protocol.signal} ({protocol.unit})", fontsize=SMALL, labelpad=1.5)
    axes.margins(y=0.25)
    axes.legend(loc="upper left", frameon=False, fontsize=SMALL, borderpad=0, handlelength=1, borderaxespad=0.1)


# Fig. 1


def _is_matrix(edges: str) -> bool:
    return set(edges) <= set("01") and math.isqrt(len(edges)) ** 2 == len(edges)


def _short(operation: str) -> str:
    """`conv3x3-bn-relu` as `conv3x3`."""
    return operation.partition("-")[0]


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
    return "/".join(rows), ",".join(_short(name) for name in operations.split(",")[1:-1])


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
    """The first networks of some rows with their accuracies, and how many more there are."""
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
        canvas.text(place.right, y, _shown(value, protocol), fontsize=SMALL, ha="right", va="center", color=INK)
    if len(rows) > LISTED:
        more = f"... and {len(rows) - LISTED:,} more"
        canvas.text(place.left, heights[-1], more, fontsize=SMALL, color=REFERENCE, va="center")


def draw_fig1(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Above: N networks are drawn and trained, a predictor is fitted. Below: it ranks all others, K are trained."""
    parts = _parts(frame)
    with style():
        figure, canvas = new_canvas(5.4, protocol)
        canvas.text(0.08, 5.26, "a  build the predictor", fontsize=TITLE, va="center")
        _build(figure, canvas, parts["training"], protocol)
        canvas.text(0.08, 3.02, "b  apply the predictor", fontsize=TITLE, va="center")
        _apply(figure, canvas, parts, protocol)
    return figure


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
    _predictions(axes, parts["space"], parts["best"], protocol, f"the K = {len(candidates):,} best")
    box(canvas, last, "", CHOICE)
    write(canvas, last.x, last.top - 0.2, f"choice: best\n{protocol.signal}")
    lines = [line for part in _edges_and_operations(choice["architecture"]) for line in _wrapped(part, 20)]
    _mono(canvas, last.x, last.bottom + 0.74, lines, _pitch([(Place(0, 0, 1.04, 0.65), lines)]), "center")
    for name, value, y in ((protocol.signal, choice["signal"], 0.27), (protocol.target, choice["target"], 0.12)):
        write(canvas, last.x, last.bottom + y, f"{name.split(' ')[0]} {_shown(value, protocol)}")


# Fig. 2


def draw_fig2(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """A network as a graph (left), as the matrices that the predictor takes (right), and the predictor (below)."""
    parts = _parts(frame)
    names = [f"{i} {_short(name)}" for i, name in enumerate(parts["node"]["label"])]
    with style():
        figure, canvas = new_canvas(4.6, protocol)
        canvas.text(0.08, 4.42, "a  a network", fontsize=TITLE, va="center")
        graph(canvas, Place(0.06, 0.95, 2.2, 3.25), names, parts["edge"][["i", "j"]].to_numpy(int), PREDICTOR)
        canvas.text(2.4, 4.42, "b  as matrices", fontsize=TITLE, va="center")
        _matrices(canvas, parts, names)
        recipe = parts["recipe"].set_index("label")["value"].astype(int)
        title = f"c  through the predictor, fitted to N = {recipe['train size']:,} networks"
        canvas.text(2.4, 1.93, title, fontsize=TITLE, va="center")
        _pipeline(canvas, recipe, parts["prediction"].set_index("label")["value"], len(names), protocol)
    return figure


def _matrices(canvas: Axes, parts: Parts, names: Sequence[str]) -> None:
    operations = [_short(name) for name in parts["operation"]["label"]]
    cell = min(0.19, 1.33 / len(names))
    left, top = 2.48 + 0.052 * max(map(len, names)), 3.75
    for kind, title, width in (
        ("feature", "operations $V$", min(0.85 * cell, 1.45 / len(operations))),
        ("forward", r"$\hat{A}_{+}$, along edges", cell),
        ("backward", r"$\hat{A}_{-}$, against edges", cell),
    ):
        values = parts[kind].pivot_table(index="i", columns="j", values="value").to_numpy(np.float64)
        labels = (names, operations) if kind == "feature" else ((), ())
        matrix(canvas, (left, top), (width, cell), values, title, *labels)
        left += width * values.shape[1] + 0.15


def _pipeline(
    canvas: Axes, recipe: pd.Series[int], known: pd.Series[float], nodes: int, protocol: ProtocolRecord
) -> None:
    hidden = recipe[recipe.index == "hidden"]
    convolve, mean = Place(2.4, 1.05, 2.0, 0.75), Place(4.58, 1.05, 0.6, 0.75)
    dense, last = Place(5.36, 1.05, 0.7, 0.75), Place(6.24, 1.05, 0.88, 0.75)
    chain(canvas, convolve, mean, dense, last)
    box(canvas, convolve, "", PREDICTOR)
    formula = r"$V \leftarrow \frac{1}{2}$ReLU$(\hat{A}_{+} V W_{+}) + \frac{1}{2}$ReLU$(\hat{A}_{-} V W_{-})$"
    write(canvas, convolve.x, 1.57, f"{recipe['layers']} graph convolutions, D = {recipe['width']}")
    write(canvas, convolve.x, 1.29, formula)
    box(canvas, mean, f"mean\nover {nodes}\nnodes", PREDICTOR)
    box(canvas, dense, f"fully\nconnected\n{', '.join(map(str, hidden))}", PREDICTOR)
    said = [f"{label}\n{_shown(known[label], protocol)}" for label in ("predicted", "observed")]
    box(canvas, last, "\n".join(said), CHOICE)


# Fig. 5

TRAINING, REGRESSOR, RANKED = Place(0.08, 3.5, 2.55, 0.7), Place(4.3, 2.0, 0.95, 0.8), Place(5.55, 2.0, 1.52, 0.95)
ACCURATE, SPACE = Place(2.95, 3.5, 2.3, 0.7), Place(0.08, 2.0, 1.1, 0.8)


def draw_fig5(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """The cascade with its counts; where one stage had to do, that one."""
    parts = _parts(frame)
    counts = {str(row["name"]): int(row["count"]) for _, row in parts["count"].iterrows()}
    with style():
        figure, canvas = new_canvas(4.4, protocol)
        box(canvas, TRAINING, f"N = {counts['training']:,} architectures at random,\ntrained and validated")
        box(canvas, SPACE, f"all other\n{counts['scored']:,}\narchitectures")
        box(canvas, REGRESSOR, "regressor", PREDICTOR)
        chain(canvas, TRAINING, ACCURATE)
        draw_stages = _two_stages if counts["stages"] == 2 else _one_stage
        draw_stages(canvas, parts, counts, protocol)
        passed = counts.get("passed", counts["candidates"])
        if "ranked" in parts:  # a classifier may accept nothing
            chain(canvas, REGRESSOR, RANKED)
            axes = add_axes(figure, RANKED)
            _predictions(axes, parts["ranked"], parts["best"], protocol, f"the best {passed:,}")
            arrow(canvas, (RANKED.x, 1.72), (RANKED.x, 1.5))
        last = f"train and validate\nthe K = {counts['candidates']:,} best"
        if passed < counts["candidates"]:
            last = f"train and validate\nK = {counts['candidates']:,}: {passed:,} accepted,\n"
            last += f"{counts['candidates'] - passed:,} rejected ones"
        box(canvas, Place(5.6, 0.95, 1.5, 0.55), last, CHOSEN)
    return figure


def _two_stages(canvas: Axes, parts: Parts, counts: Mapping[str, int], protocol: ProtocolRecord) -> None:
    classifier, accepted = Place(1.55, 2.0, 0.95, 0.8), Place(2.95, 2.0, 0.95, 0.8)
    rejected = Place(1.4, 0.95, 1.25, 0.55)
    chain(canvas, SPACE, classifier, accepted, REGRESSOR)
    box(canvas, ACCURATE, f"{counts['accurate']:,} of them accurate:\n{_rule(parts, protocol)}")
    box(canvas, classifier, "classifier", PREDICTOR)
    box(canvas, accepted, f"{counts['accepted']:,}\naccepted", CHOICE)
    box(canvas, rejected, f"{counts['rejected']:,} rejected,\ntried last", dashed=True)
    arrow(canvas, (classifier.x, classifier.bottom), (classifier.x, rejected.top))
    for source, learner, text in (
        (TRAINING, classifier, f"all {counts['training']:,},\naccurate or not"),
        (ACCURATE, REGRESSOR, f"the {counts['accurate']:,}\naccurate"),
    ):
        arrow(canvas, (learner.x, source.bottom), (learner.x, learner.top))
        canvas.text(learner.x - 0.06, 3.15, text, fontsize=SMALL, ha="right", va="center", color=REFERENCE)
    among = {"precision": f"the {counts['accepted']:,} accepted", "base rate": f"all {counts['scored']:,}"}
    lines = [
        f"{100 * row['value']:.1f} % of {among[row['name']]} ({row['name']})" for _, row in parts["metric"].iterrows()
    ]
    canvas.text(accepted.left, 1.22, "\n".join(["accurate are", *lines]), fontsize=SMALL, va="center")


def _one_stage(canvas: Axes, parts: Parts, counts: Mapping[str, int], protocol: ProtocolRecord) -> None:
    everything = counts["accurate"] == counts["training"]
    reason = "as none of the N is inaccurate" if everything else f"as two need {counts['needed']} accurate"
    text = f"one stage, {reason}:\n{counts['accurate']:,} of the N are\n{_rule(parts, protocol)}"
    box(canvas, ACCURATE, text, dashed=True)
    chain(canvas, SPACE, REGRESSOR)
    arrow(canvas, (2.2, TRAINING.bottom), (REGRESSOR.left + 0.1, REGRESSOR.top))
    canvas.text(3.1, 2.95, f"all {counts['training']:,}", fontsize=SMALL, ha="right", color=REFERENCE)


def _rule(parts: Parts, protocol: ProtocolRecord) -> str:
    """What makes a network accurate."""
    rule = parts["rule"].iloc[0]
    text = f"{'above' if protocol.maximise else 'below'} {_shown(parts['bound']['value'].iloc[0], protocol)}"
    if rule["name"] == "quantile":
        share = rule["value"] if protocol.maximise else 1 - rule["value"]
        text += f" (quantile {share:g} of the N)"
    return text
