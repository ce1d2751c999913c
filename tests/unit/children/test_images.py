"""Shards and supernets train on the images that were prepared, or not at all."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from neural_predictor.children.images import open_images, open_prepared
from neural_predictor.errors import ChildError

RAW = Path(find_spec("sklearn").origin).parent / "datasets/data/digits.csv.gz"


def test_images_are_held_to_the_protocol_of_their_splits():
    _, protocol = open_images("digits", RAW, 8, manual=None, download=False)
    feed = open_prepared("digits", RAW, 8, manual=None, protocol=protocol, said_by=Path("digits.images.json"))
    assert all(feed.size(split) == said["images"] for split, said in protocol["splits"].items())

    protocol["splits"]["test"]["ids_sha256"] = 64 * "0"
    with pytest.raises(ChildError, match=r"other images than digits\.images\.json says; run prepare-images again"):
        open_prepared("digits", RAW, 8, manual=None, protocol=protocol, said_by=Path("digits.images.json"))
