"""Where the images of a training come from: the device's memory, or a stream for sets that it does not hold.

Both give sections: steps on images that lie on the device together. The order of an epoch follows from the seed of
the training and the number of the epoch alone, so that a training goes on from a checkpoint as if never stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from neural_predictor.errors import ChildError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from neural_predictor.images.base import ImageSet

_WORD = 8
SHUFFLE_BYTES = 2**30
"""Of images that a stream holds to draw the next one from."""


class Order(NamedTuple):
    """What the order of an epoch follows from: the training's seed, and how many epochs it has done."""

    seed: int
    epoch: int

    def generator(self) -> np.random.Generator:
        """Source of the draws; weights come from the seed alone (see `Trainer.start`)."""
        return np.random.default_rng((self.seed, 1, self.epoch))


class Section(NamedTuple):
    """Steps on images that lie on the device together.

    Attributes:
        images: (m, words) int64, packed by `pack`.
        labels: (m,) int32.
        rows: (steps, b) int32, the images of each step.
    """

    images: Any
    labels: Any
    rows: Any


def joined(sections: Sequence[Section]) -> Section:
    """Sections of as many trainings as one, whose rows are (steps, trainings, b).

    Images that all of them share, as those of a resident set, stay as they are.
    """
    images, labels, rows = zip(*sections, strict=True)
    if all(one is images[0] for one in images):
        return Section(images[0], labels[0], tf.stack(rows, axis=1))
    begins = np.cumsum([0, *(one.shape[0] for one in images[:-1])])
    shifted = [part + begin for part, begin in zip(rows, begins.tolist(), strict=True)]
    return Section(tf.concat(images, 0), tf.concat(labels, 0), tf.stack(shifted, axis=1))


class Feed(Protocol):
    """A set of images as `Trainer` takes it.

    Attributes:
        classes: number of classes.
        shape: height, width and channels of a stored image.
    """

    classes: int
    shape: tuple[int, int, int]

    def size(self, split: str) -> int:
        """Number of images of a split."""

    def sections(self, split: str, batch_size: int, order: Order | None = None) -> Iterator[Section]:
        """One pass over a split in batches of `batch_size`, the last one smaller; in stored order for None."""


def pack(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(m, h, w, c) bytes as (m, words): eight in a word, zeros after an image's last.

    A GPU gathers no bytes, and takes 32-bit integers from the host's memory.
    """
    flat = images.reshape(len(images), -1)
    if short := -flat.shape[1] % _WORD:
        flat = np.pad(flat, ((0, 0), (0, short)))
    return np.ascontiguousarray(flat).view(np.int64)


def unpack(words: Any, shape: tuple[int, int, int]) -> Any:
    """The (b, h, w, c) uint8 images of (b, words) int64, in the graph."""
    size = int(np.prod(shape))
    return tf.reshape(tf.reshape(tf.bitcast(words, tf.uint8), (-1, words.shape[1] * _WORD))[:, :size], (-1, *shape))


class Resident:
    """A set in the device's memory; each split goes there when it is first used, and stays.

    Args:
        image_set: the set.
    """

    def __init__(self, image_set: ImageSet) -> None:
        self.classes, self.shape = len(image_set.classes), image_set.shape
        self._splits = image_set.splits
        self._placed: dict[str, tuple[Any, Any]] = {}

    def size(self, split: str) -> int:
        """Number of images of a split."""
        return len(self._splits[split])

    def sections(self, split: str, batch_size: int, order: Order | None = None) -> Iterator[Section]:
        """All full batches in one section, what is left in another.

        Raises:
            ChildError: if the device's memory does not hold the split.
        """
        size = self.size(split)
        rows = np.arange(size) if order is None else order.generator().permutation(size)
        full = size - size % batch_size
        images, labels = self.place(split)
        for part in (rows[:full].reshape(-1, batch_size), rows[full:].reshape(1, -1)):
            if part.size:
                yield Section(images, labels, tf.constant(part, tf.int32))

    def place(self, split: str) -> tuple[Any, Any]:
        """Packed images and labels of a split, on the device.

        Raises:
            ChildError: if the device's memory does not hold them.
        """
        if split not in self._placed:
            found = self._splits[split]
            try:
                self._placed[split] = (tf.constant(pack(found.images)), tf.constant(found.labels))
            except tf.errors.ResourceExhaustedError as error:
                raise ChildError(
                    f"the device's memory does not hold the {len(found):,} images of the split {split!r} "
                    f"({found.images.nbytes / 2**20:,.0f} MiB): let them be resized to fewer pixels, or stream them"
                ) from error
        return self._placed[split]


class Streamed:
    """A set that is read while it is used.

    In training an image is drawn from a buffer of the next ones, `SHUFFLE_BYTES` large; files should hold images in
    no order of classes.

    Args:
        classes: number of classes.
        shape: height, width and channels of an image.
        sizes: number of images of each split.
        dataset: gives a split as a `tf.data.Dataset` of (image (height, width, channels) uint8, label () int32, ..),
            always in the same order; what follows the label is left aside.
    """

    def __init__(
        self, classes: int, shape: tuple[int, int, int], sizes: Mapping[str, int], dataset: Callable[[str], Any]
    ) -> None:
        self.classes, self.shape = classes, shape
        self._sizes, self._dataset = sizes, dataset

    def size(self, split: str) -> int:
        """Number of images of a split."""
        return self._sizes[split]

    def sections(self, split: str, batch_size: int, order: Order | None = None) -> Iterator[Section]:
        """Each batch in a section of its own.

        Raises:
            ChildError: if the stream does not have as many images as `sizes` says.
        """
        images = self._dataset(split).map(lambda image, label, *_: (image, label))
        if order is not None:
            seed = int(order.generator().integers(2**62))
            buffer = max(1, SHUFFLE_BYTES // int(np.prod(self.shape)))
            images = images.shuffle(min(buffer, self.size(split)), seed, reshuffle_each_iteration=False)
        seen = 0
        for batch, labels in images.batch(batch_size).prefetch(tf.data.AUTOTUNE):
            seen += len(labels)
            rows = tf.range(len(labels), dtype=tf.int32)[None]
            yield Section(tf.constant(pack(batch.numpy())), tf.cast(labels, tf.int32), rows)
        if seen != self.size(split):
            raise ChildError(f"the split {split!r} gave {seen:,} images; it should have {self.size(split):,}")
