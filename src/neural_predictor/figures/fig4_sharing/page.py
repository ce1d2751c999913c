"""fig4-sharing: test accuracy of choices over core seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.findings import against, estimate_of, listed, metric, ranked
from neural_predictor.figures.results import caption
from neural_predictor.figures.style import OKABE_ITO, REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("kind", "method", "networks", "x", "mean", "low", "high")
COLOURS = ("vermilion", "green", "orange", "purple", "sky")
WIDTH_IN, HEIGHT_IN = 5.4, 5.2


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Random search as a band, the predictor by its N, a filled point for each method's choice."""
    with style():
        figure = new_figure(WIDTH_IN, HEIGHT_IN)
        (axes,) = figure.subplots(1, 1, squeeze=False).ravel()
        scaled = frame.assign(**{name: protocol.scale * frame[name] for name in ("mean", "low", "high")})
        _references(axes, scaled)
        _methods(axes, scaled)
        axes.set_xscale("log")
        axes.set_xlabel("core seconds of the whole search")
        axes.set_ylabel(f"{protocol.target} of the choice ({protocol.unit})")
        axes.legend(loc="lower left", fontsize=6.5)
        add_caption(figure, caption(protocol), characters=int(21.3 * WIDTH_IN))
        figure.subplots_adjust(left=0.11, right=0.98, top=0.98, bottom=0.42)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """Each method's choice against the predictor of the largest N and random search of about as many seconds."""
    choices = frame[frame["kind"] == "choice"]
    predictor = frame[frame["kind"] == "predictor"].sort_values("x").iloc[-1]
    own = estimate_of(predictor, "mean", protocol.scale)
    found = {str(row["method"]): estimate_of(row, "mean", protocol.scale) for _, row in choices.iterrows()}
    seconds = {str(row["method"]): float(row["x"]) for _, row in choices.iterrows()}
    said = [
        f"{name} {metric(found[name], protocol)} after {seconds[name]:,.0f} core seconds"
        for name in ranked(found, maximise=protocol.maximise)
    ]
    return (
        f"The predictor's choice with N = {predictor['networks']:.0f} has {metric(own, protocol)} after "
        f"{predictor['x']:,.0f} core seconds, all trainings counted. Choices of methods that share weights: "
        f"{listed(said)}; by the intervals, against the predictor's, {against(found, own, maximise=protocol.maximise)}."
    )


def _references(axes: Axes, frame: pd.DataFrame) -> None:
    """Random search, the predictor, and the best of the set."""
    parts = {kind: part.sort_values("x") for kind, part in frame.groupby("kind")}
    random, predictor = parts["random"], parts["predictor"]
    axes.fill_between(random["x"], random["low"], random["high"], color=REFERENCE, alpha=0.15, linewidth=0)
    axes.plot(random["x"], random["mean"], color=REFERENCE, label="random search")
    for name, own in predictor.groupby("method", sort=False):
        errors = [(own["mean"] - own["low"]).tolist(), (own["high"] - own["mean"]).tolist()]
        axes.errorbar(
            own["x"], own["mean"], errors, color=OKABE_ITO["blue"], marker="s", ms=4, lw=1, label=f"{name}, by N"
        )
        for _, row in own.iterrows():
            axes.annotate(
                f"{row['networks']:.0f}", (row["x"], row["mean"]), (3, 3), textcoords="offset points", fontsize=6
            )
    axes.axhline(parts["best"]["mean"].iloc[0], color=REFERENCE, linestyle=":", linewidth=1, label="best of the set")


def _methods(axes: Axes, frame: pd.DataFrame) -> None:
    """A filled point for a method's choice, an open one for what it scores highest in the set."""
    names = frame.loc[frame["kind"].isin(["choice", "among"]), "method"].unique().tolist()
    for k, name in enumerate(names):
        colour = OKABE_ITO[COLOURS[k % len(COLOURS)]]
        for kind, fill in (("choice", colour), ("among", "none")):
            own = frame[(frame["kind"] == kind) & (frame["method"] == name)]
            errors = [(own["mean"] - own["low"]).tolist(), (own["high"] - own["mean"]).tolist()]
            label = name if kind == "choice" else None
            axes.errorbar(
                own["x"], own["mean"], errors, color=colour, marker="o", mfc=fill, ms=5, lw=0.8, ls="", label=label
            )
    axes.plot([], [], "o", color=REFERENCE, mfc="none", ms=5, label="its best by score in the set")
