"""fig-bridge: tau by N with and without a score by shared weights, and the difference."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.figures.curve_panels import METHOD_COLOURS
from neural_predictor.figures.findings import TAU, estimate_of, listed, order, shown
from neural_predictor.figures.results import caption
from neural_predictor.figures.style import INK, REFERENCE, add_caption, new_figure, style
from neural_predictor.statistics.bootstrap import Estimate

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("kind", "method", "status", "train_size", "value", "low", "high")
TITLES = {"tau": f"{TAU} on the rest", "difference": "what the score adds"}


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """A colour a method in both panels; the predictor without a score is black."""
    rows = frame[frame["status"] == "ok"]
    alone, *methods = rows["method"].unique().tolist()
    colours = {alone: INK} | dict(zip(methods, cycle(METHOD_COLOURS), strict=False))
    with style():
        figure = new_figure(7.2, 4.3)
        panels = figure.subplots(1, len(TITLES))
        for letter, (kind, title), axes in zip("ab", TITLES.items(), panels, strict=True):
            _draw(axes, rows[rows["kind"] == kind], colours)
            axes.set_title(f"{letter}  {title}", loc="left")
        panels[0].set_ylabel(TAU)
        panels[1].set_ylabel("difference of tau")
        panels[1].axhline(0, color=REFERENCE, linewidth=0.9)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper center", ncols=6, frameon=False, columnspacing=1.2)
        add_caption(figure, caption(protocol), characters=150)
        figure.subplots_adjust(left=0.09, right=0.985, top=0.86, bottom=0.26, wspace=0.27)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """Whether each score helps, and from which N on, by the interval of the difference."""
    rows = frame[frame["status"] == "ok"].sort_values("train_size", kind="stable")
    alone = rows[rows["kind"] == "tau"].groupby("method", sort=False).get_group(rows["method"].iloc[0])
    said = listed(f"{shown(estimate_of(row))} with N = {row['train_size']:.0f}" for _, row in alone.iterrows())
    verdicts = [
        f"The score of {name} {_verdict(own)}."
        for name, own in rows[rows["kind"] == "difference"].groupby("method", sort=False)
    ]
    lost = [f"{row['method']} {row['status']}" for _, row in frame[frame["status"] != "ok"].iterrows()]
    verdicts += [f"No scores: {listed(lost)}."] if lost else []
    first = f"With features of the architecture alone, {TAU} on the rest is {said}."
    return " ".join([first, *verdicts, "All splits are of one set of architectures."])


def _verdict(own: pd.DataFrame) -> str:
    """Such as `helps from N = 20 on: 0.050 [0.010, 0.090] with N = 40`, of differences in ascending order of N."""
    sizes, found = own["train_size"].astype(int).tolist(), [estimate_of(row) for _, row in own.iterrows()]
    signs = [order(each, Estimate(0, 0, 0)) for each in found]
    last = f"{shown(found[-1])} with N = {sizes[-1]}"
    if not any(signs):
        return f"makes no difference that can be told at any N: {last}"
    words = []
    for sign, word in ((1, "helps"), (-1, "harms")):
        at = [size for size, each in zip(sizes, signs, strict=True) if each == sign]
        if at and at == sizes[-len(at) :]:
            words.append(f"{word} from N = {at[0]} on")
        elif at:
            words.append(f"{word} with N = {listed(map(str, at))} alone")
    return f"{listed(words)}: {last}"


def _draw(axes: Axes, rows: pd.DataFrame, colours: dict[str, str]) -> None:
    """Methods side by side at each N, with their intervals."""
    sizes = sorted(rows["train_size"].unique().astype(int).tolist())
    groups = list(rows.groupby("method", sort=False))
    for shift, (name, own) in zip(np.linspace(-0.28, 0.28, len(groups)), groups, strict=True):
        errors = np.abs(own[["low", "high"]].to_numpy() - own[["value"]].to_numpy()).T
        places = [sizes.index(size) + shift for size in own["train_size"]]
        axes.errorbar(places, own["value"], errors, fmt="o", color=colours[str(name)], ms=4, lw=1.2, label=name)
    axes.set_xticks(range(len(sizes)), list(map(str, sizes)))
    axes.set_xlim(-0.5, len(sizes) - 0.5)
    axes.grid(axis="x", visible=False)
    axes.set_xlabel("training architectures, N")
