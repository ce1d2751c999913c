"""fig-frontier: what total of samples pays off for every N."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.curve_panels import METHOD_COLOURS
from neural_predictor.figures.findings import listed
from neural_predictor.figures.results import caption
from neural_predictor.figures.style import REFERENCE, add_caption, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("panel", "train_size", "level", "samples", "random_samples", "repeats")


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """Total samples at which each N passes random search's whole budget, by validation and by test."""
    names = {"signal_by_samples": "validation", "target_by_samples": "test"}
    sizes = sorted(frame["train_size"].unique())
    budget = int(frame["random_samples"].iloc[0])
    with style():
        figure = new_figure(5.6, 4.1)
        axes = figure.subplots()
        axes.axhline(budget, color=REFERENCE, label=f"random search: {budget:,}")
        axes.plot(range(len(sizes)), sizes, color=REFERENCE, linestyle=":", label="N alone")
        for (panel, name), colour, marker in zip(names.items(), METHOD_COLOURS, "os", strict=False):
            part = frame[frame["panel"] == panel].set_index("train_size").reindex(sizes)
            reached = part["samples"].notna().to_numpy()
            places = [k for k, there in enumerate(reached) if there]
            axes.plot(places, part["samples"][reached].astype(int), marker, color=colour, label=f"passes it by {name}")
            for k in [k for k, there in enumerate(reached) if not there]:
                axes.annotate("not\nreached", (k, budget * 1.06), color=colour, ha="center", fontsize=6.5)
        axes.set_yscale("log")
        axes.set_xticks(range(len(sizes)), [str(size) for size in sizes])
        axes.set_xlabel("training architectures, N")
        axes.set_ylabel("total number of samples, N + K")
        figure.legend(*axes.get_legend_handles_labels(), loc="upper center", ncols=4, frameon=False, columnspacing=1.2)
        add_caption(figure, caption(protocol), characters=115)
        figure.subplots_adjust(left=0.11, right=0.98, top=0.9, bottom=0.28)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """The N that passes random search with the fewest trainings, and those that never do."""
    said = []
    for panel, name in (("signal_by_samples", protocol.signal), ("target_by_samples", protocol.target)):
        part = frame[frame["panel"] == panel]
        held = part[part["samples"].notna()].sort_values("samples", kind="stable")
        budget = f"what random search has after {int(part['random_samples'].iloc[0]):,}"
        if held.empty:
            said.append(f"By {name}, no N holds {budget} trainings within as many.")
            continue
        first, last = held.iloc[0], held.iloc[-1]
        text = f"By {name}, N = {first['train_size']} needs the fewest trainings in all for {budget}: "
        text += f"{int(first['samples']):,}."
        if len(held) > 1:
            text += f" N = {last['train_size']} needs the most, {int(last['samples']):,}."
        lost = [str(size) for size in part.loc[part["samples"].isna(), "train_size"]]
        said.append(f"{text} Not held within as many with N = {listed(lost)}." if lost else text)
    return " ".join(said)
