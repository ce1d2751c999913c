"""Training architectures: graphs with labels, checked, each architecture once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import FormatError, RankingError
from neural_predictor.ranking.cells import Cells
from neural_predictor.ranking.parse import parse, shorten
from neural_predictor.ranking.readers import open_reader
from neural_predictor.ranking.scratch import digests

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.ranking.cells import Vocabulary
    from neural_predictor.ranking.readers import Chunk, Reader

MIN_ARCHITECTURES = 10
"""Fewer teach nothing that cross-validation could show."""
MAX_MATRIX_BYTES = 2**31
"""Of the matrices of all training architectures, each as large as the largest."""
MAX_NAMED_ROWS = 10
"""Rows that a message names before it counts the rest."""


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """N different architectures with labels.

    Attributes:
        cells: their graphs.
        labels: (N,) in the label's unit, the mean of an architecture that stood there more than once.
        digests: (N,) of their graphs.
        repeated: number of rows beyond the first of their architecture.
    """

    cells: Cells
    labels: NDArray[np.float64]
    digests: NDArray[np.void]
    repeated: int


def read_cells(reader: Reader, vocabulary: Vocabulary, label: str | None) -> Iterator[tuple[Chunk, Cells]]:
    """The chunks of a file with their graphs.

    Raises:
        FormatError: if the file is not of its form.
        ArchitectureError: naming the row that is no graph.
    """
    for chunk in reader.chunks(label):

        def where(row: int, column: str, numbers: list[int] = chunk.numbers) -> str:
            return f"{reader.path}, {reader.unit} {numbers[row]}, {column}"

        yield chunk, parse(chunk.operations, chunk.wiring, chunk.wired, vocabulary, where)


def read_training(path: Path, label: str, vocabulary: Vocabulary) -> TrainingSet:
    """The training architectures of a file, with the column `label`.

    Raises:
        FormatError: if the file is not of its form, or a label is no number.
        ArchitectureError: naming the row that is no graph.
        RankingError: if nothing can be learnt from them.
    """
    reader = open_reader(path)
    cells: list[Cells] = []
    labels: list[float] = []
    numbers: list[int] = []
    largest = 0
    for chunk, found in read_cells(reader, vocabulary, label):
        cells.append(found)
        numbers += chunk.numbers
        for number, value in zip(chunk.numbers, chunk.labels or [], strict=True):
            labels.append(_label(value, f"{path}, {reader.unit} {number}, {label}"))
        largest = max(largest, found.kinds.shape[1])
        if len(labels) * largest**2 > MAX_MATRIX_BYTES:
            raise RankingError(
                f"{path}: {len(labels):,} training architectures or more, of up to {largest} nodes, do not fit into "
                "memory side by side; leave out the largest, or most of them"
            )
    unknown = [number for number, value in zip(numbers, labels, strict=True) if not math.isfinite(value)]
    if unknown:
        raise FormatError(
            f"{path}, column {label}: no finite number in {reader.unit}{'s' * (len(unknown) > 1)} {_listed(unknown)}; "
            "every training architecture needs a label: leave out the others"
        )
    return training_set(_joined(cells), np.array(labels), str(path))


def _listed(numbers: Sequence[int]) -> str:
    more = len(numbers) - MAX_NAMED_ROWS
    return ", ".join(map(str, numbers[:MAX_NAMED_ROWS])) + (f" and {more:,} more" if more > 0 else "")


def _label(value: Any, where: str) -> float:
    """A label as a number; NaN for none."""
    if value is None or (isinstance(value, str) and value.strip().lower() in ("", "na", "n/a", "null", "none")):
        return math.nan
    try:
        if isinstance(value, bool | list | dict):
            raise ValueError
        return float(value)
    except (ValueError, TypeError, OverflowError):
        raise FormatError(
            f"{where}: {shorten(value)} is no number; allowed are numbers such as 0.931, with a point"
        ) from None


def _joined(parts: list[Cells]) -> Cells:
    joined = Cells.empty(np.concatenate([part.sizes for part in parts]))
    start = 0
    for part in parts:
        width = part.kinds.shape[1]
        joined.kinds[start : start + len(part), :width] = part.kinds
        joined.adjacency[start : start + len(part), :width, :width] = part.adjacency
        start += len(part)
    return joined


def training_set(cells: Cells, labels: NDArray[np.float64], source: str) -> TrainingSet:
    """Training architectures, each once, with the mean of its labels.

    Args:
        cells: n graphs.
        labels: (n,) finite.
        source: where they are from, for messages.

    Raises:
        RankingError: for fewer than `MIN_ARCHITECTURES` different architectures, or labels that are all equal.
    """
    marks = digests(*cells.pack())
    _, first, inverse = np.unique(marks, return_index=True, return_inverse=True)
    means = np.bincount(inverse, labels) / np.bincount(inverse)
    order = np.argsort(first)
    first, means = first[order], means[order]
    repeated = len(labels) - len(first)
    if len(first) < MIN_ARCHITECTURES:
        more = f" ({len(labels)} rows, {repeated} of an architecture that stands there already)" if repeated else ""
        raise RankingError(
            f"{source}: {len(first)} training architectures{more}; at least {MIN_ARCHITECTURES} are needed"
        )
    if np.ptp(labels) == 0 or np.ptp(means) == 0:
        raise RankingError(f"{source}: all labels are {means[0]:g}; nothing can be learnt from labels that are equal")
    return TrainingSet(cells.take(first), means, marks[first], repeated)
