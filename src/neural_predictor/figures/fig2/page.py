"""Fig. 2: what the predictor sees of an architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.figures.diagrams import (
    TITLE,
    Place,
    box,
    chain,
    graph,
    matrix,
    new_canvas,
    write,
)
from neural_predictor.figures.search_diagrams import (
    CHOICE,
    PREDICTOR,
    by_kind,
    in_unit,
    short_name,
)
from neural_predictor.figures.style import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.figures.search_diagrams import Parts

COLUMNS = ("kind", "i", "j", "label", "value")


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """An architecture as a graph (left) and as the predictor's matrices (right); the predictor (below)."""
    parts = by_kind(frame)
    names = [f"{i} {short_name(name)}" for i, name in enumerate(parts["node"]["label"])]
    with style():
        figure, canvas = new_canvas(4.6, protocol)
        canvas.text(0.08, 4.42, "a  an architecture", fontsize=TITLE, va="center")
        graph(canvas, Place(0.06, 0.95, 2.2, 3.25), names, parts["edge"][["i", "j"]].to_numpy(int), PREDICTOR)
        canvas.text(2.4, 4.42, "b  as matrices", fontsize=TITLE, va="center")
        _matrices(canvas, parts, names)
        recipe = parts["recipe"].set_index("label")["value"].astype(int)
        title = f"c  through the predictor, fitted to N = {recipe['train size']:,} architectures"
        canvas.text(2.4, 1.93, title, fontsize=TITLE, va="center")
        _pipeline(canvas, recipe, parts["prediction"].set_index("label")["value"], len(names), protocol)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """Size of the graph, and how far the prediction is off."""
    kinds = frame["kind"].value_counts()
    label = frame[frame["kind"].isin(["prediction", "recipe"])].drop_duplicates("label").set_index("label")["value"]
    off = label["predicted"] - label["observed"]
    points = in_unit(abs(off), protocol).replace("%", "percentage points")
    side = "above" if off > 0 else "below"
    return (
        f"The architecture has {kinds['node']} nodes and {kinds['edge']} edges. Fitted to N = "
        f"{int(label['train size']):,} others, the predictor says {in_unit(label['predicted'], protocol)}; observed "
        f"is {in_unit(label['observed'], protocol)}: the prediction is {points} {side} it."
    )


def _matrices(canvas: Axes, parts: Parts, names: Sequence[str]) -> None:
    operations = [short_name(name) for name in parts["operation"]["label"]]
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
    said = [f"{label}\n{in_unit(known[label], protocol)}" for label in ("predicted", "observed")]
    box(canvas, last, "\n".join(said), CHOICE)
