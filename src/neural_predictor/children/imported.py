"""The 606 architecture-accuracy pairs of the 2021 replication, as trainings of children.

Its architectures have the stride defect (variant `as-replicated`): all end as one pixel, and are hardly trained. Their
validation accuracy is a fraction of a part of the official test images; no test accuracy was kept, only zeros.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from neural_predictor.children.records import typed
from neural_predictor.config.child_recipes import NetworkRecipe
from neural_predictor.errors import FormatError
from neural_predictor.images.registry import image_source
from neural_predictor.io.untrusted import shortened, unzip
from neural_predictor.spaces.proxylessnas.cost import multiply_adds, parameters
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


class _Source(NamedTuple):
    """What a set's name in the file stands for; epochs where the replication published the notebook of its training."""

    images: str
    epochs: int | None


SETS = {
    "cifar100": _Source("cifar100", 90),
    "caltech": _Source("caltech101", 90),
    "oxford_pet": _Source("oxford_pet", None),
}
READ = ("dataset", "arch", "val_acc", "test_acc")
VARIANT = "as-replicated"
SAMPLING = "the op code of each of the 22 layers uniform and independent, by the 2021 replication"
GZIP = b"\x1f\x8b"
MAX_BYTES = 2**24
"""Most that is read, hundreds of times what the pairs take."""


def import_children(path: Path) -> pd.DataFrame:
    """Read the replication's pairs; architectures are numbered within their set, in the order of the file.

    A test accuracy of 0 was never measured and becomes NaN. Parameters and multiply-adds are computed: 224 pixels,
    width 1, the classes of the set.

    Args:
        path: CSV, plain or gzip, with the columns `READ`: set, 22 op codes as digits, accuracies as fractions.

    Raises:
        FormatError: if the file is no such CSV, a set is unknown, an accuracy is no fraction, or an architecture is
            there twice; the message names the file, the line (the header is line 1), the value and what is allowed.
        ArchitectureError: for an op code out of range or another number of them, likewise.
    """
    rows = _read(path)
    counts = dict.fromkeys(SETS, 0)
    records = []
    for line, row in enumerate(rows, 2):
        where = f"{path}, line {line}"
        if row["dataset"] not in SETS:
            raise FormatError(f"{where}: dataset is {shortened(repr(row['dataset']))}; known are {', '.join(SETS)}")
        source = SETS[row["dataset"]]
        validation, test = (_fraction(row[name], f"{where}: {name}") for name in READ[2:])
        about = {"images": source.images, "network": counts[row["dataset"]], "epochs": source.epochs}
        records.append(about | {"validation_accuracy": validation, "test_accuracy": test or np.nan})
        counts[row["dataset"]] += 1
    codes = ProxylessNasSpace().from_columns([[row["arch"] for row in rows]], lambda row: f"{path}, line {row + 2}")
    _check_unique(path, rows, codes)
    frame = pd.DataFrame(records)
    frame["epochs"] = frame["epochs"].astype("Int64")
    return typed(_completed(frame, codes))


def _read(path: Path) -> list[dict[str, str]]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES:,} bytes")
        text = (unzip(data, MAX_BYTES) if data.startswith(GZIP) else data).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text))
        rows = list(reader)
    except FileNotFoundError as error:
        raise FormatError(f"{path}: no such file") from error
    except (OSError, ValueError, csv.Error) as error:
        raise FormatError(f"{path}: not a CSV file ({type(error).__name__}: {error})") from error
    missing = [name for name in READ if name not in (reader.fieldnames or ())]
    if missing or not rows:
        raise FormatError(f"{path}: {f'no column {missing[0]}' if missing else 'no rows'}; expected {', '.join(READ)}")
    for line, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise FormatError(f"{path}, line {line}: as many values as columns are needed: {', '.join(READ)}")
    return rows


def _fraction(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0 <= value <= 1:
        raise FormatError(f"{what} is {shortened(repr(text))}; it must be a fraction, 0 to 1")
    return value


def _check_unique(path: Path, rows: list[dict[str, str]], codes: NDArray[np.uint8]) -> None:
    named = pd.DataFrame({"set": [row["dataset"] for row in rows], "network": ProxylessNasSpace().identify(codes)})
    twice = named.duplicated()
    if twice.any():
        row = int(np.argmax(twice))
        raise FormatError(
            f"{path}, line {row + 2}: the architecture {rows[row]['arch']} of {rows[row]['dataset']} is there twice"
        )


def _completed(frame: pd.DataFrame, codes: NDArray[np.uint8]) -> pd.DataFrame:
    """The columns that are the same for all rows, or follow from the architectures."""
    space, network = ProxylessNasSpace(), NetworkRecipe(variant=VARIANT)
    frame["architecture"] = [space.format(code) for code in codes]
    for source in SETS.values():
        rows = (frame["images"] == source.images).to_numpy()
        classes = image_source(source.images).classes
        cost = multiply_adds(codes[rows], network.resolution, classes, variant=network.variant)
        frame.loc[rows, "multiply_adds"] = cost
        frame.loc[rows, "trainable_parameters"] = parameters(codes[rows], classes)
    frame = frame.assign(training=0, status="ok", training_time_s=np.nan, seed=np.nan, recipe="", predicted=np.nan)
    return frame.assign(variant=network.variant)
