"""A benchmark as columns: one row an architecture, one column a metric and repeat, stored as Parquet.

File layout: `architecture` (string, the space's identity), `encoding` (fixed-size binary, the space's codes),
then `<metric>_<repeat>` for repeats 1, 2, ..., float32 or, of a table with `dtype` float64, float64; counts are int64.
Metric names are those of `METRICS`, alone or with the suffix
`_at_<epochs>` (a smaller training budget) and `_half` (half way through it). The schema metadata hold the
table's name, space, signal and target metric, and the provenance, as JSON under the key `neural_predictor`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from neural_predictor.errors import TableError
from neural_predictor.io.files import atomic
from neural_predictor.io.parquet_bounds import check_parquet
from neural_predictor.io.untrusted import parse_json, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_METADATA_KEY = b"neural_predictor"
_FLOATS = {"float32": pa.float32(), "float64": pa.float64()}
_ROW_GROUP = 65_536
"""Rows written at a time, which bounds the memory of writing."""


@dataclass(frozen=True)
class Metric:
    """What a metric means: unit, allowed range, and whether more is better (None: neither).

    `optional`: whether an architecture may lack it, which is NaN: a cost on a device that it was not measured on.
    """

    unit: str
    low: float
    high: float
    maximise: bool | None
    integer: bool = False
    optional: bool = False

    @property
    def shown(self) -> tuple[float, str]:
        """Factor and unit in which figures and tables show it: fractions in percent."""
        return (100.0, "%") if self.unit == "fraction" else (1.0, self.unit)


METRICS = {
    "train_accuracy": Metric("fraction", 0, 1, maximise=True),
    "validation_accuracy": Metric("fraction", 0, 1, maximise=True),
    "validation_top5_accuracy": Metric("fraction", 0, 1, maximise=True),
    "test_accuracy": Metric("fraction", 0, 1, maximise=True),
    "train_loss": Metric("nats", 0, np.inf, maximise=False),
    "validation_loss": Metric("nats", 0, np.inf, maximise=False),
    "test_loss": Metric("nats", 0, np.inf, maximise=False),
    "training_time_s": Metric("s", 0, np.inf, maximise=None),
    "latency_ms": Metric("ms", 0, np.inf, maximise=False),
    **{f"latency_{device}_ms": Metric("ms", 0, np.inf, maximise=False) for device in ("zcu102", "vck190")},
    **{
        f"throughput_{device}_per_s": Metric("images/s", 0, np.inf, maximise=True, optional=True)
        for device in ("zcu102", "vck190", "a100", "rtx3090", "tpuv2", "tpuv3")
    },
    "trainable_parameters": Metric("count", 0, np.inf, maximise=None, integer=True),
    "multiply_adds": Metric("count", 0, np.inf, maximise=None, integer=True),
    "predicted_accuracy": Metric("fraction", -np.inf, np.inf, maximise=True),  # by a predictor: it may overshoot
}


def metric_of(name: str) -> Metric:
    """The meaning of a metric name, with or without a budget suffix.

    Raises:
        TableError: for a name that is not in `METRICS`.
    """
    base = re.sub(r"(_at_\d+)?(_half)?$", "", name)
    if base not in METRICS:
        raise TableError(f"unknown metric {name!r}; known are {', '.join(METRICS)}")
    return METRICS[base]


@dataclass(frozen=True, eq=False)
class BenchmarkTable:
    """The trained architectures of a search space and what their trainings gave.

    Attributes:
        name: name of the table, such as `nasbench-graph-cs`.
        space: name of the search space.
        architecture: (n,) str, the space's identity of each row.
        encoding: (n, k) uint8, the space's codes of each row.
        metrics: name -> (n, repeats) array, one column a training run. Architectures with fewer runs than others
            have NaN in their last columns, the same ones in all metrics of these runs. An optional metric may be NaN in
            all columns of a row.
        signal: the metric that searches see, and predictors are fitted to.
        target: the metric that is reported of a chosen architecture.
        provenance: where the numbers come from, JSON-serialisable. A table that is no benchmark of
            `benchmarks.BENCHMARKS` says here what `benchmarks.benchmark_of` needs.
        dtype: of the metrics in the file: float32, as benchmarks publish them, or float64, for labels of one's own.

    Raises:
        TableError: for columns of unequal length, a duplicate architecture, a value out of its metric's range, and NaN
            before a number or, of a metric that is not optional, in a first column or in one of several metrics only.
            The message names the table, the row and the column.
    """

    name: str
    space: str
    architecture: NDArray[np.object_]
    encoding: NDArray[np.uint8]
    metrics: Mapping[str, NDArray[Any]]
    signal: str = "validation_accuracy"
    target: str = "test_accuracy"
    provenance: Mapping[str, Any] = field(default_factory=dict)
    dtype: Literal["float32", "float64"] = "float32"

    def __post_init__(self) -> None:
        n = len(self.architecture)
        if n == 0:
            raise TableError(f"table {self.name}: no rows")
        if self.encoding.shape[:1] != (n,) or self.encoding.ndim != 2:
            raise TableError(f"table {self.name}: encoding {self.encoding.shape} for {n} architectures")
        duplicate = pd.Series(self.architecture).duplicated().to_numpy()
        if duplicate.any():
            row = int(np.argmax(duplicate))
            raise TableError(f"table {self.name}, row {row}: architecture {self.architecture[row]} appears twice")
        for required in (self.signal, self.target):
            if required not in self.metrics:
                raise TableError(f"table {self.name}: no metric {required}; it has {', '.join(self.metrics)}")
        for name in self.metrics:
            self._check_metric(name)
        self._check_missing_runs()

    def _check_metric(self, name: str) -> None:
        values, metric = self.metrics[name], metric_of(name)
        if values.ndim != 2 or len(values) != len(self.architecture):
            raise TableError(f"table {self.name}: {name} is {values.shape}, not ({len(self.architecture)}, repeats)")
        with np.errstate(invalid="ignore"):
            wrong = ~(np.isfinite(values) & (values >= metric.low) & (values <= metric.high))
        if wrong.any():
            trailing_nan = np.logical_and.accumulate(np.isnan(values)[:, :0:-1], axis=1)[:, ::-1]
            wrong[:, 1:] &= ~trailing_nan
            if metric.optional:
                wrong &= ~np.isnan(values).all(axis=1, keepdims=True)
        if wrong.any():
            row, repeat = np.argwhere(wrong)[0]
            raise TableError(
                f"table {self.name}, row {row} (architecture {self.architecture[row]}): {name}_{repeat + 1} is "
                f"{values[row, repeat]}; expected a number from {metric.low:g} to {metric.high:g} ({metric.unit})"
            )

    def _check_missing_runs(self) -> None:
        """Metrics of one budget with equally many repeats come from the same runs, and miss the same ones."""
        first: dict[tuple[str, int], tuple[str, NDArray[np.intp]]] = {}
        for name, values in self.metrics.items():
            if metric_of(name).optional:
                continue
            runs = self.runs(name)
            budget = "".join(re.findall(r"_at_\d+", name))
            other, expected = first.setdefault((budget, values.shape[1]), (name, runs))
            if (runs != expected).any():
                row = int(np.argmax(runs != expected))
                raise TableError(
                    f"table {self.name}, row {row} (architecture {self.architecture[row]}): {other} has "
                    f"{expected[row]} runs, but {name} has {runs[row]}; expected all metrics of a run or none"
                )

    def __len__(self) -> int:
        return len(self.architecture)

    @property
    def repeats(self) -> int:
        """Number of training runs of the signal metric; the largest, if architectures differ in it."""
        return int(self.metrics[self.signal].shape[1])

    def runs(self, metric: str) -> NDArray[np.intp]:
        """(n,) number of training runs of each architecture for which a metric is known; 0 only of an optional one."""
        return np.asarray(np.isfinite(self.metrics[metric]).sum(axis=1, dtype=np.intp))

    @property
    def maximise(self) -> bool:
        """Whether more of the signal is better."""
        return bool(metric_of(self.signal).maximise)

    def mean(self, metric: str) -> NDArray[np.float64]:
        """(n,) mean over repeats of a metric, over those that an architecture has; NaN where it has none."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.nansum(self.metrics[metric], axis=1, dtype=np.float64) / self.runs(metric))

    def draw_runs(self, rng: np.random.Generator) -> NDArray[np.intp]:
        """(n,) one training run of each architecture, drawn uniformly: the runs that one experiment sees."""
        return rng.integers(self.runs(self.signal))

    def at(self, metric: str, runs: NDArray[np.intp]) -> NDArray[np.float64]:
        """(n,) a metric of the drawn runs (of the last that is known, where the metric has fewer)."""
        values = self.metrics[metric]
        column = np.minimum(runs, self.runs(metric) - 1)
        return np.asarray(values[np.arange(len(values)), column], np.float64)


