"""Fig. 6: the N architectures of a cascade, and what its classifier accepts and rejects of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.findings import estimate_of, order, shown
from neural_predictor.figures.results import caption
from neural_predictor.figures.style import INK, OKABE_ITO, REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("kind", "name", "low", "high", "value", "repeats")
COLOURS = {"training": REFERENCE, "accepted": OKABE_ITO["blue"], "rejected": OKABE_ITO["vermilion"]}


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Histogram of the training architectures (left); of accepted and rejected ones, with the metrics (right)."""
    with style():
        figure = new_figure(7.2, 3.9)
        left, right = figure.subplots(1, 2)
        bins = frame[frame["kind"] == "bin"]
        trained = bins[bins["name"] == "training"]
        _bars(left, trained, "training", protocol.scale)
        left.set_title(f"a  the N = {int(trained['value'].sum())} training architectures", loc="left")
        for name in ("accepted", "rejected"):
            _bars(right, bins[bins["name"] == name], name, protocol.scale)
        right.set_title("b  all other architectures", loc="left")
        bounds = protocol.scale * frame[frame["kind"] == "bound"]["value"]
        for axes in (left, right):
            for bound in bounds:
                label = f"accurate: {'above' if protocol.maximise else 'below'} {bound:.4g} {protocol.unit}"
                axes.axvline(bound, color=INK, linestyle=":", linewidth=1, label=label)
            axes.set_xlabel(f"{protocol.signal} ({protocol.unit})")
            axes.set_ylabel("architectures")
        handles, labels = right.get_legend_handles_labels()
        right.legend(handles, labels, loc="upper left", frameon=False)
        right.margins(y=0.3)
        metrics = frame[frame["kind"] == "metric"]
        lines = [
            f"{row['name']} {row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]" for _, row in metrics.iterrows()
        ]
        if not lines:
            lines = ["no repeat allowed a classifier"]
        right.text(0.03, 0.66, "\n".join(lines), transform=right.transAxes, fontsize=7, va="top")
        add_caption(figure, caption(protocol), characters=150)
        figure.subplots_adjust(left=0.08, right=0.985, top=0.93, bottom=0.26, wspace=0.24)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """How often an accepted architecture is accurate, beside any architecture, and how many accurate ones are lost."""
    metrics = frame[(frame["kind"] == "metric") & frame["value"].notna()]
    share = {str(row["name"]): estimate_of(row, scale=100) for _, row in metrics.iterrows()}
    if not {"precision", "recall"} <= set(share):
        return "No repeat has a classifier that accepts architectures: there is no precision."
    said = f"{shown(share['precision'], 1, '%')} of the architectures that the classifier accepts are accurate"
    if "base rate" in share:
        verdict = order(share["precision"], share["base rate"])
        word = {1: "more", 0: "not surely more", -1: "fewer"}[verdict]
        said += f", {word} than of all, {shown(share['base rate'], 1, '%')}"
    return f"{said}. It accepts {shown(share['recall'], 1, '%')} of the accurate ones."


def _bars(axes: Axes, bins: pd.DataFrame, name: str, scale: float) -> None:
    edges = scale * bins["low"]
    widths = scale * (bins["high"] - bins["low"])
    label = f"{name}: {int(bins['value'].sum()):,} shown" if name != "training" else None
    axes.bar(edges, bins["value"], widths, align="edge", color=COLOURS[name], alpha=0.55, linewidth=0, label=label)
    if name == "rejected" and len(bins):  # an outline too, so that overlap is seen without colour
        ends = [*edges, edges.iloc[-1] + widths.iloc[-1]]
        axes.step(ends, [*bins["value"], 0], where="post", color=COLOURS[name])
