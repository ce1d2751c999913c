"""table-mse for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.markdown import count, interval, table
from neural_predictor.statistics.metrics import MSE_UNIT

if TYPE_CHECKING:
    import pandas as pd

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("source", "benchmark", "stages", "tested_on", "mse", "low", "high", "repeats", "test_size")


def markdown(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """One line a source, number of stages and set."""
    rows = [
        {
            "source": row["source"],
            "benchmark": row["benchmark"],
            "stages": row["stages"],
            "tested on": row["tested_on"],
            "architectures": count(row["test_size"]),
            "repeats": count(row["repeats"]),
            "MSE": interval(row["mse"], row["low"], row["high"]),
        }
        for _, row in frame.iterrows()
    ]
    return table(rows, f"MSE {MSE_UNIT}.")
