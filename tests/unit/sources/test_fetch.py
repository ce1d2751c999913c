"""Downloads against a real HTTP server on this machine that misbehaves on request."""

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import ValidationError

from neural_predictor.config import Source
from neural_predictor.errors import SourceError, UserError
from neural_predictor.sources.fetch import fetch

CONTENT = bytes(range(256)) * 4096  # 1 MiB
REST = {"licence": "MIT", "citation": "none"}


def archive():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("a.json", "{}")
    return packed.getvalue()


class Handler(BaseHTTPRequestHandler):
    requests: list = []  # noqa: RUF012 - one list for all handlers is the point

    def do_GET(self):
        wanted = self.headers.get("Range")
        Handler.requests.append((self.path, wanted))
        first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.path != "/no-range" else 0
        if self.path == "/missing":
            self.send_error(404)
            return
        pages = {"/html": b"<!DOCTYPE html><p>Sign in</p>", "/logs.zip": archive(), "/cut.zip": archive()[:-9]}
        body = pages.get(self.path, CONTENT)[first:]
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/cut" and not first:
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    Handler.requests = []
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def source(url, **more):
    return Source(url=url, sha256=hashlib.sha256(CONTENT).hexdigest(), **REST, **more)


def test_a_download_is_checked_and_leaves_nothing_else(tmp_path, server):
    fetch("data", source(f"{server}/good"), tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


@pytest.mark.parametrize("path", ["cut", "no-range"])
def test_an_interrupted_download_goes_on_where_it_stopped(tmp_path, server, path):
    if path == "cut":
        with pytest.raises(SourceError, match="Run the same command again to go on where it stopped"):
            fetch("data", source(f"{server}/cut"), tmp_path / "raw")
    else:
        name = "." + "".join(c if c.isalnum() else "-" for c in f"{server}/no-range") + ".part"
        (tmp_path / name).write_bytes(CONTENT[:1000])
    assert not (tmp_path / "raw").exists()
    fetch("data", source(f"{server}/{path}"), tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == CONTENT
    first = len(CONTENT) // 2 if path == "cut" else 1000
    assert Handler.requests[-1] == (f"/{path}", f"bytes={first}-")


def test_the_mirror_is_tried_when_the_first_address_fails(tmp_path, server):
    fetch("data", source(f"{server}/missing", mirror=f"{server}/good"), tmp_path / "raw")
    assert [path for path, _ in Handler.requests] == ["/missing", "/good"]


def test_a_page_in_place_of_the_file_is_refused_and_not_kept(tmp_path, server):
    with pytest.raises(SourceError, match="html"):
        fetch("data", source(f"{server}/html"), tmp_path / "raw")
    assert not (tmp_path / "raw").exists()
    fetch("data", source(f"{server}/good"), tmp_path / "raw")


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


def test_a_local_file_is_linked_even_if_it_is_another(tmp_path, capsys):
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    fetch("data", source("http://127.0.0.1:9/x"), tmp_path / "out" / "raw", local=mine)
    assert (tmp_path / "out" / "raw").read_bytes() == b"mine"
    assert "not the file of the registry" in capsys.readouterr().err
    with pytest.raises(SourceError, match=r"data\.data is .*absent'"):
        fetch("data", source("http://127.0.0.1:9/x"), tmp_path / "raw", local=tmp_path / "absent")


def test_a_full_disk_during_a_download_is_advice(tmp_path, server, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pooch.retrieve", full)
    with pytest.raises(UserError, match=r"cannot write .*raw: the disk is full"):
        fetch("data", source(f"{server}/good"), tmp_path / "raw")


def test_a_file_without_a_published_checksum_is_taken_if_it_is_a_whole_archive(tmp_path, server, capfd):
    fetch("data", Source(url=f"{server}/logs.zip", **REST), tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == archive()
    said = capfd.readouterr().err
    assert (
        f"What came has {len(archive())} bytes and sha256 {hashlib.sha256(archive()).hexdigest()}: write them" in said
    )
    with pytest.raises(SourceError, match=r"cut\.zip: what came is no whole zip archive"):
        fetch("data", Source(url=f"{server}/cut.zip", **REST), tmp_path / "raw2")
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]
    with pytest.raises(ValidationError, match="a file inside a package has a sha256"):
        Source(package="nas_bench_graph", path="light/proteins.bench", **REST)


def test_a_folder_stands_for_an_archive_of_its_files(tmp_path, capsys):
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
    assert "packed 2 files" in capsys.readouterr().err
    fetch("logs", row, tmp_path / "linked", local=tmp_path / "one")
    assert (tmp_path / "linked").is_symlink()
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"data\.logs is .*: no files in this folder"):
        fetch("logs", row, tmp_path / "raw", local=tmp_path / "empty")
    with pytest.raises(SourceError, match=r"data\.data is .*logs': no such file"):
        fetch("data", source("http://127.0.0.1:9/x"), tmp_path / "raw", local=folder)
    assert not (tmp_path / "raw").exists()
