"""Decoded sets on disk, so that they are decoded once: .npz files without pickle.

They lie inside the prepared set that they were made of, so that nobody can delete or exchange the one and keep the
other. Their names hold size and version of the splits: what an older rule made is not read.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import FormatError
from neural_predictor.images.archives import prepared_folder
from neural_predictor.images.base import SPLITS, ImageSet, Split, check_splits
from neural_predictor.images.splits import SPLIT_VERSION
from neural_predictor.io.files import atomic
from neural_predictor.io.untrusted import parse_json, read_npz

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.images.base import Ids, Labels

logger = logging.getLogger(__name__)


def arrays_path(name: str, folder: Path, pixels: int | None) -> Path:
    """Where a set's images lie.

    Args:
        name: of the set.
        folder: where sets are prepared.
        pixels: height and width of the images; None: their own.
    """
    size = "own" if pixels is None else f"{pixels}px"
    return prepared_folder(name, folder) / f"arrays-{size}-splits{SPLIT_VERSION}.npz"


def index_path(name: str, folder: Path) -> Path:
    """Where the ids and labels of a set's splits lie."""
    return prepared_folder(name, folder) / f"index-splits{SPLIT_VERSION}.npz"


def write_arrays(image_set: ImageSet, path: Path) -> None:
    """Write a set.

    Raises:
        UserError: when the disk is full or read-only.
    """
    images = {split: part.images for split, part in image_set.splits.items()}
    _write(
        path,
        image_set.name,
        image_set.classes,
        {"images": images, "labels": image_set.labels, "ids": image_set.ids},
    )


def write_index(name: str, classes: tuple[str, ...], ids: Ids, labels: Labels, path: Path) -> None:
    """Write ids and labels of a set's splits.

    Raises:
        UserError: when the disk is full or read-only.
    """
    _write(path, name, classes, {"ids": ids, "labels": labels})


def read_arrays(name: str, path: Path) -> ImageSet | None:
    """Read a set.

    Returns:
        The set, or None where there is no file, or one that is damaged or not of this set: it is to be built anew.
    """
    try:
        stored = _read(path, name, ("images", "labels", "ids"))
        return None if stored is None else ImageSet(name, stored[0], {k: Split(**v) for k, v in stored[1].items()})
    except FormatError as error:
        _warn_damaged(path, error)
        return None


def read_index(name: str, path: Path) -> tuple[tuple[str, ...], Ids, Labels] | None:
    """Read classes, ids and labels of a set's splits, or None as `read_arrays` does."""
    try:
        stored = _read(path, name, ("ids", "labels"))
        if stored is None:
            return None
        classes, splits = stored
        ids, labels = ({k: v[column] for k, v in splits.items()} for column in ("ids", "labels"))
        check_splits(name, classes, ids, labels)
    except FormatError as error:
        _warn_damaged(path, error)
        return None
    return classes, ids, labels


def _warn_damaged(path: Path, error: FormatError) -> None:
    logger.warning("%s is damaged (%s): built anew", path, error)


def _write(path: Path, name: str, classes: tuple[str, ...], columns: Mapping[str, Mapping[str, NDArray[Any]]]) -> None:
    arrays: dict[str, Any] = {
        f"{split}_{column}": values.astype(str) if column == "ids" else values
        for column, of_splits in columns.items()
        for split, values in of_splits.items()
    }
    about = json.dumps({"name": name, "classes": classes})
    with atomic(path) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, about=np.array(about), **arrays)


def _read(
    path: Path, name: str, columns: tuple[str, ...]
) -> tuple[tuple[str, ...], dict[str, dict[str, NDArray[Any]]]] | None:
    if not path.is_file():
        return None
    try:
        stored = read_npz(path, {"about", *(f"{split}_{column}" for split in SPLITS for column in columns)})
        about = parse_json(str(stored["about"]))
        splits = {split: {column: stored[f"{split}_{column}"] for column in columns} for split in SPLITS}
        if about["name"] != name:
            raise FormatError("it holds another set")
        classes = tuple(str(label) for label in about["classes"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FormatError(str(error)) from error
    for split in splits.values():
        ids, labels = split["ids"], split["labels"]
        if ids.dtype.kind != "U" or ids.ndim != 1 or labels.shape != ids.shape or labels.dtype != np.int32:
            raise FormatError(f"ids are {ids.dtype} {ids.shape}, labels {labels.dtype} {labels.shape}")
        split["ids"] = ids.astype(object)
    return classes, splits
