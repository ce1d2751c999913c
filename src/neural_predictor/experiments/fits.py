"""The files of scores that `fitting` writes, as experiments read them."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.tables.table import BenchmarkTable


@dataclass(frozen=True, eq=False)
class Fit:
    """One fitted predictor's scores.

    Attributes:
        repeat: number of the repeat.
        scores: (n,) float32, predicted signal of every architecture of the table.
    """

    repeat: int
    scores: NDArray[np.float32]


def group_fits(paths: Iterable[Path]) -> dict[tuple[str, int], list[Path]]:
    """Files of scores by benchmark and N, in the order of both.

    Raises:
        FormatError: if a file is damaged.
    """
    groups: dict[tuple[str, int], list[Path]] = {}
    for path in paths:
        benchmark, train_size = _arrays(path, "benchmark", "train_size")
        groups.setdefault((str(benchmark), int(train_size)), []).append(path)
    return dict(sorted(groups.items()))


def read_fits(paths: Iterable[Path], table: BenchmarkTable) -> Iterator[Fit]:
    """The fits in files that `fit_predictor` wrote, one shard in memory at a time.

    Raises:
        FormatError: if a file is damaged or belongs to another table.
    """
    for path in paths:
        repeats, scores = _arrays(path, "repeats", "scores")
        if scores.shape != (len(repeats), len(table)):
            raise FormatError(f"{path}: scores {scores.shape} for a table of {len(table)}; run fit_predictor again")
        for repeat, row in zip(repeats, scores, strict=True):
            yield Fit(int(repeat), row)


def _arrays(path: Path, *names: str) -> list[NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return [file[name] for name in names]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path}: not a file of scores ({error}); run fit_predictor again") from error
