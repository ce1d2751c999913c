"""table-mse for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.findings import estimate_of, order, shown
from neural_predictor.figures.markdown import count, interval, table
from neural_predictor.statistics.metrics import MSE_UNIT

if TYPE_CHECKING:
    import pandas as pd

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("source", "benchmark", "stages", "tested_on", "mse", "low", "high", "repeats", "test_size")

MEAN = "mean of the set"


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


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """The errors of one stage and of two on the same architectures, and of their mean."""
    own = frame[(frame["source"] == "measured") & frame["mse"].notna()]
    found = {(row["tested_on"], row["stages"]): estimate_of(row, "mse") for _, row in own.iterrows()}
    said = []
    for (tested_on, stages), two in found.items():
        if stages != "two" or (tested_on, "one") not in found:
            continue
        one = found[tested_on, "one"]
        words = {1: "two stages are better", 0: "the intervals do not tell them apart", -1: "two stages are worse"}
        said.append(
            f"On what the classifier accepts, the mean squared error of two stages is {shown(two, 2)}, that of one "
            f"stage {shown(one, 2)}, {one.value / two.value:.2f} times as large: "
            f"{words[order(two, one, maximise=False)]}."
        )
        if (constant := found.get((tested_on, MEAN))) is not None:
            said.append(f"Predicting the mean of the set has {shown(constant, 2)}.")
    return " ".join(said) or "Too few architectures are accepted: two stages have no error to compare."
