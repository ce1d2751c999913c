"""table-efficiency: the samples that a search needs for the level of evolution."""

import pandas as pd
import pytest

from neural_predictor.figures.table_efficiency.numbers import COLUMNS
from support.figures import numbers_of, page_of
from support.searches import make_searchable


def test_efficiency_is_evolutions_budget_over_the_samples_for_its_level(tmp_path, study, write_scores):
    table = make_searchable()
    paths = write_scores(tmp_path, table, table.mean("test_accuracy"), (20,))
    paths += write_scores(tmp_path, table, -table.mean("test_accuracy"), (20,), predictor="other")
    frame, protocol = numbers_of("table-efficiency", study, table, scores=paths)
    rows = frame[frame["panel"] == "target_by_samples"].set_index("method")
    assert rows.loc["one-stage", "samples"] == 21  # its first candidate is the best of all
    assert rows.loc["one-stage", "ratio"] == pytest.approx(60 / 21)
    assert rows.loc["one-stage", "reached"] == 1
    assert pd.isna(rows.loc["other", "samples"])
    assert rows.loc["other", "reached"] < 0.1
    assert rows.loc["evolution", "samples"] <= 60
    signal = frame[frame["panel"] == "signal_by_samples"].set_index("method")
    assert signal["level"].nunique() == 1
    assert signal["level"].iloc[0] >= rows["level"].iloc[0]  # a choice's signal flatters it
    assert "not reached" in page_of("table-efficiency", frame, protocol)


@pytest.mark.parametrize(("reached", "said"), [(0.49, "in only 49% of the resamples"), (0.97, None)])
def test_a_level_that_evolution_does_not_hold_itself_tells_no_search_apart(reached, said, protocol):
    rows = [
        {"panel": "target_by_samples", "method": method, "reached": share, "level": 0.9049, "repeats": 10}
        for method, share in (("one-stage", 0.01), ("evolution", reached))
    ]
    frame = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    page = page_of("table-efficiency", frame, protocol)
    assert (said or "bootstrap over the repeats") in page
    assert ("is not shown to be worse" in page) == (said is not None)
