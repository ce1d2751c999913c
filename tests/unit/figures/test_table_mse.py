"""table-mse: errors of one stage and of two on the same architectures."""

import numpy as np
import pytest

from neural_predictor.figures.table_mse.numbers import ACCEPTED, WHOLE
from support.figures import numbers_of, page_of, plain

SIZE = 300


def test_errors_meet_on_the_same_networks(tmp_path, study, make_table, cascade_scores, write_scores):
    table = make_table(runs=1)
    accept = np.arange(SIZE) >= 100
    one = write_scores(tmp_path, table, table.mean("test_accuracy") + 0.15, (20,))
    frame, protocol = numbers_of("table-mse", study, table, scores=one + cascade_scores(tmp_path, table, accept))
    rows = frame[frame["source"] == "measured"].set_index(["stages", "tested_on"])
    # The signal is test + .05 and noise of .002: one stage is off by .1, two stages by .05, in percentage points.
    assert rows.loc[("one", WHOLE), "mse"] == pytest.approx(100, rel=0.05)
    assert rows.loc[("one", ACCEPTED), "mse"] == pytest.approx(100, rel=0.05)
    assert rows.loc[("two", ACCEPTED), "mse"] == pytest.approx(25, rel=0.05)
    assert rows.loc[("one", ACCEPTED), "test_size"] == rows.loc[("two", ACCEPTED), "test_size"] < 200
    assert "| paper | nasbench101 | two | what the classifier accepts of it | | | 0.660 |" in plain(
        page_of("table-mse", frame, protocol)
    )


def test_an_accepted_set_that_is_too_small_has_no_error(tmp_path, study, make_table, cascade_scores, write_scores):
    table = make_table(runs=1)
    one = write_scores(tmp_path, table, table.mean("test_accuracy"), (20,))
    few = np.arange(SIZE) >= SIZE - 5
    frame, _ = numbers_of("table-mse", study, table, scores=one + cascade_scores(tmp_path, table, few))
    assert set(frame[frame["source"] == "measured"]["tested_on"]) == {WHOLE}
