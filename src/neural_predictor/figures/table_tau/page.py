"""table-tau for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.findings import TAU, ranked, shown, unseen_taus, untold
from neural_predictor.figures.markdown import count, interval, table
from neural_predictor.statistics.metrics import MSE_UNIT

if TYPE_CHECKING:
    import pandas as pd

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("predictor", "benchmark", "train_size", "test_set", "metric", "mean", "low", "high", "repeats", "test_size")
METRICS = ("kendall_tau", "mse", "r2")


def markdown(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """One line a predictor, benchmark, N and test set, with the mean of each metric."""
    keys = ["predictor", "benchmark", "train_size", "test_set"]
    rows = []
    for _, group in frame.groupby(keys, sort=False):
        first, metrics = group.iloc[0], {row["metric"]: row for _, row in group.iterrows()}
        tested = "the rest" if first["test_set"] == "rest" else "what it accepts of the rest"
        row = {"predictor": first["predictor"], "benchmark": first["benchmark"], "N": str(first["train_size"])}
        row |= {"tested on": f"{tested}, {count(first['test_size'])}", "repeats": count(first["repeats"])}
        for name in METRICS:
            row[name] = interval(metrics[name]["mean"], metrics[name]["low"], metrics[name]["high"])
        rows.append(row)
    return table(rows, f"mse {MSE_UNIT}. Brackets: bootstrap interval of the mean.")


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """The best predictor of each benchmark at the N that most predictors are fitted to."""
    said = []
    for benchmark, size, taus in unseen_taus(frame, lambda sizes: [sizes.mode().max()]):
        best = ranked(taus)[0]
        alone = f", the best of {len(taus)}; {untold(taus, best)}" if len(taus) > 1 else ""
        said.append(f"With N = {size} on {benchmark}, {best} has a {TAU} of {shown(taus[best])}{alone}.")
    return " ".join(said)
