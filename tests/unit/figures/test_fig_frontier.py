"""fig-frontier counts from where a level is held."""

import pytest

from neural_predictor.errors import FormatError
from neural_predictor.figures.results import write_result
from support.figures import numbers_of, page_of
from support.frames import frontier


def frontier_of(study, table, scores, folder):
    """The frontier of the curves that these scores give, through the file of fig7."""
    csv = folder / "fig7.csv"
    write_result(*numbers_of("fig7", study, table, scores=scores), csv, folder / "fig7.protocol.json")
    return numbers_of("fig-frontier", study, table, numbers=[csv])[0]


def test_the_frontier_counts_from_where_the_level_is_held(tmp_path, study, make_table, write_scores):
    table = make_table(runs=1)
    frame = frontier_of(study, table, write_scores(tmp_path, table, table.mean("test_accuracy")), tmp_path)
    reached = frame.set_index(["panel", "train_size"])["samples"]
    assert reached[("target_by_samples", 10)] == 11
    worse = frontier_of(study, table, write_scores(tmp_path, table, -table.mean("test_accuracy")), tmp_path)
    assert worse["samples"].isna().all()


def test_numbers_of_fig7_that_are_damaged_are_named(tmp_path, study, make_table):
    (tmp_path / "fig7.csv").write_text("panel\n")
    with pytest.raises(FormatError, match=r"fig7\.csv: not the numbers of fig7 .* run its rule again"):
        numbers_of("fig-frontier", study, make_table(), numbers=[tmp_path / "fig7.csv"])


def test_the_frontier_says_where_a_level_was_not_reached(protocol):
    axes = page_of("fig-frontier", frontier(), protocol).axes[0]
    assert [text.get_text() for text in axes.texts] == ["not\nreached"] * 2
    assert {tuple(line.get_ydata()) for line in axes.get_lines() if line.get_marker() in "os"} == {(230,)}
