"""table-metrics for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.markdown import count, interval, table
from neural_predictor.statistics.metrics import MSE_UNIT

if TYPE_CHECKING:
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("source", "benchmark", "predictor", "set", "networks", "metric", "value", "low", "high", "repeats")
HEADS = {"mse": "MSE", "kendall_tau": "Kendall tau", "r2": "R2"}


def markdown(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """One line a benchmark, predictor, set and source."""
    keys = ["benchmark", "predictor", "set", "source"]
    together = pd.concat([rows for _, rows in frame.groupby("benchmark", sort=False)])
    rows = []
    for _, group in together.groupby(keys, sort=False):
        first, metrics = group.iloc[0], {row["metric"]: row for _, row in group.iterrows()}
        row = {key: first[key] for key in keys}
        row |= {"architectures": count(first["networks"]), "repeats": count(first["repeats"], "1")}
        rows.append(row | {head: _cell(metrics[metric]) for metric, head in HEADS.items()})
    return table(
        rows,
        f"MSE {MSE_UNIT}. Brackets: bootstrap interval of the mean over repeats. "
        "Other benchmarks and test sets than one's own do not compare.",
    )


def _cell(row: pd.Series) -> str:
    return "too few architectures" if pd.isna(row["value"]) else interval(row["value"], row["low"], row["high"])
