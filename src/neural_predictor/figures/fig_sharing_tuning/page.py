"""fig-sharing-tuning: the spread of what methods that share weights find with drawn settings."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from neural_predictor.figures.curve_panels import METHOD_COLOURS
from neural_predictor.figures.findings import TAU, estimate_of, listed, metric, shown
from neural_predictor.figures.results import caption
from neural_predictor.figures.setting_columns import draw_settings
from neural_predictor.figures.style import REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.statistics.bootstrap import Estimate

COLUMNS = ("kind", "measure", "method", "setting", "status", "value", "low", "high")
DECIMALS = {"kendall_tau": 3, "accuracy": 2}
LINES = {
    "random": ("a random architecture of the set", ":"),
    "zero layers": ("count of zero layers", "--"),
    "best": ("best of the set", "-."),
}


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Tau left, accuracy right, a column of dots a method; higher is better in both."""
    methods = frame.loc[frame["kind"] == "setting", "method"].unique().tolist()
    width = max(6.4, 1.5 * len(methods) + 1.4)
    with style():
        figure = new_figure(width, 4.4)
        left, right = figure.subplots(1, 2)
        _draw(left, frame[frame["measure"] == "kendall_tau"], methods, 1)
        left.axhline(0, color=REFERENCE, linewidth=0.9, linestyle=LINES["random"][1])
        left.set_ylabel("Kendall tau with stand-alone trainings")
        left.set_title("a  the method's own score", loc="left")
        _draw(right, frame[frame["measure"] == "accuracy"], methods, protocol.scale)
        right.set_ylabel(f"alone: {protocol.target} ({protocol.unit})")
        right.set_title("b  what it scores highest of the set", loc="left")
        handles, labels = right.get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper center", ncols=len(labels), frameon=False)
        small = "Diamond: the study's own setting; lines: median of the drawn ones, and what one in ten is worse than."
        add_caption(figure, f"{small} {caption(protocol)}", characters=int(20.5 * width))
        figure.subplots_adjust(left=0.6 / width, right=1 - 0.1 / width, top=0.86, bottom=0.34, wspace=0.25)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """Median and worst tenth of both measures, beside what needs no supernet; what diverged; latencies."""
    drawn = _of(frame, "setting", "kendall_tau").query("setting > 0")
    number, depth = int(drawn["setting"].max()), estimate_of(_of(frame, "reference", "kendall_tau").iloc[0])
    above = int((drawn["value"] > depth.value).sum())
    scale, say = protocol.scale, lambda number: metric(number, protocol)
    alone = scale * _of(frame, "reference", "accuracy").set_index("method")["value"]
    random, zero, best = (f"{alone[name]:.2f} {protocol.unit}" for name in LINES)
    said = [
        f"Median {TAU} of {_settings(number)} of each method: {_medians(frame, 'kendall_tau', shown)}.",
        f"A count of zero layers has {shown(depth)}; {above or 'none'} of {_settings(len(drawn))} "
        f"{'have' if above > 1 else 'has'} more.",
        f"Stand-alone accuracy of what a setting scores highest, median: {_medians(frame, 'accuracy', say, scale)}. A "
        f"random architecture has {random}, one with most zero layers {zero}, the best {best}.",
    ]
    lost = drawn[drawn["status"] != "ok"].groupby("method", sort=False).size()
    said += [f"Diverged: {listed(f'{count} of {name}' for name, count in lost.items())}."] if len(lost) else []
    return " ".join([*said, *_of_windows(frame, number)])


def _of(frame: pd.DataFrame, kind: str, measure: str) -> pd.DataFrame:
    return frame[(frame["kind"] == kind) & (frame["measure"] == measure)]


def _settings(number: int) -> str:
    return f"{number} drawn {'settings' if number > 1 else 'setting'}"


def _medians(frame: pd.DataFrame, measure: str, say: Callable[[Estimate], str], scale: float = 1.0) -> str:
    """Each method's median with its interval, and its worst tenth."""
    worst, decimals = _of(frame, "worst-tenth", measure).set_index("method")["value"], DECIMALS[measure]
    return "; ".join(
        f"{row['method']} {say(estimate_of(row, scale=scale))}, worst tenth {scale * worst[row['method']]:.{decimals}f}"
        for _, row in _of(frame, "median", measure).iterrows()
    )


def _of_windows(frame: pd.DataFrame, number: int) -> list[str]:
    """Of each method that knows latencies, how many choices lie in the window."""
    firsts = frame[frame["kind"] == "searches_to_window"].set_index("method")["value"]
    return [
        f"Choices of {row['method']} that take {row['low']:.0f} to {row['high']:.0f} ms by TuNAS's model: "
        f"{row['value']:.0f} of {number}"
        + (f", the first after {firsts[row['method']]:.0f}." if row["method"] in firsts else ".")
        for _, row in frame[frame["kind"] == "in_window"].iterrows()
    ]


def _draw(axes: Axes, rows: pd.DataFrame, methods: list[str], scale: float) -> None:
    """One measure."""
    labels = []
    for place, (name, colour) in enumerate(zip(methods, cycle(METHOD_COLOURS), strict=False)):
        own = rows[rows["method"] == name].assign(value=scale * rows["value"])
        settings = own[own["kind"] == "setting"].sort_values("setting")
        lost = int((settings["status"] != "ok").sum())
        labels.append(f"{name}\n{lost} diverged" if lost else name)
        summary = own[own["kind"] != "setting"].set_index("kind")["value"].to_dict()
        draw_settings(
            axes, place, settings["value"].to_numpy()[1:], summary | {"default": settings["value"].iloc[0]}, colour
        )
    for _, row in rows[rows["kind"] == "reference"].iterrows():
        text, dashes = LINES[str(row["method"])]
        axes.axhline(scale * row["value"], color=REFERENCE, linewidth=0.9, linestyle=dashes, label=text)
    axes.set_xticks(range(len(methods)), labels, rotation=25, ha="right")
    axes.set_xlim(-0.6, len(methods) - 0.4)
    axes.grid(axis="x", visible=False)
