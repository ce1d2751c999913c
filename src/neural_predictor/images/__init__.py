"""Sets of labelled images, split by ids: photographs through tensorflow-datasets, digits that need no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.images.registry import image_source
from neural_predictor.images.small import load_small

if TYPE_CHECKING:
    from pathlib import Path

    from neural_predictor.images.base import ImageSet


def load_images(
    name: str, place: Path, *, pixels: int | None = None, manual: Path | None = None, download: bool = False
) -> ImageSet:
    """Bring any set of the registry into memory.

    Args:
        name: one of `registry.IMAGE_SETS`.
        place: the folder where sets are prepared; of a small set, its raw file.
        pixels: height and width that images are resized to; None keeps their own, where they are all equal.
        manual: folder of archives that were brought by hand; None: `<place>/downloads/manual`. No small set has any.
        download: whether missing archives may be downloaded.

    Raises:
        UserError: as `tfds.load` and `small.load_small` do.
    """
    if image_source(name).version is None:
        return load_small(name, place, pixels=pixels)
    from neural_predictor.images.tfds import load

    return load(name, place, pixels=pixels, manual=manual, download=download)
