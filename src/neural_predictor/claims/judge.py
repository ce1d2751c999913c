"""From a study's numbers to verdicts on claims: by a stated rule on intervals, never by hand.

A claim holds if the whole interval is on the claimed side of its bound, and fails if it is wholly on the other side. An
interval that straddles the bound cannot tell. A missing end of an interval counts as unbounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf, isnan, nan
from typing import TYPE_CHECKING, Any

import pandas as pd

from neural_predictor.claims.artefacts import FILE, artefacts_of
from neural_predictor.errors import ConfigError
from neural_predictor.figures.artefact import PAGES
from neural_predictor.figures.results import ProtocolRecord, read_result
from neural_predictor.figures.wanted import Wanted, find

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from neural_predictor.config.claims import Claim, Measure, Test
    from neural_predictor.config.project import Project
    from neural_predictor.config.study import Study

HOLDS, FAILS, OPEN, UNMEASURED = VERDICTS = ("holds", "fails", "cannot be told", "not measured")
COLUMNS = (
    *("study", "claim", "says", "source", "place", "refuted_by", "measured", "paper", "replication"),
    *("value", "low", "high", "rule", "shown", "verdict", "reason", "protocol", "artefact", "page"),
)


@dataclass(frozen=True)
class Estimate:
    """A number and its interval; ends are infinite where they are missing."""

    value: float
    low: float
    high: float


def judge(project: Project, study: str, folder: Path) -> pd.DataFrame:
    """Verdicts on all claims by the numbers of a study.

    Args:
        project: its claims and studies.
        study: the study's name.
        folder: where its CSVs and protocols are.

    Returns:
        One row a claim, `COLUMNS`.

    Raises:
        ConfigError: for a claim on an artefact, a column or a key of a study that does not exist.
        FormatError: if a CSV or protocol is missing or damaged.
    """
    config = project.study(study)
    wanted = Wanted(config)
    made = artefacts_of(project.claims, wanted)
    results = {name: _result(folder / f"{name}.csv") for name in made}
    elsewhere = {name: Wanted(project.study(name)) for name in project.study_names()}
    rows = []
    for claim in project.claims:
        row: dict[str, Any] = {"study": study, "claim": claim.name, **_said(claim, config)}
        if claim.test is None:
            row |= {"verdict": UNMEASURED, "reason": claim.unmeasured}
        elif claim.test.artefact not in made:
            row |= {"verdict": UNMEASURED, "reason": _where_to_build(claim.test.artefact, elsewhere)}
        elif other := _otherwise(claim, config):
            row |= {"verdict": UNMEASURED, "reason": other}
        else:
            row |= _judged(claim, claim.test, *results[claim.test.artefact])
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def verdict(found: Estimate, test: Test) -> str:
    """The rule: one of `VERDICTS`."""
    if test.at_least is not None:
        return HOLDS if found.low >= test.at_least else FAILS if found.high < test.at_least else OPEN
    return HOLDS if found.high <= test.bound else FAILS if found.low > test.bound else OPEN


def _result(csv: Path) -> tuple[pd.DataFrame, ProtocolRecord]:
    return read_result(csv, csv.with_suffix(".protocol.json"), ())


def _said(claim: Claim, study: Study) -> dict[str, str | None]:
    keys = ("says", "source", "place", "refuted_by", "measured", "paper", "replication")
    found = {key: getattr(claim, key) for key in keys}
    return found | {"measured": re.sub(r"\{(.*?)\}", lambda key: str(_of(study, claim, key[1])), claim.measured)}


def _of(study: Study, claim: Claim, key: str) -> Any:
    """The value of a key of a study, such as `fig4.train_size`; `none` where it lacks the section.

    Raises:
        ConfigError: if no study has such a key.
    """
    part: Any = study
    for name in key.split("."):
        if part is None:
            return "none"
        if name not in type(part).model_fields:
            raise ConfigError(
                f"{FILE}: claims.{claim.name}: a study has no key {key}; allowed are keys as studies write them, such "
                "as fig4.train_size"
            )
        part = getattr(part, name)
    return part


def _otherwise(claim: Claim, study: Study) -> str | None:
    """Why a claim is not of this study; None where it is."""
    for key, value in claim.needs.items():
        if (own := _of(study, claim, key)) != value:
            return f"the claim is of {key} = {value}, which this study has as {own}"
    return None


def _where_to_build(artefact: str, studies: Mapping[str, Wanted]) -> str:
    having = [name for name, wanted in studies.items() if artefact in wanted.artefacts]
    if not having:
        return f"no study makes {artefact}"
    target = f"results/{having[0]}/{artefact}.{PAGES[find(artefact).kind][0]}"
    return f"this study does not make {artefact}; `make {target}` builds it"


def _judged(claim: Claim, test: Test, frame: pd.DataFrame, protocol: ProtocolRecord) -> dict[str, Any]:
    of = f"{FILE}: claims.{claim.name}.test"
    try:
        found = _tested(test, frame, of)
    except LookupError as error:
        return {"verdict": UNMEASURED, "reason": error.args[0]}
    page = f"{test.artefact}.{PAGES[find(test.artefact).kind][-1]}"
    return {
        "value": found.value,
        "low": found.low if abs(found.low) < inf else nan,
        "high": found.high if abs(found.high) < inf else nan,
        "rule": _rule(test),
        "shown": _shown(found, test),
        "verdict": verdict(found, test),
        "protocol": _protocol(protocol),
        "artefact": test.artefact,
        "page": page,
    }


def _tested(test: Test, frame: pd.DataFrame, of: str) -> Estimate:
    """The tested number.

    Raises:
        ConfigError: for a column that does not exist, or more rows than one.
        LookupError: if there is no such row.
    """
    own = _read(test.measure, frame, f"{of}.measure")
    if test.against is None:
        return own
    other = _read(test.against, frame, f"{of}.against")
    if test.relation == "difference":
        return Estimate(own.value - other.value, own.low - other.high, own.high - other.low)
    if -inf in (own.low, other.low):
        return Estimate(own.value / other.value, -inf, inf)
    if min(own.low, other.low) <= 0:
        raise ConfigError(f"{of}.relation: a ratio needs numbers above 0; these reach {min(own.low, other.low):g}")
    return Estimate(own.value / other.value, own.low / other.high, own.high / other.low)


def _read(measure: Measure, frame: pd.DataFrame, of: str) -> Estimate:
    """A number of a CSV; see `_tested`."""
    columns = {*measure.where, measure.value} | ({measure.low, measure.high} - {None})
    if missing := sorted(map(str, columns - set(frame.columns))):
        raise ConfigError(f"{of}: no column {', '.join(missing)}; there are {', '.join(frame.columns)}")
    rows = frame
    for column, value in measure.where.items():
        rows = rows[rows[column] == value]
        if rows.empty:
            raise LookupError(f"this study has no row with {column} = {value}")
    if measure.take != "only":
        ordered = rows.dropna(subset=[measure.value]).sort_values(measure.value, kind="stable")
        rows = ordered.iloc[[-1 if measure.take == "max" else 0]]
    if len(rows) > 1:
        raise ConfigError(f"{of}.where: {len(rows):,} rows are so; name more columns, or take max or min")
    row = rows.iloc[0]
    value = float(row[measure.value])
    low, high = (value if end is None else float(row[end]) for end in (measure.low, measure.high))
    return Estimate(value, -inf if isnan(low) else low, inf if isnan(high) else high)


def _number(value: float, test: Test) -> str:
    return f"{test.scale * value:,.{test.decimals}f}"


def _rule(test: Test) -> str:
    bound = "at least" if test.at_least is not None else "at most"
    return " ".join(f"{bound} {_number(test.bound, test)} {test.unit}".split())


def _shown(found: Estimate, test: Test) -> str:
    """Number, interval and unit as text."""
    value = "not reached" if isnan(found.value) else _number(found.value, test)
    if found.low == found.value == found.high:
        return " ".join(f"{value} {test.unit}".split())
    ends = ("no bound" if abs(end) == inf else _number(end, test) for end in (found.low, found.high))
    return " ".join(f"{value} [{', '.join(ends)}] {test.unit}".split())


def _protocol(protocol: ProtocolRecord) -> str:
    repeats = ", ".join(f"{count} of {what}" for what, count in protocol.repeats.items())
    return (
        f"{protocol.benchmark_title}, {protocol.architectures:,} architectures. Search signal: {protocol.label}. "
        f"Repeats: {repeats}. Interval: {protocol.interval}."
    )
