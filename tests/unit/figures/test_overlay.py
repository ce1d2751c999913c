"""Curves of several studies on one page: nothing that does not compare is drawn without the page saying so."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from neural_predictor.errors import ConfigError
from neural_predictor.figures import overlay as module
from neural_predictor.figures.overlay import overlay
from neural_predictor.figures.results import differences, write_result


@pytest.fixture
def plain(protocol):
    return protocol.model_copy(update={"experiment": "fig4", "study": "a-v1", "notes": []})


@pytest.fixture
def result(plain):
    return partial(_result, plain)


def _result(plain, folder, **changes):
    protocol = plain.model_copy(update=changes)
    rows = []
    for method, size in (("one-stage", 20), ("random", None), ("oracle", None)):
        x = np.arange(21, 60)
        curve = pd.DataFrame({"panel": "signal_by_samples", "x": x, "mean": 0.9, "low": 0.89, "high": 0.91})
        rows.append(curve.assign(method=method, train_size=size, repeats=3))
    csv = folder / f"{protocol.study}-{protocol.experiment}.csv"
    frame = pd.concat(rows, ignore_index=True).astype({"train_size": "Int64"})
    write_result(frame[list(module.page.COLUMNS)], protocol, csv, csv.with_suffix(".protocol.json"))
    return csv


@pytest.fixture
def drawn(monkeypatch):
    figures = []
    monkeypatch.setattr(module, "save_figure", lambda figure, *_: figures.append(figure))
    return figures


def page(figure):
    return " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


def test_equal_protocols_are_one(tmp_path, drawn, result):
    said = overlay([result(tmp_path), result(tmp_path, study="b-v1", seed=3)], tmp_path / "o.pdf", tmp_path / "o.png")
    assert said == []
    names = {line.get_label() for line in drawn[0].axes[0].get_lines() if line.get_label()[0] != "_"}
    assert {"one-stage N = 20 (a-v1, fig4)", "random (b-v1, fig4)"} <= names
    assert "DIFFERENT" not in page(drawn[0])


@pytest.mark.parametrize(
    ("field", "value"),
    [("label", "mean of 3 runs"), ("repeats", {"each": 600}), ("benchmark_title", "Other"), ("scored", "a sample")],
)
def test_what_differs_is_on_the_page(tmp_path, drawn, field, value, result):
    said = overlay([result(tmp_path), result(tmp_path, study="b-v1", **{field: value})], tmp_path / "o", tmp_path / "p")
    assert len(said) == 1
    assert "THESE CURVES HAVE DIFFERENT PROTOCOLS." in page(drawn[0])
    assert said[0] in page(drawn[0])
    assert said[0].startswith(field.removesuffix("_title"))


def test_metrics_that_share_no_axis_and_lonely_or_repeated_results_are_refused(tmp_path, result):
    csv = result(tmp_path)
    with pytest.raises(ConfigError, match="different metrics do not share an axis"):
        overlay([csv, result(tmp_path, study="b-v1", signal="validation loss", unit="nats")], tmp_path, tmp_path)
    with pytest.raises(ConfigError, match="two results or more"):
        overlay([csv], tmp_path, tmp_path)
    with pytest.raises(ConfigError, match="different results"):
        overlay([csv, csv], tmp_path, tmp_path)


def test_seeds_and_notes_are_no_difference(plain):
    assert differences([plain, plain.model_copy(update={"seed": 9, "notes": ["x"], "versions": {"numpy": "2"}})]) == []
