"""fig9: predicted against observed signal on training, validation and unseen architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.findings import TAU, estimate_of, shown, than_the_mean
from neural_predictor.figures.observed_panels import draw_architectures, draw_diagonal, metric_lines
from neural_predictor.figures.published import TEN, TEST, TRAINING, VALIDATION
from neural_predictor.figures.results import caption
from neural_predictor.figures.squares import draw_squares
from neural_predictor.figures.style import add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("kind", "set", "predicted", "observed", "width", "height", "value", "low", "high", "repeats")


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Three panels on the same axes limits: training, validation, and the density of all unseen architectures."""
    with style():
        figure = new_figure(9.6, 4.2)
        panels = figure.subplots(1, 3)
        for letter, name, axes in zip("abc", (TRAINING, VALIDATION, TEST), panels, strict=True):
            part = frame[frame["set"] == name]
            if name == TEST:
                squares, scales = part[part["kind"] == "density"], (protocol.scale, protocol.scale)
                if not squares.empty:
                    names = ("predicted", "observed")
                    draw_squares(figure, axes, squares, names, scales, "architectures a square")
                draw_architectures(axes, frame[frame["set"] == TEN], protocol.scale, "ten evenly spaced")
                architectures = int(part[part["kind"].isin(["density", "outside"])]["value"].sum())
            else:
                draw_architectures(axes, part, protocol.scale, None)
                architectures = int((part["kind"] == "network").sum())
            axes.set_title(
                f"{letter}  {name if name != TEST else 'unseen test'}, {architectures:,} architectures", loc="left"
            )
            axes.set_xlabel(f"predicted {protocol.signal} ({protocol.unit})")
            axes.set_ylabel(f"observed {protocol.signal} ({protocol.unit})")
            axes.autoscale_view()
            draw_diagonal(axes)
            axes.text(0.03, 0.97, metric_lines(part), transform=axes.transAxes, va="top", fontsize=6.8)
        panels[2].legend(loc="upper right", bbox_to_anchor=(1, -0.13), frameon=False)
        add_caption(figure, caption(protocol), characters=205)
        figure.subplots_adjust(left=0.06, right=0.965, top=0.93, bottom=0.27, wspace=0.28)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """Tau and R2 on unseen architectures, and tau on those that were learnt from."""
    rows = frame[frame["kind"].isin(["kendall_tau", "r2"]) & frame["value"].notna()]
    found = {(row["set"], row["kind"]): estimate_of(row) for _, row in rows.iterrows()}
    if not {(TEST, "kendall_tau"), (TEST, "r2")} <= set(found):
        return "Too few unseen architectures are accepted: there are no metrics of them."
    r2 = found[TEST, "r2"]
    said = f"On architectures that it has not seen, the predictor has a {TAU} of {shown(found[TEST, 'kendall_tau'])} "
    said += f"and an R2 of {shown(r2)}: it is {than_the_mean(r2)}."
    if (TRAINING, "kendall_tau") in found:
        said += f" On its training architectures tau is {shown(found[TRAINING, 'kendall_tau'])}."
    return said
