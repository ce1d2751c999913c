"""Downloads against a real HTTP server on this machine that misbehaves on request."""

import hashlib
import io
import os
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import ValidationError

from neural_predictor.config.project import Source
from neural_predictor.errors import SourceError, UserError
from neural_predictor.sources import fetch as module
from neural_predictor.sources.fetch import fetch

CONTENT = bytes(range(256)) * 4096  # 1 MiB
REST = {"licence": "MIT", "citation": "none"}


def archive():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(zipfile.ZipInfo("a.json"), "{}")  # without the time
    return packed.getvalue()


def altered(whole, place):
    return whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]


PAGE = b"\n<!DOCTYPE html><p>Sign in</p>"
BODIES = {
    "/html": PAGE,
    "/altered": altered(CONTENT, 700_000),
    "/logs.zip": archive(),
    "/cut.zip": archive()[:-9],
    "/altered.zip": altered(archive(), archive().index(b"{}")),
}
STALLED = ("/cut", "/stall", "/slow")
"""Their first half comes at once."""


class Handler(BaseHTTPRequestHandler):
    requests: list = []  # noqa: RUF012 - one list for all handlers is the point
    over = threading.Event()

    def do_GET(self):
        wanted = self.headers.get("Range")
        Handler.requests.append((self.path, wanted))
        first = (
            int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.path not in ("/no-range", "/html") else 0
        )
        if self.path == "/missing":
            self.send_error(404)
        elif self.path == "/silent":
            Handler.over.wait(20)
        elif self.path in ("/moved", "/round"):
            self.send_response(302)
            self.send_header("Location", "/good" if self.path == "/moved" else "/round")
            self.end_headers()
        elif first >= len(CONTENT):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(CONTENT)}")
            self.end_headers()
        else:
            self.send_body(first)

    def send_body(self, first):
        body = BODIES.get(self.path, CONTENT)[first:]
        self.send_response(206 if first else 200)
        if first:
            shown = 0 if self.path == "/other" else first
            self.send_header("Content-Range", f"bytes {shown}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        halves = body[: len(body) // 2], body[len(body) // 2 :]
        self.wfile.write(halves[0] if self.path in STALLED and not first else body)
        if self.path in STALLED[1:] and not first:
            self.wfile.flush()
            Handler.over.wait(20)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that goes away half-way is what is wanted."""


@pytest.fixture
def server():
    Handler.requests, Handler.over = [], threading.Event()
    running = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    Handler.over.set()
    running.shutdown()
    thread.join()
    running.server_close()


def source(url, **more):
    return Source(url=url, sha256=hashlib.sha256(CONTENT).hexdigest(), **REST, **more)


def test_a_download_is_checked_and_leaves_nothing_else(tmp_path, server):
    fetch("data", source(f"{server}/good"), tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def part_of(folder, url):
    return folder / ("." + "".join(c if c.isalnum() else "-" for c in url) + ".part")


@pytest.mark.parametrize(
    ("path", "said"), [("cut", "IncompleteRead"), ("stall", "Read timed out")], ids=["cut", "stalled"]
)
def test_an_interrupted_download_goes_on_where_it_stopped(tmp_path, server, monkeypatch, path, said):
    monkeypatch.setattr(module, "READ_TIMEOUT_S", 0.3)
    with pytest.raises(SourceError, match="Run the same command again to go on where it stopped") as caught:
        fetch("data", source(f"{server}/{path}"), tmp_path / "raw")
    assert said in str(caught.value)
    assert not (tmp_path / "raw").exists()
    fetch("data", source(f"{server}/{path}"), tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == CONTENT
    assert Handler.requests == [(f"/{path}", None), (f"/{path}", f"bytes={len(CONTENT) // 2}-")]
    assert [file.name for file in tmp_path.iterdir()] == ["raw"]


def test_a_server_without_ranges_sends_all_of_it_again(tmp_path, server):
    part_of(tmp_path, f"{server}/no-range").write_bytes(CONTENT[:1000])
    fetch("data", source(f"{server}/no-range"), tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == CONTENT
    assert Handler.requests == [("/no-range", "bytes=1000-")]


def test_a_partial_file_survives_a_kill(tmp_path, server):
    part = part_of(tmp_path, f"{server}/slow")
    code = (
        "from pathlib import Path\nfrom neural_predictor.config.project import Source\n"
        "from neural_predictor.sources.fetch import fetch\n"
        f"fetch('data', Source(url='{server}/slow', licence='MIT', citation='none'), Path('{tmp_path / 'raw'}'))"
    )
    running = subprocess.Popen([sys.executable, "-c", code])
    end = time.monotonic() + 20
    while not part.exists() or part.stat().st_size < len(CONTENT) // 2:
        assert running.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    running.kill()
    running.wait()
    assert not (tmp_path / "raw").exists()
    fetch("data", source(f"{server}/slow"), tmp_path / "raw")
    assert Handler.requests[-1] == ("/slow", f"bytes={len(CONTENT) // 2}-")
    assert (tmp_path / "raw").read_bytes() == CONTENT
    assert not part.exists()


def test_a_kill_after_the_last_byte_costs_no_byte(tmp_path, server):
    part_of(tmp_path, f"{server}/good").write_bytes(CONTENT)
    fetch("data", source(f"{server}/good"), tmp_path / "raw")
    assert Handler.requests == [("/good", f"bytes={len(CONTENT)}-")]
    assert (tmp_path / "raw").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "kept", "said"),
    [
        ("good", CONTENT + b"more", "the server's file has changed since the last try"),
        ("other", CONTENT[:1000], "the server sent another part of the file than was asked for"),
        ("good", altered(CONTENT[:1000], 5), "does not match the known hash"),  # of another version
    ],
)
def test_a_partial_file_that_does_not_fit_is_dropped_and_the_next_try_begins_anew(tmp_path, server, path, kept, said):
    part_of(tmp_path, f"{server}/{path}").write_bytes(kept)
    with pytest.raises(SourceError, match=said):
        fetch("data", source(f"{server}/{path}"), tmp_path / "raw")
    assert list(tmp_path.iterdir()) == []
    fetch("data", source(f"{server}/{path}"), tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == CONTENT
    assert Handler.requests[-1] == (f"/{path}", None)


def test_altered_bytes_are_refused_and_not_kept(tmp_path, server):
    with pytest.raises(SourceError, match=r"SHA256 hash of downloaded file \(raw\) does not match the known hash"):
        fetch("data", source(f"{server}/altered"), tmp_path / "raw")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_silent_is_given_up_for_the_mirror(tmp_path, server, monkeypatch):
    monkeypatch.setattr(module, "READ_TIMEOUT_S", 0.3)
    start = time.monotonic()
    fetch("data", source(f"{server}/silent", mirror=f"{server}/good"), tmp_path / "raw")
    assert time.monotonic() - start < 5
    assert [path for path, _ in Handler.requests] == ["/silent", "/good"]
    with pytest.raises(SourceError, match="Read timed out"):
        fetch("data", source(f"{server}/silent"), tmp_path / "raw2")


def test_redirects_are_followed_but_not_in_circles(tmp_path, server):
    fetch("data", source(f"{server}/moved"), tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == CONTENT
    with pytest.raises(SourceError, match="Exceeded 30 redirects"):
        fetch("data", source(f"{server}/round"), tmp_path / "raw2")


def test_the_mirror_is_tried_when_the_first_address_fails(tmp_path, server):
    fetch("data", source(f"{server}/missing", mirror=f"{server}/good"), tmp_path / "raw")
    assert [path for path, _ in Handler.requests] == ["/missing", "/good"]


def test_a_page_in_place_of_the_file_is_refused_and_not_kept(tmp_path, server):
    with pytest.raises(SourceError, match="a web page came in place of the file"):
        fetch("data", source(f"{server}/html"), tmp_path / "raw")
    assert list(tmp_path.iterdir()) == []
    part = part_of(tmp_path, f"{server}/html")
    part.write_bytes(CONTENT[:1000])  # a portal in the way later does not cost what came before
    with pytest.raises(SourceError, match="a web page came in place of the file"):
        fetch("data", source(f"{server}/html"), tmp_path / "raw")
    assert part.read_bytes() == CONTENT[:1000]


def test_no_network_says_where_to_put_the_file_by_hand(tmp_path):
    with pytest.raises(SourceError) as caught:
        fetch("nasbench101", source("http://127.0.0.1:9/nasbench_only108.tfrecord"), tmp_path / "raw")
    message = str(caught.value)
    assert "name it in config/config.yaml:\n  data:\n    nasbench101: /path/to/nasbench_only108.tfrecord" in message


def test_a_file_of_a_package_is_copied_and_checked(tmp_path):
    import nas_bench_graph

    path = f"{nas_bench_graph.__path__[0]}/light/proteins.bench"
    with open(path, "rb") as file:  # noqa: PTH123
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    row = {"package": "nas_bench_graph", "path": "light/proteins.bench", **REST}
    fetch("p", Source(**row, sha256=digest, bytes=245_616), tmp_path / "raw")
    assert hashlib.sha256((tmp_path / "raw").read_bytes()).hexdigest() == digest
    with pytest.raises(SourceError, match="has 245616 bytes, the registry says 5"):
        fetch("p", Source(**row, sha256=digest, bytes=5), tmp_path / "raw2")
    with pytest.raises(SourceError, match=f"has sha256 {digest}, the registry says 0000"):
        fetch("p", Source(**row, sha256="0" * 64), tmp_path / "raw2")
    with pytest.raises(SourceError, match="the Python package absent with x is not installed"):
        fetch("p", Source(package="absent", path="x", sha256="0" * 64, **REST), tmp_path / "raw2")
    assert not (tmp_path / "raw2").exists()


def test_a_local_file_takes_the_place_of_another_at_once(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
        fetch("data", source("http://127.0.0.1:9/x"), tmp_path / "raw", local=tmp_path / name)
        assert (tmp_path / "raw").read_text() == name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "raw", "two"]


def test_a_local_file_is_linked_even_if_it_is_another(tmp_path, caplog):
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    fetch("data", source("http://127.0.0.1:9/x"), tmp_path / "out" / "raw", local=mine)
    assert (tmp_path / "out" / "raw").read_bytes() == b"mine"
    assert "not the file of the registry" in caplog.text
    with pytest.raises(SourceError, match=r"data\.data is .*absent'"):
        fetch("data", source("http://127.0.0.1:9/x"), tmp_path / "raw", local=tmp_path / "absent")


def test_a_local_file_whose_time_lies_in_the_future_is_copied(tmp_path, caplog):
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    later = time.time() + 3600
    os.utime(mine, (later, later))
    fetch("data", source("http://127.0.0.1:9/x"), tmp_path / "raw", local=mine)
    assert (tmp_path / "raw").read_bytes() == b"mine"
    assert (tmp_path / "raw").stat().st_mtime <= time.time()
    assert mine.stat().st_mtime == later
    assert "lies in the future; the file is copied" in caplog.text


def test_a_full_disk_during_a_download_is_advice(tmp_path, server, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pooch.retrieve", full)
    with pytest.raises(UserError, match=r"cannot write .*raw: the disk is full"):
        fetch("data", source(f"{server}/good"), tmp_path / "raw")


def test_a_file_without_a_published_checksum_is_taken_if_it_is_a_whole_archive(tmp_path, server, caplog):
    fetch("data", Source(url=f"{server}/logs.zip", **REST), tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == archive()
    said = caplog.text
    assert (
        f"What came has {len(archive())} bytes and sha256 {hashlib.sha256(archive()).hexdigest()}: write them" in said
    )
    for name in ("cut", "altered"):
        with pytest.raises(SourceError, match=rf"{name}\.zip: what came is no whole zip archive"):
            fetch("data", Source(url=f"{server}/{name}.zip", **REST), tmp_path / "raw2")
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]
    with pytest.raises(ValidationError, match="a file inside a package has a sha256"):
        Source(package="nas_bench_graph", path="light/proteins.bench", **REST)


def test_a_folder_stands_for_an_archive_of_its_files(tmp_path, caplog):
    caplog.set_level("INFO")
    folder = tmp_path / "logs"
    (folder / "inner").mkdir(parents=True)
    for name in ("b.json", "a.json", ".hidden", "inner/c.json"):
        (folder / name).write_text(name)
    row = Source(url="http://127.0.0.1:9/logs.zip", **REST)
    for output in ("one", "two"):
        fetch("logs", row, tmp_path / output, local=folder)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with zipfile.ZipFile(tmp_path / "one") as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == {"a.json": b"a.json", "b.json": b"b.json"}
    assert "packed 2 files" in caplog.text
    fetch("logs", row, tmp_path / "linked", local=tmp_path / "one")
    assert (tmp_path / "linked").is_symlink()
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"data\.logs is .*: no files in this folder"):
        fetch("logs", row, tmp_path / "raw", local=tmp_path / "empty")
    with pytest.raises(SourceError, match=r"data\.data is .*logs': no such file"):
        fetch("data", source("http://127.0.0.1:9/x"), tmp_path / "raw", local=folder)
    assert not (tmp_path / "raw").exists()
