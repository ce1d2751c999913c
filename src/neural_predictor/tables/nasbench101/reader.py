"""Reader of the official NAS-Bench-101 files, `nasbench_only108.tfrecord` and `nasbench_full.tfrecord`.

Source: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019, and the loop
over records in `nasbench/api.py` of google-research/nasbench (Apache-2.0). A file is a TFRecord file (see
`tfrecord`) with one record a training run: JSON text (see `nasbench101_records`) around a protocol buffer (see
`model_metrics`).

The runs of a cell that were set to the same number of epochs are its repeats, in their order in the file.
The values half way and at the end are those of the second and the third evaluation of a run: the place
decides, as in the official code, and not the epoch that is written in the evaluation.

Every record is checked: both checksums, its form, the range of its values, that its graph hash is the one
that matrix and operations give (of all cells, not of a sample), that a cell has one number of parameters, and
that no run is in the file twice. Records may stand in any order.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import ArchitectureError, FormatError
from neural_predictor.io.files import sha256
from neural_predictor.io.untrusted import shown
from neural_predictor.spaces.nasbench101.space import NasBench101Space
from neural_predictor.tables.nasbench101 import model_metrics
from neural_predictor.tables.nasbench101.records import parse
from neural_predictor.tables.nasbench101.run_columns import RunColumns
from neural_predictor.tables.nasbench101.tfrecord import read_batches
from neural_predictor.tables.table import BenchmarkTable, metric_of, write_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.tables.nasbench101.model_metrics import ModelMetrics
    from neural_predictor.tables.nasbench101.records import Head
    from neural_predictor.tables.nasbench101.tfrecord import Batch

METRICS = ("training_time_s", "train_accuracy", "validation_accuracy", "test_accuracy")
"""Metrics of an evaluation, in the order of the protocol buffer's fields, which end with them."""
_KEPT = {"": model_metrics.EVALUATIONS.index("end"), "_half": model_metrics.EVALUATIONS.index("half way")}
"""Suffix of a metric's name -> the evaluation that it stands for."""
_COLUMNS = [(metric, half) for half in _KEPT for metric in METRICS]
ALL_HASHES_SHA256 = "cd25162205aea0bb3dc6d2a34ff85b10726f2147dea2ea1f64f276b3a7a05891"
"""SHA-256 of the hashes of all 423,624 cells, one a line, in the order of `NasBench101Space.enumerate`."""
_BATCH_BYTES = 2 * 2**20
_REPEATS_MAX = 100
_CHUNK = 8192
"""Cells hashed together."""


def convert_nasbench101(
    source: Path,
    output: Path,
    *,
    name: str = "nasbench101",
    progress: Callable[[int, int], None] | None = None,
) -> BenchmarkTable:
    """Write an official NAS-Bench-101 file as a table of this project.

    Args:
        source: the TFRecord file.
        output: the Parquet file; it appears when the whole source has been read, never in part.
        name: name of the table.
        progress: is called with (bytes done, bytes in all) after every few megabytes.

    Returns:
        The table.

    Raises:
        SourceError: if the source cannot be read.
        FormatError: if it does not follow the format; the message names the record and its byte.
        UserError: if the output cannot be written.
    """
    table = read(name, source, progress=progress)
    write_table(table, output)
    return table


def read(name: str, path: Path, *, progress: Callable[[int, int], None] | None = None) -> BenchmarkTable:
    """Read an official NAS-Bench-101 file as a table: one row a cell, in the order of their first records.

    The metrics are those of `METRICS`, one column a repeat, NaN where a cell has fewer repeats than another,
    and `trainable_parameters`. A plain name means the end of the longest training in the file; `_at_<epochs>`
    marks a shorter one, `_half` the evaluation half way through a training.

    Args:
        name: name of the table.
        path: the TFRecord file.
        progress: is called with (bytes done, bytes in all) after every few megabytes.

    Raises:
        SourceError: if the file cannot be read.
        FormatError: if it does not follow the format; the message names the record and its byte.
    """
    cells = _Cells()
    runs = _Runs(cells.room)
    for batch in read_batches(path, _BATCH_BYTES):
        heads, messages = parse(batch)
        runs.add(batch, heads, messages, cells.add(batch, heads))
        if progress is not None:
            progress(batch.offset(len(batch.records)), path.stat().st_size)
    cells.check_hashes(path)
    return BenchmarkTable(
        name=name,
        space=NasBench101Space.name,
        architecture=cells.architecture,
        encoding=cells.codes,
        metrics=runs.metrics(path, cells),
        provenance={"source": path.name, "sha256": sha256(path), "records": batch.first - 1 + len(batch.records)},
    )


