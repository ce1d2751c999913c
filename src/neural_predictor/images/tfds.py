"""CIFAR-100, Caltech-101, Oxford-IIIT Pet and ImageNet through the builders of tensorflow-datasets.

Under the folder that the caller names: `<builder>/<version>/` as tensorflow-datasets prepares it, `downloads/manual/`
for archives that were brought by hand. Decoded images are kept inside the prepared set (see `arrays.py`).

Reproducibility. Which images belong to the official parts is fixed by the archives, except for Caltech-101, which has
no official parts: its builder draws 30 training images of each class, from a fixed seed but over files and classes in
the order in which the file system lists them. Two machines may so draw different parts from one archive. What follows
is fixed by ids: the same part gives the same training and validation images on each machine, and the digests of ids in
a protocol (`splits.split_protocol`) tell whether two studies used the same images. To have the same ones elsewhere,
copy the prepared folder.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from os import cpu_count
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.images.archives import prepared_folder, require
from neural_predictor.images.arrays import (
    arrays_path,
    index_path,
    read_arrays,
    read_index,
    write_arrays,
    write_index,
)
from neural_predictor.images.base import ImageSet, Split, check_splits
from neural_predictor.images.decode import check_pixels, decode
from neural_predictor.images.prepare import locked, prepare
from neural_predictor.images.registry import IMAGE_SETS, ImageSource, image_source
from neural_predictor.images.splits import hash_order, hold_out
from neural_predictor.io.progress import progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.images.base import Ids, Labels

TFDS_SETS = tuple(name for name, source in IMAGE_SETS.items() if source.builder)
MEMORY_LIMIT_BYTES = 4 * 2**30
"""The most that a set in memory may take."""
_IMAGES_PER_READ = 256
"""Encoded images read at a time."""


def load(
    name: str,
    folder: Path,
    *,
    pixels: int | None = None,
    manual: Path | None = None,
    download: bool = False,
) -> ImageSet:
    """Bring a set into memory; what was decoded before is read in seconds.

    Args:
        name: one of `TFDS_SETS`.
        folder: where sets are prepared.
        pixels: height and width that images are resized to (see `decode.decode`); None keeps their own, where they
            are all equal.
        manual: folder of archives that were brought by hand; None: `<folder>/downloads/manual`.
        download: whether missing archives may be downloaded.

    Raises:
        ConfigError: for an unknown set, a size that is not possible, or a set too large for memory.
        SourceError: at once, if the archives are not there and cannot be had; if one is not the right one.
        FormatError: if an archive, an image or the prepared set is damaged, or a class has no training image.
        UserError: when the disk is full or read-only.
    """
    source = _check(name, pixels)
    if not source.in_memory:
        raise ConfigError(f"{name}: {source.title} does not fit into memory; it can only be streamed")
    path = arrays_path(name, folder, pixels)
    if (ready := read_arrays(name, path)) is not None:
        return ready
    require(name, folder, manual, download=download)
    with locked(name, folder) as waited:
        if waited and (ready := read_arrays(name, path)) is not None:
            return ready
        opened = _open(name, folder, manual, pixels)
        image_set = ImageSet(name, opened.classes, _decode_all(opened))
        write_arrays(image_set, path)
    return image_set


def stream(
    name: str,
    folder: Path,
    *,
    pixels: int | None,
    manual: Path | None = None,
    download: bool = False,
) -> StreamedSet:
    """Open a set that is decoded while it is read, for sets that do not fit into memory.

    Args: as of `load`.

    Raises:
        As `load` does, except that a damaged image is found when it is read (see `reading_faults`).
    """
    _check(name, pixels)
    require(name, folder, manual, download=download)
    with locked(name, folder):
        return _open(name, folder, manual, pixels)


@dataclass(frozen=True, eq=False)
class StreamedSet:
    """A set of labelled images on disk.

    Attributes:
        name: its name in `registry.IMAGE_SETS`.
        classes: names of the classes; a label is an index into them.
        ids: of each split, in the order of their hashes, which is not the order of reading.
        labels: of each split, in the order of `ids`.
        pixels: height and width that images are resized to; None keeps their own.
        folder: of the prepared set.
        builder: the prepared `tensorflow_datasets.core.DatasetBuilder`.

    Raises:
        FormatError: if `base.check_splits` finds a fault.
    """

    name: str
    classes: tuple[str, ...]
    ids: Ids
    labels: Labels
    pixels: int | None
    folder: Path
    builder: Any

    def __post_init__(self) -> None:
        check_splits(self.name, self.classes, self.ids, self.labels)

    def dataset(self, split: str) -> Any:
        """The images of a split, always in the same order; iterate under `reading_faults`.

        Training and validation images lie in the same files, so that each of both splits reads the files of both
        and decodes its own.

        Args:
            split: "train", "validation" or "test".

        Returns:
            A `tf.data.Dataset` of known length: (image (height, width, 3) uint8, label () int32, id () string).
        """
        import tensorflow as tf

        source, wanted = image_source(self.name), frozenset(self.ids[split])
        size = self.pixels or source.pixels

        def is_wanted(raw: bytes, label: int) -> Any:
            return np.bool_(self.id_of(raw, label) in wanted)

        def decoded(image: bytes, raw: bytes, label: int) -> Any:
            id_ = self.id_of(raw, label)
            return self.decoded(image, id_), id_.encode()

        def keep(example: Any) -> Any:
            return tf.ensure_shape(
                tf.numpy_function(is_wanted, [example[source.id_feature], example["label"]], tf.bool), ()
            )

        def convert(example: Any) -> Any:
            inputs = [example["image"], example[source.id_feature], example["label"]]
            image, id_ = tf.numpy_function(decoded, inputs, (tf.uint8, tf.string))
            image, id_ = tf.ensure_shape(image, (size, size, 3)), tf.ensure_shape(id_, ())
            return image, tf.cast(example["label"], tf.int32), id_

        images = self.examples(source.rule.test if split == "test" else "train", "image").filter(keep)
        images = images.map(convert, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        return images.apply(tf.data.experimental.assert_cardinality(len(wanted)))

    def examples(self, part: str, *features: str) -> Any:
        """Examples of a part of the builder, images encoded, as a `tf.data.Dataset` of feature -> value.

        Args:
            part: name of the part, as the builder has it.
            features: to read beside the id's and the label.
        """
        return _examples(self.builder, part, (image_source(self.name).id_feature, "label", *features))

    def id_of(self, raw: bytes, label: int) -> str:
        """The id of an image from its id feature and label."""
        return _id(image_source(self.name), self.classes, raw, label)

    def decoded(self, encoded: bytes, id_: str) -> NDArray[np.uint8]:
        """One image as an array.

        Raises:
            FormatError: if it is cut short or is no image.
        """
        try:
            return decode(encoded, self.pixels, f"{self.name}: the image {id_}")
        except FormatError as error:
            files = " and ".join(archive.file for archive in image_source(self.name).archives)
            raise FormatError(
                f"{error}; delete {self.folder} and {files}, bring {files} again, then run the same command again"
            ) from error


def _examples(builder: Any, part: str, features: Sequence[str]) -> Any:
    import tensorflow_datasets as tfds

    skip = {"image": tfds.decode.SkipDecoding()} if "image" in features else None
    decoders = tfds.decode.PartialDecoding(dict.fromkeys(features, True), decoders=skip)
    config = tfds.ReadConfig(try_autocache=False)  # each part is read once at a time
    return builder.as_dataset(split=part, decoders=decoders, read_config=config, shuffle_files=False)


def _id(source: ImageSource, classes: Sequence[str], raw: bytes, label: int) -> str:
    name = raw.decode()
    return f"{classes[label]}/{name}" if source.id_in_class else name


@contextmanager
def reading_faults(folder: Path) -> Iterator[None]:
    """Turn faults that show while a prepared set is read into advice.

    Args:
        folder: of the prepared set.

    Raises:
        FormatError: for a damaged image or file.
    """
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        _, told, rest = str(error.message).partition(f"{FormatError.__name__}: ")
        if told:
            raise FormatError(rest.partition("\n")[0]) from error
        # TensorFlow puts the node's name before, and the operation's behind, what happened.
        plain = re.sub(r"\{\{.*?\}\} | \[Op:.*", "", str(error.message), flags=re.DOTALL)
        raise FormatError(f"{folder} is damaged ({plain}); delete it, then run the same command again") from error


def _open(name: str, folder: Path, manual: Path | None, pixels: int | None) -> StreamedSet:
    """The set, prepared and split."""
    builder, path = prepare(name, folder, manual), index_path(name, folder)
    target = prepared_folder(name, folder)
    if (stored := read_index(name, path)) is not None:
        return StreamedSet(name, *stored, pixels, target, builder)
    with reading_faults(target):
        split = _split(name, builder)
    opened = StreamedSet(name, *split, pixels, target, builder)
    write_index(name, *split, path)
    return opened


def _split(name: str, builder: Any) -> tuple[tuple[str, ...], Ids, Labels]:
    """Read ids and labels of both parts and divide the official training part."""
    import tensorflow_datasets as tfds

    source = image_source(name)
    classes = tuple(builder.info.features["label"].names)
    parts = {}
    for part in ("train", source.rule.test):
        labels: list[int] = []
        ids: list[str] = []
        for batch in tfds.as_numpy(_examples(builder, part, (source.id_feature, "label")).batch(4 * _IMAGES_PER_READ)):
            labels += batch["label"].tolist()
            ids += [
                _id(source, classes, raw, label)
                for raw, label in zip(batch[source.id_feature], batch["label"], strict=True)
            ]
        parts[part] = np.array(ids, dtype=object), np.array(labels, dtype=np.int32)
    ids_train, labels_train = parts["train"]
    ids_test, labels_test = parts[source.rule.test]
    train, validation = hold_out(source.salt, ids_train, labels_train, source.rule)
    test = hash_order(source.salt, ids_test)
    return (
        classes,
        {"train": ids_train[train], "validation": ids_train[validation], "test": ids_test[test]},
        {"train": labels_train[train], "validation": labels_train[validation], "test": labels_test[test]},
    )


def _decode_all(opened: StreamedSet) -> dict[str, Split]:
    import tensorflow_datasets as tfds

    source = image_source(opened.name)
    size = opened.pixels or source.pixels or 0
    needed = 3 * size**2 * sum(map(len, opened.ids.values()))
    if needed > MEMORY_LIMIT_BYTES:
        raise ConfigError(
            f"{opened.name} at {size} pixels takes {needed / 2**30:.1f} GiB of memory, allowed are "
            f"{MEMORY_LIMIT_BYTES / 2**30:g}: choose fewer pixels, or stream it"
        )
    place = {id_: (split, row) for split, ids in opened.ids.items() for row, id_ in enumerate(ids)}
    images = {split: np.zeros((len(ids), size, size, 3), np.uint8) for split, ids in opened.ids.items()}
    with (
        reading_faults(opened.folder),
        ThreadPoolExecutor(cpu_count()) as pool,
        progress(f"{opened.name}: decoding", len(place), "images") as advance,
    ):
        for part in ("train", source.rule.test):
            for batch in tfds.as_numpy(opened.examples(part, "image").batch(_IMAGES_PER_READ)):
                ids = list(map(opened.id_of, batch[source.id_feature], batch["label"]))
                for id_, image in zip(ids, pool.map(opened.decoded, batch["image"], ids), strict=True):
                    split, row = place[id_]
                    images[split][row] = image
                advance(len(ids))
    return {split: Split(images[split], opened.labels[split], ids) for split, ids in opened.ids.items()}


def _check(name: str, pixels: int | None) -> ImageSource:
    source = image_source(name)
    if source.builder is None:
        raise ConfigError(f"{name} does not come from tensorflow-datasets; from there come {', '.join(TFDS_SETS)}")
    if pixels is None and source.pixels is None:
        raise ConfigError(f"{name}: its images differ in size: say to how many pixels they shall be resized")
    check_pixels(name, pixels)
    return source
