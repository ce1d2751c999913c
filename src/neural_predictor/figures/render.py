"""From the files of an experiment to the files of its figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from neural_predictor.errors import ConfigError
from neural_predictor.experiments.results import read_result
from neural_predictor.figures.curves import draw_comparison, draw_fig7, draw_frontier
from neural_predictor.figures.fig3 import draw_fig3
from neural_predictor.figures.style import save_figure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

    from neural_predictor.experiments.results import Protocol


class _Figure(NamedTuple):
    draw: Callable[[pd.DataFrame, Protocol], Figure]
    columns: Sequence[str]


_ENDS = tuple(f"{name}{end}" for name in ("signal", "target") for end in ("", "_low", "_high"))
_CURVES = ("panel", "method", "train_size", "x", "mean", "low", "high", "repeats")
FIGURES = {
    "fig3": _Figure(draw_fig3, ("kind", "architecture", *_ENDS)),
    "fig4": _Figure(draw_comparison, _CURVES),
    "fig7": _Figure(draw_fig7, _CURVES),
    "figA1": _Figure(draw_comparison, _CURVES),
    "fig-frontier": _Figure(draw_frontier, ("panel", "train_size", "level", "samples", "random_samples", "repeats")),
}


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