def _decode(batch: Batch, messages: Sequence[bytes]) -> ModelMetrics:
    """The metrics of each record."""
    runs = model_metrics.decode(messages)
    if runs.problems:
        index = min(runs.problems)
        raise batch.error(index, f"the metrics are no ModelMetrics protocol buffer: {runs.problems[index]}")
    missing = np.flatnonzero(runs.parameters <= 0)
    if len(missing):
        raise batch.error(int(missing[0]), "the metrics have no trainable_parameters; expected 1 or more")
    return runs


def _values(batch: Batch, runs: ModelMetrics) -> NDArray[np.float32]:
    """What is kept of n runs, checked: (n, 9), by `_COLUMNS`, then the total time, which tells runs apart.

    The benchmark's values are float32 numbers that it writes as float64, so that nothing is lost.
    """
    values = runs.evaluations[:, list(_KEPT.values()), -len(METRICS) :].reshape(-1, len(_COLUMNS))
    meanings = [metric_of(metric) for metric, _ in _COLUMNS]
    low, high = np.array([(meaning.low, meaning.high) for meaning in meanings]).T
    with np.errstate(over="ignore"):
        stored = values.astype(np.float32)
        total_time = np.nan_to_num(runs.total_time, nan=-1).astype(np.float32)  # equal where it is missing
    wrong = ~(np.isfinite(stored) & (values >= low) & (values <= high))
    if wrong.any():
        index, column = np.argwhere(wrong)[0]
        raise batch.error(
            int(index),
            f"{''.join(_COLUMNS[column])} is {values[index, column]}; expected a number from {low[column]:g} to "
            f"{high[column]:g} ({meanings[column].unit})",
        )
    return np.column_stack([stored, total_time])


class _Cells:
    """The different cells so far, in the order of their first records.

    Attributes:
        count: number of them.
        room: number of cells of the space.
    """

    def __init__(self) -> None:
        self._space = NasBench101Space()
        self.count, self.room = 0, len(self._space.enumerate())
        self._row_of_class = np.full(self.room, -1, np.int32)
        self._hashes = np.full(self.room, "", object)
        self._first_record = np.zeros(self.room, np.int64)
        self._codes = np.zeros((self.room, self._space.code_length), np.uint8)

    @property
    def architecture(self) -> NDArray[np.object_]:
        """(count,) the graph hash of each cell."""
        return self._hashes[: self.count]

    @property
    def codes(self) -> NDArray[np.uint8]:
        """(count, 27) the space's codes of each cell, as its first record has it."""
        return self._codes[: self.count]

    def add(self, batch: Batch, heads: Sequence[Head]) -> NDArray[np.int32]:
        """The row of the table for each of n records: (n,). Cells that are new get the next rows.

        Raises:
            FormatError: if a matrix and its operations are no cell, or an earlier record gives another hash for it.
        """
        first: dict[Head, int] = {}
        which = [first.setdefault(head, index) for index, head in enumerate(heads)]
        digests, _, matrices, operations = zip(*first, strict=True)
        index = np.array(list(first.values()))
        try:
            codes = self._space.from_matrices(matrices, operations, lambda cell: batch.where(index[cell]))
        except ArchitectureError as error:
            raise FormatError(str(error)) from error
        claimed = np.array(digests, object)
        row = self._rows(codes, claimed, batch.first + index)
        wrong = np.flatnonzero(self._hashes[row] != claimed)
        if len(wrong):
            cell = wrong[0]
            problem = (
                f"the hash is {shown(digests[cell])}, but an earlier record has {shown(self._hashes[row[cell]])} "
                "for this cell"
            )
            raise batch.error(index[cell], f"{problem}; expected one hash for a cell")
        of_record = np.empty(len(heads), np.int32)
        of_record[index] = row
        return of_record[which]

    def _rows(
        self, codes: NDArray[np.uint8], hashes: NDArray[np.object_], records: NDArray[np.intp]
    ) -> NDArray[np.int32]:
        """The row of the table for each of n cells: (n,). The hash and the record of those that are new are kept."""
        ranks = self._space.index_of(codes)
        _, at = np.unique(ranks, return_index=True)
        at = np.sort(at[self._row_of_class[ranks[at]] < 0])
        rows = np.arange(self.count, self.count + len(at))
        self._row_of_class[ranks[at]] = rows
        self._codes[rows], self._hashes[rows], self._first_record[rows] = codes[at], hashes[at], records[at]
        self.count += len(at)
        return self._row_of_class[ranks]

    def check_hashes(self, path: Path) -> None:
        """Compare the hashes of the file with those that matrices and operations give.

        Where every cell of the space is there, one comparison with the fingerprint of all hashes is enough;
        otherwise, and to find what is wrong, the cells are hashed.

        Raises:
            FormatError: if a hash is wrong. The message names its first record.
        """
        if self.count == self.room and self._fingerprint() == ALL_HASHES_SHA256:
            return
        for start in range(0, self.count, _CHUNK):
            hashes = self._space.identify(self.codes[start : start + _CHUNK])
            wrong = np.flatnonzero(hashes != self.architecture[start : start + _CHUNK])
            if len(wrong):
                row = start + int(wrong[0])
                problem = f"the hash is {shown(self._hashes[row])}, but matrix and operations give {hashes[wrong[0]]}"
                raise FormatError(f"{self.where(path, row)}: {problem}; expected them to belong together")

    def _fingerprint(self) -> str:
        """SHA-256 of the hashes in the order of the classes, one a line."""
        digest = hashlib.sha256()
        for start in range(0, self.room, _CHUNK):
            lines = "\n".join(self._hashes[self._row_of_class[start : start + _CHUNK]]) + "\n"
            digest.update(lines.encode(errors="replace"))
        return digest.hexdigest()

    def where(self, path: Path, row: int) -> str:
        """The words by which an error names the first record of a cell; the file is read anew for them."""
        index = int(self._first_record[row]) - 1
        return next(
            batch.where(index - batch.first + 1)
            for batch in read_batches(path, _BATCH_BYTES)
            if index < batch.first - 1 + len(batch.records)
        )


