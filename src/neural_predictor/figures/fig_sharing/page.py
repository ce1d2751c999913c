"""fig-sharing: a panel a method, its score against the mean of stand-alone trainings."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from neural_predictor.figures.findings import TAU, against, estimate_of, listed, shown
from neural_predictor.figures.results import caption
from neural_predictor.figures.style import OKABE_ITO, REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("kind", "method", "search", "status", "architecture", "score", "observed", "value", "low", "high")
REFERENCES = {
    "reliability_mean": "reliability of the labels",
    "tau_between_trainings": "tau of two trainings",
    "depth_tau": "tau of a count of zero layers",
}
"""Kind of number -> what it is, in the order in which the small print says it."""
COLOURS = ("blue", "orange", "green", "purple", "sky", "vermilion")
"""Of a method's searches."""
PANEL_IN, ACROSS = 2.6, 4


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Scatter of each method with its tau, a colour a search; the small print says what bounds or rivals it."""
    methods = frame["method"].dropna().unique().tolist()
    across = min(len(methods), ACROSS)
    down = -(-len(methods) // across)
    width, height = max(4.2, PANEL_IN * across + 0.4), 2.7 * down + 1.3
    with style():
        figure = new_figure(width, height)
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for letter, name, axes in zip("abcdefghijklmnop", methods, panels, strict=False):
            own = frame[frame["method"] == name]
            axes.set_title(f"{letter}  {name}", loc="left")
            axes.set_xlabel("score by shared weights")
            axes.set_ylabel(f"alone: {protocol.signal} ({protocol.unit})")
            _draw_method(axes, own, protocol.scale)
        for axes in panels[len(methods) :]:
            axes.set_axis_off()
        add_caption(figure, f"{_references(frame)} {caption(protocol)}", characters=int(21.3 * width))
        room = {"left": 0.55 / width, "right": 1 - 0.1 / width, "top": 1 - 0.3 / height, "bottom": 1.45 / height}
        figure.subplots_adjust(**room, wspace=0.35, hspace=0.5)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """Tau of each method, beside a count of layers and two trainings of one architecture."""
    taus = frame[frame["kind"] == "kendall_tau"]
    found = {str(row["method"]): estimate_of(row) for _, row in taus[taus["value"].notna()].iterrows()}
    lost = [f"{row['method']} {row['status']}" for _, row in taus[taus["value"].isna()].iterrows()]
    said = [f"{TAU} of scores and trainings alone: {listed(f'{name} {shown(tau)}' for name, tau in found.items())}."]
    depth = estimate_of(frame[frame["kind"] == "depth_tau"].iloc[0])
    said = said if found else []
    said.append(f"A count of zero layers has {shown(depth)}{f': {against(found, depth)}' if found else ''}.")
    for _, row in frame[frame["kind"] == "tau_between_trainings"].iterrows():
        said.append(f"Two trainings of the same architectures agree with {shown(estimate_of(row))}.")
    return " ".join([*said, *([f"No scores: {listed(lost)}."] if lost else [])])


def _draw_method(axes: Axes, own: pd.DataFrame, scale: float) -> None:
    points = own[own["kind"] == "network"]
    if points.empty:
        axes.text(0.5, 0.5, str(own["status"].iloc[0]), transform=axes.transAxes, ha="center", color=REFERENCE)
        return
    searches = points.groupby("search", sort=False)
    for colour, (_, each) in zip(cycle(COLOURS), searches, strict=False):
        size = 14 if len(searches) == 1 else 8
        axes.scatter(each["score"], scale * each["observed"], s=size, color=OKABE_ITO[colour], alpha=0.7, linewidth=0)
    lines = [f"{text} {_interval(own, kind)}" for kind, text in (("kendall_tau", "tau"), ("recall", "recall"))]
    zeros = ", ".join(f"{value:.0f}" for value in own.loc[own["kind"] == "zero_layers", "value"])
    lines.append(f"choice: {zeros} of 15 layers zero")
    axes.text(0.03, 0.97, "\n".join(lines), transform=axes.transAxes, va="top", fontsize=6.8)
    axes.set_ylim(top=scale * (points["observed"].max() + 0.35 * (points["observed"].max() - points["observed"].min())))


def _references(frame: pd.DataFrame) -> str:
    found = [f"{text} {_interval(frame, kind)}" for kind, text in REFERENCES.items() if (frame["kind"] == kind).any()]
    text = "; ".join(found)
    return f"{text[:1].upper()}{text[1:]}."


def _interval(frame: pd.DataFrame, kind: str) -> str:
    row = frame[frame["kind"] == kind].iloc[0]
    return f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
