"""Small sets of grey digits that come with installed Python packages, so that real images are there without a network.

Both files are comma-separated and gzipped: one image a row, its pixels row by row, then its digit. Their rows in
`config/sources.yaml` name package, path and SHA-256; `sources.fetch` copies and checks them. An image's id is its row.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.images.base import SPLITS, ImageSet, Split
from neural_predictor.images.decode import check_pixels, resize
from neural_predictor.images.registry import IMAGE_SETS, image_source
from neural_predictor.images.splits import hash_order
from neural_predictor.io.untrusted import unzip

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SMALL_SETS = tuple(name for name, source in IMAGE_SETS.items() if source.sizes)
_MAX_CHARACTERS = 8
"""Of a number and the comma behind it, at most."""


def load_small(name: str, path: Path, *, pixels: int | None = None) -> ImageSet:
    """Read a small set.

    Args:
        name: one of `SMALL_SETS`.
        path: its raw file.
        pixels: height and width that images are resized to (see `decode.decode`); None keeps their own.

    Raises:
        ConfigError: for a set that is not a small one, or `pixels` out of range.
        FormatError: if the file is not this set's.
    """
    source = image_source(name)
    if source.sizes is None or source.pixels is None:
        raise ConfigError(f"{name} is no small set; small are {', '.join(SMALL_SETS)}")
    check_pixels(name, pixels)
    rows = _read(path, sum(source.sizes), source.pixels**2 + 1)
    values, labels = rows[:, :-1], rows[:, -1].astype(np.int32)
    if values.min() < 0 or values.max() > source.brightest:
        raise FormatError(f"{path}: pixels from {values.min()} to {values.max()}; allowed are 0 to {source.brightest}")
    grey = np.rint(values * (255 / source.brightest)).astype(np.uint8)
    images = resize(grey.reshape(-1, source.pixels, source.pixels, 1), pixels)
    ids = np.array([f"{row:05d}" for row in range(len(rows))], dtype=object)
    ends = np.cumsum(source.sizes)[:-1]
    parts = zip(SPLITS, np.split(hash_order(source.salt, ids), ends), strict=True)
    splits = {split: Split(images[part], labels[part], ids[part]) for split, part in parts}
    return ImageSet(name, tuple(str(digit) for digit in range(source.classes)), splits)


def _read(path: Path, rows: int, columns: int) -> NDArray[np.int64]:
    most = rows * columns * _MAX_CHARACTERS
    try:
        with path.open("rb") as file:
            text = unzip(file.read(most + 1), most).decode("ascii")
        table = np.loadtxt(io.StringIO(text), dtype=np.int64, delimiter=",", ndmin=2)
    except FileNotFoundError as error:
        raise FormatError(f"{path}: no such file") from error
    except (OSError, ValueError, OverflowError) as error:
        raise FormatError(f"{path} is damaged ({error}): delete it, then run the same command again") from error
    if table.shape != (rows, columns):
        raise FormatError(f"{path} has {table.shape} numbers, not {(rows, columns)}: it is another file")
    return table
