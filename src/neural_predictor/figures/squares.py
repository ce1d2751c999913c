"""A density of points as squares of a grid, coloured by how many each holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_squares(
    figure: Figure,
    axes: Axes,
    squares: pd.DataFrame,
    names: tuple[str, str],
    scales: tuple[float, float],
    label: str,
) -> None:
    """Draw squares with a bar of colours, on a logarithmic scale.

    Args:
        figure: of the axes.
        axes: where.
        squares: a row each: lower left corner, `width`, `height` and `value`, its number of points.
        names: columns of the corner, across and up.
        scales: what corner and size are multiplied with, across and up.
        label: of the bar of colours.
    """
    (x, width), (y, height) = (
        (scale * squares[name].to_numpy(), scale * squares[size].to_numpy())
        for name, size, scale in zip(names, ("width", "height"), scales, strict=True)
    )
    corners = np.stack([[x, y], [x + width, y], [x + width, y + height], [x, y + height]]).transpose(2, 0, 1)
    cells = PolyCollection(
        corners.tolist(),
        array=squares["value"].to_numpy(),
        cmap="cividis_r",
        norm=LogNorm(),
        linewidths=0,
        rasterized=True,
    )
    axes.add_collection(cells)
    figure.colorbar(cells, ax=axes, pad=0.02, label=label)
