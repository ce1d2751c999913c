"""table-metrics: the metrics of the sets of fig9."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from neural_predictor.search.draws import draw_repeat
from support.figures import numbers_of, page_of, plain

SIZE = 300


def test_fig9_measures_what_scipy_measures(tmp_path, study, make_table, write_scores):
    table = make_table(runs=1)
    scores = table.mean("test_accuracy") + np.random.default_rng(1).normal(0, 0.1, SIZE)
    paths = write_scores(tmp_path, table, scores, (20,))
    frame, _ = numbers_of("table-metrics", study, table, scores=paths)
    training = frame[(frame["source"] == "measured") & (frame["set"] == "training")].set_index("metric")
    draws = [draw_repeat(table, study.seed, 20, repeat) for repeat in range(3)]
    pairs = [(scores[seen.train_rows].astype(np.float32), seen.signal[seen.train_rows]) for seen in draws]
    tau = np.mean([kendalltau(*pair).statistic for pair in pairs])
    mse = np.mean([np.mean((pair[0] - pair[1]) ** 2) for pair in pairs]) * 1e4
    assert training.loc["kendall_tau", "value"] == pytest.approx(tau)
    assert training.loc["mse", "value"] == pytest.approx(mse)
    assert training.loc["mse", "networks"] == 20


def test_a_cascades_sets_are_what_it_was_fitted_to_and_what_it_accepts(
    tmp_path, study, make_table, cascade_scores, write_scores
):
    table = make_table(runs=1)
    accept = np.arange(SIZE) >= 100
    paths = write_scores(tmp_path, table, table.mean("test_accuracy"), (20,))
    frame, protocol = numbers_of("table-metrics", study, table, scores=paths + cascade_scores(tmp_path, table, accept))
    rows = frame[(frame["source"] == "measured") & (frame["metric"] == "r2")].set_index(["predictor", "set"])
    assert rows.loc[("two-stage", "training"), "networks"] == 12
    assert rows.loc[("two-stage", "test"), "networks"] < rows.loc[("one-stage", "test"), "networks"] == 250
    readable = plain(page_of("table-metrics", frame, protocol))
    assert "| nasbench101 | one-stage | validation | replication, slides | 40 | 1 | 2.824 | 0.678 | 0.796 |" in readable
    refused = cascade_scores(tmp_path, table, np.zeros(SIZE, bool))
    nobody = numbers_of("table-metrics", study, table, scores=refused)[0]
    assert "| test | measured | 0 | 0 | too few architectures |" in plain(page_of("table-metrics", nobody, protocol))
