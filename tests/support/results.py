"""What two runs of a study must have in common: every byte, but for the times that trainings took."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

TIMED = ("manifest.json", ".seconds.json")
"""Ends of names of files that hold times alone, or digests of files that do."""


def contents(folder: Path) -> dict[str, object]:
    """Name -> what a file of a study holds: docs/protocol.md, "The same bytes", has the exceptions."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: _without_times(path) for name, path in sorted(files.items()) if not name.endswith(TIMED)}


def _without_times(path: Path) -> object:
    if path.suffix == ".jsonl":
        records = map(json.loads, path.read_text().splitlines())
        return [{key: value for key, value in record.items() if key != "training_time_s"} for record in records]
    if path.parent.name == "children" and path.suffix in (".csv", ".parquet") and ".choice" not in path.name:
        frame = pd.read_csv(path, dtype=str) if path.suffix == ".csv" else pd.read_parquet(path)
        return frame.drop(columns=[name for name in frame if name.startswith("training_time_s")]).to_csv()
    if path.name.endswith(".datasheet.md"):
        return [line for line in path.read_text().splitlines() if not line.startswith("| training time (s) |")]
    return path.read_bytes()