class _Runs:
    """The runs so far, by number of epochs, cell and repeat.

    Args:
        room: largest number of cells.
    """

    def __init__(self, room: int) -> None:
        self._budgets: dict[int, RunColumns] = {}
        self._parameters = np.zeros(room, np.int64)

    def add(self, batch: Batch, heads: Sequence[Head], messages: Sequence[bytes], row: NDArray[np.int32]) -> None:
        """Take in the runs of a batch.

        Args:
            batch: the records.
            heads: what `parse` gives of them.
            messages: likewise.
            row: (n,) the table's row of each record's cell.

        Raises:
            FormatError: if a protocol buffer does not follow its format, a value is out of its range, or a cell
                has another number of parameters than before.
        """
        runs = _decode(batch, messages)
        new = np.flatnonzero(self._parameters[row] == 0)[::-1]  # of several records of a cell, the first is set last
        self._parameters[row[new]] = runs.parameters[new]
        wrong = np.flatnonzero(self._parameters[row] != runs.parameters)
        if len(wrong):
            index = int(wrong[0])
            raise batch.error(
                index,
                f"cell {heads[index][0]} has {runs.parameters[index]} trainable parameters here, but "
                f"{self._parameters[row[index]]} in an earlier record; expected one number for a cell",
            )
        values = _values(batch, runs)
        epochs = np.array([head[1] for head in heads])
        for budget in np.unique(epochs):
            mine = epochs == budget
            columns = self._budgets.setdefault(int(budget), RunColumns(values.shape[1], len(self._parameters)))
            repeat = columns.repeats_of(row[mine])
            if repeat.max() >= _REPEATS_MAX:
                index = int(np.flatnonzero(mine)[np.argmax(repeat)])
                raise batch.error(
                    index,
                    f"it is run {int(repeat.max()) + 1} of {budget} epochs of cell {heads[index][0]}; expected 3, and "
                    f"at most {_REPEATS_MAX}, since a table has columns for each",
                )
            columns.add(row[mine], values[mine])

    def metrics(self, path: Path, cells: _Cells) -> dict[str, NDArray[Any]]:
        """The metrics of a table: name -> (cells, repeats).

        Args:
            path: the file, to look up the records that an error is about.
            cells: the cells, in the order of the table.

        Raises:
            FormatError: if two records are of one run, or a cell lacks a number of epochs that others have.
        """
        for epochs, runs in self._budgets.items():
            lacking = np.flatnonzero(runs.runs(cells.count) == 0)
            if len(lacking):
                row = int(lacking[0])
                problem = (
                    f"cell {cells.architecture[row]} has no record of {epochs} epochs; expected one, as others have"
                )
                raise FormatError(f"{cells.where(path, row)}: {problem}")
            copy = runs.find_copy(cells.count)
            if copy is not None:
                digest = cells.architecture[copy[0]]
                places = _where(path, digest, epochs)
                problem = f"cell {digest} is listed twice with one run, first in {places[copy[1]]}"
                raise FormatError(f"{places[copy[2]]}: {problem}; expected each run once")
        metrics: dict[str, NDArray[Any]] = {}
        for place, (metric, half) in enumerate(_COLUMNS):
            for epochs, runs in sorted(self._budgets.items(), reverse=True):
                at = "" if epochs == max(self._budgets) else f"_at_{epochs}"
                metrics[metric + at + half] = runs.get(place, cells.count)
        return {**metrics, "trainable_parameters": self._parameters[: cells.count, None]}


def _where(path: Path, digest: str, epochs: int) -> list[str]:
    """The words by which an error names each run of a cell; the file is read anew for them."""
    return [
        batch.where(index)
        for batch in read_batches(path, _BATCH_BYTES)
        for index, head in enumerate(parse(batch)[0])
        if head[:2] == (digest, epochs)
    ]
