"""table-metrics for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.findings import TAU, estimate_of, shown, than_the_mean
from neural_predictor.figures.markdown import count, interval, table
from neural_predictor.figures.published import TEST
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


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """Tau and R2 of every predictor on the architectures that it has not seen."""
    own = frame[(frame["source"] == "measured") & (frame["set"] == TEST) & frame["value"].notna()]
    said = []
    for (benchmark, predictor), part in own.groupby(["benchmark", "predictor"], sort=False):
        found = {str(row["metric"]): estimate_of(row) for _, row in part.iterrows()}
        said.append(
            f"{predictor} on {benchmark}: {TAU} {shown(found['kendall_tau'])}, R2 {shown(found['r2'])}, "
            f"{than_the_mean(found['r2'])}"
        )
    return f"On unseen architectures: {'; '.join(said)}." if said else "No set of unseen architectures has metrics."


def _cell(row: pd.Series) -> str:
    return "too few architectures" if pd.isna(row["value"]) else interval(row["value"], row["low"], row["high"])
