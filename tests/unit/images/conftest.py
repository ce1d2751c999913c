"""The writers of tiny archives, and sets that were prepared from them once."""

import socket
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from neural_predictor.images.tfds import load


@pytest.fixture(scope="session")
def archives():
    """The module `archives.py` beside this file."""
    spec = spec_from_file_location("tiny_image_archives", Path(__file__).with_name("archives.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def bring(archives, tmp_path):
    """Write tiny archives of a set into the manual folder under `tmp_path`; call as often as wanted."""
    contexts = []

    def write(name, **how):
        manual = tmp_path / "downloads/manual"
        manual.mkdir(parents=True, exist_ok=True)
        files = archives.WRITERS[name](manual, **how)
        contexts.append(archives.known(name, files))
        contexts[-1].__enter__()
        return list(files.values())

    yield write
    for context in reversed(contexts):
        context.__exit__(None, None, None)


@pytest.fixture(scope="session")
def prepared(archives, tmp_path_factory):
    """Name -> folder in which the set is prepared, its arrays of 8 pixels included."""
    folders = {}

    def folder_of(name):
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp(name)
            manual = tmp_path_factory.mktemp("manual")
            with archives.known(name, archives.WRITERS[name](manual)):
                load(name, folders[name], pixels=8, manual=manual)
        return folders[name]

    return folder_of


@pytest.fixture
def no_network(monkeypatch):
    """Fail where anything asks for a host or opens a connection."""

    def refuse(*_, **__):
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
