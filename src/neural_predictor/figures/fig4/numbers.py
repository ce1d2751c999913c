"""Fig. 4 of the paper: the searches with predictors, regularized evolution and random search side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.comparison import compare

if TYPE_CHECKING:
    import pandas as pd

    from neural_predictor.config.sections import Comparison
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord


def run(request: Request[Comparison]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Curves of all searches of the section: see `comparison.compare`."""
    return compare(request)
