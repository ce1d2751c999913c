"""fig-audit: a panel a defect, the honest number above the defect's, and the sentence below."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import MaxNLocator

from neural_predictor.figures.results import caption
from neural_predictor.figures.style import INK, OKABE_ITO, REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = (
    "defect",
    "source",
    "title",
    "axis",
    "unit",
    "honest",
    "honest_low",
    "honest_high",
    "with_defect",
    "with_defect_low",
    "with_defect_high",
    "verdict",
    "sentence",
)
ALL = "together"
"""Name of the row that switches on all defects."""
ACROSS = 4
WIDTH, HEIGHT, CAPTION_HEIGHT, LEGEND_HEIGHT = 3.0, 2.1, 0.95, 0.35
"""Inches, of a panel and of what stands below and above them."""
CHARACTERS = 60
"""Of a line of a sentence."""
HONEST, DEFECT = OKABE_ITO["blue"], OKABE_ITO["vermilion"]


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """The panels in rows of four."""
    down = -(-len(frame) // ACROSS)
    height = HEIGHT * down + CAPTION_HEIGHT + LEGEND_HEIGHT
    with style():
        figure = new_figure(WIDTH * ACROSS, height)
        axes = figure.subplots(down, ACROSS, squeeze=False).ravel()
        for letter, place, (_, row) in zip(_letters(), axes, frame.iterrows(), strict=False):
            _draw_panel(place, row, letter)
        for place in axes[len(frame) :]:
            place.remove()
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper left", ncols=2, frameon=False, bbox_to_anchor=(0.01, 1))
        add_caption(figure, caption(protocol), characters=60 * ACROSS)
        top, bottom = 1 - (LEGEND_HEIGHT + 0.2) / height, (CAPTION_HEIGHT + 1.0) / height
        figure.subplots_adjust(left=0.02, right=0.985, top=top, bottom=bottom, hspace=2.5, wspace=0.1)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """How many defects change their number, which do not, and what all of them do together."""
    each, together = frame[frame["defect"] != ALL], frame[frame["defect"] == ALL]
    idle = each.loc[each["verdict"] == "nothing", "title"].tolist()
    said = f"{len(each) - len(idle)} of {len(each)} defects change their number."
    if idle:
        said += f" The others change nothing that can be told: {'; '.join(idle)}."
    return " ".join([said, *(f"All together: {row['sentence']}" for _, row in together.iterrows())])


def _letters() -> list[str]:
    return [chr(ord("a") + k) for k in range(26)]


def _draw_panel(axes: Axes, row: pd.Series, letter: str) -> None:
    for y, column, colour, label in ((1, "honest", HONEST, "honest"), (0, "with_defect", DEFECT, "with the defect")):
        value = row[column]
        away = [[value - row[f"{column}_low"]], [row[f"{column}_high"] - value]]
        axes.errorbar(value, y, xerr=away, color=colour, fmt="o", markersize=5, capsize=3, label=label)
    axes.set_title(f"{letter}  {row['title']}", loc="left", fontsize=8, fontweight="bold", pad=14)
    axes.set_ylim(-0.7, 1.7)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.12)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.ticklabel_format(axis="x", useOffset=False)
    axes.tick_params(labelsize=6.5)
    axes.set_xlabel(f"{row['axis']} ({row['unit']})" if isinstance(row["unit"], str) else row["axis"], fontsize=7)
    text = textwrap.fill(row["sentence"], CHARACTERS)
    units: Any = {"xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(text, (0, 0), xytext=(0, -30), va="top", fontsize=6.2, color=INK, **units)
    axes.annotate(row["source"], (0, 1), xytext=(0, 5), fontsize=6, color=REFERENCE, **units)
