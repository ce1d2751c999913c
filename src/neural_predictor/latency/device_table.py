"""Device tables: CSV files with the milliseconds of each layer and block of the ProxylessNAS space.

Columns `layer`, `kernel`, `expansion`, `filters`, `ms`; others are ignored. A row for each layer (0 to 21) and each of
its blocks; `filters` are the channels that the layer puts out. A zero layer has kernel and expansion 0, and takes 0 ms
where its row is missing. Layer -1 is what all architectures share: stem, head and overhead.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import FormatError, LatencyError
from neural_predictor.io.csv_files import find_name, plain_name, read_csv
from neural_predictor.io.untrusted import shortened
from neural_predictor.latency.additive import AdditiveModel
from neural_predictor.spaces.proxylessnas.layers import CHOICES, LAYERS, ZERO

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

COLUMNS = ("layer", "kernel", "expansion", "filters", "ms")
FIXED = -1
"""The layer of the part that all architectures share."""


def load(path: Path) -> AdditiveModel:
    """A table of blocks that were measured: none takes less than nothing.

    Raises:
        FormatError: naming the row that is wrong, twice there or missing.
    """
    return read(path, path.stem)


def read(path: Path, name: str, *, coefficients: bool = False, note: str = "") -> AdditiveModel:
    """A device table.

    Args:
        path: the file.
        name: of the model.
        coefficients: whether its numbers are those of a linear fit, of which some are negative.
        note: what a reader must know of it.

    Raises:
        FormatError: naming the row that is wrong, twice there or missing.
    """
    table = np.full((len(LAYERS), CHOICES.max()), np.nan)
    fixed = math.nan
    with read_csv(path, lambda names: set(COLUMNS) <= {plain_name(each) for each in names}) as file:
        places = [find_name(str(path), file.columns, column) for column in COLUMNS]
        for column, found in zip(COLUMNS, places, strict=True):
            if found is None:
                raise FormatError(f"{path}: no column {column!r}; expected {', '.join(COLUMNS)}")
        chosen = [file.columns.index(found) for found in places if found is not None]
        for line, values in file.rows:
            layer, code, ms = _row(f"{path}, line {line}", [values[k] for k in chosen], negative=coefficients)
            before = fixed if layer == FIXED else table[layer, code]
            if not math.isnan(before):
                raise FormatError(f"{path}, line {line}: this layer and block are there twice; expected one row each")
            if layer == FIXED:
                fixed = ms
            else:
                table[layer, code] = ms
    return _model(path, name, fixed, table, note)


def _model(path: Path, name: str, fixed: float, table: NDArray[np.float64], note: str) -> AdditiveModel:
    if math.isnan(fixed):
        raise FormatError(
            f"{path}: no row of layer {FIXED}, the part that all architectures share; give it 0 ms if none"
        )
    for k, layer in enumerate(LAYERS):
        if layer.optional and math.isnan(table[k, ZERO]):
            table[k, ZERO] = 0.0
        for code, (kernel, expansion) in enumerate(layer.blocks):
            if math.isnan(table[k, code]):
                raise FormatError(
                    f"{path}: no row of layer {k} with kernel {kernel} and expansion {expansion}; expected all "
                    f"{int(CHOICES.sum())} layers and blocks"
                )
    try:
        return AdditiveModel(name, fixed, table, note)
    except LatencyError as error:
        raise FormatError(f"{path}: {error}") from error


def _row(where: str, texts: list[str], *, negative: bool) -> tuple[int, int, float]:
    """Layer, op code and milliseconds of a row."""
    layer, kernel, expansion, filters = (_integer(where, *each) for each in zip(COLUMNS, texts[:4], strict=False))
    ms = _milliseconds(where, texts[4], negative=negative)
    if layer == FIXED:
        return layer, 0, ms
    if not 0 <= layer < len(LAYERS):
        raise FormatError(f"{where}: layer is {layer}; expected {FIXED} to {len(LAYERS) - 1}")
    place = LAYERS[layer]
    if filters != place.outputs:
        raise FormatError(
            f"{where}: filters is {filters}, but layer {layer} has {place.outputs} channels: the table is of another "
            "width"
        )
    if (kernel, expansion) == (0, 0) and place.optional:
        return layer, ZERO, ms
    if (kernel, expansion) not in place.blocks:
        allowed = ", ".join(f"({k}, {e})" for k, e in place.blocks) + (", (0, 0)" if place.optional else "")
        raise FormatError(
            f"{where}: kernel and expansion of layer {layer} are ({kernel}, {expansion}); expected one of {allowed}"
        )
    return layer, place.blocks.index((kernel, expansion)), ms


def _integer(where: str, column: str, text: str) -> int:
    try:
        value = float(text)
        if value == int(value):
            return int(value)
    except (ValueError, OverflowError):
        pass
    raise FormatError(f"{where}: {column} is {shortened(repr(text), 100)}; expected a whole number")


def _milliseconds(where: str, text: str, *, negative: bool) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (value < 0 and not negative):
        kind = "a number" if negative else "a number, 0 or more"
        raise FormatError(
            f"{where}: ms is {shortened(repr(text), 100)}; expected {kind}, in milliseconds, without a unit"
        )
    return value
