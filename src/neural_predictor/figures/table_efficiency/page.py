"""table-efficiency for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.findings import listed
from neural_predictor.figures.markdown import count, table

if TYPE_CHECKING:
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("panel", "method", "samples", "ratio", "low", "high", "reached", "level", "repeats")
SURE = 0.95
"""Share of resamples in which evolution holds its own final level, from which on a level tells searches apart."""


def markdown(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """One line a level and search, and what can be told at each level."""
    names = {"signal_by_samples": protocol.signal, "target_by_samples": protocol.target}
    rows = [
        {
            "level of": names[row["panel"]],
            "search": row["method"],
            "samples until it is reached": count(row["samples"], "not reached"),
            "times as efficient as evolution": f"{_ratio(row['ratio'])} [{_ratio(row['low'])}, {_ratio(row['high'])}]",
            "reached in": f"{row['reached']:.0%}",
            "repeats": count(row["repeats"]),
        }
        for _, row in frame.iterrows()
    ]
    said = [
        _level(names[str(panel)], part, protocol.scale, protocol.unit)
        for panel, part in frame.groupby("panel", sort=False)
    ]
    return table(
        rows,
        f"{' '.join(said)} Brackets, and the share in which a level is reached: bootstrap over the repeats of both "
        "searches.",
    )


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """How many times as efficient as evolution each search is, at each level that tells them apart."""
    names = {"signal_by_samples": protocol.signal, "target_by_samples": protocol.target}
    said = []
    for panel, part in frame.groupby("panel", sort=False):
        said.append(_level(names[str(panel)], part, protocol.scale, protocol.unit))
        others = part[part["method"] != "evolution"]
        ratios = [f"{row['method']} {_with_ends(row)}" for _, row in others.iterrows()]
        if ratios:
            said.append(f"Times as efficient as evolution: {listed(ratios)}.")
    return " ".join(said)


def _level(name: str, part: pd.DataFrame, scale: float, unit: str) -> str:
    """The level of one panel, and whether it tells searches apart."""
    level, own = part["level"].iloc[0], float(part.loc[part["method"] == "evolution", "reached"].iloc[0])
    text = f"Evolution's mean {name} at its whole budget is {scale * level:.5g} {unit}."
    if own >= SURE:
        return text
    return (
        f"{text} Evolution itself holds it in only {own:.0%} of the resamples: a search that does not reach this level "
        "is not shown to be worse."
    )


def _ratio(value: float) -> str:
    return "below 1" if pd.isna(value) else f"{value:.2f}"


def _with_ends(row: pd.Series) -> str:
    """A ratio with its interval, without one where all of it is below 1."""
    value, low, high = (_ratio(row[name]) for name in ("ratio", "low", "high"))
    return value if value == low == high else f"{value} [{low}, {high}]"
