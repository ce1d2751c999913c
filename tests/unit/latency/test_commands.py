"""The commands, as a user calls them."""

import csv
import io

import pytest
from typer.testing import CliRunner

from neural_predictor.cli.app import app
from neural_predictor.errors import LatencyError

MOBILE = "(0, 1, 0, 6, 6, 2, 0, 1, 1, 5, 1, 1, 1, 4, 1, 1, 1, 5, 5, 2, 2, 5)"


def called(*words):
    done = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False, standalone_mode=False)
    return done.stdout


def test_latencies_are_added_to_a_file(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(f'name,text\na,"{MOBILE}"\n')
    rows = list(csv.DictReader(io.StringIO(called("estimate-latency", path, "--model", "pixel1"))))
    assert rows == [{"name": "a", "text": MOBILE, "latency_ms": "84.4162"}]


def test_wrong_calls_are_answered(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("text\n")
    for words, said in (
        (
            ("estimate-latency", path, "--model", "pixel2"),
            "model is 'pixel2'; expected one of pixel1, pixel1-lut, device",
        ),
        (
            ("estimate-latency", path, "--model", "here"),
            "the latency model here reads a folder of measure-latency: name it",
        ),
        (("measure-latency", "--output", tmp_path / "x", "--device", "tpu"), "device is 'tpu'; expected cpu or gpu"),
    ):
        with pytest.raises(LatencyError, match=said):
            called(*words)
