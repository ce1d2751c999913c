"""A column as a latency model: what a table or a CSV file says of each architecture that it holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import FormatError, LatencyError, TableError
from neural_predictor.io.csv_files import find_name, plain_name, read_csv
from neural_predictor.io.untrusted import shortened
from neural_predictor.spaces import make_space
from neural_predictor.tables.benchmarks import benchmark_of
from neural_predictor.tables.table import metric_of, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ColumnModel:
    """Latencies by the identity of an architecture.

    Attributes:
        name: the column's.
        space: name of the search space.
        values: identity -> milliseconds.
    """

    name: str
    space: str
    values: Mapping[str, float]
    _options: Mapping[str, object]

    def latency_ms(self, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Latency of each row of codes in milliseconds: (n,).

        Raises:
            ArchitectureError: for a row outside the space.
            LatencyError: naming the first architecture that the column has no number for.
        """
        names = make_space(self.space, **self._options).identify(codes)
        for row, name in enumerate(names):
            if name not in self.values:
                raise LatencyError(
                    f"row {row}: the column {self.name} has no latency of {name}; it has {len(self.values):,} "
                    "architectures. Fit a predictor to the column for others"
                )
        return np.array([self.values[name] for name in names])


def load(path: Path, column: str, space: str | None = None) -> ColumnModel:
    """A column of milliseconds.

    Args:
        path: a table of this project (`.parquet`), or a CSV file with the space's columns and this one.
        column: its name: a metric in ms of the table; any of a CSV file.
        space: name of the search space; a table says its own.

    Raises:
        FormatError: if a CSV file lacks a column, or a value is no positive number.
        TableError: if there is no such table or metric, or its unit is another.
        LatencyError: if a CSV file is given without a space.
    """
    if path.suffix == ".parquet":
        return _of_table(path, column)
    if space is None:
        raise LatencyError(f"{path}: a CSV file does not say its search space: name it")
    return _of_csv(path, column, space)


def _of_table(path: Path, column: str) -> ColumnModel:
    table = read_table(path)
    costs = [name for name in table.metrics if metric_of(name).unit == "ms"]
    if column not in costs:
        raise TableError(f"{path}: no metric {column!r} in ms; it has {', '.join(costs) or 'none'}")
    means = table.mean(column)
    known = np.isfinite(means)
    values = dict(zip(table.architecture[known].tolist(), means[known].tolist(), strict=True))
    return ColumnModel(column, table.space, values, benchmark_of(table).options)


def _of_csv(path: Path, column: str, name: str) -> ColumnModel:
    space = make_space(name)
    wanted = [*space.columns, column]
    names = {plain_name(each) for each in space.columns}
    with read_csv(path, lambda found: names <= {plain_name(each) for each in found}) as file:
        places = []
        for each in wanted:
            found = find_name(str(path), file.columns, each)
            if found is None:
                raise FormatError(f"{path}: no column {each!r}; it has {shortened(', '.join(file.columns))}")
            places.append(file.columns.index(found))
        rows = [(line, [values[k] for k in places]) for line, values in file.rows]
    if not rows:
        raise FormatError(f"{path}: no rows; expected one an architecture")
    texts = list(zip(*(values for _, values in rows), strict=True))
    codes = space.from_columns(texts[:-1], lambda row: f"{path}, line {rows[row][0]}")
    found_values: dict[str, float] = {}
    for (line, values), identity in zip(rows, space.identify(codes), strict=True):
        if identity in found_values:
            raise FormatError(f"{path}, line {line}: the architecture {identity} is there twice")
        found_values[identity] = _positive(f"{path}, line {line}", column, values[-1])
    return ColumnModel(column, name, found_values, {})


def _positive(where: str, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise FormatError(
            f"{where}: {column} is {shortened(repr(text), 100)}; expected milliseconds, a number above 0 without a unit"
        )
    return value
