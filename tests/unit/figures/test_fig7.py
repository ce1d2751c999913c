"""Fig. 7 on small tables whose right answer can be said, and its page."""

import numpy as np
import pytest

from neural_predictor.errors import FormatError
from support.figures import numbers_of, page_of
from support.frames import curves

SIZE = 300


def curve(frame, panel, method, size=None):
    rows = frame[(frame["panel"] == panel) & (frame["method"] == method)]
    return rows if size is None else rows[rows["train_size"] == size]


def test_a_perfect_predictor_finds_the_best_with_its_first_candidate(tmp_path, study, make_table, write_scores):
    table = make_table()
    frame, protocol = numbers_of(
        "fig7", study, table, scores=write_scores(tmp_path, table, table.mean("test_accuracy"))
    )
    for size in (10, 20):
        test = curve(frame, "target_by_samples", "one-stage", size)
        assert test["x"].tolist() == list(range(size + 1, 61))
        assert (test["repeats"] == 3).all()
        assert (test["mean"] >= 0.9 - 0.05 - 0.004).all()  # the signal's noise may prefer a neighbour of the best
        assert (test["low"] <= test["mean"]).all()
        assert (test["mean"] <= test["high"]).all()
    assert protocol.repeats == {"the predictor at each N": 3, "random search and the oracle": 40}


def test_one_training_size_may_have_other_repeats(tmp_path, study, make_table, write_scores):
    table = make_table()
    fewer = study.model_copy(update={"fig7": study.fig7.model_copy(update={"other_repeats": {20: 2}})})
    scores = write_scores(tmp_path, table, table.mean("test_accuracy"))
    frame, protocol = numbers_of("fig7", fewer, table, scores=scores)
    found = {size: set(curve(frame, "signal_by_samples", "one-stage", size)["repeats"]) for size in (10, 20)}
    assert found == {10: {3}, 20: {2}}
    assert list(protocol.repeats.items())[:2] == [
        ("the predictor at each other N", 3),
        ("the predictor at N = 20", 2),
    ]


def test_an_inverted_predictor_is_worse_than_random_search(tmp_path, study, make_table, write_scores):
    table = make_table()
    frame, _ = numbers_of("fig7", study, table, scores=write_scores(tmp_path, table, -table.mean("test_accuracy")))
    guided = curve(frame, "target_by_samples", "one-stage", 10).set_index("x")["mean"]
    random = curve(frame, "target_by_samples", "random").set_index("x")["mean"]
    assert guided[60] < random[60]


def test_random_search_is_best_so_far_not_a_mean(tmp_path, study, make_table, write_scores):
    """With ranks uniform on [0, 1] the best of m has mean m / (m + 1): FACTS of order statistics, not a flat line."""
    table = make_table(runs=1)
    frame, _ = numbers_of("fig7", study, table, scores=write_scores(tmp_path, table, np.zeros(SIZE)))
    random = curve(frame, "target_by_samples", "random")
    assert random["x"].tolist() == list(range(1, 61))
    assert (np.diff(curve(frame, "signal_by_samples", "random")["mean"]) >= -1e-12).all()
    expected = 0.45 + 0.4 * np.arange(1, 61) / np.arange(2, 62)
    np.testing.assert_allclose(random["mean"], expected, atol=0.05)


def test_reported_is_the_mean_target_of_the_choice_by_signal(tmp_path, study, make_table, write_scores):
    """The oracle reports the mean test of the best signal: below the best test, never a maximum over test runs."""
    table = make_table()
    frame, _ = numbers_of("fig7", study, table, scores=write_scores(tmp_path, table, np.zeros(SIZE)))
    level = curve(frame, "target_by_samples", "oracle").iloc[0]
    assert 0.845 < level["mean"] <= 0.85
    assert curve(frame, "signal_by_samples", "oracle").iloc[0]["mean"] > 0.9


def test_panel_by_time_charges_the_training_networks(tmp_path, study, make_table, write_scores):
    table = make_table(timed=True)
    frame, protocol = numbers_of(
        "fig7", study, table, scores=write_scores(tmp_path, table, table.mean("test_accuracy"))
    )
    for size in (10, 20):
        by_time = curve(frame, "target_by_time", "one-stage", size)
        assert by_time["x"].iloc[0] == 100.0 * (size + 1)
        assert by_time["x"].iloc[-1] == 100.0 * 60
    assert not any("no panel by training time" in note for note in protocol.notes)
    without, said = numbers_of("fig7", study, make_table(), scores=write_scores(tmp_path, table, np.zeros(SIZE)))
    assert "target_by_time" not in set(without["panel"])
    assert any("no panel by training time" in note for note in said.notes)


def test_scores_of_another_table_or_damaged_are_named(tmp_path, study, make_table, write_scores):
    table = make_table()
    paths = write_scores(tmp_path, table, np.zeros(SIZE - 1))
    with pytest.raises(FormatError, match=r"one-stage-10-0\.scores\.npz: scores \(2, 299\) for a table of 300"):
        numbers_of("fig7", study, table, scores=paths)
    paths[0].write_bytes(b"PK")
    with pytest.raises(FormatError, match=r"one-stage-10-0\.scores\.npz: not a file of scores"):
        numbers_of("fig7", study, table, scores=paths)


def test_fig7_draws_each_curve_at_its_numbers(protocol):
    frame = curves("signal_by_samples", "target_by_samples")
    figure = page_of("fig7", frame, protocol)
    left, right = figure.axes
    assert [axes.get_title(loc="left") for axes in (left, right)] == ["a  validation", "b  test"]
    lines = {line.get_label(): line for line in left.get_lines()}
    assert set(lines) == {"N = 43", "N = 172", "random", "oracle"}
    expected = frame[(frame["panel"] == "signal_by_samples") & (frame["train_size"] == 43)]
    np.testing.assert_allclose(lines["N = 43"].get_xdata(), expected["x"])
    np.testing.assert_allclose(lines["N = 43"].get_ydata(), 100 * expected["mean"])
    assert left.get_ylim()[1] > 91 > left.get_ylim()[0]
    assert "A note that a reader must see." in " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


def test_fig7_has_a_third_panel_where_time_was_recorded(protocol):
    figure = page_of("fig7", curves("signal_by_samples", "target_by_samples", "target_by_time"), protocol)
    assert figure.axes[2].get_xlabel() == "total training time of all N + K (s)"
