"""fig-audit: what a figure's main number becomes with each defect of earlier code, and with all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from joblib import Parallel, delayed

from neural_predictor.config.defects import DEFECTS
from neural_predictor.figures.audit.evidence import Evidence
from neural_predictor.figures.audit.finding import RULE
from neural_predictor.figures.audit.together import TOGETHER, together
from neural_predictor.figures.protocol import describe
from neural_predictor.io.progress import progress
from neural_predictor.predictors.device import limit_threads
from neural_predictor.records import load_entry
from neural_predictor.tables.table import metric_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neural_predictor.config.beyond import Audit
    from neural_predictor.config.defects import Defect
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

NO_PERCENT = "clipped-head"
"""The defect whose output is a percentage, and that a loss cannot have."""
WITHOUT_PANEL = (
    "Rows 11, 12, 16 and 18 to 21 of docs/protocol.md have no panel: they are of several runs, labels of axes, "
    "children, recurrent cells and files, which this table does not have."
)


def run(request: Request[Audit]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """A row a defect that the study lists, in the order of `config.defects`, and one of all together.

    Returns:
        Rows of `finding.Finding.row`, values in the unit of their row; and their protocol.

    Raises:
        ConfigError: if the table is too small for the study.
        FormatError: if a file of scores is damaged.
    """
    study, plan, table = request.study, request.section, request.table
    study.check_rows(table.name, len(table))
    evidence, notes = Evidence(request), [RULE]
    listed = {name: defect for name, defect in DEFECTS.items() if name in plan.defects}
    if NO_PERCENT in listed and metric_of(table.signal).shown[1] != "%":
        notes.append(f"{NO_PERCENT} has no panel: its output is a percentage, and the signal is none.")
        del listed[NO_PERCENT]
    frame = pd.DataFrame(_rows(evidence, listed, request.threads))
    repeats = {"each predictor": plan.repeats, "random search and the oracle": study.searches.repeats}
    return frame, describe(request, repeats, [summary(frame), *notes, WITHOUT_PANEL])


def _rows(evidence: Evidence, listed: Mapping[str, Defect], threads: int) -> list[dict[str, Any]]:
    """A row a defect and one of all together.

    They are computed in processes side by side: those that train predictors take minutes, and one training on two
    threads gives other numbers than on one.
    """
    limit_threads(1)  # of each process
    names = [TOGETHER.name, *listed]  # the longest first
    with progress("audit", len(names), "defects and all together") as advance:
        found = {}
        for name, row in Parallel(threads, return_as="generator_unordered")(delayed(_row)(evidence, n) for n in names):
            found[name] = row
            advance(1)
    return [row for name in (*listed, TOGETHER.name) if (row := found[name]) is not None]


def _row(evidence: Evidence, name: str) -> tuple[str, dict[str, Any] | None]:
    """The name again, and its row; None where the study lists nothing that acts at once."""
    if name == TOGETHER.name:
        all_of_them = together(evidence)
        return name, None if all_of_them is None else all_of_them.row(TOGETHER)
    defect = DEFECTS[name]
    shown = load_entry("config/defects.py", name, "neural_predictor.figures.audit.defects", defect.shown)
    return name, shown(evidence).row(defect)


def summary(frame: pd.DataFrame) -> str:
    """How many defects change their number, and how many change nothing that can be told."""
    alone = frame[frame["defect"] != TOGETHER.name]
    changing = alone.loc[alone["verdict"] == "changes", "defect"].tolist()
    none = alone.loc[alone["verdict"] == "nothing", "defect"].tolist()
    said = f"Of {len(alone)} defects {len(changing)} change their number"
    said += f" ({', '.join(changing)})" if changing else ""
    return f"{said}; {len(none)} change nothing that can be told{' (' + ', '.join(none) + ')' if none else ''}."
