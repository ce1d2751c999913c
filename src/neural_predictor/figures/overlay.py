"""Curves of several studies on the same axes, with what differs between their protocols on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.errors import ConfigError
from neural_predictor.figures.fig4 import page
from neural_predictor.figures.results import differences, read_result
from neural_predictor.figures.style import save_figure, style

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord


def overlay(results: Sequence[Path], pdf: Path, png: Path) -> list[str]:
    """Draw the curves of several results on one page.

    Args:
        results: .csv files of fig4, fig4-nlp, fig7 or figA1, each with its .protocol.json beside it.
        pdf: where to write the figure, and `png`.
        png: the same as pixels.

    Returns:
        What differs between the protocols, as the figure says it; empty where the curves compare.

    Raises:
        ConfigError: for fewer than two results, two of one name, or metrics that do not share an axis.
        FormatError: if a result is damaged, or is not one of curves.
    """
    if len(results) < 2:
        raise ConfigError(
            f"an overlay takes two results or more, such as results/<study>/fig4.csv; given: {len(results)}"
        )
    read = [read_result(csv, csv.with_suffix(".protocol.json"), page.COLUMNS) for csv in results]
    protocols = [protocol for _, protocol in read]
    names = [f"{protocol.study}, {protocol.experiment}" for protocol in protocols]
    if len(set(names)) < len(names):
        raise ConfigError(f"an overlay takes different results; given: {'; '.join(names)}")
    axes = {(protocol.signal, protocol.target, protocol.unit) for protocol in protocols}
    if len(axes) > 1:
        raise ConfigError(
            f"results of different metrics do not share an axis: {'; '.join(', '.join(each) for each in sorted(axes))}"
        )
    said = differences(protocols)
    with style():
        figure = _draw([frame for frame, _ in read], names, protocols[0], said)
    save_figure(figure, pdf, png)
    return said


def _draw(
    frames: Sequence[pd.DataFrame], names: Sequence[str], protocol: ProtocolRecord, said: Sequence[str]
) -> Figure:
    named = []
    for frame, name in zip(frames, names, strict=True):
        curves = frame[frame["method"] != "oracle"]  # a level of each study would be one line too many
        size = curves["train_size"].map(lambda n: "" if pd.isna(n) else f" N = {int(n)}")
        named.append(curves.assign(method=curves["method"] + size + f" ({name})"))
    if said:
        notes = ["THESE CURVES HAVE DIFFERENT PROTOCOLS. " + " ".join(said)]
    else:
        notes = [f"One protocol; curves of {'; '.join(names)}."]
    return page.draw(pd.concat(named, ignore_index=True), protocol.model_copy(update={"notes": notes}))
