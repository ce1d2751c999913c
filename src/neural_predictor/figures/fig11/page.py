"""fig11: share of the true front's hypervolume against trainings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.findings import estimate_of, ranked, untold
from neural_predictor.figures.frontier import cost_name
from neural_predictor.figures.results import caption
from neural_predictor.figures.style import OKABE_ITO, REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("kind", "search", "cost", "bound", "x", "mean", "low", "high", "repeats")
FROM, SHOWN = 10, 30
"""Trainings from which on curves are drawn, and from which on all of them are within the axes."""


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """One curve a search: mean over repeats, and its interval."""
    shares = frame[(frame["kind"] == "share") & (frame["x"] >= FROM)]
    names = shares["search"].unique().tolist()
    colours = iter(OKABE_ITO.values())
    with style():
        figure = new_figure(7.2, 5.0)
        axes = figure.subplots()
        for name in sorted(names, key=lambda each: each == "random"):
            curve = shares[shares["search"] == name]
            colour = REFERENCE if name == "random" else next(colours)
            axes.plot(curve["x"], 100 * curve["mean"], color=colour, label=name)
            axes.fill_between(
                curve["x"], 100 * curve["low"], 100 * curve["high"], color=colour, alpha=0.13, linewidth=0
            )
        axes.set_xlim(FROM, shares["x"].max())
        axes.set_ylim(100 * shares.loc[shares["x"] >= SHOWN, "mean"].min() - 2, 100.4)
        axes.set_xlabel("trainings")
        axes.set_ylabel("share of the true front's hypervolume (%)")
        axes.set_title(f"{protocol.signal} against {cost_name(str(frame['cost'].iloc[0]))}", loc="left")
        axes.legend(loc="lower right", frameon=False, ncols=2)
        said = _said(shares)
        end = add_caption(figure, f"{said} {caption(protocol)}", characters=150)
        figure.subplots_adjust(left=0.1, right=0.98, top=0.94, bottom=end + 0.11)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """The search with the largest share at the end, what intervals tell it from, and the shares of all."""
    last = _last(frame[frame["kind"] == "share"])
    found = {str(row["search"]): estimate_of(row, "mean") for _, row in last.iterrows()}
    best = ranked(found)[0]
    told = f"; {untold(found, best)}" if len(found) > 1 else ""
    return (
        f"After {int(last['x'].iloc[0])} trainings {best} has the largest share of the true front's "
        f"hypervolume{told}: {_shares(last)}."
    )


def _said(shares: pd.DataFrame) -> str:
    """What the curves end with."""
    last = _last(shares)
    return f"After {int(last['x'].iloc[0])} trainings: {_shares(last)}."


def _last(shares: pd.DataFrame) -> pd.DataFrame:
    """The ends of the curves, the best first."""
    ends: pd.DataFrame = shares[shares["x"] == shares["x"].max()]
    return ends.sort_values("mean", ascending=False)


def _shares(last: pd.DataFrame) -> str:
    each = [f"{row['search']} {row['mean']:.1%} [{row['low']:.1%}, {row['high']:.1%}]" for _, row in last.iterrows()]
    return ", ".join(each)
