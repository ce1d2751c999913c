"""A journal keeps every line that was whole, and nothing else."""

import errno
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_predictor.children.journal import Journal, locked
from neural_predictor.errors import ChildError, FormatError, UserError

HEADER = {"shard": 1, "recipe": "r"}
CHILDREN = [{"child": k, "accuracy": k / 10} for k in range(3)]


@pytest.fixture
def path(tmp_path):
    journal = Journal(tmp_path / "work" / "0.journal", HEADER)
    for child in CHILDREN:
        journal.append(child)
    return journal.path


def test_finished_children_come_back(path):
    assert Journal(path, HEADER).records == CHILDREN


@given(cut=st.integers(0, 200))
@settings(max_examples=60, deadline=None)
def test_a_cut_at_any_byte_loses_only_the_line_it_is_in(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("cut") / "0.journal"
    journal = Journal(path, HEADER)
    for child in CHILDREN:
        journal.append(child)
    whole = path.read_bytes()
    path.write_bytes(whole[: min(cut, len(whole))])
    kept = max(whole[: min(cut, len(whole))].count(b"\n") - 1, 0)
    again = Journal(path, HEADER)
    assert again.records == CHILDREN[:kept]
    again.append({"child": 9})
    assert Journal(path, HEADER).records == [*CHILDREN[:kept], {"child": 9}]


def test_a_torn_line_is_said(path, caplog):
    path.write_bytes(path.read_bytes()[:-4])
    assert Journal(path, HEADER).records == CHILDREN[:2]
    assert "line 4 was cut off" in caplog.text


def test_a_line_that_was_altered_is_named(path):
    path.write_bytes(path.read_bytes().replace(b'"accuracy":0.1', b'"accuracy":0.9'))
    with pytest.raises(FormatError, match=r"0\.journal: line 3 is damaged"):
        Journal(path, HEADER)


def test_another_recipe_is_refused_and_nothing_is_lost(path):
    before = path.read_bytes()
    with pytest.raises(ChildError, match=r"children of another shard \(different: recipe\)"):
        Journal(path, HEADER | {"recipe": "s"})
    assert path.read_bytes() == before


def test_a_full_disk_leaves_whole_lines(path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="the disk is full"):
        Journal(path, HEADER).append({"child": 4})
    monkeypatch.undo()
    assert Journal(path, HEADER).records == CHILDREN


def test_two_processes_cannot_have_one_shard(path):
    code = (
        "from pathlib import Path; from neural_predictor.children.journal import locked; from neural_predictor.errors "
        f"import ChildError\ntry:\n with locked(Path({str(path)!r})): print('mine')\nexcept ChildError as e: print(e)"
    )
    with locked(path):
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert "another process trains these children" in other.stdout
    assert "mine" in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
