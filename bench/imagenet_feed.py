"""Images a second that one core makes ready for training on ImageNet: decoded JPEGs, and what was decoded before.

Synthetic photographs of ImageNet's mean size (500 x 375 pixels, 110 KB: smooth shapes with noise, saved as JPEG) are
decoded and resized to 224 pixels as the project's stream does, and for comparison by TensorFlow's own operations; the
cache is a file of the same images as bytes of 224 pixels, read in random order. Seconds are the process's CPU time on
one thread, which other processes do not lengthen. The last line is a JSON object.
"""

import argparse
import io
import json
import os
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from PIL import Image

from neural_predictor.images.decode import decode
from neural_predictor.predictors.device import configure

WIDTH, HEIGHT, QUALITY = 500, 375, 92


def photograph(rng):
    """A JPEG whose bytes are about those of ImageNet's mean."""
    coarse = rng.integers(0, 256, (12, 16, 3), np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.float32)
    noise = rng.normal(0, 14, (HEIGHT, WIDTH, 1))
    file = io.BytesIO()
    Image.fromarray(np.clip(smooth + noise, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def rate(work, items):
    """Items a second of CPU time; median of three."""
    rates = []
    for _ in range(3):
        start = time.process_time()
        for item in items:
            work(item)
        rates.append(len(items) / (time.process_time() - start))
    return float(np.median(rates))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--pixels", type=int, default=224)
    parser.add_argument("--needed", type=float, default=2500, help="images/s that the device takes")
    arguments = parser.parse_args()
    configure(1, "cpu")
    import tensorflow as tf

    rng, pixels = np.random.default_rng(0), arguments.pixels
    files = [photograph(rng) for _ in range(arguments.images)]

    def by_tensorflow(file):
        image = tf.io.decode_jpeg(file, channels=3, dct_method="INTEGER_FAST")
        return tf.cast(tf.image.resize(image[None], (pixels, pixels), antialias=True), tf.uint8)

    with tempfile.NamedTemporaryFile() as cache:
        cached = np.memmap(cache.name, np.uint8, "w+", shape=(len(files), pixels, pixels, 3))
        for k, file in enumerate(files):
            cached[k] = decode(file, pixels, "a photograph")
        rates = {
            "decoded as the stream does": rate(lambda file: decode(file, pixels, "a photograph"), files),
            "decoded by TensorFlow": rate(by_tensorflow, files),
            "read from a cache": rate(lambda k: np.array(cached[k]), rng.permutation(len(files))),
        }
    size = float(np.mean([len(file) for file in files]))
    print(
        f"photographs of {WIDTH} x {HEIGHT} pixels, {size / 1000:.0f} KB; "
        f"cached images of {pixels**2 * 3 / 1000:.0f} KB"
    )
    for name, value in rates.items():
        print(
            f"{name}: {value:,.0f} images/s a core; "
            f"{arguments.needed:,.0f} images/s need {arguments.needed / value:.1f} cores"
        )
    print(json.dumps({"bytes": size, "rates": rates}))


if __name__ == "__main__":
    main()
