"""fig-rounds: trainings and questions to a level, against the batch."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import NullLocator, ScalarFormatter

from neural_predictor.figures.curve_panels import METHOD_COLOURS
from neural_predictor.figures.findings import estimate_of, listed, order, ranked, untold
from neural_predictor.figures.results import caption
from neural_predictor.figures.style import REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.statistics.bootstrap import Estimate

COLUMNS = (
    *("method", "batch", "samples", "low", "high", "reached", "questions"),
    *("level", "level_samples", "budget", "repeats"),
)
MARKERS = ("o", "s", "D", "v", "P", "X", "*")
"""As many as share no divisor with the number of colours, so that pairs differ. Grey are searches that never hold the
level."""


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """A line a search in two panels: trainings to the level, and questions by then."""
    budget, batches = float(frame["budget"].iloc[0]), sorted(frame["batch"].unique())
    names, colours = frame["method"].unique(), cycle(METHOD_COLOURS)
    held = set(frame.loc[frame["samples"].notna(), "method"])
    looks = {name: next(colours) if name in held else REFERENCE for name in names}
    with style():
        figure = new_figure(9.4, 4.6)
        left, right = figure.subplots(1, 2)
        for place, ((name, colour), marker) in enumerate(zip(looks.items(), cycle(MARKERS), strict=False)):
            own = frame[frame["method"] == name].sort_values("batch")
            shift = 1.015 ** (place - len(names) / 2)  # that bars stand side by side
            _draw_samples(left, own.assign(batch=own["batch"] * shift), budget, colour, marker)
            right.plot(own["batch"] * shift, own["questions"], color=colour, marker=marker, markersize=4, label=name)
        left.axhline(budget, color=REFERENCE, linewidth=0.8, linestyle=":")
        left.annotate("budget", (0.22, budget), xycoords=("axes fraction", "data"), fontsize=6.5, va="top")
        left.set_title("a  what parallelism costs", loc="left")
        left.set_ylabel(f"trainings to the level of random search with {int(frame['level_samples'].iloc[0]):,}")
        right.set_title("b  what it saves", loc="left")
        right.set_ylabel("questions until then")
        for axes in (left, right):
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xticks(batches)
            axes.xaxis.set_minor_locator(NullLocator())
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(ScalarFormatter())
            axes.yaxis.set_minor_formatter(ScalarFormatter())
            axes.tick_params(axis="y", which="minor", labelsize=6)
            axes.set_xlabel("architectures trained side by side")
        figure.legend(*right.get_legend_handles_labels(), loc="center right", frameon=False)
        add_caption(figure, f"{_sentence(frame)} {caption(protocol)}", characters=170)
        figure.subplots_adjust(left=0.07, right=0.86, top=0.94, bottom=0.24, wspace=0.2)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """The search that needs the fewest trainings with each batch, what a larger one costs, and the numbers."""
    few, many = frame["batch"].min(), frame["batch"].max()
    said = [_fewest(frame, batch) for batch in sorted({few, many})]
    if few < many:
        said.append(_cost(_trainings(frame, few), _trainings(frame, many)))
    return " ".join([*said, _sentence(frame)])


def _trainings(frame: pd.DataFrame, batch: int) -> dict[str, Estimate]:
    """Search -> trainings to the level with a batch; infinite beyond the budget."""
    part = frame[frame["batch"] == batch].fillna({"samples": np.inf, "low": np.inf, "high": np.inf})
    return {str(row["method"]): estimate_of(row, "samples") for _, row in part.iterrows()}


def _fewest(frame: pd.DataFrame, batch: int) -> str:
    found = _trainings(frame, batch)
    best = ranked(found, maximise=False)[0]
    if np.isinf(found[best].value):
        return f"With {batch:,} at a time, no search holds the level."
    told = f"; {untold(found, best)}" if len(found) > 1 else ""
    return f"With {batch:,} at a time, {best} needs the fewest trainings for the level{told}."


def _cost(few: dict[str, Estimate], many: dict[str, Estimate]) -> str:
    """Which searches the intervals tell with one batch from themselves with another."""
    changes = {name: order(many[name], few[name], maximise=False) for name in few}
    said = [
        f"The larger batch {verb} {listed(names)} trainings."
        for verb, sign in (("costs", -1), ("saves", 1))
        if (names := [name for name, change in changes.items() if change == sign])
    ]
    return " ".join(said) or "For no search do the intervals tell the two batches apart."


def _draw_samples(axes: Axes, own: pd.DataFrame, budget: float, colour: str, marker: str) -> None:
    """Trainings with their intervals; a triangle above the budget where the level is not held within it."""
    held = own[own["samples"].notna()]
    x, samples = (held[name].to_numpy(float) for name in ("batch", "samples"))
    low, high = held["low"].fillna(held["samples"]).to_numpy(float), held["high"].fillna(budget).to_numpy(float)
    ends = [np.maximum(samples - low, 0), np.maximum(high - samples, 0)]
    axes.errorbar(x, samples, ends, color=colour, marker=marker, markersize=4)
    lost = own[own["samples"].isna()]
    above = [1.06 * budget] * len(lost)
    axes.plot(lost["batch"], above, "^", color=colour, markersize=4, fillstyle="none", clip_on=False)


def _sentence(frame: pd.DataFrame) -> str:
    """What the figure says: the searches that hold the level with the smallest and with the largest batch."""
    said = []
    for batch in sorted({frame["batch"].min(), frame["batch"].max()}):
        of_batch = frame[(frame["batch"] == batch) & frame["samples"].notna()].sort_values("samples", kind="stable")
        found = ", ".join(
            f"{row['method']} {_number(row['samples'])} [{_number(row['low'])}, {_number(row['high'])}]"
            for _, row in of_batch.iterrows()
        )
        said.append(f"{batch:,} at a time: {found or 'no search holds it'}.")
    budget, level = int(frame["budget"].iloc[0]), int(frame["level_samples"].iloc[0])
    return (
        f"Trainings, of at most {budget:,}, that hold what random search ends with after {level:,}. {' '.join(said)} "
        "Triangles: not held within the budget. A question waits for the labels of the one before."
    )


def _number(value: float) -> str:
    return "beyond" if pd.isna(value) else f"{value:,.0f}"
