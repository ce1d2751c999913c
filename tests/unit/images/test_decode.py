import io

import numpy as np
import pytest
from PIL import Image

from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.images.decode import check_pixels, decode, resize


def encoded(pixels, kind):
    out = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(out, kind)
    return out.getvalue()


PHOTO = np.random.default_rng(0).integers(0, 256, (40, 60, 3))


def test_an_image_keeps_its_pixels_where_its_size_is_kept():
    image = decode(encoded(PHOTO, "PNG"), None, "x")
    assert image.dtype == np.uint8
    assert np.array_equal(image, PHOTO)


def test_making_smaller_averages_what_a_pixel_covers_and_gives_up_the_aspect_ratio():
    board = np.zeros((32, 64, 3))
    board[::2, ::2] = board[1::2, 1::2] = 254
    small = decode(encoded(board, "PNG"), 8, "x")
    assert small.shape == (8, 8, 3)
    assert np.abs(small.astype(int) - 127).max() <= 1  # without antialiasing it would be black and white
    bars = np.zeros((20, 40, 3))
    bars[:, 20:] = 200
    assert (decode(encoded(bars, "PNG"), 4, "x")[:, :1] == 0).all()
    assert (decode(encoded(bars, "PNG"), 4, "x")[:, 3:] == 200).all()


def test_every_kind_of_image_becomes_red_green_and_blue():
    alpha = np.dstack([PHOTO, np.full((40, 60), 255)])
    cmyk = io.BytesIO()
    Image.fromarray(PHOTO.astype(np.uint8)).convert("CMYK").save(cmyk, "JPEG")
    grey = encoded(PHOTO[..., 0], "PNG")
    for file in (encoded(PHOTO, "JPEG"), grey, encoded(PHOTO[..., 0], "GIF"), encoded(alpha, "PNG"), cmyk.getvalue()):
        assert decode(file, 5, "x").shape == (5, 5, 3)
    assert np.array_equal(decode(grey, None, "x"), np.repeat(PHOTO[..., :1], 3, axis=2))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_an_image_cut_short_anywhere_is_refused_by_name(kind):
    whole = encoded(PHOTO, kind)
    for length in range(0, len(whole) - 16, len(whole) // 20):
        with pytest.raises(FormatError, match=r"the image a\.jpg is cut short or is no image: "):
            decode(whole[:length], 8, "the image a.jpg")


def test_grey_images_are_resized_alike():
    images = PHOTO[:10, :10, 0].astype(np.uint8).reshape(1, 10, 10, 1)
    assert resize(images, None) is images
    assert resize(images, 10) is images
    expected = decode(encoded(images[0, ..., 0], "PNG"), 4, "x")[..., :1]
    assert np.array_equal(resize(images, 4)[0], expected)


@pytest.mark.parametrize("pixels", [0, -1, 1025])
def test_impossible_sizes_are_refused(pixels):
    with pytest.raises(ConfigError, match=f"toys: images of {pixels} pixels; allowed are 1 to 1024"):
        check_pixels("toys", pixels)
