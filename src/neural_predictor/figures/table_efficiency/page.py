"""table-efficiency for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.markdown import count, table

if TYPE_CHECKING:
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("method", "samples", "ratio", "low", "high", "reached", "level", "repeats")


def markdown(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """One line a search, and the level that it is to reach."""
    rows = [
        {
            "search": row["method"],
            "samples until test is at the level": count(row["samples"], "not reached"),
            "times as efficient as evolution": f"{_ratio(row['ratio'])} [{_ratio(row['low'])}, {_ratio(row['high'])}]",
            "reached in": f"{row['reached']:.0%}",
            "repeats": count(row["repeats"]),
        }
        for _, row in frame.iterrows()
    ]
    return table(
        rows,
        f"The level is evolution's mean test at its whole budget, {frame['level'].iloc[0]:.5g} (accuracies are "
        "fractions). Brackets and reached: bootstrap over the repeats of both searches.",
    )


def _ratio(value: float) -> str:
    return "below 1" if pd.isna(value) else f"{value:.2f}"
