"""figA1-tau: how the ranking of each predictor grows with the number N of its training architectures."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from matplotlib.ticker import LogLocator

from neural_predictor.figures.findings import TAU, ranked, shown, unseen_taus, untold
from neural_predictor.figures.results import caption
from neural_predictor.figures.style import INK, OKABE_ITO, add_caption, new_figure, style
from neural_predictor.tables.benchmarks import BENCHMARKS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord


COLUMNS = ("predictor", "benchmark", "train_size", "test_set", "metric", "mean", "low", "high", "repeats", "test_size")
_MARKERS = "osD^vP*X<>p"  # eleven beside six colours: 66 lines before two are alike in both
_DASHES = ("-", (0, (5, 1.2)), (0, (1.2, 1.2)), (0, (3, 1, 1, 1)))
_COLOURS = tuple(OKABE_ITO.values())


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """One panel a benchmark: tau against N, a line a predictor; and the seconds that a repeat took."""
    rows = frame[(frame["metric"] == "kendall_tau") & (frame["test_set"] == "rest")]
    benchmarks, names = list(rows["benchmark"].unique()), list(rows["predictor"].unique())
    looks = dict(zip(names, zip(cycle(_COLOURS), cycle(_MARKERS), cycle(_DASHES), strict=False), strict=False))
    if "best" in looks:
        looks["best"] = (INK, "o", "-")
    with style():
        figure = new_figure(3.6 * (len(benchmarks) + 1), 4.6)
        axes = figure.subplots(1, len(benchmarks) + 1, squeeze=False)[0]
        for place, benchmark, letter in zip(axes, benchmarks, "abcdefgh", strict=False):
            _draw_tau(place, rows[rows["benchmark"] == benchmark], looks)
            title = BENCHMARKS[benchmark].title if benchmark in BENCHMARKS else benchmark
            place.set_title(f"{letter}  {title}", loc="left")
        _draw_seconds(axes[-1], protocol.seconds, looks)
        axes[-1].set_title(f"{'abcdefgh'[len(benchmarks)]}  time", loc="left")
        handles, labels = axes[0].get_legend_handles_labels()
        lines = -(-len(labels) // 7)
        columns = -(-len(labels) // lines)
        figure.legend(handles, labels, loc="upper center", ncols=columns, frameon=False, columnspacing=1.4)
        add_caption(figure, caption(protocol), characters=70 * len(axes))
        top = 0.92 - 0.04 * lines
        figure.subplots_adjust(left=0.17 / len(axes), right=0.985, top=top, bottom=0.27, wspace=0.24)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """The best predictor with the fewest and with the most training architectures, of each benchmark."""
    said = []
    for benchmark, size, taus in unseen_taus(frame, lambda sizes: sorted({sizes.min(), sizes.max()})):
        best = ranked(taus)[0]
        alone = f"; {untold(taus, best)}" if len(taus) > 1 else ""
        said.append(f"With N = {size} on {benchmark}, {best} has the best {TAU}, {shown(taus[best])}{alone}.")
    return " ".join(said)


def _draw_tau(axes: Axes, rows: pd.DataFrame, looks: dict[str, tuple[object, str, object]]) -> None:
    for name, (colour, marker, dashes) in looks.items():
        curve = rows[rows["predictor"] == name].sort_values("train_size")
        width = 2.0 if name == "best" else 1.0
        axes.plot(
            curve["train_size"],
            curve["mean"],
            color=colour,
            linestyle=dashes,
            linewidth=width,
            marker=marker,
            markersize=3.2,
            label=name,
        )
        axes.fill_between(curve["train_size"], curve["low"], curve["high"], color=colour, alpha=0.1, linewidth=0)
    axes.set_ylabel("Kendall tau over the rest")
    _size_axis(axes, sorted(rows["train_size"].unique()))


def _draw_seconds(
    axes: Axes, seconds: dict[str, dict[int, float]], looks: dict[str, tuple[object, str, object]]
) -> None:
    for name, (colour, marker, dashes) in looks.items():
        taken = seconds.get(name, {})
        axes.plot(list(taken), list(taken.values()), color=colour, linestyle=dashes, marker=marker, markersize=3.2)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.set_ylabel("seconds a repeat, fit and scores")
    _size_axis(axes, sorted({size for taken in seconds.values() for size in taken}))


def _size_axis(axes: Axes, sizes: list[int]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes], rotation=60, fontsize=7)
    axes.set_xticks([], minor=True)
    axes.set_xlabel("training architectures, N")
