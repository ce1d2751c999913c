"""fig3, fig7 and table-tau on small tables whose right answer can be said."""

import numpy as np
import pandas as pd
import pytest

from neural_predictor.errors import FormatError
from neural_predictor.figures.fig3.numbers import run_fig3
from neural_predictor.figures.fig4.numbers import as_markdown as as_efficiency_markdown
from neural_predictor.figures.fig4.numbers import run_comparison, run_efficiency
from neural_predictor.figures.fig7.numbers import run_fig7, run_frontier
from neural_predictor.figures.results import caption, read_result, write_result
from neural_predictor.figures.table_tau.numbers import as_markdown, run_table_tau
from neural_predictor.fits.files import read_fits
from neural_predictor.search.draws import draw_repeat
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace
from neural_predictor.tables.benchmarks import BENCHMARKS
from neural_predictor.tables.table import BenchmarkTable

NAME = "nasbench-graph-proteins"
SIZE = 300


def curve(frame, panel, method, size=None):
    rows = frame[(frame["panel"] == panel) & (frame["method"] == method)]
    return rows if size is None else rows[rows["train_size"] == size]


def test_a_perfect_predictor_finds_the_best_with_its_first_candidate(tmp_path, study, make_table, write_scores):
    table = make_table()
    frame, protocol = run_fig7("t-v1", study, table, write_scores(tmp_path, table, table.mean("test_accuracy")))
    for size in (10, 20):
        test = curve(frame, "target_by_samples", "one-stage", size)
        assert test["x"].tolist() == list(range(size + 1, 61))
        assert (test["repeats"] == 3).all()
        assert (test["mean"] >= 0.9 - 0.05 - 0.004).all()  # the signal's noise may prefer a neighbour of the best
        assert (test["low"] <= test["mean"]).all()
        assert (test["mean"] <= test["high"]).all()
    assert protocol.repeats == {"the predictor at each N": 3, "random search and the oracle": 40}


def test_an_inverted_predictor_is_worse_than_random_search(tmp_path, study, make_table, write_scores):
    table = make_table()
    frame, _ = run_fig7("t-v1", study, table, write_scores(tmp_path, table, -table.mean("test_accuracy")))
    guided = curve(frame, "target_by_samples", "one-stage", 10).set_index("x")["mean"]
    random = curve(frame, "target_by_samples", "random").set_index("x")["mean"]
    assert guided[60] < random[60]


def test_random_search_is_best_so_far_not_a_mean(tmp_path, study, make_table, write_scores):
    """With ranks uniform on [0, 1] the best of m has mean m / (m + 1): FACTS of order statistics, not a flat line."""
    table = make_table(runs=1)
    frame, _ = run_fig7("t-v1", study, table, write_scores(tmp_path, table, np.zeros(SIZE)))
    random = curve(frame, "target_by_samples", "random")
    assert random["x"].tolist() == list(range(1, 61))
    assert (np.diff(curve(frame, "signal_by_samples", "random")["mean"]) >= -1e-12).all()
    expected = 0.45 + 0.4 * np.arange(1, 61) / np.arange(2, 62)
    np.testing.assert_allclose(random["mean"], expected, atol=0.05)


def test_reported_is_the_mean_target_of_the_choice_by_signal(tmp_path, study, make_table, write_scores):
    """The oracle reports the mean test of the best signal: below the best test, never a maximum over test runs."""
    table = make_table()
    frame, _ = run_fig7("t-v1", study, table, write_scores(tmp_path, table, np.zeros(SIZE)))
    level = curve(frame, "target_by_samples", "oracle").iloc[0]
    assert 0.845 < level["mean"] <= 0.85
    assert curve(frame, "signal_by_samples", "oracle").iloc[0]["mean"] > 0.9