def write_table(table: BenchmarkTable, path: Path) -> None:
    """Write a table as Parquet, atomically; equal tables give equal bytes."""
    about = {
        "name": table.name,
        "space": table.space,
        "signal": table.signal,
        "target": table.target,
        "provenance": dict(table.provenance),
    }
    metadata = {_METADATA_KEY: json.dumps(about, sort_keys=True).encode()}
    schema = _as_arrow(table, slice(0, 0)).schema.with_metadata(metadata)
    # Accuracies are shares of some thousand images and repeat: a dictionary pays. Elsewhere it costs memory and bytes.
    repeating = [name for name in schema.names if "accuracy" in name]
    with atomic(path) as part, pq.ParquetWriter(part, schema, compression="zstd", use_dictionary=repeating) as writer:
        for start in range(0, len(table), _ROW_GROUP):
            rows = _as_arrow(table, slice(start, start + _ROW_GROUP))
            writer.write_table(rows.replace_schema_metadata(metadata), row_group_size=_ROW_GROUP)


def _as_arrow(table: BenchmarkTable, rows: slice) -> pa.Table:
    """Some rows of a table in the layout of the file."""
    codes = np.ascontiguousarray(table.encoding[rows])
    columns: dict[str, Any] = {
        "architecture": pa.array(table.architecture[rows], pa.string()),
        "encoding": pa.Array.from_buffers(pa.binary(codes.shape[1]), len(codes), [None, pa.py_buffer(codes)]),
    }
    for name, values in table.metrics.items():
        kind = pa.int64() if metric_of(name).integer else _FLOATS[table.dtype]
        for repeat in range(values.shape[1]):
            columns[f"{name}_{repeat + 1}"] = pa.array(np.ascontiguousarray(values[rows, repeat])).cast(kind)
    return pa.table(columns)


