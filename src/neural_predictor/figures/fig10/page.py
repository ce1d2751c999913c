"""fig10: predicted accuracy against cost, the fronts, and what was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.frontier import cost_name
from neural_predictor.figures.results import caption
from neural_predictor.figures.squares import draw_squares
from neural_predictor.figures.style import INK, OKABE_ITO, REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("kind", "metric", "cost", "goodness", "width", "height", "value")


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Left predictions and their front, right what was trained and the table's own front, on the same axes."""
    metric = cost_name(str(frame["metric"].iloc[0]))
    value = frame.dropna(subset=["value"]).drop_duplicates("kind").set_index("kind")["value"]
    with style():
        figure = new_figure(9.2, 4.5)
        left, right = figure.subplots(1, 2, sharex=True, sharey=True)
        squares = frame[frame["kind"] == "density"]
        draw_squares(figure, left, squares, ("cost", "goodness"), (1, protocol.scale), "candidates a square")
        _front(left, frame, "predicted_front", protocol.scale, OKABE_ITO["vermilion"], "predicted front")
        left.set_title(f"a  predicted, {int(value['candidates']):,} candidates", loc="left")
        for kind, colour, marker, label in (
            ("random", REFERENCE, "x", "at random"),
            ("trained", OKABE_ITO["blue"], "o", "trained on the predicted front"),
        ):
            part = frame[frame["kind"] == kind]
            right.plot(
                part["cost"],
                protocol.scale * part["goodness"],
                marker,
                color=colour,
                markersize=3.2,
                label=f"{len(part)} {label}",
            )
        _front(right, frame, "true_front", protocol.scale, OKABE_ITO["green"], "true front")
        right.set_title("b  observed", loc="left")
        for axes, name in ((left, "predicted"), (right, "observed")):
            for bound in frame.loc[frame["kind"] == "bound", "cost"]:
                axes.axvline(bound, color=INK, linewidth=0.7, linestyle=":")
            axes.set_xlabel(metric)
            axes.set_ylabel(f"{name} {protocol.signal} ({protocol.unit})")
            axes.yaxis.set_tick_params(labelleft=True)
            axes.legend(loc="lower right" if protocol.maximise else "upper right", frameon=False)
        _limit(left, frame, protocol)
        add_caption(figure, f"{_said(frame, value)} {caption(protocol)}", characters=195)
        figure.subplots_adjust(left=0.065, right=0.985, top=0.93, bottom=0.31, wspace=0.2)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """Share of the true front's hypervolume that was trained, and tau of all predictions."""
    return _said(frame, frame.dropna(subset=["value"]).drop_duplicates("kind").set_index("kind")["value"])


def _said(frame: pd.DataFrame, value: pd.Series) -> str:
    size = int((frame["kind"] == "true_front").sum())
    return (
        f"What was trained has {value['share']:.1%} of the hypervolume of the true front of {size} architectures, the "
        f"random ones alone {value['share_random']:.1%}; Kendall tau of all predictions {value['tau']:.2f}. "
        "Dotted: bounds."
    )


def _front(axes: Axes, frame: pd.DataFrame, kind: str, scale: float, colour: str, label: str) -> None:
    part = frame[frame["kind"] == kind].sort_values("cost")
    axes.step(part["cost"], scale * part["goodness"], where="post", color=colour, label=f"{label}, {len(part)}")


def _limit(axes: Axes, frame: pd.DataFrame, protocol: ProtocolRecord) -> None:
    """Limits that hold all points, less the worst twentieth of the observed."""
    points = frame[frame["kind"].isin(["density", "predicted_front", "random", "trained", "true_front"])]
    y = protocol.scale * points["goodness"]
    ends = (y.quantile(0.02), y.max()) if protocol.maximise else (y.min(), y.quantile(0.98))
    room = 0.04 * (ends[1] - ends[0])
    axes.set_ylim(ends[0] - room, ends[1] + room)
    right = (points["cost"] + points["width"].fillna(0)).max()
    axes.set_xlim(points["cost"].min() - 0.02 * right, 1.02 * right)
