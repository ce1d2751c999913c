"""The real builders of tensorflow-datasets on tiny archives in the true formats."""

import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests

from neural_predictor.errors import ConfigError, FormatError, SourceError, UserError
from neural_predictor.images import tfds as images_tfds
from neural_predictor.images.arrays import arrays_path, index_path, read_arrays
from neural_predictor.images.splits import split_protocol
from neural_predictor.images.tfds import load, reading_faults, stream
from support.pins import assert_pinned

IN_MEMORY = ("cifar100", "caltech101", "oxford_pet")
SIZES = {"cifar100": (1080, 120, 200), "caltech101": (2448, 612, 204), "oxford_pet": (148, 37, 74)}


@pytest.fixture
def folder(prepared, tmp_path):
    """A copy of a prepared set, to be damaged at will."""

    def copy(name):
        return shutil.copytree(prepared(name), tmp_path / "copy")

    return copy


@pytest.mark.parametrize("name", IN_MEMORY)
def test_a_set_is_prepared_decoded_and_split_by_ids(name, prepared):
    images = load(name, prepared(name), pixels=8)
    assert tuple(len(split) for split in images.splits.values()) == SIZES[name]
    assert images.shape == (8, 8, 3)
    for one, other in combinations(images.ids.values(), 2):
        assert not set(one) & set(other)
    for split in images.splits.values():
        assert np.abs(split.images[..., 0] - split.labels[:, None, None].astype(int)).max() <= 3  # the class's colour
    if name != "cifar100":
        each = {"caltech101": (24, 6, 2), "oxford_pet": (4, 1, 2)}[name]
        for labels, number in zip(images.labels.values(), each, strict=True):
            assert set(Counter(labels.tolist()).values()) == {number}


@pytest.mark.parametrize(
    ("name", "train", "validation"),
    [
        ("cifar100", ["train_00550", "train_00089"], ["train_00582", "train_00801"]),
        ("oxford_pet", ["breed33_2.jpg", "breed11_2.jpg"], ["breed30_3.jpg", "breed29_2.jpg"]),
    ],
)
def test_a_split_is_the_one_of_before(name, train, validation, prepared):
    ids = load(name, prepared(name), pixels=8).ids
    assert_pinned((ids["train"][:2].tolist(), ids["validation"][:2].tolist()), (train, validation))


def test_ids_are_the_examples_own(prepared):
    assert sorted(load("cifar100", prepared("cifar100"), pixels=8).ids["test"])[7] == "test_00007"
    caltech = load("caltech101", prepared("caltech101"), pixels=8)
    id_, label = caltech.ids["train"][0], caltech.labels["train"][0]
    assert id_.startswith(f"{caltech.classes[label]}/image_0")
    assert sorted(load("oxford_pet", prepared("oxford_pet"), pixels=8).ids["test"])[0] == "breed0_5.jpg"