def test_panel_by_time_charges_the_training_networks(tmp_path, study, make_table, write_scores):
    table = make_table(timed=True)
    frame, protocol = run_fig7("t-v1", study, table, write_scores(tmp_path, table, table.mean("test_accuracy")))
    for size in (10, 20):
        by_time = curve(frame, "target_by_time", "one-stage", size)
        assert by_time["x"].iloc[0] == 100.0 * (size + 1)
        assert by_time["x"].iloc[-1] == 100.0 * 60
    assert not any("no panel by training time" in note for note in protocol.notes)
    without, said = run_fig7("t-v1", study, make_table(), write_scores(tmp_path, table, np.zeros(SIZE)))
    assert "target_by_time" not in set(without["panel"])
    assert any("no panel by training time" in note for note in said.notes)


def test_scores_of_another_table_or_damaged_are_named(tmp_path, study, make_table, write_scores):
    table = make_table()
    paths = write_scores(tmp_path, table, np.zeros(SIZE - 1))
    with pytest.raises(FormatError, match=r"one-stage-10-0\.npz: scores \(2, 299\) for a table of 300"):
        run_fig7("t-v1", study, table, paths)
    paths[0].write_bytes(b"PK")
    with pytest.raises(FormatError, match=r"one-stage-10-0\.npz: not a file of scores"):
        run_fig7("t-v1", study, table, paths)


def test_fig3_has_every_architecture_and_the_oracle_with_its_interval(study, make_table):
    table = make_table()
    frame, protocol = run_fig3("t-v1", study, table)
    points, best = frame[frame["kind"] == "architecture"], frame[frame["kind"] == "oracle"]
    assert points["architecture"].tolist() == list(table.architecture)
    np.testing.assert_allclose(points["target"], table.mean("test_accuracy"))
    assert np.abs(points["signal"].to_numpy()[:, None] - table.metrics["validation_accuracy"]).min(axis=1).max() == 0
    assert len(best) == 1
    assert best["signal_low"].item() < best["signal"].item() < best["signal_high"].item()
    assert "one of 3 runs, drawn" in protocol.label


def test_table_tau_measures_the_rest_of_the_space(tmp_path, study, make_table, write_scores):
    table = make_table(runs=1)
    signal = table.metrics["validation_accuracy"][:, 0]
    frame, _ = run_table_tau("t-v1", study, {NAME: table}, write_scores(tmp_path, table, signal + 0.01))
    values = frame[frame["test_set"] == "rest"].set_index(["train_size", "metric"])
    assert values.loc[(10, "kendall_tau"), "mean"] == pytest.approx(1, abs=1e-3)
    assert values.loc[(20, "mse"), "mean"] == pytest.approx(1.0, rel=1e-3)  # one percentage point, squared
    assert values.loc[(20, "kendall_tau"), "test_size"] == SIZE - 20
    assert "| one-stage | nasbench-graph-proteins | 20 | the rest, 280 | 3 |" in as_markdown(frame)


def test_results_come_back_and_equal_results_are_equal_files(tmp_path, study, make_table):
    frame, protocol = run_fig3("t-v1", study, make_table())
    for name in ("a", "b"):
        write_result(frame, protocol, tmp_path / f"{name}.csv", tmp_path / f"{name}.json")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    back, said = read_result(tmp_path / "a.csv", tmp_path / "a.json", ["kind", "signal"])
    assert said == protocol
    pd.testing.assert_frame_equal(back, frame, check_exact=False, rtol=1e-6, check_dtype=False)
    with pytest.raises(FormatError, match=r"a\.csv: no column median"):
        read_result(tmp_path / "a.csv", tmp_path / "a.json", ["median"])
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(FormatError, match=r"a\.json: not a result"):
        read_result(tmp_path / "a.csv", tmp_path / "a.json", ["kind"])


def test_the_caption_says_the_protocol(study, make_table):
    text = caption(run_fig3("t-v1", study, make_table())[1])
    for part in (
        BENCHMARKS[NAME].title,
        "300 architectures",
        "one of 3 runs",
        "95% percentile bootstrap",
        "recorded no training time",
    ):
        assert part in text


def test_a_cascade_trains_what_it_accepts_before_anything_else(tmp_path, make_table, cascade_scores):
    table = make_table()
    accept = np.arange(SIZE) < 150
    fit = next(read_fits(cascade_scores(tmp_path, table, accept), table))
    order = np.argsort(-fit.goodness(maximise=True))
    assert set(order[:150]) == set(range(150))
    assert order[0] == 149  # the best of the accepted
    assert order[150] == 150  # then the rest by logit
    assert np.argsort(-fit.goodness(maximise=False))[0] == 0


