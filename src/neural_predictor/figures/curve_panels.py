"""Best-so-far curves of searches on the paper's three axes: what the pages of fig4 and fig7 share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from neural_predictor.figures.results import caption
from neural_predictor.figures.style import INK, OKABE_ITO, REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from neural_predictor.figures.results import ProtocolRecord

SAMPLES = "total number of samples, N + K"
PANELS = {
    "signal_by_samples": ("validation", SAMPLES),
    "target_by_samples": ("test", SAMPLES),
    "target_by_time": ("test, by training time", "total training time of all N + K (s)"),
    "place_by_samples": ("place of the choice", SAMPLES),
}
COLUMNS = ("panel", "method", "train_size", "x", "mean", "low", "high", "repeats")
PLACE = "place_by_samples"
METHOD_COLOURS = tuple(OKABE_ITO.values())
DASHES = ("-", (0, (5, 1.2)), (0, (3, 1, 1, 1)))


class Line(NamedTuple):
    """How one curve is drawn."""

    curve: pd.DataFrame
    colour: object
    dashes: object
    label: str


def draw_curves(
    frame: pd.DataFrame, protocol: ProtocolRecord, lines: Callable[[pd.DataFrame], list[Line]], *, mark_sizes: bool
) -> Figure:
    """A panel for each of `PANELS` that there are numbers of.

    Args:
        frame: rows `COLUMNS`.
        protocol: of these numbers.
        lines: the curves of a panel but for random search and the oracle, as they are to be drawn.
        mark_sizes: whether N is marked on the axis of samples.
    """
    panels = [panel for panel in PANELS if (frame["panel"] == panel).any()]
    two_sided = protocol.unit == "nats"
    with style():
        figure = new_figure((4.1 if two_sided else 3.6) * len(panels), 4.3)
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for letter, panel, place in zip("abcd", panels, axes, strict=False):
            curves = frame[frame["panel"] == panel]
            draw_panel(place, curves, lines(curves), protocol)
            if mark_sizes and panel != "target_by_time":
                for size in curves["train_size"].dropna().unique():
                    place.axvline(size, color=REFERENCE, linewidth=0.8, linestyle=":")
                    height = 0.02 if protocol.maximise else 0.95  # away from the oracle's level
                    place.annotate(f"N = {int(size)}", (size, height), xycoords=("data", "axes fraction"), fontsize=6.5)
            title, x_label = PANELS[panel]
            place.set_title(f"{letter}  {title}", loc="left")
            place.set_xlabel(x_label)
            place.set_ylabel(y_label(panel, protocol))
            if two_sided:
                _show_perplexity(place)
        handles, labels = axes[0].get_legend_handles_labels()
        columns = min(len(labels), 60 * len(panels) // (8 + max(map(len, labels))))
        rows = -(-len(labels) // columns)
        figure.legend(
            handles, labels, loc="upper center", ncols=columns, frameon=False, columnspacing=1.2, handlelength=2.2
        )
        add_caption(figure, caption(protocol), characters=(80 if two_sided else 70) * len(panels))
        right, between = (1 - 0.14 / len(panels), 0.46) if two_sided else (0.985, 0.26)
        figure.subplots_adjust(left=0.2 / len(panels), right=right, top=0.91 - 0.04 * rows, bottom=0.25, wspace=between)
    return figure


def _show_perplexity(axes: Axes) -> None:
    """An axis on the right with the perplexity of each loss."""

    def loss(perplexity: ArrayLike) -> ArrayLike:
        return np.log(np.maximum(perplexity, 1e-9))  # matplotlib asks for that of zero too

    right = axes.secondary_yaxis("right", functions=(np.exp, loss))
    right.set_ylabel("perplexity", labelpad=2)


def y_label(panel: str, protocol: ProtocolRecord) -> str:
    """What a panel shows of the choice."""
    if panel == PLACE:
        return f"place of the choice among {protocol.architectures:,}"
    metric = protocol.signal if panel == "signal_by_samples" else protocol.target
    return f"{metric} of the choice ({protocol.unit})"


def draw_panel(axes: Axes, curves: pd.DataFrame, lines: list[Line], protocol: ProtocolRecord) -> None:
    """Lines, random search below them, and the oracle.

    Args:
        axes: of the panel.
        curves: all curves of the panel, which the limits follow from.
        lines: those that are drawn.
        protocol: of the numbers.
    """
    placed = (curves["panel"] == PLACE).all()
    scale = 1.0 if placed else protocol.scale
    random = curves[curves["method"] == "random"]
    for line in (*lines, *([] if random.empty else [Line(random, REFERENCE, "-", "random")])):
        curve = line.curve
        axes.plot(curve["x"], scale * curve["mean"], color=line.colour, linestyle=line.dashes, label=line.label)
        low, high = scale * curve["low"], scale * curve["high"]
        axes.fill_between(curve["x"], low, high, color=line.colour, alpha=0.11, linewidth=0)
    axes.set_xlim(left=0)
    if placed:
        axes.set_yscale("log")
        axes.set_ylim(curves["mean"].quantile(0.97), 0.9)  # as below
        return
    _limit(axes, curves, protocol)
    for _, level in curves[curves["method"] == "oracle"].iterrows():
        axes.axhspan(scale * level["low"], scale * level["high"], color=INK, alpha=0.12, linewidth=0)
        axes.axhline(scale * level["mean"], color=INK, linestyle=":", label="oracle")


def _limit(axes: Axes, curves: pd.DataFrame, protocol: ProtocolRecord) -> None:
    """Leave out the first steps of random search, the worst hundredths of what is drawn."""
    moving, levels = curves[curves["method"] != "oracle"], curves[curves["method"] == "oracle"]
    if protocol.maximise:
        low, high = moving["mean"].quantile(0.02), max([moving["high"].max(), *levels["high"]])
    else:
        low, high = min([moving["low"].min(), *levels["low"]]), moving["mean"].quantile(0.98)
    room = 0.04 * (high - low)
    axes.set_ylim(protocol.scale * (low - room), protocol.scale * (high + room))