def test_images_keep_their_size_and_pixels_where_all_are_equal(folder):
    images = load("cifar100", folder("cifar100"))
    train = images.splits["train"]
    assert images.shape == (32, 32, 3)
    row = int(train.ids[0].removeprefix("train_"))
    assert (train.images[0] == [row % 100, 0, row // 100]).all()
    assert train.labels[0] == row % 100


def test_the_second_time_only_the_arrays_are_read(folder, monkeypatch):
    place = folder("oxford_pet")
    monkeypatch.setattr(images_tfds, "prepare", None)
    again = load("oxford_pet", place, pixels=8)
    assert len(again.splits["train"]) == 148
    (place / "oxford_iiit_pet/4.0.0/dataset_info.json").unlink()
    assert split_protocol(load("oxford_pet", place, pixels=8)) == split_protocol(again)


@pytest.mark.parametrize("damage", ["cut", "text", "other"])
def test_damaged_arrays_are_built_anew(folder, damage, caplog):
    place = folder("oxford_pet")
    before = load("oxford_pet", place, pixels=8)
    for path in (arrays_path("oxford_pet", place, 8), index_path("oxford_pet", place)):
        if damage == "cut":
            os.truncate(path, path.stat().st_size // 2)
        elif damage == "text":
            path.write_text("no archive")
        else:
            np.savez(path, about=np.array('{"name": "other"}'))
    after = load("oxford_pet", place, pixels=8)
    assert caplog.text.count("is damaged") == 2
    for split in before.splits:
        assert np.array_equal(before.splits[split].images, after.splits[split].images)
    assert read_arrays("oxford_pet", arrays_path("oxford_pet", place, 8)) is not None


def test_every_size_of_a_set_has_the_same_splits(folder):
    place = folder("caltech101")
    protocol = split_protocol(load("caltech101", place, pixels=8))
    assert split_protocol(load("caltech101", place, pixels=5)) == protocol
    assert split_protocol(stream("caltech101", place, pixels=6)) == protocol
    assert protocol["splits"]["train"]["images"] == 2448
    assert protocol["split_version"] == 1


def test_a_streamed_set_gives_the_images_of_the_loaded_one(prepared):
    place = prepared("oxford_pet")
    loaded, streamed = load("oxford_pet", place, pixels=8), stream("oxford_pet", place, pixels=8)
    for name, split in loaded.splits.items():
        dataset = streamed.dataset(name)
        assert int(dataset.cardinality()) == len(split)
        with reading_faults(place):
            rows = list(dataset.batch(1000).as_numpy_iterator())
        images, labels, ids = rows[0]
        order = {id_: row for row, id_ in enumerate(split.ids)}
        rows = [order[id_.decode()] for id_ in ids]
        assert sorted(rows) == list(range(len(split)))
        assert np.array_equal(images, split.images[rows])
        assert np.array_equal(labels, split.labels[rows])
        assert labels.dtype == np.int32


def test_imagenet_is_streamed_from_the_manual_folder(bring, tmp_path):
    bring("imagenet", train=13, test=20)
    streamed = stream("imagenet", tmp_path, pixels=4)
    assert {split: len(ids) for split, ids in streamed.ids.items()} == {
        "train": 12_000,
        "validation": 1_000,
        "test": 20,
    }
    images, labels, ids = next(streamed.dataset("test").batch(20).as_numpy_iterator())
    assert images.shape == (20, 4, 4, 3)
    assert sorted(ids)[0] == b"ILSVRC2012_val_00000001.JPEG"
    assert labels.max() < 1000


@pytest.mark.parametrize("name", IN_MEMORY)
def test_an_archive_with_the_wrong_checksum_is_refused(name, bring, tmp_path, no_network):
    path = bring(name)[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(SourceError, match=rf"{path} has sha256 \w+, not \w+: .*delete it and bring it again"):
        load(name, tmp_path, pixels=8)
    assert not (tmp_path / name).exists() or not list((tmp_path / name).iterdir())


@pytest.mark.parametrize("name", [*IN_MEMORY, "imagenet"])
def test_an_archive_cut_short_is_refused_by_its_size(name, bring, tmp_path):
    path = bring(name)[0]
    os.truncate(path, path.stat().st_size - 100)
    with pytest.raises(SourceError, match=rf"{path} has .* bytes, not .*: it is cut short or another file; delete it"):
        (stream if name == "imagenet" else load)(name, tmp_path, pixels=8)


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("cifar100", {"cifar-100-binary/train.bin": b"\0" * 5000}),
        ("cifar100", {"cifar-100-binary/test.bin": None}),
        ("caltech101", {f"101_ObjectCategories/crab/image_{copy:04d}.jpg": None for copy in range(1, 8)}),
        ("oxford_pet", {"images/breed3_1.jpg": None}),
    ],
)
def test_an_archive_of_other_content_is_refused(name, spoil, bring, tmp_path):
    bring(name, spoil=spoil)
    with pytest.raises(FormatError, match=rf"{name}: the content of .* is damaged .*; delete what is in .* and bring"):
        load(name, tmp_path, pixels=8)
    assert not list(tmp_path.glob("**/*extracted*"))


def test_an_archive_that_is_none_is_refused(bring, tmp_path, archives):
    path = bring("cifar100")[0]
    os.truncate(path, path.stat().st_size - 100)
    with (
        archives.known("cifar100", {"https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz": path}),
        pytest.raises(FormatError, match=r"the content of cifar-100-binary\.tar\.gz is damaged \(ExtractError"),
    ):
        load("cifar100", tmp_path)


@pytest.mark.parametrize(
    ("name", "member", "id_"),
    [
        ("caltech101", "101_ObjectCategories/crab/image_0003.jpg", "crab/image_0003.jpg"),
        ("oxford_pet", "images/breed3_1.jpg", "breed3_1.jpg"),
    ],
)
def test_an_image_cut_short_in_an_archive_is_named(name, member, id_, bring, archives, tmp_path):
    bring(name, spoil={member: archives.picture(1, 1)[:-30]})
    with pytest.raises(FormatError, match=rf"{name}: the image {id_} is cut short or is no image: .* delete"):
        load(name, tmp_path, pixels=8)
    if name == "oxford_pet":
        streamed = stream(name, tmp_path, pixels=8)
        split = next(split for split, ids in streamed.ids.items() if id_ in ids)
        with pytest.raises(FormatError, match=rf"^{name}: the image {id_} is cut short"), reading_faults(tmp_path):
            list(streamed.dataset(split))


def test_a_class_that_is_missing_in_training_is_named(bring, tmp_path):
    spoil = {f"101_ObjectCategories/crab/image_{copy:04d}.jpg": None for copy in range(1, 33)}
    bring("caltech101", spoil=spoil)
    with pytest.raises(FormatError, match=r"caltech101: no training image of class 'crab' \(1 of 102 classes"):
        load("caltech101", tmp_path, pixels=8)


def test_a_prepared_set_that_is_damaged_is_named(folder):
    place = folder("oxford_pet")
    target = place / "oxford_iiit_pet/4.0.0"
    record = next(target.glob("*train.tfrecord*"))
    os.truncate(record, record.stat().st_size // 2)
    with pytest.raises(FormatError, match=rf"{target} is damaged .*; delete it, then run"):
        load("oxford_pet", place, pixels=9)
    (target / "features.json").write_text("{}")
    with pytest.raises(FormatError, match=rf"{target} is no prepared set .*; delete it"):
        load("oxford_pet", place, pixels=9)
    (target / "dataset_info.json").unlink()
    manual = place / "downloads/manual"
    manual.mkdir(parents=True, exist_ok=True)
    for file in ("images.tar.gz", "annotations.tar.gz"):
        (manual / file).write_bytes(b"x")
    with pytest.raises(FormatError, match=rf"{target} is no prepared set .*; delete it"):
        load("oxford_pet", place, pixels=9)


def test_a_set_too_large_for_memory_is_refused(folder, monkeypatch):
    monkeypatch.setattr(images_tfds, "MEMORY_LIMIT_BYTES", 2**20)
    with pytest.raises(ConfigError, match=r"cifar100 at 224 pixels takes 0\.2 GiB of memory, allowed are 0\.0009"):
        load("cifar100", folder("cifar100"), pixels=224)


@pytest.fixture
def mirror(monkeypatch, tmp_path):
    """Send every request for https://host/.../file to this machine, which serves `<tmp_path>/served/file`."""
    served = tmp_path / "served"
    served.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(served)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    send = requests.adapters.HTTPAdapter.send

    def redirected(adapter, request, **options):
        file = urlsplit(request.url).path.rpartition("/")[2]
        request.url = f"http://127.0.0.1:{server.server_port}/{file}"
        return send(adapter, request, **options | {"proxies": {}})

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", redirected)
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_archives_are_downloaded_where_that_is_allowed(bring, mirror, tmp_path):
    for path in bring("oxford_pet"):
        shutil.move(path, mirror)
    with pytest.raises(SourceError, match="downloads are not allowed"):
        load("oxford_pet", tmp_path, pixels=8)
    assert len(load("oxford_pet", tmp_path, pixels=8, download=True).splits["train"]) == 148


def test_a_download_that_fails_says_what_to_bring(bring, mirror, tmp_path, monkeypatch):
    for path in bring("oxford_pet"):
        path.unlink()
    with pytest.raises(SourceError, match=r"images\.tar\.gz cannot be reached: HTTP status 404"):
        load("oxford_pet", tmp_path, pixels=8, download=True)
    monkeypatch.setattr("neural_predictor.images.archives.unreachable", lambda url: None)
    with pytest.raises(SourceError, match=r"they were not downloaded: Failed to get url .* HTTP code: 404"):
        load("oxford_pet", tmp_path, pixels=8, download=True)
    for file in ("images.tar.gz", "annotations.tar.gz"):
        (mirror / file).write_text("<!DOCTYPE html> sign in")
    with pytest.raises(SourceError, match="what was downloaded is not the archive that tensorflow-datasets knows"):
        load("oxford_pet", tmp_path, pixels=8, download=True)


def test_a_full_disk_is_advice(bring, tmp_path, monkeypatch):
    bring("oxford_pet")
    monkeypatch.setattr("tensorflow_datasets.core.utils.has_sufficient_disk_space", lambda *_, **__: False)
    with pytest.raises(UserError, match="the disk is full: free some space"):
        load("oxford_pet", tmp_path, pixels=8)


def test_a_killed_preparation_leaves_nothing_behind(bring, tmp_path):
    bring("oxford_pet")
    for left_over in ("oxford_iiit_pet/incomplete.ABC_4.0.0/x", ".oxford_pet.extracted/TAR.images.tar.gz/x"):
        (tmp_path / left_over).parent.mkdir(parents=True)
        (tmp_path / left_over).write_bytes(b"half")
    load("oxford_pet", tmp_path, pixels=8)
    assert [path.name for path in (tmp_path / "oxford_iiit_pet").iterdir()] == ["4.0.0"]
    assert not (tmp_path / ".oxford_pet.extracted").exists()


@pytest.mark.slow
def test_two_processes_prepare_a_set_once(archives, tmp_path):
    manual, site = tmp_path / "manual", tmp_path / "site"
    manual.mkdir()
    site.mkdir()
    archives.write_site(site, "oxford_pet", archives.oxford_pet(manual))
    code = f"""
from pathlib import Path
from neural_predictor.images import load_images
from neural_predictor.images.splits import split_protocol
from neural_predictor.io.logs import set_up_log
set_up_log()
there, manual = Path({str(tmp_path / "sets")!r}), Path({str(manual)!r})
print(split_protocol(load_images("oxford_pet", there, pixels=8, manual=manual)))
"""
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    pair = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [process.communicate() for process in pair]
    assert [process.returncode for process in pair] == [0, 0], outputs
    assert outputs[0][0] == outputs[1][0] != ""
    assert sum(f"\n{err}".count("\noxford_pet: preparing") for _, err in outputs) == 1
