"""Archives that are missing: found without TensorFlow, without the network, and at once."""

import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from neural_predictor.errors import ConfigError, SourceError
from neural_predictor.images import archives as looked_for
from neural_predictor.images import load_images
from neural_predictor.images.archives import require, unreachable
from neural_predictor.images.registry import IMAGE_SETS
from neural_predictor.images.tfds import TFDS_SETS, load, stream


@pytest.mark.parametrize("name", TFDS_SETS)
def test_missing_archives_are_named_at_once_and_the_network_is_not_touched(name, tmp_path, no_network):
    start = time.monotonic()
    with pytest.raises(SourceError) as caught:
        (stream if name == "imagenet" else load)(name, tmp_path, pixels=32)
    assert time.monotonic() - start < 1
    message = str(caught.value)
    assert f"{name}: there is no prepared set {tmp_path}/{IMAGE_SETS[name].builder}/" in message
    assert f"Put into the folder {tmp_path}/downloads/manual\n" in message
    for archive in IMAGE_SETS[name].archives:
        assert f"  {archive.file}  {archive.bytes:,} bytes" in message
    if name == "imagenet":
        assert "(register at https://image-net.org/download-images to get them)" in message
    else:
        assert "(they were not downloaded: downloads are not allowed)" in message


def test_missing_archives_are_found_without_tensorflow(tmp_path):
    code = f"""
import sys, time
from pathlib import Path
start = time.monotonic()
from neural_predictor.images import load_images
try:
    load_images("caltech101", Path({str(tmp_path)!r}), pixels=224)
except Exception as error:
    print(type(error).__name__, time.monotonic() - start < 2, "tensorflow" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["SourceError", "True", "False"]


def test_only_the_missing_one_of_two_archives_is_named(tmp_path):
    manual = tmp_path / "mine"
    manual.mkdir()
    (manual / "images.tar.gz").write_bytes(b"x")
    with pytest.raises(SourceError) as caught:
        load_images("oxford_pet", tmp_path, pixels=32, manual=manual)
    assert f"Put into the folder {manual}\n  annotations.tar.gz  19,173,078 bytes" in str(caught.value)
    assert "images.tar.gz" not in str(caught.value)


def test_what_tensorflow_datasets_has_downloaded_counts_as_there(tmp_path):
    archive = IMAGE_SETS["cifar100"].archives[0]
    downloaded = tmp_path / "downloads/cifar100/address.tar.gz"
    downloaded.parent.mkdir(parents=True)
    note = downloaded.with_suffix(".gz.INFO")
    note.write_text(json.dumps({"urls": [archive.url]}))
    with pytest.raises(SourceError):
        require("cifar100", tmp_path, None, download=False)
    downloaded.write_bytes(b"x")
    require("cifar100", tmp_path, None, download=False)
    for damaged in ("[]", "{", json.dumps({"urls": ["https://elsewhere"]})):
        note.write_text(damaged)
        with pytest.raises(SourceError):
            require("cifar100", tmp_path, None, download=False)


def test_an_address_that_does_not_answer_is_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(looked_for, "unreachable", lambda url: "no route to host")
    with pytest.raises(SourceError) as caught:
        load("caltech101", tmp_path, pixels=32, download=True)
    assert "caltech-101.zip?download=1 cannot be reached: no route to host" in str(caught.value)
    assert "caltech-101.zip  137,414,764 bytes" in str(caught.value)


class Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        if self.path == "/slow":
            time.sleep(1)
        self.send_response(int(self.path[1:]) if self.path[1:].isdigit() else 200)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_an_address_is_asked_for_its_head(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    place = f"http://127.0.0.1:{server.server_port}"
    assert unreachable(f"{place}/good") is None
    assert unreachable(f"{place}/405") is None
    assert unreachable(f"{place}/404").startswith("HTTP status 404")
    assert "Connection refused" in unreachable("http://127.0.0.1:9/")
    monkeypatch.setattr(looked_for, "REACH_TIMEOUT_S", 0.2)
    assert unreachable(f"{place}/slow")
    monkeypatch.setattr(looked_for, "_ask", lambda url: time.sleep(1))
    assert unreachable(place) == "no answer within 0.2 s"
    server.shutdown()
    thread.join()
    server.server_close()


def test_sizes_and_sets_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="caltech101: its images differ in size"):
        load("caltech101", tmp_path)
    with pytest.raises(ConfigError, match=r"ImageNet .* does not fit into memory; it can only be streamed"):
        load("imagenet", tmp_path, pixels=224)
    with pytest.raises(ConfigError, match="digits does not come from tensorflow-datasets; from there come cifar100, "):
        load("digits", tmp_path)
    with pytest.raises(ConfigError, match="images of 0 pixels"):
        load("cifar100", tmp_path, pixels=0)
    with pytest.raises(ConfigError, match="no image set 'svhn'; there are cifar100, caltech101"):
        load("svhn", tmp_path)


def test_the_registry_says_what_the_builders_know():
    import tensorflow_datasets as tfds

    for name in TFDS_SETS:
        source, builder = IMAGE_SETS[name], tfds.builder_cls(IMAGE_SETS[name].builder)
        assert str(builder.VERSION) == source.version
        for archive in source.archives:
            info = builder.url_infos[archive.url]
            assert int(info.size) == archive.bytes
            assert info.filename in (archive.file, None)
