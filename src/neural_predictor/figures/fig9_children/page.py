"""fig9-<set>: predictors of trained ProxylessNAS architectures in cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.findings import TAU, against, estimate_of, listed, shown
from neural_predictor.figures.observed_panels import draw_architectures, draw_diagonal, metric_lines
from neural_predictor.figures.published import TEST, TRAINING, VALIDATION
from neural_predictor.figures.results import caption
from neural_predictor.figures.style import add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord


COLUMNS = ("kind", "set", "predicted", "observed", "value", "low", "high", "repeats", "predictor")
TITLES = {TRAINING: "training", VALIDATION: "validation", TEST: "held out"}
BESIDE = {
    "variance": "MSE of a constant",
    "depth_tau": "tau of a count of zero layers",
    "tau_between_trainings": "tau of two trainings",
    "reliability_one": "reliability of one training",
    "reliability_mean": "reliability of their mean",
    "sd_between": "deviation of architectures",
    "sd_within": "deviation of trainings",
}
"""Kind of number -> what it is, in the order in which they stand beside the panels."""
FONT, LINE = 6.8, 0.044
"""Size in points of numbers in and beside the panels; height of a line, as a share of a panel's."""


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
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
            draw_architectures(axes, part, protocol.scale, None)
            architectures = int((part["kind"] == "network").sum())
            axes.set_title(f"{letter}  {TITLES[name]}, {architectures:,} architectures", loc="left")
            axes.set_xlabel(f"predicted {protocol.signal} ({protocol.unit})")
            axes.set_ylabel(f"observed {protocol.signal} ({protocol.unit})")
            axes.set(xlim=limits, ylim=limits)
            draw_diagonal(axes)
            axes.text(0.03, 0.97, metric_lines(part), transform=axes.transAxes, va="top", fontsize=FONT)
        _draw_beside(panels[-1], frame, protocol.unit)
        add_caption(figure, caption(protocol), characters=int(21.3 * width))
        figure.subplots_adjust(left=0.6 / width, right=1 - 0.1 / width, top=0.93, bottom=0.31, wspace=0.3)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """Tau of the predictors on held-out architectures, beside a count of layers and two trainings of one."""
    rows = frame[(frame["set"] == TEST) & (frame["kind"] == "kendall_tau") & frame["value"].notna()]
    taus = {str(row["predictor"]): estimate_of(row) for _, row in rows.iterrows()}
    beside = {str(row["kind"]): estimate_of(row) for _, row in frame[frame["kind"].isin(BESIDE)].iterrows()}
    if not taus:
        return f"Too few architectures are held out: there is no {TAU}."
    said = f"{TAU} on held-out architectures: {listed(f'{name} {shown(tau)}' for name, tau in taus.items())}."
    said += f" A count of zero layers has {shown(beside['depth_tau'])}: {against(taus, beside['depth_tau'])}."
    if "tau_between_trainings" in beside:
        said += f" Two trainings of the same architectures agree with {shown(beside['tau_between_trainings'])}."
    return said


def _limits(frame: pd.DataFrame, scale: float) -> tuple[float, float]:
    """The range of all points, predicted and observed, for both axes of all panels."""
    points = scale * frame[frame["kind"] == "network"][["predicted", "observed"]].to_numpy(float)
    room = 0.04 * (points.max() - points.min())
    return float(points.min() - room), float(points.max() + room)


def _draw_beside(axes: Axes, frame: pd.DataFrame, unit: str) -> None:
    """Tau of all predictors on held-out architectures, then what bounds or rivals it."""
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
