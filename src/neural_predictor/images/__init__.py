"""Sets of labelled images, split by ids: photographs through tensorflow-datasets, digits that need no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.images.registry import REGISTRY, image_source
from neural_predictor.records import load_entry

if TYPE_CHECKING:
    from pathlib import Path

    from neural_predictor.images.base import ImageSet


def load_images(
    name: str, place: Path, *, pixels: int | None = None, manual: Path | None = None, download: bool = False
) -> ImageSet:
    """Bring any set of the registry into memory.

    Args:
        name: one of `registry.IMAGE_SETS`.
        place: the folder where sets are prepared; of a set that is one raw file, that file.
        pixels: height and width that images are resized to; None keeps their own, where they are all equal.
        manual: folder of archives that were brought by hand; None: `<place>/downloads/manual`. Only a set with a
            builder has any.
        download: whether missing archives may be downloaded.

    Raises:
        UserError: as `tfds.load` and `small.load_small` do.
        ConfigError: for an unknown set, or if its row names a reader that does not exist.
    """
    source = image_source(name)
    read = load_entry(REGISTRY, name, "neural_predictor.images", source.reader)
    more = {} if source.builder is None else {"manual": manual, "download": download}
    image_set: ImageSet = read(name, place, pixels=pixels, **more)
    return image_set
