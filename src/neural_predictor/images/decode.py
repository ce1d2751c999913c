"""Encoded images to arrays of one size, the same way for every set."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import ConfigError, FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

LARGEST_PIXELS = 1024


def check_pixels(name: str, pixels: int | None) -> None:
    """Check a size that images are to be brought to.

    Raises:
        ConfigError: if it is not between 1 and `LARGEST_PIXELS`.
    """
    if pixels is not None and not 1 <= pixels <= LARGEST_PIXELS:
        raise ConfigError(f"{name}: images of {pixels} pixels; allowed are 1 to {LARGEST_PIXELS}")


def decode(encoded: bytes, pixels: int | None, what: str) -> NDArray[np.uint8]:
    """An image file (JPEG, PNG or GIF) as red, green and blue.

    The image is brought to `pixels` x `pixels` by bilinear interpolation over the area that a new pixel covers
    (antialiased). Its aspect ratio is not kept: the replication's recipe resizes so, without cropping.

    Args:
        encoded: bytes of the file.
        pixels: height and width; None keeps the image's own.
        what: names the image in errors.

    Returns:
        (height, width, 3) uint8.

    Raises:
        FormatError: if the file is cut short or is no image.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(encoded)) as opened:
            image = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise FormatError(f"{what} is cut short or is no image: {error}") from error
    return np.asarray(_resized(image, pixels))


def resize(images: NDArray[np.uint8], pixels: int | None) -> NDArray[np.uint8]:
    """Bring grey images to another size as `decode` does.

    Args:
        images: (n, height, width, 1).
        pixels: height and width; None keeps their own.

    Returns:
        (n, height, width, 1) uint8.
    """
    from PIL import Image

    if pixels is None or images.shape[1:3] == (pixels, pixels):
        return images
    return np.stack([np.asarray(_resized(Image.fromarray(image[..., 0]), pixels)) for image in images])[..., None]


def _resized(image: Image.Image, pixels: int | None) -> Image.Image:
    from PIL import Image

    if pixels is None or image.size == (pixels, pixels):
        return image
    return image.resize((pixels, pixels), Image.Resampling.BILINEAR)
