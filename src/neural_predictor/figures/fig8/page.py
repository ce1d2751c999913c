"""Fig. 8: the ProxylessNAS search space as a chain of stages, and the costs of architectures drawn from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.patches import FancyBboxPatch, Patch

from neural_predictor.figures.style import INK, OKABE_ITO, REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = (
    *("kind", "name", "layer", "stage", "kernel", "expansion", "channels", "stride", "size"),
    *("low", "high", "count", "value", "text"),
)
ROOM = 0.85
"""Between stages, where a layer's box is 1 wide and high."""
ROWS = {
    "stage": (2.65, "stage"),
    "layers": (2.0, "layers"),
    "channels": (1.35, "channels"),
    "choices": (0.5, "operations to choose from"),
    "stride": (-0.4, "stride of the first layer"),
    "size": (-1.05, "side of the map (pixels)"),
}
"""Height and label of each line; boxes stand from 0 to 1."""
FILLS = (OKABE_ITO["vermilion"], OKABE_ITO["green"], OKABE_ITO["blue"])
"""Of layers with few, more and most choices; each box bears the number too."""
MILLION = 1e6
COSTS = {"multiply_adds": "multiply-adds", "parameters": "parameters"}


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """The architecture from image to classes (above); histograms of multiply-adds and parameters in millions (below).

    Args:
        frame: what `numbers.run` returns, or what a CSV file keeps of it.
        protocol: whose notes are the small print.
    """
    with style():
        figure = new_figure(9.6, 4.7)
        grid = figure.add_gridspec(2, 2, height_ratios=(0.84, 1))
        _draw_network(figure.add_subplot(grid[0, :]), frame)
        for letter, column, name in zip("bc", (0, 1), COSTS, strict=True):
            _draw_histogram(figure.add_subplot(grid[1, column]), frame, name, letter)
        add_caption(figure, " ".join(protocol.notes), characters=205)
        figure.subplots_adjust(left=0.065, right=0.985, top=0.93, bottom=0.175, wspace=0.17, hspace=0.25)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """Size of the space, and what its architectures cost."""
    summary = frame[frame["kind"] == "summary"].set_index("name")
    costs = [
        f"{row['value'] / MILLION:,.3g} million {text} ({row['low'] / MILLION:,.3g} to {row['high'] / MILLION:,.3g})"
        for row, text in ((summary.loc[name], text) for name, text in COSTS.items())
    ]
    return (
        f"{summary.loc['cardinality', 'text']} ways to choose the operations give {summary.loc['networks', 'text']} "
        f"different architectures. The mean of {summary['count'].max():,.0f} random ones is "
        f"{' and '.join(costs)}."
    )


def power_of_ten(exact: str) -> str:
    """A whole number with thousands separators as mantissa and power, for Matplotlib: 6.645 x 10^17 of its digits."""
    mantissa, exponent = f"{int(exact.replace(',', '')):.3e}".split("e")
    return rf"${mantissa} \times 10^{{{int(exponent)}}}$"


def _draw_network(axes: Axes, frame: pd.DataFrame) -> None:
    """Boxes of layers in their stages, and under and above each stage what all its layers share."""
    plain = dict.fromkeys(("layer", "stage", "channels", "stride", "size"), float)  # missing compares as false
    kinds = frame.astype(plain).set_index("kind")
    layers = kinds.loc[["layer"]]
    fills = dict(zip(sorted(layers["value"].unique()), FILLS, strict=True))
    axes.set_axis_off()
    axes.set_aspect("equal")
    x = 0.0
    for name in ("image", "stem"):
        x = _draw_group(axes, x, name, kinds.loc[[name]], fills)
    for stage in sorted(layers["stage"].unique()):
        x = _draw_group(axes, x, f"{stage + 1:.0f}", layers[layers["stage"] == stage], fills)
    for name in ("head", "classes"):
        x = _draw_group(axes, x, name, kinds.loc[[name]], fills)
    for height, label in ROWS.values():
        axes.text(-0.6, height, label, ha="right", va="center", fontsize=7)
    axes.set_xlim(-5.4, x - ROOM)
    axes.set_ylim(-2.7, 3)
    axes.legend(handles=_legend(layers, fills), loc="lower center", ncols=len(fills), frameon=False)
    text = kinds.loc["summary"].set_index("name")["text"]
    title = f"a  {len(layers)} layers, {power_of_ten(str(text['cardinality']))} ways to choose their operations"
    axes.set_title(f"{title}, {power_of_ten(str(text['networks']))} different architectures", loc="left")


