"""What a set of labelled images is: three splits of images, labels and ids, and the rules that they keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Protocol

import numpy as np

from neural_predictor.errors import FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPLITS = ("train", "validation", "test")
"""Networks learn on the first, are compared on the second, and meet the third once, at the end."""

Ids = Mapping[str, "NDArray[np.object_]"]
"""Split -> (n,) object array of str: the ids of its images, in the order of the split."""
Labels = Mapping[str, "NDArray[np.int32]"]
"""Split -> (n,) int32: the classes of its images, in the same order."""


@dataclass(frozen=True, eq=False)
class Split:
    """Images of one split.

    Attributes:
        images: (n, height, width, channels) uint8, values 0 to 255; one channel (grey) or three (red, green, blue).
        labels: (n,) int32, the index of each image's class.
        ids: (n,) object, str: names that stay with an image whatever the order of reading.

    Raises:
        FormatError: for another shape or type.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int32]
    ids: NDArray[np.object_]

    def __post_init__(self) -> None:
        n = len(self.ids)
        if self.images.dtype != np.uint8 or self.images.ndim != 4 or self.images.shape[3] not in (1, 3):
            raise FormatError(
                f"images are {self.images.dtype} {self.images.shape}; "
                "they must be uint8 (n, height, width, channels) with 1 or 3 channels"
            )
        if len(self.images) != n or self.labels.shape != (n,) or self.ids.shape != (n,):
            raise FormatError(
                f"images {self.images.shape}, labels {self.labels.shape} and ids {self.ids.shape} "
                "are not of the same number"
            )
        if self.labels.dtype != np.int32 or self.ids.dtype != np.object_:
            raise FormatError(f"labels are {self.labels.dtype}, ids {self.ids.dtype}; they must be int32 and object")

    def __len__(self) -> int:
        """The number of images."""
        return len(self.ids)


class Labelled(Protocol):
    """What is known of a set whether its images are in memory or streamed.

    Attributes:
        name: its name in `registry.IMAGE_SETS`.
        classes: names of the classes; a label is an index into them.
        ids: of each split.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def classes(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def ids(self) -> Ids: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class ImageSet:
    """A set of labelled images in memory.

    Attributes:
        name: its name in `registry.IMAGE_SETS`.
        classes: names of the classes; a label is an index into them.
        splits: the splits "train", "validation" and "test", with images of one shape.

    Raises:
        FormatError: if a split is missing or empty, images differ in shape, or `check_splits` finds a fault.
    """

    name: str
    classes: tuple[str, ...]
    splits: Mapping[str, Split]

    def __post_init__(self) -> None:
        check_splits(self.name, self.classes, self.ids, self.labels)
        shapes = {split: self.splits[split].images.shape[1:] for split in SPLITS}
        if len(set(shapes.values())) > 1:
            raise FormatError(f"{self.name}: the splits' images differ in height, width and channels: {shapes}")

    @property
    def ids(self) -> Ids:
        """Ids of each split."""
        return {name: split.ids for name, split in self.splits.items()}

    @property
    def labels(self) -> Labels:
        """Labels of each split."""
        return {name: split.labels for name, split in self.splits.items()}

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        height, width, channels = self.splits["train"].images.shape[1:]
        return height, width, channels


def check_splits(name: str, classes: tuple[str, ...], ids: Ids, labels: Labels) -> None:
    """Check what every set keeps, in memory or not.

    Args:
        name: the set's name, for messages.
        classes: names of its classes.
        ids: of each split.
        labels: of each split.

    Raises:
        FormatError: for splits that are not the three or are empty, an id twice, a label out of range, and a class
            without a training image. The message names the set, the split, the id and the class.
    """
    if set(ids) != set(SPLITS):
        raise FormatError(f"{name}: the splits are {', '.join(ids)}; they must be {', '.join(SPLITS)}")
    for split in SPLITS:
        if not len(ids[split]):
            raise FormatError(f"{name}: the split {split!r} has no images")
        wrong = (labels[split] < 0) | (labels[split] >= len(classes))
        if wrong.any():
            row = int(np.argmax(wrong))
            raise FormatError(
                f"{name}, split {split!r}: image {ids[split][row]} has label {labels[split][row]}; "
                f"the labels of {len(classes)} classes are 0 to {len(classes) - 1}"
            )
    _check_unique(name, ids)
    absent = np.flatnonzero(np.bincount(labels["train"], minlength=len(classes)) == 0)
    if len(absent):
        shown = ", ".join(repr(classes[label]) for label in absent[:5])
        raise FormatError(
            f"{name}: no training image of class {shown}{' and more' if len(absent) > 5 else ''} "
            f"({len(absent)} of {len(classes)} classes are missing); the archive is not complete: bring it again"
        )


def _check_unique(name: str, ids: Ids) -> None:
    sets = {split: set(ids[split]) for split in SPLITS}
    for split in SPLITS:
        if len(sets[split]) < len(ids[split]):
            twice = Counter(ids[split]).most_common(1)[0][0]
            raise FormatError(f"{name}, split {split!r}: the id {twice} is there twice")
    for one, other in combinations(SPLITS, 2):
        if both := sets[one] & sets[other]:
            raise FormatError(f"{name}: the id {min(both)} is in the splits {one!r} and {other!r}")
