import gzip
from pathlib import Path

import numpy as np
import pytest

from neural_predictor.config.project import Sources
from neural_predictor.config.yaml_files import load
from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.images import load_images
from neural_predictor.images.small import SMALL_SETS, load_small
from neural_predictor.images.splits import split_protocol
from neural_predictor.sources.fetch import fetch

SOURCES = load(Sources, Path(__file__).parents[3] / "config/sources.yaml").sources
IDS = {
    "digits": {"train": "dad36aba9a6d4da0", "validation": "b4063269abec10cf", "test": "d506a993bb8e5662"},
    "mnist5k": {"train": "5c4edd3db0ec9da6", "validation": "d761dd2ab5cfba33", "test": "a1e9e536d318f47a"},
}
"""Digests of the splits: no change may move an image from one to another."""


@pytest.fixture(scope="module", params=SMALL_SETS)
def small(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("raw") / request.param
    fetch(request.param, SOURCES[request.param], path)
    return request.param, path


def test_the_real_sets_have_their_sizes_and_classes_and_fixed_splits(small):
    name, path = small
    images = load_images(name, path)
    sizes = {"digits": (1000, 397, 400, 8), "mnist5k": (2000, 1500, 1500, 28)}[name]
    assert tuple(len(split) for split in images.splits.values()) == sizes[:3]
    assert images.shape == (sizes[3], sizes[3], 1)
    assert images.classes == tuple("0123456789")
    for split in images.splits.values():
        assert split.images.max() == 255
        assert split.images.min() == 0
        assert np.bincount(split.labels).min() > len(split) / 20
    found = split_protocol(images)["splits"]
    assert {split: found[split]["ids_sha256"][:16] for split in found} == IDS[name]


def test_digits_are_those_of_scikit_learn(tmp_path):
    from sklearn.datasets import load_digits

    fetch("digits", SOURCES["digits"], tmp_path / "raw")
    real = load_digits()
    for split in load_small("digits", tmp_path / "raw").splits.values():
        rows = split.ids.astype(int)
        assert np.array_equal(split.labels, real.target[rows])
        assert np.abs(split.images[..., 0] - real.images[rows] * 255 / 16).max() <= 0.5


def test_images_are_resized(small):
    name, path = small
    assert load_small(name, path, pixels=14).shape == (14, 14, 1)
    with pytest.raises(ConfigError, match="allowed are 1 to 1024"):
        load_small(name, path, pixels=0)


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "raw"
    whole = gzip.compress(b"0,1\n" * 100)
    path.write_bytes(whole)
    with pytest.raises(FormatError, match=r"has \(100, 2\) numbers, not \(1797, 65\): it is another file"):
        load_small("digits", path)
    for damaged in (whole[:20], b"no gzip", gzip.compress(b"a,b\n"), gzip.compress(b"1,2\n3\n")):
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match=r"raw (is damaged|has)"):
            load_small("digits", path)
    path.write_bytes(gzip.compress(("17," * 64 + "0\n").encode() * 1797))
    with pytest.raises(FormatError, match="pixels from 17 to 17; allowed are 0 to 16"):
        load_small("digits", path)
    with pytest.raises(FormatError, match="no such file"):
        load_small("digits", tmp_path / "absent")


def test_only_small_sets_are_read_here(tmp_path):
    with pytest.raises(ConfigError, match="cifar100 is no small set; small are digits, mnist5k"):
        load_small("cifar100", tmp_path)
    with pytest.raises(ConfigError, match="no image set 'mnist'; there are cifar100, "):
        load_small("mnist", tmp_path)
