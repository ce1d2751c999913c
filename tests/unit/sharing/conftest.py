"""A supernet on 8 x 8 digits that a second trains."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from neural_predictor.children.feeds import Resident
from neural_predictor.config.child_recipes import Adam, NetworkRecipe, TrainingRecipe
from neural_predictor.config.sharing_recipes import EvaluatingRecipe, OneShot
from neural_predictor.images import load_images
from neural_predictor.images.base import ImageSet, Split
from neural_predictor.sharing.job import Job
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

RAW = Path(find_spec("sklearn").origin).parent / "datasets/data/digits.csv.gz"
NETWORK = NetworkRecipe(width=0.05, resolution=8, stem_stride=1)
SIZES = {"train": 120, "validation": 60, "test": 1}


class SearchFeed(Resident):
    """Images of which a search may not meet those of the test."""

    def sections(self, split, batch_size, order=None):
        assert split != "test"
        return super().sections(split, batch_size, order)


@pytest.fixture(scope="session")
def feed():
    """Some digits."""
    whole = load_images("digits", RAW)
    splits = {}
    for name, size in SIZES.items():
        split = whole.splits[name]
        splits[name] = Split(split.images[:size], split.labels[:size], split.ids[:size])
    return SearchFeed(ImageSet("digits", whole.classes, splits))


@pytest.fixture(scope="session")
def make_job():
    codes = ProxylessNasSpace().sample_stratified(3, np.random.default_rng(3))
    training = TrainingRecipe(epochs=2, batch_size=40, optimizer=Adam(), learning_rate=1e-2)

    def make(recipe=OneShot, training=training, **changes):
        if issubclass(recipe, EvaluatingRecipe):
            changes |= {"candidates": 2}
        own = recipe(training=training, calibration=1, **{"kind": "one-shot"} | changes)
        return Job("mine", own, NETWORK, codes, 1, "digits", {"set": "digits"})

    return make
