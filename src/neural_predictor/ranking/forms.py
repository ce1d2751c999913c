"""Forms of files, by extension."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neural_predictor.errors import FormatError

EXTENSIONS = ".csv, .csv.gz, .tsv, .tsv.gz, .jsonl, .jsonl.gz, .parquet"


@dataclass(frozen=True)
class Form:
    """The form of a file.

    Attributes:
        kind: csv, jsonl or parquet.
        zipped: whether it is packed by gzip when it is written; a file that is read says so itself.
        separator: of a CSV file that is written.
    """

    kind: Literal["csv", "jsonl", "parquet"]
    zipped: bool = False
    separator: str = ","


def form_of(path: Path) -> Form:
    """The form of a file by its extension.

    Raises:
        FormatError: for an extension that stands for no form.
    """
    name = path.name.lower()
    zipped = name.endswith(".gz")
    suffix = Path(name.removesuffix(".gz")).suffix
    if suffix in (".csv", ".tsv"):
        return Form("csv", zipped, "\t" if suffix == ".tsv" else ",")
    if suffix in (".jsonl", ".ndjson"):
        return Form("jsonl", zipped)
    if suffix == ".parquet" and not zipped:
        return Form("parquet")
    raise FormatError(f"{path}: unknown extension; allowed are {EXTENSIONS}")
