"""The table of trained children: one row a training, as Parquet and as CSV.

`COLUMNS` says what a row holds. Accuracies are fractions; NaN where a training diverged or nobody measured, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from neural_predictor.errors import ArchitectureError, TableError
from neural_predictor.images.registry import IMAGE_SETS
from neural_predictor.io.files import atomic_together
from neural_predictor.io.parquet_bounds import check_parquet
from neural_predictor.io.untrusted import shortened
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace, Variant

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


class _Column(NamedTuple):
    """Type of a column, the range of its numbers or its texts, and whether a value may be missing."""

    dtype: str
    low: float = 0.0
    high: float = np.inf
    texts: tuple[str, ...] = ()
    missing: bool = False


_LAYOUT = {
    "architecture": _Column("str"),
    "network": _Column("int64"),
    "training": _Column("int64"),
    "status": _Column("str", texts=("ok", "diverged")),
    "validation_accuracy": _Column("float64", high=1, missing=True),
    "test_accuracy": _Column("float64", high=1, missing=True),
    "epochs": _Column("Int64", missing=True),
    "trainable_parameters": _Column("int64", low=1),
    "multiply_adds": _Column("int64", low=1),
    "training_time_s": _Column("float64", missing=True),
    "seed": _Column("Int64", missing=True),
    "recipe": _Column("str"),
    "variant": _Column("str", texts=get_args(Variant)),
    "images": _Column("str", texts=tuple(IMAGE_SETS)),
    "predicted": _Column("float64", low=-np.inf, missing=True),
}
COLUMNS = tuple(_LAYOUT)
"""architecture: as `ProxylessNasSpace.format` writes it. network: place in the sample, and training: 0, 1, .. of that
network. status: `ok` or `diverged`. validation_accuracy, test_accuracy: after the last epoch. epochs: that were done.
multiply_adds: of one image. seed: of the training. recipe: digest of recipes and images, or nothing. variant: whose
strides. images: name of the set. predicted: accuracy by the predictor that chose the network, if one did."""
KEY = ["images", "network", "training"]
"""Columns that together name a row."""
_ARROW = {"str": pa.string(), "int64": pa.int64(), "Int64": pa.int64(), "float64": pa.float64()}
_SCHEMA = pa.schema([(name, _ARROW[column.dtype]) for name, column in _LAYOUT.items()])


@dataclass(frozen=True, eq=False)
class Networks:
    """The networks of one set of children that were trained to an end at least once, n of them, by number.

    Attributes:
        images: name of the set of images.
        numbers: (n,) place of each in the sample.
        codes: (n, 22) uint8.
        validation: (n, r) accuracy of each training that ended well, and NaN after the last one.
        test: (n, r) likewise, and NaN where nobody measured.
        zeros: (n,) number of zero layers.
        diverged: trainings that diverged, of all networks.
        left_out: (k,) numbers of the networks all of whose trainings diverged.
    """

    images: str
    numbers: NDArray[np.int64]
    codes: NDArray[np.uint8]
    validation: NDArray[np.float64]
    test: NDArray[np.float64]
    zeros: NDArray[np.int64]
    diverged: int
    left_out: NDArray[np.int64]

    def __len__(self) -> int:
        """The number of networks."""
        return len(self.numbers)

    @property
    def label(self) -> NDArray[np.float64]:
        """(n,) mean validation accuracy over the trainings of each."""
        return _finite_mean(self.validation)

    @property
    def tested(self) -> NDArray[np.float64]:
        """(n,) mean test accuracy over the trainings of each; NaN where nobody measured."""
        return _finite_mean(self.test)


def _finite_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    counts = np.isfinite(values).sum(axis=1)
    means: NDArray[np.float64] = np.nansum(values, axis=1) / np.where(counts, counts, np.nan)
    return means


def networks_of(frame: pd.DataFrame) -> Networks:
    """The networks of a table, their trainings side by side.

    Args:
        frame: a table of children of one set of images, as `read_children` gives it.

    Raises:
        TableError: if it holds several sets of images, or no training that ended well.
    """
    sets = frame["images"].unique().tolist()
    if len(sets) != 1:
        raise TableError(f"children of one set of images are needed; the table has {', '.join(sets) or 'none'}")
    good = frame[frame["status"] == "ok"].sort_values(KEY)
    if good.empty:
        raise TableError(f"children of {sets[0]}: none of {len(frame)} trainings ended well; change the recipe")
    numbers, rows = np.unique(good["network"].to_numpy(), return_inverse=True)
    places = good.groupby("network").cumcount().to_numpy()
    accuracies = np.full((2, len(numbers), places.max() + 1), np.nan)
    for part, column in zip(accuracies, ("validation_accuracy", "test_accuracy"), strict=True):
        part[rows, places] = good[column].to_numpy()
    space = ProxylessNasSpace()
    texts = good.drop_duplicates("network")["architecture"]
    codes = np.stack([space.parse(text) for text in texts])
    return Networks(
        sets[0],
        numbers,
        codes,
        accuracies[0],
        accuracies[1],
        (codes == len(space.operations) - 1).sum(axis=1),
        len(frame) - len(good),
        np.setdiff1d(frame["network"].to_numpy(), numbers),
    )


def checked(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """A table with the columns, types and values that `COLUMNS` promises, rows in their order.

    Args:
        frame: the table; other columns are dropped.
        where: names it in errors.

    Raises:
        TableError: naming the row (counted from 0), the column, the value, and what is allowed.
    """
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise TableError(f"{where}: no column {', '.join(missing)}; a table of children has {', '.join(COLUMNS)}")
    if not frame.columns.is_unique:
        raise TableError(f"{where}: a column is there twice; a table of children has {', '.join(COLUMNS)}")
    if frame.empty:
        raise TableError(f"{where}: no rows")
    columns = {name: _typed(frame[name], column, f"{where}: column {name}") for name, column in _LAYOUT.items()}
    found = pd.DataFrame(columns).reset_index(drop=True)
    for name, column in _LAYOUT.items():
        _check_column(found[name], column, where)
    _check_rows(found, where)
    return found


def _typed(values: pd.Series[Any], column: _Column, what: str) -> pd.Series[Any]:
    absent = values.isna()
    if absent.any() and not column.missing:
        raise TableError(f"{what}, row {int(np.argmax(absent))}: no value; each row needs one")
    if column.dtype == "str":
        return values.astype(object).map(str)
    try:
        return values.astype(column.dtype)  # type: ignore[call-overload,no-any-return]
    except (TypeError, ValueError, OverflowError) as error:
        told = shortened(str(error))
        raise TableError(f"{what}: not {column.dtype.lower()} in each row ({told})") from error


def _check_column(values: pd.Series[Any], column: _Column, where: str) -> None:
    if column.texts:
        wrong, allowed = ~values.isin(column.texts), " or ".join(column.texts)
    elif column.dtype != "str":
        numbers = values.to_numpy(np.float64, na_value=np.nan)
        outside = ~((numbers >= column.low) & (numbers <= column.high)) | np.isinf(numbers)
        wrong, allowed = pd.Series(outside & ~np.isnan(numbers)), f"{column.low:g} to {column.high:g}"
    else:
        return
    if wrong.any():
        row = int(np.argmax(wrong))
        raise TableError(f"{where}, row {row}: {values.name} is {shortened(str(values[row]))}; it must be {allowed}")


def _check_rows(frame: pd.DataFrame, where: str) -> None:
    """What binds several columns or rows."""
    space = ProxylessNasSpace()
    for row, text in enumerate(frame["architecture"]):
        try:
            space.parse(text)
        except ArchitectureError as error:
            raise TableError(f"{where}, row {row}: {error}") from error
    ended = frame["status"] == "ok"
    measured = frame["validation_accuracy"].notna()
    for wrong, fault in (
        (frame.duplicated(KEY), "its images, network and training are those of an earlier row"),
        (ended & ~measured, "the status is ok, but there is no validation_accuracy"),
        (~ended & (measured | frame["test_accuracy"].notna()), "the training diverged, but has an accuracy"),
        (
            frame.groupby(KEY[:2])["architecture"].transform("first") != frame["architecture"],
            "another architecture than that of an earlier training of the network",
        ),
    ):
        if wrong.any():
            row = int(np.argmax(wrong))
            named = ", ".join(f"{key} {frame[key][row]}" for key in KEY)
            raise TableError(f"{where}, row {row} ({named}): {fault}")


def write_children(frame: pd.DataFrame, parquet: Path, csv: Path, sheet: tuple[Path, str] | None = None) -> None:
    """Write a table of children as Parquet and as text, all files or none; equal tables give equal bytes.

    Args:
        frame: the table, `checked` first.
        parquet: where `read_children` shall find it.
        csv: where readers without Parquet shall.
        sheet: where its datasheet shall be, if it has one, and its text.

    Raises:
        TableError: as `checked`.
        UserError: when the disk is full or read-only.
    """
    found = checked(frame, f"the table for {parquet}")
    rows = pa.Table.from_pandas(found, schema=_SCHEMA, preserve_index=False).replace_schema_metadata()
    texts = dict([sheet] if sheet else [])
    with atomic_together(parquet, csv, *texts) as (table, lines, *others):
        pq.write_table(rows, table, compression="zstd")
        found.to_csv(lines, index=False, lineterminator="\n")
        for part, content in zip(others, texts.values(), strict=True):
            part.write_text(content, encoding="utf-8", newline="")


def read_children(path: Path) -> pd.DataFrame:
    """Read the Parquet file that `write_children` wrote.

    Raises:
        TableError: if the file is missing, is no such table, or breaks its promises.
    """
    try:
        with pq.ParquetFile(path) as file:
            check_parquet(file.metadata, path.stat().st_size)
            table = file.read()
        table.validate(full=True)
        frame = table.replace_schema_metadata().to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    except FileNotFoundError as error:
        raise TableError(
            f"{path}: no such table of children; make it with `neural-predictor collect-children` or `import-children`"
        ) from error
    except (pa.ArrowException, OSError, ValueError, OverflowError, TypeError) as error:
        told = shortened(str(error))
        raise TableError(f"{path}: not a table of children ({type(error).__name__}: {told})") from error
    return checked(frame, str(path))