def test_tau_of_a_cascade_is_also_taken_on_what_it_accepts(tmp_path, study, make_table, cascade_scores):
    table = make_table(runs=1)
    frame, _ = run_table_tau("t-v1", study, {NAME: table}, cascade_scores(tmp_path, table, np.arange(SIZE) < 150))
    sizes = frame.drop_duplicates("test_set").set_index("test_set")["test_size"]
    seen = [draw_repeat(table, study.seed, 20, repeat).train_rows for repeat in range(3)]
    accepted = [150 - (rows < 150).sum() for rows in seen]
    assert sizes.to_dict() == {"rest": SIZE - 20, "accepted": round(np.mean(accepted))}


def make_searchable():
    """A real space, made small: the table of proteins with its own encoding and a smooth signal."""
    space = NasBenchGraphSpace(**BENCHMARKS[NAME].options)
    codes = space.enumerate()
    quality = 0.5 + 0.4 * (codes[:, 1:] == 4).mean(axis=1) + 0.001 * codes[:, 0]
    noise = np.random.default_rng(0).normal(0, 0.003, (len(codes), 3))
    test = np.tile(quality[:, None] - 0.05, (1, 3))
    metrics = {"validation_accuracy": quality[:, None] + noise, "test_accuracy": test}
    return BenchmarkTable(NAME, space.name, space.identify(codes), codes, metrics)


def test_fig4_has_all_searches_and_evolution_beats_random_where_neighbours_are_alike(tmp_path, study, write_scores):
    table = make_searchable()
    paths = write_scores(tmp_path, table, table.mean("test_accuracy"), (20,))
    paths += write_scores(tmp_path, table, np.zeros(len(table)), (20,), predictor="other")
    frame, protocol = run_comparison("fig4", "t-v1", study, study.fig4, table, paths)
    assert set(frame["method"]) == {"one-stage", "other", "random", "evolution", "oracle"}
    last = frame[(frame["x"] == 60) & (frame["panel"] == "target_by_samples")].set_index("method")["mean"]
    assert last["one-stage"] > last["evolution"] > last["random"]
    assert protocol.repeats == {"each predictor": 3, "each other search and the oracle": 40}
    appendix, _ = run_comparison("figA1", "t-v1", study, study.figa1, table, paths)
    assert "evolution" not in set(appendix["method"])


def test_efficiency_is_evolutions_budget_over_the_samples_for_its_level(tmp_path, study, write_scores):
    table = make_searchable()
    paths = write_scores(tmp_path, table, table.mean("test_accuracy"), (20,))
    paths += write_scores(tmp_path, table, -table.mean("test_accuracy"), (20,), predictor="other")
    frame, _ = run_efficiency("t-v1", study, table, paths)
    rows = frame.set_index("method")
    assert rows.loc["one-stage", "samples"] == 21  # its first candidate is the best of all
    assert rows.loc["one-stage", "ratio"] == pytest.approx(60 / 21)
    assert rows.loc["one-stage", "reached"] == 1
    assert pd.isna(rows.loc["other", "samples"])
    assert rows.loc["other", "reached"] < 0.1
    assert rows.loc["evolution", "samples"] <= 60
    assert "not reached" in as_efficiency_markdown(frame)


def test_the_frontier_counts_from_where_the_level_is_held(tmp_path, study, make_table, write_scores):
    table = make_table(runs=1)
    fig7, _ = run_fig7("t-v1", study, table, write_scores(tmp_path, table, table.mean("test_accuracy")))
    frame, _ = run_frontier("t-v1", study, table, fig7)
    reached = frame.set_index(["panel", "train_size"])["samples"]
    assert reached[("target_by_samples", 10)] == 11
    worse, _ = run_fig7("t-v1", study, table, write_scores(tmp_path, table, -table.mean("test_accuracy")))
    assert run_frontier("t-v1", study, table, worse)[0]["samples"].isna().all()
