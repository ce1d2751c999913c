"""figA1-tau from files of scores whose tau is known."""

import json

import numpy as np
import pandas as pd
import pytest

from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.figures.wanted import Wanted
from support.figures import numbers_of, page_of

NAME = "nasbench-graph-proteins"


@pytest.fixture
def curves(study):
    plan = {"predictors": ["other", "one-stage"], "train_sizes": [10, 20], "benchmarks": [NAME], "repeats": 3}
    return type(study).model_validate(study.model_dump() | {"figa1_tau": plan})


@pytest.fixture
def inputs(tmp_path, make_table, write_scores):
    table = make_table()
    signal = table.mean("validation_accuracy")
    written = write_scores(tmp_path, table, signal) + write_scores(tmp_path, table, -signal, predictor="other")
    for number, scores in enumerate(written):
        times = scores.with_name(scores.name.replace("scores.npz", "seconds.json"))
        times.write_text(json.dumps({"seconds": 6.0, "repeats": 2 - number % 2, "threads": 1}))
    return table, written


def test_predictors_keep_their_order_and_get_their_tau_and_seconds(curves, inputs):
    table, files = inputs
    frame, protocol = numbers_of("figA1-tau", curves, table, scores=files)
    assert frame["predictor"].tolist() == ["other", "other", "one-stage", "one-stage"]
    assert frame["train_size"].tolist() == [10, 20] * 2
    assert (frame["test_size"] == 300 - frame["train_size"]).all()
    tau = frame["mean"].to_numpy()
    assert (tau[:2] < -0.9).all()
    np.testing.assert_allclose(tau[2:], -tau[:2])
    assert protocol.seconds == {name: {10: 4.0, 20: 4.0} for name in ("other", "one-stage")}  # 12 s, three repeats


def test_the_figure_has_a_panel_a_table_and_one_of_time(curves, inputs):
    table, files = inputs
    frame, protocol = numbers_of("figA1-tau", curves, table, scores=files)
    tau, time = page_of("figA1-tau", frame, protocol).axes
    assert [line.get_label() for line in tau.lines] == ["other", "one-stage"]
    assert tau.lines[1].get_xdata().tolist() == [10, 20]
    assert time.lines[0].get_ydata().tolist() == [4.0, 4.0]


def test_no_two_of_many_predictors_look_alike(curves, inputs):
    table, files = inputs
    frame, protocol = numbers_of("figA1-tau", curves, table, scores=files)
    names = ["best", *(f"predictor {k}" for k in range(40))]
    many = pd.concat([frame[frame["predictor"] == "other"].assign(predictor=name) for name in names])
    lines = page_of("figA1-tau", many, protocol.model_copy(update={"seconds": {}})).axes[0].lines
    looks = {(line.get_color(), line.get_marker()) for line in lines}
    assert len(looks) == len(names)


def test_damaged_seconds_are_named(curves, inputs):
    table, files = inputs
    files[0].with_name(files[0].name.replace("scores.npz", "seconds.json")).write_text("{")
    with pytest.raises(FormatError, match=r"(?s)seconds\.json: not the seconds of a fit .* run the same command again"):
        numbers_of("figA1-tau", curves, table, scores=files)


def test_a_study_without_the_section_says_so(study):
    said = "the study t-v1 has no section `figa1_tau`, which figA1-tau needs: benchmarks, predictors, train_sizes"
    with pytest.raises(ConfigError, match=said):
        Wanted(study).fits_of("figA1-tau")
