"""fig9-<set>, fig4-<set>: predictors of trained ProxylessNAS networks, and what the networks that one chose give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from neural_predictor.figures.fig9.page import draw_diagonal, draw_networks, metric_lines
from neural_predictor.figures.published import TEST, TRAINING, VALIDATION
from neural_predictor.figures.results import caption
from neural_predictor.figures.style import OKABE_ITO, REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord


FIG9_COLUMNS = ("kind", "set", "predicted", "observed", "value", "low", "high", "repeats", "predictor")
FIG4_COLUMNS = ("panel", "method", "x", "mean", "low", "high")
TITLES = {TRAINING: "training", VALIDATION: "validation", TEST: "held out"}
BESIDE = {
    "variance": "MSE of a constant",
    "depth_tau": "tau of a count of zero layers",
    "tau_between_trainings": "tau of two trainings",
    "reliability_one": "reliability of one training",
    "reliability_mean": "reliability of their mean",
    "sd_between": "deviation between networks",
    "sd_within": "deviation between trainings",
}
"""Kind of number -> what it is, in the order in which they stand beside the panels."""
FONT, LINE = 6.8, 0.044
"""Size in points of numbers in and beside the panels; height of a line, as a share of a panel's."""
METHODS = {"chosen": OKABE_ITO["vermilion"], "random": OKABE_ITO["blue"]}
PANELS = {"validation_by_networks": "validation", "test_by_networks": "test"}


def draw_fig9_children(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Predicted against observed for each set that there is, and beside them the numbers to judge them by."""
    predictors = frame["predictor"].dropna().unique().tolist()
    own = frame[frame["predictor"].isna() | (frame["predictor"] == predictors[0])]
    sets = [name for name in TITLES if ((own["set"] == name) & (own["kind"] == "network")).any()]
    with style():
        width = 2.75 * len(sets) + 2.0
        figure = new_figure(width, 4.3)
        panels = figure.subplots(1, len(sets) + 1, width_ratios=[1.0] * len(sets) + [0.55])
        limits = _limits(own, protocol.scale)
        for letter, name, axes in zip("abc", sets, panels[:-1], strict=False):
            part = own[own["set"] == name]
            draw_networks(axes, part, protocol.scale, None)
            networks = int((part["kind"] == "network").sum())
            axes.set_title(f"{letter}  {TITLES[name]}, {networks:,} networks", loc="left")
            axes.set_xlabel(f"predicted {protocol.signal} ({protocol.unit})")
            axes.set_ylabel(f"observed {protocol.signal} ({protocol.unit})")
            axes.set(xlim=limits, ylim=limits)
            draw_diagonal(axes)
            axes.text(0.03, 0.97, metric_lines(part), transform=axes.transAxes, va="top", fontsize=FONT)
        _draw_beside(panels[-1], frame, protocol.unit)
        add_caption(figure, caption(protocol), characters=int(21.3 * width))
        figure.subplots_adjust(left=0.6 / width, right=1 - 0.1 / width, top=0.93, bottom=0.31, wspace=0.3)
    return figure


def _limits(frame: pd.DataFrame, scale: float) -> tuple[float, float]:
    """The range of all points, predicted and observed, for both axes of all panels."""
    points = scale * frame[frame["kind"] == "network"][["predicted", "observed"]].to_numpy(float)
    room = 0.04 * (points.max() - points.min())
    return float(points.min() - room), float(points.max() + room)


def _draw_beside(axes: Axes, frame: pd.DataFrame, unit: str) -> None:
    """Tau of all predictors on held-out networks, then what bounds or rivals it."""
    axes.set_axis_off()
    held_out = frame[(frame["set"] == TEST) & (frame["kind"] == "kendall_tau")]
    lines = [("Kendall tau, held out", "")]
    lines += [(row["predictor"], _interval(row)) for _, row in held_out.iterrows()]
    lines.append(("To compare with", ""))
    for kind, text in BESIDE.items():
        for _, row in frame[frame["kind"] == kind].iterrows():
            own_unit = f" {unit}²" if kind == "variance" else f" {unit}" if kind.startswith("sd") else ""
            lines.append((text, f"{_interval(row, 2)}{own_unit}" if own_unit else _interval(row)))
    height = 1.0
    for k, (text, numbers) in enumerate(lines):
        height -= 0 if numbers or k == 0 else LINE / 2  # room above a heading
        weight = "normal" if numbers else "bold"
        axes.text(-0.12, height, text, transform=axes.transAxes, va="top", fontsize=FONT, weight=weight)
        if numbers:
            axes.text(-0.05, height - LINE, numbers, transform=axes.transAxes, va="top", fontsize=FONT)
        height -= 2.2 * LINE if numbers else 1.4 * LINE


def _interval(row: pd.Series, decimals: int = 3) -> str:
    value, low, high = (f"{row[name]:.{decimals}f}" for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def draw_fig4_children(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Validation and test of the best by validation, after 1, 2, .. networks, then every network's validation and test.

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
            axes.set_xlabel("networks trained")
            axes.set_ylabel(f"{PANELS[name]} accuracy ({protocol.unit})")
        if len(networks):
            _draw_cloud(panels[-1], networks, protocol.scale)
            panels[-1].set_title(f"{'abc'[count - 1]}  every network", loc="left")
            panels[-1].set_xlabel(f"{protocol.signal} ({protocol.unit})")
            panels[-1].set_ylabel(f"{protocol.target} ({protocol.unit})")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="upper center", ncols=2, frameon=False)
        add_caption(figure, caption(protocol), characters=70 * count)
        figure.subplots_adjust(left=0.18 / count, right=0.985, top=0.87, bottom=0.27, wspace=0.27)
    return figure


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
