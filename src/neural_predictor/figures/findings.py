"""What pages say of their numbers: estimates as text, which of them intervals tell apart, and the file of a finding.

A page's module has a function `finding(frame, protocol)` beside `COLUMNS`: what is seen, in a few plain sentences made
from the numbers. It stands with the code of the page, which no numbers are computed with.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from neural_predictor.figures.markdown import interval
from neural_predictor.statistics.bootstrap import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

    from neural_predictor.figures.results import ProtocolRecord

TAU = "Kendall tau"
FEW = 2
"""Names that are always named."""


def estimate_of(row: Any, value: str = "value", scale: float = 1.0) -> Estimate:
    """The number of a row, in its column `value`, with its interval in `low` and `high`."""
    return Estimate(*(scale * float(row[column]) for column in (value, "low", "high")))


def shown(number: Estimate, decimals: int = 3, unit: str = "") -> str:
    """Such as `91.85 % [91.70, 92.10]`; without brackets where the interval has no width or is missing."""
    if number.low == number.value == number.high:
        number = Estimate(number.value, float("nan"), float("nan"))
    value, bracket, ends = interval(*number, decimals).partition(" [")
    return f"{f'{value} {unit}'.rstrip()}{bracket}{ends}"


def metric(number: Estimate, protocol: ProtocolRecord) -> str:
    """A search signal or a target in the protocol's unit, of which `number` already is."""
    return shown(number, 2 if protocol.unit == "%" else 3, protocol.unit)


def order(own: Estimate, other: Estimate, *, maximise: bool = True) -> int:
    """1 if a number is better than another one, -1 if it is worse, 0 if their intervals meet or one is missing."""
    sign = 1 if maximise else -1
    return sign * (int(own.low > other.high) - int(own.high < other.low))


def ranked(found: Mapping[str, Estimate], *, maximise: bool = True) -> list[str]:
    """Names by their numbers, the best first."""
    return sorted(found, key=lambda name: found[name].value, reverse=maximise)


def unseen_taus(
    frame: pd.DataFrame, sizes: Callable[[pd.Series], Iterable[int]]
) -> Iterator[tuple[str, int, dict[str, Estimate]]]:
    """(Benchmark, N, predictor -> Kendall tau on what it was not fitted to), of the N that `sizes` picks of all."""
    rows = frame[(frame["metric"] == "kendall_tau") & (frame["test_set"] == "rest") & frame["mean"].notna()]
    for benchmark, part in rows.groupby("benchmark", sort=False):
        for size in sizes(part["train_size"]):
            own = part[part["train_size"] == size]
            yield str(benchmark), size, {str(row["predictor"]): estimate_of(row, "mean") for _, row in own.iterrows()}


def untold(found: Mapping[str, Estimate], name: str) -> str:
    """What the intervals say of one of several numbers against all others."""
    others = [other for other in found if other != name]
    alike = [other for other in others if order(found[name], found[other]) == 0]
    if not alike:
        return f"the intervals tell it from {'all others' if len(others) > 1 else listed(others)}"
    if len(alike) == len(others) > 1:
        return "the intervals do not tell it from any other"
    return f"the intervals do not tell it from {listed(alike)}"


def against(found: Mapping[str, Estimate], other: Estimate, *, maximise: bool = True) -> str:
    """Which numbers are better than another one, which worse, and which are not told from it."""
    groups: dict[int, list[str]] = {1: [], 0: [], -1: []}
    for name, own in found.items():
        groups[order(own, other, maximise=maximise)].append(name)
    words = {1: "better", 0: "not told from it", -1: "worse"}
    if len(found) > FEW and (alone := [k for k, names in groups.items() if len(names) == len(found)]):
        return f"all others are {words[alone[0]]}" if alone[0] else "no other is told from it"
    said = [f"{listed(names)} {'is' if len(names) == 1 else 'are'} {words[k]}" for k, names in groups.items() if names]
    return listed(said) if len(said) <= FEW else ", ".join(said)


def listed(words: Iterable[str]) -> str:
    """Words as they stand in a sentence: `a, b and c`."""
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last


def than_the_mean(r2: Estimate) -> str:
    """What R2 says of a predictor against one that predicts the mean for all."""
    verdict = order(r2, Estimate(0, 0, 0))
    return {1: "better than", 0: "not told from", -1: "worse than"}[verdict] + " predicting the mean"


def as_rst(text: str) -> str:
    """Plain text as reStructuredText, which Snakemake's report takes."""
    return re.sub(r"([\\*`|_])", r"\\\1", text) + "\n"
