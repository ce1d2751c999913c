"""The files of an experiment: tidy numbers, and beside them the protocol that makes them comparable."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from neural_predictor.errors import FormatError
from neural_predictor.io.files import atomic_together

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd


class ProtocolRecord(BaseModel):
    """The protocol of one experiment; equal protocols make comparable curves.

    Attributes:
        experiment: its name, such as `fig7`.
        study: name of the study.
        benchmark: name of the table, and `benchmark_title` as a reader knows it.
        architectures: how many the table has.
        signal: metric that a search sees, and `target` the one that is reported, as a reader calls them.
        unit: of both, as figures show them; numbers of files times `scale` are in it.
        maximise: whether more of it is better.
        label: what a search sees of an architecture.
        sampling: how training architectures are drawn.
        scored: what a predictor scores, and its metrics are taken on.
        reported: what is reported of a search's choice.
        repeats: by what is repeated.
        interval: how intervals are made.
        notes: what a reader must know besides.
        seed: the study's seed.
        study_digest: SHA-256 of the study's values.
        versions: of this package and the libraries that compute.
        seconds: of one repeat, fit and scores, by predictor and N, in figA1-tau: not the same in every run, and so
            no part of its numbers.
    """

    model_config = ConfigDict(frozen=True)

    experiment: str
    study: str
    benchmark: str
    benchmark_title: str
    architectures: int
    signal: str
    target: str
    unit: str
    scale: float
    maximise: bool
    label: str
    sampling: str
    scored: str
    reported: str
    repeats: dict[str, int]
    interval: str
    notes: list[str]
    seed: int
    study_digest: str
    versions: dict[str, str]
    seconds: dict[str, dict[int, float]] = {}


def write_result(frame: pd.DataFrame, protocol: ProtocolRecord, csv: Path, protocol_json: Path) -> None:
    """Write an experiment's tidy numbers and its protocol, both of them or none. Equal results give equal bytes."""
    described = json.dumps(protocol.model_dump(exclude_defaults=True), indent=2) + "\n"
    with atomic_together(csv, protocol_json) as (numbers, text):
        frame.to_csv(numbers, index=False, float_format="%.8g", lineterminator="\n")
        text.write_text(described, encoding="utf-8", newline="")


def read_result(csv: Path, protocol_json: Path, columns: Sequence[str]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Read what `write_result` wrote.

    Raises:
        FormatError: if a file is missing or damaged, or a column is.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(csv, dtype={"architecture": str})
        protocol = ProtocolRecord.model_validate_json(protocol_json.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:  # pydantic's and pandas' errors are ValueErrors
        raise FormatError(
            f"{csv} and {protocol_json}: not a result of this project ({error}); run its rule again"
        ) from error
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise FormatError(f"{csv}: no column {', '.join(missing)}; run the rule that made it again")
    return frame, protocol


def differences(protocols: Sequence[ProtocolRecord]) -> list[str]:
    """What keeps numbers of different protocols from being compared, a sentence each; none for equal protocols.

    The names of study and experiment, its seed and its notes may differ; what is seen, drawn, scored, reported,
    repeated and computed with may not.
    """
    found = []
    for field in ("benchmark_title", "architectures", "label", "sampling", "scored", "reported", "repeats", "interval"):
        values = [_plain(getattr(protocol, field)) for protocol in protocols]
        if len(set(values)) > 1:
            named = "; ".join(f"{value} ({one.study})" for value, one in zip(values, protocols, strict=True))
            found.append(f"{field.removesuffix('_title')}: {named}.")
    return found


def _plain(value: object) -> str:
    return ", ".join(f"{count} of {what}" for what, count in value.items()) if isinstance(value, dict) else str(value)


def caption(protocol: ProtocolRecord) -> str:
    """The small print of a figure: what was measured, how often, and what is left out."""
    notes: list[Any] = protocol.notes
    sentences = [
        f"{protocol.benchmark_title}: {protocol.architectures:,} architectures.",
        f"Search signal: {protocol.label}. Reported: {protocol.reported}.",
        f"Repeats: {_plain(protocol.repeats)}; band: {protocol.interval}.",
        *notes,
    ]
    return " ".join(sentences)
