"""table-efficiency: the samples that a search needs for the level of evolution."""

import pandas as pd
import pytest

from support.figures import numbers_of, page_of
from support.searches import make_searchable


def test_efficiency_is_evolutions_budget_over_the_samples_for_its_level(tmp_path, study, write_scores):
    table = make_searchable()
    paths = write_scores(tmp_path, table, table.mean("test_accuracy"), (20,))
    paths += write_scores(tmp_path, table, -table.mean("test_accuracy"), (20,), predictor="other")
    frame, protocol = numbers_of("table-efficiency", study, table, scores=paths)
    rows = frame.set_index("method")
    assert rows.loc["one-stage", "samples"] == 21  # its first candidate is the best of all
    assert rows.loc["one-stage", "ratio"] == pytest.approx(60 / 21)
    assert rows.loc["one-stage", "reached"] == 1
    assert pd.isna(rows.loc["other", "samples"])
    assert rows.loc["other", "reached"] < 0.1
    assert rows.loc["evolution", "samples"] <= 60
    assert "not reached" in page_of("table-efficiency", frame, protocol)
