"""fig-tuning: the spread of what searches find with drawn settings."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from matplotlib.ticker import ScalarFormatter

from neural_predictor.figures.curve_panels import METHOD_COLOURS
from neural_predictor.figures.results import caption
from neural_predictor.figures.setting_columns import draw_settings
from neural_predictor.figures.style import REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("kind", "method", "setting", "value", "low", "high", "repeats")


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """A column of dots a search, the best default first; what stands below them is worse."""
    summary = frame[frame["kind"] == "summary"]
    defaults = summary[summary["setting"] == "default"].set_index("method")["value"].sort_values(kind="stable")
    with style():
        figure = new_figure(max(5.6, 0.85 * len(defaults) + 1.6), 4.6)
        axes = figure.subplots()
        for place, (name, colour) in enumerate(zip(defaults.index, cycle(METHOD_COLOURS), strict=False)):
            settings = frame[(frame["kind"] == "setting") & (frame["method"] == name)]
            drawn = settings.loc[settings["setting"].astype(str) != "0", "value"].to_numpy()
            own = summary[summary["method"] == name].set_index("setting")["value"]
            draw_settings(axes, place, drawn, own.to_dict(), colour)
        if "random" in defaults.index:
            axes.axhline(defaults["random"], color=REFERENCE, linewidth=0.9, linestyle=":")
        axes.set_yscale("log")
        axes.invert_yaxis()
        axes.yaxis.set_major_formatter(ScalarFormatter())
        axes.yaxis.set_minor_formatter(ScalarFormatter())
        axes.tick_params(axis="y", which="minor", labelsize=6)
        axes.set_xticks(range(len(defaults)), list(defaults.index), rotation=25, ha="right")
        axes.grid(axis="x", visible=False)
        axes.set_ylabel(f"place of the best among {protocol.architectures:,}")
        axes.set_title("diamond: default; lines: median, and what one setting in ten is worse than", loc="left")
        width = figure.get_figwidth()
        add_caption(figure, f"{_sentence(summary)} {caption(protocol)}", characters=int(19.5 * width))
        figure.subplots_adjust(left=0.75 / width, right=0.99, top=0.93, bottom=0.34)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """Each search's price of not tuning."""
    return _sentence(frame[frame["kind"] == "summary"])


def _sentence(summary: pd.DataFrame) -> str:
    """What the figure says: each search's price of not tuning."""
    prices = summary[summary["setting"] == "price"].sort_values("value", kind="stable")
    if prices.empty:
        return "No search here has hyper-parameters."
    found = ", ".join(
        f"{row['method']} {row['value']:.2g} [{row['low']:.2g}, {row['high']:.2g}]" for _, row in prices.iterrows()
    )
    return (
        f"Price of not tuning, the place that one setting in ten is worse than over the default's: {found}; brackets: "
        "over repeats and settings."
    )
