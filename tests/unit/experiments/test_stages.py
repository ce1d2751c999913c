"""fig6, fig9, table-metrics and table-mse: what two stages accept, and how far each set is predicted."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from neural_predictor.figures.fig6.numbers import run_fig6
from neural_predictor.figures.fig9.numbers import as_markdown, evenly_spaced, run_fig9, run_table_metrics
from neural_predictor.figures.table_mse.numbers import ACCEPTED, WHOLE, run_table_mse
from neural_predictor.figures.table_mse.numbers import as_markdown as as_mse_markdown
from neural_predictor.search.draws import draw_repeat

SIZE = 300


def metric(frame, name):
    return frame[(frame["kind"] == "metric") & (frame["name"] == name)].iloc[0]


def test_fig6_counts_every_network_and_measures_the_classifier(tmp_path, study, make_table, cascade_scores):
    table = make_table(runs=1)
    accept = np.arange(SIZE) >= 100
    frame, protocol = run_fig6("t-v1", study, table, cascade_scores(tmp_path, table, accept))
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
    frame, protocol = run_fig6("t-v1", study, table, paths)
    assert frame.empty
    assert "3 of 3 repeats allowed no classifier and are left out." in protocol.notes


def test_ten_evenly_spaced_are_the_ends_and_eight_between_all_different():
    predicted = np.array([0.0, 0.1, 0.11, 0.12, 0.5, 0.9, 1.0, 0.2, 0.3, 0.4, 0.6])
    chosen = evenly_spaced(predicted)
    assert len(set(chosen.tolist())) == 10
    assert {0, 6} <= set(chosen.tolist())
    dense = np.linspace(0, 1, 1001)
    np.testing.assert_allclose(dense[evenly_spaced(dense)], np.linspace(0, 1, 10), atol=5e-4)
    assert evenly_spaced(np.zeros(4)).tolist() == [0, 1, 2, 3]


def test_fig9_sets_are_disjoint_and_the_test_set_is_all_the_rest(tmp_path, study, make_table, write_scores):
    table = make_table(runs=1)
    paths = write_scores(tmp_path, table, table.mean("test_accuracy"), (20,))
    frame, protocol = run_fig9("fig9-nasbench-one", "t-v1", study, study.fig9, table, paths)
    networks = frame[frame["kind"] == "network"].groupby("set")["predicted"]
    assert networks.size().to_dict() == {"training": 20, "validation": 30, "ten of test": 10}
    assert not set(networks.get_group("training")) & set(networks.get_group("validation"))
    density = frame[frame["kind"].isin(["density", "outside"])]
    assert density["value"].sum() == SIZE - 20 - 30
    assert (frame[frame["kind"] == "kendall_tau"]["value"] > 0.8).all()
    assert protocol.repeats == {"the predictor": 3}


def test_fig9_measures_what_scipy_measures(tmp_path, study, make_table, write_scores):
    table = make_table(runs=1)
    scores = table.mean("test_accuracy") + np.random.default_rng(1).normal(0, 0.1, SIZE)
    paths = write_scores(tmp_path, table, scores, (20,))
    frame, _ = run_table_metrics("t-v1", study, {table.name: table}, paths)
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
    frame, _ = run_table_metrics("t-v1", study, {table.name: table}, paths + cascade_scores(tmp_path, table, accept))
    rows = frame[(frame["source"] == "measured") & (frame["metric"] == "r2")].set_index(["predictor", "set"])
    assert rows.loc[("two-stage", "training"), "networks"] == 12
    assert rows.loc[("two-stage", "test"), "networks"] < rows.loc[("one-stage", "test"), "networks"] == 250
    readable = as_markdown(frame)
    assert "| nasbench101 | one-stage | validation | replication, slides | 40 | 1 | 2.824 | 0.678 | 0.796 |" in readable
    refused = cascade_scores(tmp_path, table, np.zeros(SIZE, bool))
    nobody = run_table_metrics("t-v1", study, {table.name: table}, refused)[0]
    assert "| test | measured | 0 | 0 | too few networks |" in as_markdown(nobody)


def test_errors_meet_on_the_same_networks(tmp_path, study, make_table, cascade_scores, write_scores):
    table = make_table(runs=1)
    accept = np.arange(SIZE) >= 100
    one = write_scores(tmp_path, table, table.mean("test_accuracy") + 0.15, (20,))
    frame, _ = run_table_mse("t-v1", study, table, one + cascade_scores(tmp_path, table, accept))
    rows = frame[frame["source"] == "measured"].set_index(["stages", "tested_on"])
    # The signal is test + .05 and noise of .002: one stage is off by .1, two stages by .05, in percentage points.
    assert rows.loc[("one", WHOLE), "mse"] == pytest.approx(100, rel=0.05)
    assert rows.loc[("one", ACCEPTED), "mse"] == pytest.approx(100, rel=0.05)
    assert rows.loc[("two", ACCEPTED), "mse"] == pytest.approx(25, rel=0.05)
    assert rows.loc[("one", ACCEPTED), "test_size"] == rows.loc[("two", ACCEPTED), "test_size"] < 200
    assert "| paper | nasbench101 | two | what the classifier accepts of it |  |  | 0.660 |" in as_mse_markdown(frame)


def test_an_accepted_set_that_is_too_small_has_no_error(tmp_path, study, make_table, cascade_scores, write_scores):
    table = make_table(runs=1)
    one = write_scores(tmp_path, table, table.mean("test_accuracy"), (20,))
    few = np.arange(SIZE) >= SIZE - 5
    frame, _ = run_table_mse("t-v1", study, table, one + cascade_scores(tmp_path, table, few))
    assert set(frame[frame["source"] == "measured"]["tested_on"]) == {WHOLE}
