"""table-tau measures the rest of the space."""

import numpy as np
import pytest

from neural_predictor.search.draws import draw_repeat
from support.figures import numbers_of, page_of, plain

SIZE = 300


def test_table_tau_measures_the_rest_of_the_space(tmp_path, study, make_table, write_scores):
    table = make_table(runs=1)
    signal = table.metrics["validation_accuracy"][:, 0]
    frame, protocol = numbers_of("table-tau", study, table, scores=write_scores(tmp_path, table, signal + 0.01))
    values = frame[frame["test_set"] == "rest"].set_index(["train_size", "metric"])
    assert values.loc[(10, "kendall_tau"), "mean"] == pytest.approx(1, abs=1e-3)
    assert values.loc[(20, "mse"), "mean"] == pytest.approx(1.0, rel=1e-3)  # one percentage point, squared
    assert values.loc[(20, "kendall_tau"), "test_size"] == SIZE - 20
    assert "| one-stage | nasbench-graph-proteins | 20 | the rest, 280 | 3 |" in plain(
        page_of("table-tau", frame, protocol)
    )


def test_tau_of_a_cascade_is_also_taken_on_what_it_accepts(tmp_path, study, make_table, cascade_scores):
    table = make_table(runs=1)
    frame, _ = numbers_of("table-tau", study, table, scores=cascade_scores(tmp_path, table, np.arange(SIZE) < 150))
    sizes = frame.drop_duplicates("test_set").set_index("test_set")["test_size"]
    seen = [draw_repeat(table, study.seed, 20, repeat).train_rows for repeat in range(3)]
    accepted = [150 - (rows < 150).sum() for rows in seen]
    assert sizes.to_dict() == {"rest": SIZE - 20, "accepted": round(np.mean(accepted))}
