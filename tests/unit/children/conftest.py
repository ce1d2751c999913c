"""A small network and a small set of images that the tests of training share."""

import numpy as np
import pytest

from neural_predictor.config.child_recipes import Adam, NetworkRecipe, TrainingRecipe
from neural_predictor.images.base import ImageSet, Split
from neural_predictor.spaces.proxylessnas.layers import ZERO

SIZES = {"train": 40, "validation": 9, "test": 3}


@pytest.fixture(scope="session")
def small_code():
    """Nine layers, all kernels, both expansions, residual blocks on large and small maps."""
    code = np.full(22, ZERO, np.uint8)
    code[[0, 1, 2, 5, 9, 13, 17, 18, 21]] = [1, 3, 1, 2, 0, 3, 4, 2, 5]
    return code


@pytest.fixture(scope="session")
def small_network():
    return NetworkRecipe(width=0.2, resolution=12, stem_stride=1, batch_norm_momentum=0.9)


@pytest.fixture(scope="session")
def small_training():
    """Three steps an epoch: of 16, 16 and 8 images."""
    return TrainingRecipe(epochs=3, batch_size=16, optimizer=Adam(epsilon=1e-3), learning_rate=1e-3, l2=1e-2)


@pytest.fixture(scope="session")
def small_images():
    """Noise with colours, 9 x 9 pixels: it is resized to 12."""
    rng = np.random.default_rng(0)
    splits = {
        name: Split(
            rng.integers(0, 256, (size, 9, 9, 3), np.uint8),
            np.resize(np.arange(3, dtype=np.int32), size),
            np.array([f"{name}-{k}" for k in range(size)], object),
        )
        for name, size in SIZES.items()
    }
    return ImageSet("noise", ("a", "b", "c"), splits)
