"""Columns of dots, a dot a setting of hyper-parameters: what pages of tuning share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.figures.style import INK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import NDArray


def draw_settings(
    axes: Axes, place: int, drawn: NDArray[np.float64], summary: Mapping[str, float], colour: object
) -> None:
    """A column at a place: dots of drawn settings, their median and worst tenth as lines, the default as a diamond.

    Args:
        axes: with a column a whole number.
        place: of this one.
        drawn: (S,) values of the drawn settings.
        summary: `default`, and where settings were drawn `median` and `worst-tenth`. What is NaN is not shown.
        colour: of the dots.
    """
    around = place + np.linspace(-0.22, 0.22, len(drawn))
    axes.plot(around, drawn, "o", color=colour, markersize=3.2, alpha=0.75, markeredgewidth=0)
    axes.plot(place, summary["default"], "D", color=INK, markersize=5, fillstyle="none")
    if len(drawn):
        axes.hlines(summary["median"], place - 0.2, place + 0.2, color=INK, linewidth=1.2)
        axes.hlines(summary["worst-tenth"], place - 0.36, place + 0.36, color=INK, linewidth=1.8)
