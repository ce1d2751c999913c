"""Fig. 4 and its variants: searches side by side."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from neural_predictor.figures import curve_panels
from neural_predictor.figures.curve_panels import DASHES, METHOD_COLOURS, Line, draw_curves

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = curve_panels.COLUMNS


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """One curve a predictor, evolution where it was run, random search and the oracle; N is marked."""

    def lines(curves: pd.DataFrame) -> list[Line]:
        methods = [method for method in curves["method"].unique() if method not in ("random", "oracle")]
        styles = zip(methods, cycle(METHOD_COLOURS), cycle(DASHES), strict=False)
        return [Line(curves[curves["method"] == name], colour, dashes, name) for name, colour, dashes in styles]

    return draw_curves(frame, protocol, lines, mark_sizes=True)