def _draw_group(axes: Axes, x: float, name: str, rows: pd.DataFrame, fills: dict[float, str]) -> float:
    """Draw one stage (or image, stem, ..) from x on, with its numbers and an arrow; returns where the next starts."""
    first, width = rows.iloc[0], len(rows)
    lines = {"stage": name} | {key: f"{first[key]:.0f}" for key in ("channels", "stride", "size") if first[key] > 0}
    if first["layer"] >= 0:
        lines["layers"] = f"{first['layer']:.0f}" + (f"\u2013{rows['layer'].max():.0f}" if width > 1 else "")
    for key, line in lines.items():
        weight = "bold" if key == "stride" and first[key] > 1 else "normal"
        axes.text(x + width / 2, ROWS[key][0], line, ha="center", va="center", fontsize=7, fontweight=weight)
    for place, value in enumerate(rows["value"]):
        fixed = pd.isna(value)
        box = FancyBboxPatch(
            (x + place + 0.06, 0.04),
            0.88,
            0.92,
            boxstyle="round,pad=0,rounding_size=0.15",
            facecolor="#ededed" if fixed else _light(fills[value]),
            edgecolor=REFERENCE if fixed else fills[value],
            linewidth=0.9,
        )
        axes.add_patch(box)
        if not fixed:
            axes.text(x + place + 0.5, 0.48, f"{value:.0f}", ha="center", va="center", fontsize=8, color=INK)
    end = x + width
    if name != "classes":
        arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 6}
        axes.annotate("", (end + ROOM, 0.5), (end, 0.5), arrowprops=arrow)
    return end + ROOM


def _light(colour: str) -> tuple[str, float]:
    return colour, 0.25


def _legend(layers: pd.DataFrame, fills: dict[float, str]) -> list[Patch]:
    """What the numbers in the boxes count, by the layers' own kernels and expansions."""
    handles = []
    for value, fill in fills.items():
        layer = layers[layers["value"] == value].iloc[0]
        kernels, expansions = str(layer["kernel"]), str(layer["expansion"])
        blocks = len(kernels.split("/")) * len(expansions.split("/"))
        label = f"{value:.0f}: kernel {kernels.replace('/', ', ')}; expansion {expansions.replace('/', ', ')}"
        label += "; or zero, the identity" if value > blocks else ""
        handles.append(Patch(facecolor=_light(fill), edgecolor=fill, label=label))
    return handles


def _draw_histogram(axes: Axes, frame: pd.DataFrame, name: str, letter: str) -> None:
    named = frame[frame["name"] == name]
    bins, summary = named[named["kind"] == "histogram"], named[named["kind"] == "summary"].iloc[0]
    low, high = (bins[end].to_numpy(float) / MILLION for end in ("low", "high"))
    axes.bar(low, bins["count"].to_numpy(float), high - low, align="edge", color=OKABE_ITO["blue"], linewidth=0)
    mean = summary["value"] / MILLION
    axes.axvline(mean, color=OKABE_ITO["vermilion"], linewidth=1.2, label=f"mean {mean:.3g} million")
    axes.set_title(f"{letter}  {COSTS[name]} of {summary['count']:,.0f} uniform samples", loc="left")
    axes.set_xlabel(f"{COSTS[name]} (millions)")
    axes.set_ylabel("architectures")
    axes.margins(y=0.12)
    axes.legend(loc="upper left", frameon=False)
