"""table-methods for readers: numbers, verdicts by a stated rule, and the slides' ticks beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.markdown import table
from neural_predictor.search.registry import SEARCHES

if TYPE_CHECKING:
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("method", "measure", "workers", "batch", "value", "low", "high", "repeats")
SLIDES = {"predictor": ("~", "yes", "~")}
"""Method -> the slides' ticks: efficient, friendly to hyper-parameters, fully parallelizable. Only these are at hand."""
FRIENDLY = 2.0
"""Price of not tuning up to which a search counts as friendly."""
WAITS = 2.0
"""Questions up to which a search counts as fully parallelizable: the paper's asks twice."""
RULES = (
    "Verdicts follow from the intervals. Efficient: yes where the trainings' interval meets that of the fewest; ~ where "
    "they are surely fewer than random search's; else no. Friendly: yes where the price of not tuning is surely at most "
    f"{FRIENDLY:g}, no where it is surely more, else ~. Parallelizable: yes where the level is held after at most "
    f"{WAITS:g} questions with the most workers; ~ where it is held after more; no where it is not held. The slides' "
    "tick, where it is at hand, stands behind a stroke. Weight sharing (DARTS, one-shot) trains no architecture by "
    "itself, so that none of these numbers exists for it: a study of its own measures it."
)


def markdown(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """A row a search, the most efficient first, and the row that weight sharing leaves empty."""
    of = {name: part.set_index("measure") for name, part in frame.groupby("method", sort=False)}
    fewest = _fewest(of)
    needed = {name: part.loc["trainings", "value"] for name, part in of.items()}
    ranked = sorted(of, key=lambda name: (pd.isna(needed[name]), needed[name]))
    rows = [_row(name, of[name], fewest, protocol) for name in ranked]
    rows.append({**dict.fromkeys(rows[0], ""), "method": "weight sharing", "kind": "DARTS, one-shot"})
    return table(rows, " ".join([_sentence(of), RULES, *protocol.notes]))


def _row(name: str, part: pd.DataFrame, fewest: float, protocol: ProtocolRecord) -> dict[str, str]:
    ticks = SLIDES.get(name, ("", "", ""))
    regret = part.loc["regret"].copy()
    regret[["value", "low", "high"]] *= protocol.scale
    found = {
        "method": name,
        "kind": SEARCHES[name].family if name in SEARCHES else "",
        "trainings to the level": _shown(part.loc["trainings"], "not held"),
        "times fewer than random": _shown(part.loc["times"], ""),
        f"regret ({protocol.unit})": _shown(regret, ""),
        "efficient": _tick(_efficient(part, fewest), ticks[0]),
        "price of not tuning": _shown(part.loc["price"], "") if "price" in part.index else "",
        "friendly": _tick(_friendly(part), ticks[1]),
    }
    parallel = part[part.index == "wall_time"].sort_values("workers")
    for workers, row in zip(parallel["workers"], parallel.iloc, strict=True):
        found[f"wall time, {int(workers):,} workers"] = _shown(row, "not held")
    if not parallel.empty:
        asked = part[part.index == "questions"].sort_values("workers").iloc[-1]
        found[f"questions, {int(asked['workers']):,} workers"] = _shown(asked, "not held")
    return found | {"parallelizable": _tick(_parallel(part), ticks[2])}


def _fewest(of: dict[str, pd.DataFrame]) -> float:
    """The upper end of the fewest trainings."""
    rows = pd.DataFrame([part.loc["trainings"] for part in of.values()]).dropna(subset=["value"])
    return float(rows.sort_values("value").iloc[0].fillna(float("inf"))["high"]) if len(rows) else float("inf")


def _efficient(part: pd.DataFrame, fewest: float) -> str:
    own = part.loc["trainings"]
    if pd.notna(own["value"]) and own["low"] <= fewest:
        return "yes"
    return "~" if part.loc["times", "low"] > 1 else "no"


def _friendly(part: pd.DataFrame) -> str:
    if "price" not in part.index:
        return ""
    price = part.loc["price"]
    return "yes" if price["high"] <= FRIENDLY else "no" if price["low"] > FRIENDLY else "~"


def _parallel(part: pd.DataFrame) -> str:
    asked = part[part.index == "questions"]
    if asked.empty:
        return ""
    most = asked.sort_values("workers").iloc[-1]
    return "no" if pd.isna(most["value"]) else "yes" if most["high"] <= WAITS else "~"


def _tick(found: str, slides: str) -> str:
    return f"{found} / {slides}" if slides else found


def _shown(row: pd.Series, missing: str) -> str:
    """A number with its interval."""
    if pd.isna(row["value"]):
        return missing
    low, high = ("beyond" if pd.isna(row[end]) else f"{row[end]:.3g}" for end in ("low", "high"))
    return f"{row['value']:.3g}" if low == high else f"{row['value']:.3g} [{low}, {high}]"


def _sentence(of: dict[str, pd.DataFrame]) -> str:
    """What the table says of the paper's predictor and of the most efficient search."""
    held = {name: part.loc["trainings"] for name, part in of.items() if pd.notna(part.loc["trainings", "value"])}
    if not held:
        return "No search holds the level within its budget."
    best = min(held, key=lambda name: float(held[name]["value"]))
    text = f"{best} needs the fewest trainings for the level: {_shown(held[best], '')}."
    if "predictor" in of and best != "predictor":
        text += f" The paper's predictor: {_shown(of['predictor'].loc['trainings'], 'not held within its budget')}."
    return text
