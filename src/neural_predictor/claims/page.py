"""Verdicts for readers: one page for a study, or for several side by side."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import pandas as pd

from neural_predictor.claims.judge import COLUMNS, FAILS, HOLDS, OPEN, UNMEASURED
from neural_predictor.errors import FormatError
from neural_predictor.figures.wanted import find
from neural_predictor.io.files import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADINGS = {
    HOLDS: "What holds",
    FAILS: "What does not",
    OPEN: "What cannot be told",
    UNMEASURED: "What is not measured",
}
REPORT = "report.html"
"""What `make report` writes beside the page of several studies."""
SOURCES = {"paper": "Wen et al., ECCV 2020", "slides": "the slides", "replication": "the 2021 replication"}


def render(tables: Sequence[Path], html: Path, md: Path) -> None:
    """Write the page of some studies' verdicts.

    Args:
        tables: `claims.csv` of each study, in the order of the page; links are relative to the folder of `html`.
        html: where the page shall be, without scripts and without files of other sites. It links to the workflow's
            report where that lies beside it.
        md: where the same as Markdown shall be.

    Raises:
        FormatError: if a CSV is not one of verdicts.
    """
    studies = [_study(path, html.parent) for path in tables]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    first = studies[0]
    claims = [
        {**{key: first["rows"][k][key] for key in ("claim", "says", "place", "refuted_by")}}
        | {"measured": _measured({study["name"]: study["rows"][k]["measured"] for study in studies})}
        | {"source": SOURCES[first["rows"][k]["source"]], "found": [study["rows"][k] for study in studies]}
        | {key: first["rows"][k][key] or "not given" for key in ("paper", "replication")}
        for k in range(len(first["rows"]))
    ]
    report = REPORT if html.with_name(REPORT).is_file() else None
    given = {"headings": HEADINGS, "studies": studies, "claims": claims, "report": report}
    write_text(html, environment.get_template("page.html.j2").render(given))
    write_text(md, environment.get_template("page.md.j2").render(given))


def _measured(texts: dict[str, str]) -> str:
    """What is measured; by study where they differ, as by their N."""
    different = dict.fromkeys(texts.values())
    if len(different) == 1:
        return next(iter(different))
    return "; ".join(f"{text} ({', '.join(name for name in texts if texts[name] == text)})" for text in different)


def _study(path: Path, start: Path) -> dict[str, Any]:
    """Name of a study, its verdicts, and how many there are of each kind."""
    try:
        frame = pd.read_csv(path, keep_default_na=True, dtype=dict.fromkeys(("paper", "replication", "shown"), str))
        found = frame[list(COLUMNS)].to_dict("records")
    except (OSError, ValueError, KeyError) as error:
        raise FormatError(f"{path}: not a file of verdicts ({error}); run its rule again") from error
    folder = Path(os.path.relpath(path.parent, start)).as_posix()
    rows: list[dict[str, Any]] = [
        {str(key): None if pd.isna(value) else value for key, value in row.items()} for row in found
    ]
    for row in rows:
        if row["artefact"] is not None:
            row["about"], row["csv"] = find(row["artefact"]).about, f"{row['artefact']}.csv"
            row["page"], row["csv"] = (os.path.normpath(f"{folder}/{row[key]}") for key in ("page", "csv"))
            row["picture"] = row["page"] if row["page"].endswith(".png") else None
    by_verdict = {verdict: [row for row in rows if row["verdict"] == verdict] for verdict in HEADINGS}
    return {"name": rows[0]["study"], "rows": rows, "by_verdict": by_verdict}
