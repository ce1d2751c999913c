"""Fig. 3: search signal against reported metric, the whole space and its best corner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.figures.findings import metric
from neural_predictor.figures.results import caption
from neural_predictor.figures.style import INK, OKABE_ITO, add_caption, new_figure, style
from neural_predictor.statistics.bootstrap import Estimate

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = (
    "kind",
    "architecture",
    "signal",
    "signal_low",
    "signal_high",
    "target",
    "target_low",
    "target_high",
)
ZOOM_QUANTILE = 0.9
ORACLE_COLOUR, POINT_COLOUR = OKABE_ITO["vermilion"], OKABE_ITO["blue"]


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Scatter of all architectures (left) and of those in the top tenth by the signal (right), with the oracle."""
    points = frame[frame["kind"] == "architecture"]
    oracle = frame[frame["kind"] == "oracle"].iloc[0]
    with style():
        figure = new_figure(7.2, 4.1)
        whole, zoom = figure.subplots(1, 2)
        _scatter(whole, points, oracle, protocol)
        whole.set_title(f"a  all {len(points):,} architectures", loc="left")
        sign = 1 if protocol.maximise else -1
        goodness = sign * points["signal"]
        best = points[goodness >= goodness.quantile(ZOOM_QUANTILE)]
        _scatter(zoom, best, oracle, protocol)
        zoom.set_title("b  the best tenth by the signal", loc="left")
        shown = protocol.scale * best["target"].quantile([0.005, 1] if protocol.maximise else [0, 0.995]).to_numpy()
        room = 0.03 * (shown[1] - shown[0])
        zoom.set_ylim(shown[0] - room, shown[1] + 2 * room)
        legend = whole.legend(loc="lower right", frameon=False)
        for handle in legend.legend_handles[:1]:  # a point of the scatter is too faint to stand alone
            handle.set(alpha=1, sizes=[14])
        add_caption(figure, caption(protocol), characters=150)
        figure.subplots_adjust(left=0.08, right=0.985, top=0.93, bottom=0.24, wspace=0.22)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """What the oracle takes, and how many architectures are better by the reported metric."""
    points, oracle = frame[frame["kind"] == "architecture"], frame[frame["kind"] == "oracle"].iloc[0]
    signal, target = (
        Estimate(*(protocol.scale * float(oracle[f"{name}{end}"]) for end in ("", "_low", "_high")))
        for name in ("signal", "target")
    )
    sign = 1 if protocol.maximise else -1
    better = int((sign * points["target"] > sign * oracle["target"]).sum())
    best = protocol.scale * float(points["target"].max() if protocol.maximise else points["target"].min())
    said = f"The oracle takes the best {protocol.signal}, {metric(signal, protocol)}, and has a {protocol.target} of "
    said += f"{metric(target, protocol)}. "
    if not better:
        return f"{said}None of {len(points):,} architectures has a better one."
    said += f"{better:,} of {len(points):,} architectures {'has' if better == 1 else 'have'} a better one; "
    return f"{said}the best is {metric(Estimate(best, best, best), protocol)}."


def _scatter(axes: Axes, points: pd.DataFrame, oracle: pd.Series, protocol: ProtocolRecord) -> None:
    scale = protocol.scale
    x, y = scale * points["signal"], scale * points["target"]
    axes.scatter(x, y, s=3, alpha=0.25, linewidths=0, color=POINT_COLOUR, rasterized=True, label="one architecture")
    low = max(x.min(), y.min())
    high = min(x.max(), y.max())
    if low < high:
        axes.plot([low, high], [low, high], color=INK, linewidth=0.7, linestyle=":", label="equal")
    spread = np.array(
        [[oracle[name] - oracle[f"{name}_low"], oracle[f"{name}_high"] - oracle[name]] for name in ("signal", "target")]
    )
    axes.errorbar(
        scale * oracle["signal"],
        scale * oracle["target"],
        xerr=scale * np.maximum(spread[0:1].T, 0),
        yerr=scale * np.maximum(spread[1:2].T, 0),
        fmt="D",
        markersize=5,
        color=ORACLE_COLOUR,
        label="oracle",
    )
    axes.set_xlabel(f"{protocol.signal} ({protocol.unit})")
    axes.set_ylabel(f"{protocol.target} ({protocol.unit})")
