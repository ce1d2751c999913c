"""Fig. 7: the trade-off between N training networks and K validated candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.experiments.results import caption
from neural_predictor.figures.style import INK, REFERENCE, add_caption, new_figure, sequence_colours, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.experiments.results import Protocol

PANELS = {
    "signal_by_samples": (
        "validation",
        "total number of samples, N + K",
        "validation accuracy of the choice (%)",
    ),
    "target_by_samples": ("test", "total number of samples, N + K", "test accuracy of the choice (%)"),
    "target_by_time": (
        "test, by training time",
        "total training time of all N + K (s)",
        "test accuracy of the choice (%)",
    ),
}
_LINES = ("-", (0, (5, 1.2)), (0, (3, 1, 1, 1)))


def draw_fig7(frame: pd.DataFrame, protocol: Protocol) -> Figure:
    """Best-so-far curves for every N with random search and the oracle, one panel a metric and axis."""
    panels = [panel for panel in PANELS if (frame["panel"] == panel).any()]
    with style():
        figure = new_figure(3.6 * len(panels), 4.3)
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for letter, panel, place in zip("abc", panels, axes, strict=False):
            title, x_label, y_label = PANELS[panel]
            _draw_panel(place, frame[frame["panel"] == panel])
            place.set_title(f"{letter}  {title}", loc="left")
            place.set_xlabel(x_label)
            place.set_ylabel(y_label)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            loc="upper center",
            ncols=len(labels),
            frameon=False,
            columnspacing=1.2,
            handlelength=2.2,
        )
        add_caption(figure, caption(protocol), characters=75 * len(panels))
        figure.subplots_adjust(left=0.2 / len(panels), right=0.985, top=0.87, bottom=0.25, wspace=0.26)
    return figure


def _draw_panel(axes: Axes, curves: pd.DataFrame) -> None:
    sizes = sorted(int(size) for size in curves["train_size"].dropna().unique())
    for k, (size, colour) in enumerate(zip(sizes, sequence_colours(len(sizes)), strict=True)):
        curve = curves[(curves["method"] == "predictor") & (curves["train_size"] == size)]
        _draw_curve(axes, curve, colour, _LINES[k % len(_LINES)], f"N = {size}")
    _draw_curve(axes, curves[curves["method"] == "random"], REFERENCE, "-", "random")
    moving = curves[curves["method"] != "oracle"]
    low, high = 100 * moving["mean"].quantile(0.002), 100 * moving["high"].max()
    for _, level in curves[curves["method"] == "oracle"].iterrows():
        axes.axhspan(100 * level["low"], 100 * level["high"], color=INK, alpha=0.12, linewidth=0)
        axes.axhline(100 * level["mean"], color=INK, linestyle=":", label="oracle")
        high = max(high, 100 * level["high"])
    room = 0.04 * (high - low)
    axes.set_ylim(low - room, high + room)
    axes.set_xlim(left=0)


def _draw_curve(axes: Axes, curve: pd.DataFrame, colour: object, line: object, label: str) -> None:
    axes.plot(curve["x"], 100 * curve["mean"], color=colour, linestyle=line, label=label)
    axes.fill_between(curve["x"], 100 * curve["low"], 100 * curve["high"], color=colour, alpha=0.11, linewidth=0)
