"""table-frontier for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.findings import estimate_of, metric, ranked, untold
from neural_predictor.figures.frontier import cost_name, cost_sign
from neural_predictor.figures.markdown import count, interval, table

if TYPE_CHECKING:
    import pandas as pd

    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("bound", "members", "best", "search", "cost", "trainings", "regret", "low", "high", "repeats")


def markdown(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """One line a bound and search."""
    cost = str(frame["cost"].iloc[0])
    rows = [
        {
            cost_name(cost): f"{cost_sign(cost)} {row['bound']:g}",
            "architectures that meet it": count(row["members"]),
            f"best {protocol.target} ({protocol.unit})": f"{protocol.scale * row['best']:.2f}",
            "search": row["search"],
            "trainings": count(row["trainings"]),
            f"regret ({protocol.unit})": interval(*(protocol.scale * row[key] for key in ("regret", "low", "high"))),
            "repeats": count(row["repeats"]),
        }
        for _, row in frame.iterrows()
    ]
    said = [_best(part, protocol, f"{cost_sign(cost)} {bound:g}") for bound, part in frame.groupby("bound", sort=False)]
    note = f"{' '.join(said)} {' '.join(protocol.notes)} Brackets: {protocol.interval}."
    return table(rows, note)


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """The search with the least regret under each bound."""
    cost = str(frame["cost"].iloc[0])
    said = []
    for bound, part in frame.groupby("bound", sort=False):
        regrets = {str(row["search"]): estimate_of(row, "regret", protocol.scale) for _, row in part.iterrows()}
        least = ranked(regrets, maximise=False)[0]
        said.append(
            f"At {cost_name(cost)} {cost_sign(cost)} {bound:g}, {least} has the least regret, "
            f"{metric(regrets[least], protocol)}; {untold(regrets, least)}."
        )
    return " ".join(said)


def _best(part: pd.DataFrame, protocol: ProtocolRecord, bound: str) -> str:
    least = part.loc[part["regret"].idxmin()]
    return (
        f"At {bound}, {least['search']} has the least regret, {protocol.scale * least['regret']:.3f} {protocol.unit}."
    )
