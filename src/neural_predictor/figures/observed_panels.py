"""Panels of predicted against observed: what the pages of fig9 and of its children share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.style import INK, OKABE_ITO

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

METRICS = {"mse": "MSE", "kendall_tau": "Kendall tau", "r2": "R2"}


def draw_architectures(axes: Axes, part: pd.DataFrame, scale: float, label: str | None) -> None:
    """Rows of kind `network` as points, times `scale`; as open diamonds where they have a label for the legend."""
    points = part[part["kind"] == "network"]
    marked = label is not None
    axes.scatter(
        scale * points["predicted"],
        scale * points["observed"],
        s=34 if marked else 14,
        marker="D" if marked else "o",
        facecolor="none" if marked else OKABE_ITO["blue"],
        edgecolor=OKABE_ITO["vermilion"] if marked else "none",
        alpha=1 if marked else 0.7,
        label=label,
        zorder=3,
    )


def draw_diagonal(axes: Axes) -> None:
    """The line of equality, as far as points reach, with room above them for the metrics."""
    limits = [axes.get_xlim(), axes.get_ylim()]
    low, high = max(limits[0][0], limits[1][0]), min(limits[0][1], limits[1][1])
    if low < high:
        axes.plot([low, high], [low, high], color=INK, linestyle=":", linewidth=0.9, zorder=4)
    axes.set_xlim(limits[0])
    low, high = limits[1]
    axes.set_ylim(low, high + 0.22 * (high - low))  # room for the metrics above the points


def metric_lines(part: pd.DataFrame) -> str:
    """The metrics among rows of one set, with intervals, a line each."""
    lines = []
    for kind, name in METRICS.items():
        for _, row in part[part["kind"] == kind].iterrows():
            value = (
                f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
                if row["repeats"]
                else "too few architectures"
            )
            lines.append(f"{name} {value}")
    return "\n".join(lines)
