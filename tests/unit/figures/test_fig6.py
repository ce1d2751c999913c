"""Fig. 6: what a classifier accepts."""

import numpy as np
import pytest

from neural_predictor.search.draws import draw_repeat
from support.figures import numbers_of, page_of
from support.frames import accepted

SIZE = 300


def metric(frame, name):
    return frame[(frame["kind"] == "metric") & (frame["name"] == name)].iloc[0]


def test_fig6_counts_every_network_and_measures_the_classifier(tmp_path, study, make_table, cascade_scores):
    table = make_table(runs=1)
    accept = np.arange(SIZE) >= 100
    frame, protocol = numbers_of("fig6", study, table, scores=cascade_scores(tmp_path, table, accept))
    bins = frame[frame["kind"] == "bin"]
    assert bins[bins["name"] == "training"]["value"].sum() == 20
    shown = bins[bins["name"] != "training"].groupby("name")["value"].sum()
    assert shown.sum() == pytest.approx(280, abs=3)  # all but the worst half percent
    expected = {"precision": [], "recall": [], "base rate": []}
    for repeat in range(3):
        seen = draw_repeat(table, study.seed, 20, repeat)
        bound = np.quantile(seen.signal[seen.train_rows], 0.4)
        rest = np.setdiff1d(np.arange(SIZE), seen.train_rows)
        accurate = seen.signal[rest] > bound
        expected["precision"].append(accurate[accept[rest]].mean())
        expected["recall"].append(accept[rest][accurate].mean())
        expected["base rate"].append(accurate.mean())
    for name, values in expected.items():
        assert metric(frame, name)["value"] == pytest.approx(np.mean(values))
    assert metric(frame, "recall")["low"] <= metric(frame, "recall")["value"] <= metric(frame, "recall")["high"]
    assert not any("no classifier" in note for note in protocol.notes)


def test_fig6_says_where_no_classifier_could_be_fitted(tmp_path, study, make_table, write_scores):
    table = make_table(runs=1)
    alone = {"logits": np.ones(SIZE, np.float32), "one_stage": np.array([True])[0]}
    paths = write_scores(tmp_path, table, table.mean("test_accuracy"), (20,), predictor="two-stage", **alone)
    frame, protocol = numbers_of("fig6", study, table, scores=paths)
    assert frame.empty
    assert "3 of 3 repeats allowed no classifier and are left out." in protocol.notes


def test_fig6_says_the_counts_the_bound_and_the_metrics(protocol):
    figure = page_of("fig6", accepted(), protocol)
    left, right = figure.axes
    assert left.get_title(loc="left") == "a  the N = 20 training architectures"
    labels = [text.get_text() for text in right.get_legend().get_texts()]
    assert labels == ["accurate: above 91 %", "accepted: 100 shown", "rejected: 100 shown"]
    assert "recall 0.900 [0.890, 0.910]" in right.texts[0].get_text()
    nothing = page_of("fig6", accepted().iloc[:0].astype({"value": float, "low": float, "high": float}), protocol)
    assert nothing.axes[1].texts[0].get_text() == "no repeat allowed a classifier"
