"""Fig. 7: a curve for each N."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures import curve_panels
from neural_predictor.figures.curve_findings import curve_finding
from neural_predictor.figures.curve_panels import DASHES, Line, draw_curves
from neural_predictor.figures.style import sequence_colours

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = curve_panels.COLUMNS


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """One curve a training size N, with random search and the oracle."""

    def lines(curves: pd.DataFrame) -> list[Line]:
        sizes = sorted(int(size) for size in curves["train_size"].dropna().unique())
        return [
            Line(curves[curves["train_size"] == size], colour, DASHES[k % len(DASHES)], f"N = {size}")
            for k, (size, colour) in enumerate(zip(sizes, sequence_colours(len(sizes)), strict=True))
        ]

    return draw_curves(frame, protocol, lines, mark_sizes=False)


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """The best N, and all of them beside random search."""
    return curve_finding(frame, protocol)
