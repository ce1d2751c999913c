"""What the diagrams of fig1, fig2 and fig5 share: colours, names, and the histogram of predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.diagrams import SMALL
from neural_predictor.figures.style import OKABE_ITO

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

    from neural_predictor.figures.results import ProtocolRecord

    Parts = Mapping[str, pd.DataFrame]

PREDICTOR, CHOSEN, CHOICE, OTHERS = OKABE_ITO["blue"], OKABE_ITO["vermilion"], OKABE_ITO["green"], "#b8b8b8"


def by_kind(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each kind."""
    return {str(kind): rows for kind, rows in frame.groupby("kind")}


def in_unit(value: float, protocol: ProtocolRecord) -> str:
    """A metric as a reader sees it, in the unit of the protocol."""
    return f"{protocol.scale * value:.2f} {protocol.unit}"


def short_name(operation: str) -> str:
    """`conv3x3-bn-relu` as `conv3x3`."""
    return operation.partition("-")[0]


def draw_predictions(axes: Axes, every: pd.DataFrame, best: pd.DataFrame, protocol: ProtocolRecord, label: str) -> None:
    """All predictions as bars, the best of them shaded; both have low, high and count of the same bins."""
    for bins, colour, name in ((every, OTHERS, None), (best, CHOSEN, label)):
        low, high = protocol.scale * bins["low"], protocol.scale * bins["high"]
        axes.bar(low, bins["count"].astype(int), high - low, align="edge", color=colour, linewidth=0, label=name)
    axes.set_xlabel(f"predicted {protocol.signal} ({protocol.unit})", fontsize=SMALL, labelpad=1.5)
    axes.margins(y=0.25)
    axes.legend(loc="upper left", frameon=False, fontsize=SMALL, borderpad=0, handlelength=1, borderaxespad=0.1)
