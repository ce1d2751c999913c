"""From the files of an experiment to the files of its figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from neural_predictor.errors import ConfigError
from neural_predictor.experiments import fig3 as fig3_numbers
from neural_predictor.experiments import fig7 as fig7_numbers
from neural_predictor.experiments.results import read_result
from neural_predictor.figures.fig3 import draw_fig3
from neural_predictor.figures.fig7 import draw_fig7
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


FIGURES = {
    "fig3": _Figure(draw_fig3, fig3_numbers.COLUMNS),
    "fig7": _Figure(draw_fig7, fig7_numbers.COLUMNS),
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
