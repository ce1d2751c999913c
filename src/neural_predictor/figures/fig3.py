"""Fig. 3: search signal against reported metric, the whole space and its best corner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.experiments.results import caption
from neural_predictor.figures.style import INK, add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.experiments.results import Protocol

ZOOM_QUANTILE = 0.9
ORACLE_COLOUR, POINT_COLOUR = "#d55e00", "#0072b2"  # vermilion and blue of the Okabe-Ito palette


def draw_fig3(frame: pd.DataFrame, protocol: Protocol) -> Figure:
    """Scatter of all architectures (left) and of those in the top tenth by the signal (right), with the oracle."""
    points = frame[frame["kind"] == "architecture"]
    oracle = frame[frame["kind"] == "oracle"].iloc[0]
    with style():
        figure = new_figure(7.2, 4.1)
        whole, zoom = figure.subplots(1, 2)
        _scatter(whole, points, oracle)
        whole.set_title(f"a  all {len(points):,} architectures", loc="left")
        best = points[points["signal"] >= points["signal"].quantile(ZOOM_QUANTILE)]
        _scatter(zoom, best, oracle)
        zoom.set_title("b  the best tenth by validation", loc="left")
        zoom.set_ylim(*(100 * best["target"].quantile([0.005, 1]).to_numpy() + (-0.05, 0.1)))
        legend = whole.legend(loc="lower right", frameon=False)
        for handle in legend.legend_handles[:1]:  # a point of the scatter is too faint to stand alone
            handle.set(alpha=1, sizes=[14])
        add_caption(figure, caption(protocol), characters=150)
        figure.subplots_adjust(left=0.08, right=0.985, top=0.93, bottom=0.24, wspace=0.22)
    return figure


def _scatter(axes: Axes, points: pd.DataFrame, oracle: pd.Series) -> None:
    x, y = 100 * points["signal"], 100 * points["target"]
    axes.scatter(x, y, s=3, alpha=0.25, linewidths=0, color=POINT_COLOUR, rasterized=True, label="one architecture")
    low = max(x.min(), y.min())
    high = min(x.max(), y.max())
    if low < high:
        axes.plot([low, high], [low, high], color=INK, linewidth=0.7, linestyle=":", label="equal")
    spread = np.array(
        [[oracle[name] - oracle[f"{name}_low"], oracle[f"{name}_high"] - oracle[name]] for name in ("signal", "target")]
    )
    axes.errorbar(
        100 * oracle["signal"],
        100 * oracle["target"],
        xerr=100 * np.maximum(spread[0:1].T, 0),
        yerr=100 * np.maximum(spread[1:2].T, 0),
        fmt="D",
        markersize=5,
        color=ORACLE_COLOUR,
        label="oracle",
    )
    axes.set_xlabel("validation accuracy (%)")
    axes.set_ylabel("test accuracy (%)")
