"""fig4-<set>: what the trained ProxylessNAS architectures that a predictor chose give, against random ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from neural_predictor.figures.findings import estimate_of, metric, order
from neural_predictor.figures.results import caption
from neural_predictor.figures.style import OKABE_ITO, REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("panel", "method", "x", "mean", "low", "high")
METHODS = {"chosen": OKABE_ITO["vermilion"], "random": OKABE_ITO["blue"]}
PANELS = {"validation_by_networks": "validation", "test_by_networks": "test"}


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Validation and test of the best by validation after 1, 2, .. trainings, then those of every architecture.

    Panels without numbers, such as test accuracies that nobody measured, are left out.
    """
    with style():
        networks = frame[(frame["panel"] == "network") & frame["mean"].notna()]
        names = [name for name in PANELS if (frame["panel"] == name).any()]
        count = len(names) + bool(len(networks))
        figure = new_figure(3.3 * count, 4.2)
        panels = figure.subplots(1, count, squeeze=False)[0]
        for letter, name, axes in zip("ab", names, panels, strict=False):
            _draw_search(axes, frame[frame["panel"] == name], protocol.scale)
            axes.set_title(f"{letter}  {PANELS[name]} of the best by validation", loc="left")
            axes.set_xlabel("architectures trained")
            axes.set_ylabel(f"{PANELS[name]} accuracy ({protocol.unit})")
        if len(networks):
            _draw_cloud(panels[-1], networks, protocol.scale)
            panels[-1].set_title(f"{'abc'[count - 1]}  every architecture", loc="left")
            panels[-1].set_xlabel(f"{protocol.signal} ({protocol.unit})")
            panels[-1].set_ylabel(f"{protocol.target} ({protocol.unit})")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="upper center", ncols=2, frameon=False)
        add_caption(figure, caption(protocol), characters=70 * count)
        figure.subplots_adjust(left=0.18 / count, right=0.985, top=0.87, bottom=0.27, wspace=0.27)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """Where the predictor's choice lies in the band of random orders, after as many trainings."""
    said = []
    for panel, name in PANELS.items():
        curves = frame[frame["panel"] == panel]
        ends = {str(method): part.nlargest(1, "x").iloc[0] for method, part in curves.groupby("method")}
        if set(ends) != set(METHODS):
            continue
        own, random = (estimate_of(ends[method], "mean", protocol.scale) for method in METHODS)
        where = {1: "better than", 0: "within", -1: "worse than"}[order(own, random, maximise=protocol.maximise)]
        said.append(
            f"After {int(ends['chosen']['x'])} trainings, the {name} accuracy of what the predictor chose is "
            f"{metric(own, protocol)}, {where} the band of random orders, {metric(random, protocol)}."
        )
    return " ".join(said) or "No architecture that was chosen could be trained."


def _draw_search(axes: Axes, curves: pd.DataFrame, scale: float) -> None:
    for method, colour in METHODS.items():
        curve = curves[curves["method"] == method]
        marker = "D" if method == "chosen" else "o"
        label = "chosen by the predictor, best prediction first" if method == "chosen" else "random, mean and band"
        axes.plot(curve["x"], scale * curve["mean"], color=colour, marker=marker, markersize=3, label=label)
        if method == "random":
            axes.fill_between(curve["x"], scale * curve["low"], scale * curve["high"], color=colour, alpha=0.15, lw=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_cloud(axes: Axes, networks: pd.DataFrame, scale: float) -> None:
    for method in ("random", "chosen"):
        part = networks[networks["method"] == method]
        chosen = method == "chosen"
        axes.scatter(
            scale * part["x"],
            scale * part["mean"],
            s=30 if chosen else 14,
            marker="D" if chosen else "o",
            facecolor="none" if chosen else METHODS[method],
            edgecolor=METHODS[method] if chosen else "none",
            alpha=1 if chosen else 0.6,
        )
    axes.axline((scale * networks["x"].mean(),) * 2, slope=1, color=REFERENCE, linestyle=":", linewidth=0.9)
