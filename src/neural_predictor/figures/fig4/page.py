"""Fig. 4 and its variants: searches side by side."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from neural_predictor.figures import curve_panels
from neural_predictor.figures.curve_findings import curve_finding
from neural_predictor.figures.curve_panels import (
    DASHES,
    METHOD_COLOURS,
    PANELS,
    PLACE,
    Line,
    draw_curves,
    draw_panel,
    y_label,
)
from neural_predictor.figures.results import caption
from neural_predictor.figures.style import add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = curve_panels.COLUMNS
TOGETHER = len(METHOD_COLOURS)
"""Methods in one panel, at most: as many as there are colours."""
IN_A_ROW = 5
"""Methods in a row of panels, where there are more."""


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """One curve a predictor and search, random search and the oracle; N is marked. Many searches take several rows."""
    methods = [method for method in frame["method"].unique() if method not in ("random", "oracle")]
    if len(methods) > TOGETHER:
        return _draw_rows(frame, protocol, methods)
    return draw_curves(frame, protocol, lambda curves: _lines(curves, methods), mark_sizes=True)


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """The best search, and all of them beside random search."""
    return curve_finding(frame, protocol)


def _lines(curves: pd.DataFrame, methods: list[str]) -> list[Line]:
    styles = zip(methods, cycle(METHOD_COLOURS), cycle(DASHES), strict=False)
    return [Line(curves[curves["method"] == name], colour, dashes, name) for name, colour, dashes in styles]


def _draw_rows(frame: pd.DataFrame, protocol: ProtocolRecord, methods: list[str]) -> Figure:
    """A row of panels for every few methods, the best at the end first, each with random search and the oracle."""
    panels = [panel for panel in PANELS if (frame["panel"] == panel).any()]
    ranked = _ranked(frame, protocol, methods)
    groups = [ranked[start : start + IN_A_ROW] for start in range(0, len(ranked), IN_A_ROW)]
    with style():
        figure = new_figure(3.4 * len(panels) + 1.4, 2.5 * len(groups) + 1.4)
        grid = figure.subplots(len(groups), len(panels), squeeze=False, sharex="col", sharey="col")
        for row, group in zip(grid, groups, strict=True):
            for panel, axes in zip(panels, row, strict=True):
                curves = frame[frame["panel"] == panel]
                draw_panel(axes, curves, _lines(curves, group), protocol)
                axes.set_ylabel(y_label(panel, protocol))
            handles, labels = row[0].get_legend_handles_labels()
            row[-1].legend(handles, labels, loc="upper left", bbox_to_anchor=(1.02, 1.02), frameon=False)
        for letter, panel, top, bottom in zip("abcd", panels, grid[0], grid[-1], strict=False):
            top.set_title(f"{letter}  {PANELS[panel][0]}", loc="left")
            bottom.set_xlabel(PANELS[panel][1])
        text = " ".join([*_sentence(frame, ranked), caption(protocol)])
        add_caption(figure, text, characters=72 * len(panels))
        height = figure.get_figheight()
        figure.subplots_adjust(
            left=0.7 / figure.get_figwidth(),
            right=1 - 1.35 / figure.get_figwidth(),
            top=1 - 0.3 / height,
            bottom=1.25 / height,
            wspace=0.34,
            hspace=0.12,
        )
    return figure


def _ranked(frame: pd.DataFrame, protocol: ProtocolRecord, methods: list[str]) -> list[str]:
    """Methods by the mean signal that they end with, the best first."""
    curves = frame[(frame["panel"] == "signal_by_samples") & frame["method"].isin(methods)]
    ends = curves.sort_values("x", kind="stable").groupby("method", sort=False)["mean"].last()
    return [str(name) for name in ends.sort_values(ascending=not protocol.maximise, kind="stable").index]


def _sentence(frame: pd.DataFrame, ranked: list[str]) -> list[str]:
    """What the figure says: the places that the searches end at."""
    curves = frame[frame["panel"] == PLACE]
    if curves.empty:
        return []
    ends = {str(name): part.nlargest(1, "x").iloc[0] for name, part in curves.groupby("method")}
    shown = sorted((name for name in (*ranked, "random") if name in ends), key=lambda name: float(ends[name]["mean"]))
    places = ", ".join(
        f"{name} {ends[name]['mean']:.3g} [{ends[name]['low']:.3g}, {ends[name]['high']:.3g}]" for name in shown
    )
    return [f"Place of the choice after {curves['x'].max():,} trainings, geometric mean over repeats: {places}."]
