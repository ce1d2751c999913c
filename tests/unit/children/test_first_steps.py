"""The first epoch in pieces: the same steps, and what the log says of them."""

import logging
import time

import numpy as np

from neural_predictor.children import first_steps
from neural_predictor.children.feeds import Section
from neural_predictor.children.first_steps import FirstSteps


def test_pieces_are_the_same_steps_and_begin_with_one():
    rows = np.arange(45 * 2).reshape(45, 2)
    sections = [Section("images", "labels", rows[:44]), Section("images", "labels", rows[44:])]
    pieces = list(FirstSteps(45, "it").pieces(sections))
    assert np.array_equal(np.concatenate([piece.rows for piece in pieces]), rows)
    assert [len(piece.rows) for piece in pieces[:3]] == [1, 2, 2]
    assert len(pieces[-1].rows) == 1


def test_the_log_tells_how_far_it_is_and_that_nothing_comes(monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(first_steps, "SLOW_S", 0.02)
    monkeypatch.setattr(first_steps, "SILENT_S", 0)
    with FirstSteps(13, "architecture of 3 parameters") as watch:
        deadline = time.monotonic() + 5
        while "no step after 0 s" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.01)
        watch(1)
        watch(6)
    assert "no step after 0 s: TensorFlow still traces, compiles or searches" in caplog.text
    assert "architecture of 3 parameters: first step after 0." in caplog.text
    assert "first epoch, 7/13 steps, about " in caplog.text


def test_what_takes_no_longer_than_usual_is_no_line(caplog):
    caplog.set_level(logging.INFO)
    with FirstSteps(3, "it") as watch:
        watch(1)
        watch(2)
    assert caplog.text == ""
