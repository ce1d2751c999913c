"""fig10: predicted accuracy against cost, the fronts, and what was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.figures.frontier import cost_name
from neural_predictor.figures.results import caption
from neural_predictor.figures.squares import draw_squares
from neural_predictor.figures.style import INK, OKABE_ITO, REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("kind", "metric", "cost", "goodness", "width", "height", "value", "name")
POINTS = {
    "random": (REFERENCE, "x", "at random"),
    "further": (OKABE_ITO["sky"], "x", "more at random"),
    "trained": (OKABE_ITO["blue"], "o", "chosen by the predictor"),
}
"""Kind of what was trained -> its colour, marker and label."""
FRONTS = {"true_front": "true front", "trained_front": "front of what was trained"}


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Left predictions and their front, right what was trained and the front that is known, on the same axes."""
    metric = cost_name(str(frame["metric"].iloc[0]))
    value = frame.dropna(subset=["value"]).drop_duplicates("kind").set_index("kind")["value"]
    with style():
        figure = new_figure(9.2, 4.5)
        left, right = figure.subplots(1, 2, sharex=True, sharey=True)
        squares = frame[frame["kind"] == "density"]
        draw_squares(figure, left, squares, ("cost", "goodness"), (1, protocol.scale), "candidates a square")
        _front(left, frame, "predicted_front", protocol.scale, OKABE_ITO["vermilion"], "predicted front")
        _known(left, frame, protocol.scale)
        left.set_title(f"a  predicted, {int(value['candidates']):,} candidates", loc="left")
        _trained(right, frame, protocol.scale)
        right.set_title("b  observed", loc="left")
        for axes, name in ((left, "predicted"), (right, "observed")):
            for bound in frame.loc[frame["kind"] == "bound", "cost"]:
                axes.axvline(bound, color=INK, linewidth=0.7, linestyle=":")
            axes.set_xlabel(metric)
            axes.set_ylabel(f"{name} {protocol.signal} ({protocol.unit})")
            axes.yaxis.set_tick_params(labelleft=True)
        _limit(left, frame, protocol)
        corner = _empty_corner(left, frame, protocol.scale)
        for axes in (left, right):
            axes.legend(loc=corner, framealpha=0.9, edgecolor="none")  # over dotted lines
        dotted = " Dotted: bounds." if (frame["kind"] == "bound").any() else ""
        end = add_caption(figure, f"{_said(frame, value)}{dotted} {caption(protocol)}", characters=195)
        figure.subplots_adjust(left=0.065, right=0.985, top=0.93, bottom=end + 0.13, wspace=0.2)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """What the predictor's choice adds to the random architectures, then the shares of hypervolumes."""
    value = frame.dropna(subset=["value"]).drop_duplicates("kind").set_index("kind")["value"]
    return f"{_verdict(frame, value)} {_said(frame, value)} One search: no interval."


def _verdict(frame: pd.DataFrame, value: pd.Series) -> str:
    """What is seen, in words that follow from the shares alone."""
    before, after = float(value["share_random"]), float(value["share"])
    if "share_further" in value:
        other = float(value["share_further"])
        chosen, further = ((frame["kind"] == kind).sum() for kind in ("trained", "further"))
        more = "more than" if after > other else "as much as" if after == other else "less than"
        return f"The {chosen} that the predictor chose add {more} {further} further ones at random."
    if after == before:
        return "What the predictor chose adds nothing to the front of the random architectures."
    if not (frame["kind"] == "true_front").any():
        return "What the predictor chose improves the front of the random architectures."
    gap = (after - before) / (1 - before)
    return f"What the predictor chose closes {gap:.0%} of the gap between the random architectures and the true front."


def _said(frame: pd.DataFrame, value: pd.Series) -> str:
    size = int((frame["kind"] == "true_front").sum())
    if size:
        return (
            f"What was trained has {value['share']:.1%} of the hypervolume of the true front of {size} architectures, "
            f"the random ones alone {value['share_random']:.1%}; Kendall tau of all predictions {value['tau']:.2f}."
        )
    further = f", with those more at random {value['share_further']:.1%}" if "share_further" in value else ""
    return (
        f"Of the hypervolume of all that was trained, the first random architectures alone have "
        f"{value['share_random']:.1%}, with what the predictor chose {value['share']:.1%}{further}."
    )


def _trained(axes: Axes, frame: pd.DataFrame, scale: float) -> None:
    for kind, (colour, marker, label) in POINTS.items():
        part = frame[frame["kind"] == kind]
        if len(part):
            y = scale * part["goodness"]
            axes.plot(part["cost"], y, marker, color=colour, markersize=3.2, label=f"{len(part)} {label}")
    for kind, label in FRONTS.items():
        if (frame["kind"] == kind).any():
            _front(axes, frame, kind, scale, OKABE_ITO["green"], label)


def _known(axes: Axes, frame: pd.DataFrame, scale: float) -> None:
    for _, row in frame[frame["kind"] == "known"].iterrows():
        label = f"{row['name']}, {row['cost']:.3g} ms"
        axes.plot([row["cost"]], [scale * row["goodness"]], "*", color=INK, markersize=8, label=label)


def _front(axes: Axes, frame: pd.DataFrame, kind: str, scale: float, colour: str, label: str) -> None:
    part = frame[frame["kind"] == kind].sort_values("cost")
    axes.step(part["cost"], scale * part["goodness"], where="post", color=colour, label=f"{label}, {len(part)}")


def _empty_corner(axes: Axes, frame: pd.DataFrame, scale: float) -> str:
    """The corner on the right, where no front is, with fewer points within the limits of the axes."""
    points = frame[frame["kind"].isin(["density", *POINTS]) & (frame["cost"] > np.mean(axes.get_xlim()))]
    upper = scale * points["goodness"] > np.mean(axes.get_ylim())
    return "lower right" if upper.sum() >= (~upper).sum() else "upper right"


def _limit(axes: Axes, frame: pd.DataFrame, protocol: ProtocolRecord) -> None:
    """Limits that hold all points, less the worst twentieth of the observed."""
    points = frame[frame["kind"].isin(["density", "predicted_front", *POINTS, *FRONTS, "known"])]
    y = protocol.scale * points["goodness"]
    ends = (y.quantile(0.02), y.max()) if protocol.maximise else (y.min(), y.quantile(0.98))
    room = 0.04 * (ends[1] - ends[0])
    axes.set_ylim(ends[0] - room, ends[1] + room)
    right = (points["cost"] + points["width"].fillna(0)).max()
    axes.set_xlim(points["cost"].min() - 0.02 * right, 1.02 * right)
