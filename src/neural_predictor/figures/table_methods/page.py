"""table-methods for readers: numbers, verdicts by a stated rule, and the slides' ticks beside them."""

from __future__ import annotations

from math import inf, isnan
from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.markdown import table
from neural_predictor.search.registry import SEARCHES
from neural_predictor.statistics.bootstrap import Estimate

if TYPE_CHECKING:
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("method", "measure", "workers", "batch", "value", "low", "high", "repeats")
SLIDES = {"predictor": ("~", "yes", "~")}
"""Method -> the slides' ticks, as far as they are at hand: efficient, friendly to tuning, fully parallelizable."""
FRIENDLY = 2.0
"""Price of not tuning up to which a search counts as friendly."""
WAITS = 2.0
"""Questions up to which a search counts as fully parallelizable: the paper's asks twice."""
RULES = (
    "Verdicts follow from the intervals. Efficient: no where the level is surely not held within the budget; where it "
    "surely is, yes if the trainings' interval meets that of the fewest, else ~; open where neither is sure. Friendly: "
    f"yes where the price of not tuning is surely at most {FRIENDLY:g}, no where it is surely more, else ~. "
    f"Parallelizable: yes where the level is held after at most {WAITS:g} questions with the most workers; ~ where it "
    "is held after more; no where it is not held. The slides' tick, where it is at hand, stands behind a stroke. "
    "Weight sharing (DARTS, one-shot) trains no architecture by itself, so that none of these numbers exists for it: "
    "what it has is Kendall tau of its scores with stand-alone trainings of the study's children."
)
TAU = "kendall_tau"
"""The measure of methods that share weights."""
SHARED = "tau of shared weights"
"""The column of methods that share weights, where the study has some."""
Numbers = dict[tuple[str, int], Estimate]
"""(Measure, workers or 0) -> number."""


def markdown(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """A row a search, the most efficient first, and one a method that shares weights, or an empty one of all."""
    shared = frame[frame["measure"] == TAU]
    of = _searches(frame)
    ranked = list(of)
    fewest = _or_inf(of[ranked[0]]["trainings", 0].high)
    workers = sorted({int(each) for each in frame["workers"].dropna()})
    rows = [_row(name, of[name], fewest, workers, protocol) for name in ranked]
    if shared.empty:
        rows.append(dict.fromkeys(rows[0], "") | {"method": "weight sharing", "kind": "DARTS, one-shot"})
    else:
        rows = [row | {SHARED: ""} for row in rows]
        for name, part in shared.groupby("method", sort=False):
            tau = _shown(_numbers(part)[TAU, 0], "diverged")
            rows.append(dict.fromkeys(rows[0], "") | {"method": str(name), "kind": "weight sharing", SHARED: tau})
    return table(rows, " ".join([_sentence(of, ranked[0]), RULES, *protocol.notes]))


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """The most efficient search, and the paper's predictor."""
    of = _searches(frame)
    return _sentence(of, next(iter(of)))


def _searches(frame: pd.DataFrame) -> dict[str, Numbers]:
    """The numbers of each search, the most efficient first."""
    parts = frame[frame["measure"] != TAU].groupby("method", sort=False)
    of = {str(name): _numbers(part) for name, part in parts}
    return dict(sorted(of.items(), key=lambda item: _or_inf(item[1]["trainings", 0].value)))


def _numbers(part: pd.DataFrame) -> Numbers:
    return {
        (str(row["measure"]), 0 if pd.isna(row["workers"]) else int(row["workers"])): Estimate(
            *(float(row[end]) for end in ("value", "low", "high"))
        )
        for _, row in part.iterrows()
    }


def _row(name: str, own: Numbers, fewest: float, workers: list[int], protocol: ProtocolRecord) -> dict[str, str]:
    ticks = SLIDES.get(name, ("", "", ""))
    price = own.get(("price", 0))
    regret = Estimate(*(protocol.scale * end for end in own["regret", 0]))
    most = max(workers, default=0)
    found = {
        "method": name,
        "kind": SEARCHES[name].family if name in SEARCHES else "",
        "trainings to the level": _shown(own["trainings", 0]),
        "times fewer than random": _shown(own["times", 0], "", "below"),
        f"regret ({protocol.unit})": _shown(regret),
        "efficient": _tick(_efficient(own, fewest), ticks[0]),
        "price of not tuning": "" if price is None else _shown(price),
        "friendly": _tick(_friendly(price), ticks[1]),
    }
    for count in workers:
        wall = own.get(("wall_time", count))
        found[f"wall time, {count:,} worker{'s' if count > 1 else ''}"] = "" if wall is None else _shown(wall)
    asked = own.get(("questions", most))
    found[f"questions, {most:,} workers"] = "" if asked is None else _shown(asked)
    return found | {"parallelizable": _tick(_parallel(asked), ticks[2])}


def _efficient(own: Numbers, fewest: float) -> str:
    trainings = own["trainings", 0]
    if isnan(trainings.high):
        return "no" if isnan(trainings.low) else "open"
    return "yes" if trainings.low <= fewest else "~"


def _friendly(price: Estimate | None) -> str:
    if price is None:
        return ""
    return "yes" if price.high <= FRIENDLY else "no" if price.low > FRIENDLY else "~"


def _parallel(asked: Estimate | None) -> str:
    if asked is None:
        return ""
    return "no" if isnan(asked.value) else "yes" if asked.high <= WAITS else "~"


def _tick(found: str, slides: str) -> str:
    return f"{found} / {slides}" if found and slides else found


def _or_inf(value: float) -> float:
    return inf if isnan(value) else value


def _shown(number: Estimate, missing: str = "not held", unbounded: str = "beyond") -> str:
    """A number with its interval; `unbounded` is an end that is beyond the budget."""
    if isnan(number.value):
        return missing
    low, high = (unbounded if isnan(end) else f"{end:,.3g}" for end in number[1:])
    return f"{number.value:,.3g}" if low == high else f"{number.value:,.3g} [{low}, {high}]"


def _sentence(of: dict[str, Numbers], best: str) -> str:
    """What the table says of the most efficient search and of the paper's predictor."""
    fewest = of[best]["trainings", 0]
    if isnan(fewest.value):
        return "No search holds the level within its budget."
    text = f"{best} needs the fewest trainings for the level: {_shown(fewest)}."
    if "predictor" in of and best != "predictor":
        text += f" The paper's predictor: {_shown(of['predictor']['trainings', 0], 'not held within its budget')}."
    return text
