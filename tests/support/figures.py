"""Numbers and pages of figures and tables, found as the commands find them: by the registry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from neural_predictor.figures.entry_points import load
from neural_predictor.figures.run import Inputs, request_of
from neural_predictor.figures.wanted import find

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from neural_predictor.config.study import Study
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.tables.table import BenchmarkTable


def numbers_of(
    name: str,
    study: Study,
    *tables: BenchmarkTable,
    scores: Sequence[Path] = (),
    numbers: Sequence[Path] = (),
    traces: Sequence[Path] = (),
    shared: Sequence[Path] = (),
    choices: Sequence[Path] = (),
) -> tuple[pd.DataFrame, ProtocolRecord]:
    """What an artefact's entry point `numbers` returns."""
    request = request_of(name, study, tables, Inputs(scores, numbers, traces, shared, choices))
    return load(find(name).numbers)(request)


def page_of(name: str, frame: pd.DataFrame, protocol: ProtocolRecord) -> Any:
    """What its entry point `page` returns: a figure, or Markdown."""
    return load(find(name).page)(frame, protocol)


def plain(markdown: str) -> str:
    """Markdown without the blanks that align its columns."""
    return re.sub(" +", " ", markdown)
