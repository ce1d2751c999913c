"""The one look of all figures, and how they are written: embedded fonts, fixed metadata, same data same bytes.

No matplotlibrc has a say: every setting is matplotlib's default or this project's.
"""

from __future__ import annotations

import textwrap
from io import BytesIO
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from neural_predictor.io.files import atomic_together

if TYPE_CHECKING:
    from pathlib import Path

INK, REFERENCE = "#222222", "#7a7a7a"
OKABE_ITO = {
    "blue": "#0072b2",
    "vermilion": "#d55e00",
    "green": "#009e73",
    "purple": "#cc79a7",
    "orange": "#e69f00",
    "sky": "#56b4e9",
}
"""Colours that readers without full colour vision can tell apart (Okabe and Ito, 2008)."""
CAPTION_POINTS = 6.5
_STYLE: Any = {name: value for name, value in mpl.rcParamsDefault.items() if name != "backend"} | {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.labelsize": 8,
    "legend.fontsize": 7.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.3,
    "pdf.fonttype": 42,
    "svg.hashsalt": "neural-predictor",
    "savefig.dpi": 200,
}


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure in the project's style, width and height in inches."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width_in, height_in))
    FigureCanvasAgg(figure)
    return figure


def style() -> Any:
    """Context in which axes are made and drawn."""
    return mpl.rc_context(_STYLE)


def sequence_colours(count: int) -> list[Any]:
    """`count` ordered colours that differ in lightness too, for readers who do not see hue."""
    import seaborn as sns  # here, for it takes longer to load than most figures to draw

    return list(sns.color_palette("viridis", count + 1))[:count]


def add_caption(figure: Figure, text: str, *, characters: int) -> float:
    """Small print below the axes, for which the layout must leave room; where it ends, as a share of the figure."""
    lines = textwrap.wrap(text, characters)
    figure.text(0.01, 0.01, "\n".join(lines), fontsize=CAPTION_POINTS, color="#444444", va="bottom")
    return float(0.01 + len(lines) * 1.2 * CAPTION_POINTS / 72 / figure.get_figheight())


def save_figure(figure: Figure, pdf: Path, png: Path) -> None:
    """Write PDF and PNG without dates, so that equal figures are equal files."""
    about: Any = ({"CreationDate": None, "Producer": None, "Creator": "neural-predictor"}, {"Software": None})
    with style(), atomic_together(pdf, png) as parts:
        for part, kind, metadata in zip(parts, ("pdf", "png"), about, strict=True):
            page = BytesIO()  # where matplotlib meets a full disk, it raises what does not say so
            figure.savefig(page, format=kind, metadata=metadata)
            part.write_bytes(page.getvalue())