def read_table(path: Path) -> BenchmarkTable:
    """Read a table that `write_table` wrote.

    Raises:
        TableError: if the file is missing, is no Parquet file of this layout, or breaks the table's contract.
    """
    try:
        with pq.ParquetFile(path) as file:
            check_parquet(file.metadata, path.stat().st_size)
            data = file.read()
        data.validate(full=True)
        return _from_arrow(data, path)
    except FileNotFoundError as error:
        raise TableError(f"{path}: no such table; build it with `neural-predictor build-table`") from error
    except TableError as error:
        raise error if str(path) in str(error) else TableError(f"{path}: {error}") from error
    except (pa.ArrowException, OSError, KeyError, ValueError, AttributeError, TypeError) as error:
        told = shown(str(error), 500)
        raise TableError(f"{path}: not a benchmark table of this project ({type(error).__name__}: {told})") from error


def _from_arrow(data: pa.Table, path: Path) -> BenchmarkTable:
    about = parse_json((data.schema.metadata or {})[_METADATA_KEY])
    texts = [about[key] for key in ("name", "space", "signal", "target")]
    if not all(isinstance(text, str) for text in texts) or not isinstance(about["provenance"], dict):
        raise ValueError("name, space, signal, target or provenance are not what they must be")
    for place, required in enumerate(("architecture", "encoding")):
        if data.column_names[place : place + 1] != [required]:
            names = shown(", ".join(data.column_names))
            raise TableError(f"{path}: no column {required!r} at place {place + 1}; it has {names}")
    kinds = [data.schema.field(0).type, data.schema.field(1).type]
    if kinds[0] != pa.string() or not pa.types.is_fixed_size_binary(kinds[1]):
        raise TableError(f"{path}: architecture and encoding are {kinds[0]} and {kinds[1]}; expected text and codes")
    if data["architecture"].null_count or data["encoding"].null_count:
        raise TableError(f"{path}: a row without architecture or encoding")
    encoding = data["encoding"].combine_chunks()
    width = encoding.type.byte_width
    codes = np.frombuffer(encoding.buffers()[1] or b"", np.uint8)[encoding.offset * width :]
    metrics: dict[str, list[NDArray[Any]]] = {}
    dtype: Literal["float32", "float64"] = "float64" if pa.float64() in data.schema.types else "float32"
    for column in data.column_names[2:]:
        name, _, repeat = column.rpartition("_")
        if not repeat.isdecimal() or int(repeat) != len(metrics.setdefault(name, [])) + 1:
            raise TableError(f"{path}: column {shown(column)} is not the next <metric>_<repeat> in order")
        kind = data.schema.field(column).type
        if kind != (pa.int64() if metric_of(name).integer else _FLOATS[dtype]) or data[column].null_count:
            raise TableError(f"{path}: column {column} is {kind}, or lacks a value; expected numbers")
        metrics[name].append(data[column].to_numpy())
    return BenchmarkTable(
        name=texts[0],
        space=texts[1],
        architecture=data["architecture"].to_numpy(),
        encoding=codes[: len(encoding) * width].reshape(len(encoding), width),
        metrics={name: np.stack(values).T for name, values in metrics.items()},
        signal=texts[2],
        target=texts[3],
        provenance=about["provenance"],
        dtype=dtype,
    )
