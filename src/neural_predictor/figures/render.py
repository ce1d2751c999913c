"""From the files of an experiment to the files of its figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from neural_predictor.config.sections import CHILD_SETS
from neural_predictor.errors import ConfigError
from neural_predictor.figures.curve_panels import COLUMNS as CURVES
from neural_predictor.figures.curve_panels import draw_comparison, draw_fig7, draw_frontier
from neural_predictor.figures.fig3.page import draw_fig3
from neural_predictor.figures.fig6.page import draw_fig6
from neural_predictor.figures.fig8.page import draw_fig8
from neural_predictor.figures.fig9.page import draw_fig9
from neural_predictor.figures.fig9_children.page import (
    FIG4_COLUMNS,
    FIG9_COLUMNS,
    draw_fig4_children,
    draw_fig9_children,
)
from neural_predictor.figures.figA1_tau.page import COLUMNS as LEARNING
from neural_predictor.figures.figA1_tau.page import draw_learning
from neural_predictor.figures.results import read_result
from neural_predictor.figures.schematic_pages import draw_fig1, draw_fig2, draw_fig5
from neural_predictor.figures.style import save_figure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord


class _Figure(NamedTuple):
    draw: Callable[[pd.DataFrame, ProtocolRecord], Figure]
    columns: Sequence[str]


_ENDS = tuple(f"{name}{end}" for name in ("signal", "target") for end in ("", "_low", "_high"))
FIG8_COLUMNS = (
    *("kind", "name", "layer", "stage", "kernel", "expansion", "channels", "stride", "size"),
    *("low", "high", "count", "value", "text"),
)
_OBSERVED = ("kind", "set", "predicted", "observed", "width", "height", "value", "low", "high", "repeats")
FIGURES = {
    "fig1": _Figure(
        draw_fig1, ("kind", "place", "architecture", "predicted", "signal", "target", "low", "high", "count")
    ),
    "fig2": _Figure(draw_fig2, ("kind", "i", "j", "label", "value")),
    "fig3": _Figure(draw_fig3, ("kind", "architecture", *_ENDS)),
    "fig4": _Figure(draw_comparison, CURVES),
    "fig5": _Figure(draw_fig5, ("kind", "name", "low", "high", "count", "value")),
    "fig6": _Figure(draw_fig6, ("kind", "name", "low", "high", "value", "repeats")),
    "fig7": _Figure(draw_fig7, CURVES),
    "fig8": _Figure(lambda frame, protocol: draw_fig8(frame, " ".join(protocol.notes)), FIG8_COLUMNS),
    "fig9-nasbench-one": _Figure(draw_fig9, _OBSERVED),
    "fig9-nasbench-two": _Figure(draw_fig9, _OBSERVED),
    "figA1": _Figure(draw_comparison, CURVES),
    "fig-frontier": _Figure(draw_frontier, ("panel", "train_size", "level", "samples", "random_samples", "repeats")),
}
FIGURES |= {"fig4-nlp": _Figure(draw_comparison, CURVES), "fig9-nlp": _Figure(draw_fig9, _OBSERVED)}
FIGURES |= {"figA1-tau": _Figure(draw_learning, LEARNING)}
FIGURES |= {f"fig4-{name}": _Figure(draw_fig4_children, FIG4_COLUMNS) for name in CHILD_SETS}
FIGURES |= {f"fig9-{name}": _Figure(draw_fig9_children, FIG9_COLUMNS) for name in CHILD_SETS}


def render(figure: str, csv: Path, protocol: Path, pdf: Path, png: Path) -> None:
    """Draw one figure.

    Raises:
        ConfigError: for a figure that the project does not have.
        FormatError: if the numbers are missing or damaged.
    """
    if figure not in FIGURES:
        raise ConfigError(f"no figure {figure!r}; there are {', '.join(FIGURES)}")
    frame, read = read_result(csv, protocol, FIGURES[figure].columns)
    save_figure(FIGURES[figure].draw(frame, read), pdf, png)
