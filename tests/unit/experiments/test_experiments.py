"""fig3, fig7 and table-tau on small tables whose right answer can be said."""

import numpy as np
import pandas as pd
import pytest

from neural_predictor.config import Study
from neural_predictor.errors import FormatError
from neural_predictor.experiments.fig3 import run_fig3
from neural_predictor.experiments.fig7 import run_fig7
from neural_predictor.experiments.results import caption, read_result, write_result
from neural_predictor.experiments.table_tau import as_markdown, run_table_tau
from neural_predictor.tables.benchmarks import BENCHMARKS
from neural_predictor.tables.table import BenchmarkTable

NAME = "nasbench-graph-proteins"
SIZE = 300


@pytest.fixture
def study():
    return Study.model_validate(
        {
            "description": "test",
            "benchmark": NAME,
            "seed": 5,
            "repeats_per_shard": 2,
            "predictor": {"kind": "gcn"},
            "fig7": {"train_sizes": [10, 20], "total": 60, "repeats": 3, "random_repeats": 40},
            "table_tau": {"benchmarks": [NAME], "train_size": 20, "repeats": 3},
            "bootstrap": {"resamples": 200},
        }
    )


def make_table(*, timed=False, runs=3):
    rng = np.random.default_rng(0)
    quality = np.linspace(0.5, 0.9, SIZE)[:, None]
    metrics = {
        "validation_accuracy": quality + rng.normal(0, 0.002, (SIZE, runs)),
        "test_accuracy": quality - 0.05 + np.zeros((1, runs)),
    }
    if timed:
        metrics["training_time_s"] = np.full((SIZE, runs), 100.0)
    names = np.array([f"a{k}" for k in range(SIZE)], object)
    return BenchmarkTable(NAME, "nasbench-graph", names, np.zeros((SIZE, 5), np.uint8), metrics)


def write_scores(folder, table, scores, sizes=(10, 20), repeats=3):
    paths = []
    for size in sizes:
        for first in range(0, repeats, 2):
            numbers = range(first, min(first + 2, repeats))
            path = folder / f"{size}-{first}.npz"
            np.savez(
                path,
                benchmark=np.array(table.name),
                train_size=np.array(size),
                repeats=np.array(numbers),
                scores=np.tile(scores.astype(np.float32), (len(numbers), 1)),
            )
            paths.append(path)
    return paths


def curve(frame, panel, method, size=None):
    rows = frame[(frame["panel"] == panel) & (frame["method"] == method)]
    return rows if size is None else rows[rows["train_size"] == size]


def test_a_perfect_predictor_finds_the_best_with_its_first_candidate(tmp_path, study):
    table = make_table()
    frame, protocol = run_fig7("t-v1", study, table, write_scores(tmp_path, table, table.mean("test_accuracy")))
    for size in (10, 20):
        test = curve(frame, "target_by_samples", "predictor", size)
        assert test["x"].tolist() == list(range(size + 1, 61))
        assert (test["repeats"] == 3).all()
        assert (test["mean"] >= 0.9 - 0.05 - 0.004).all()  # the signal's noise may prefer a neighbour of the best
        assert (test["low"] <= test["mean"]).all()
        assert (test["mean"] <= test["high"]).all()
    assert protocol.repeats == {"the predictor at each N": 3, "random search and the oracle": 40}


def test_an_inverted_predictor_is_worse_than_random_search(tmp_path, study):
    table = make_table()
    frame, _ = run_fig7("t-v1", study, table, write_scores(tmp_path, table, -table.mean("test_accuracy")))
    guided = curve(frame, "target_by_samples", "predictor", 10).set_index("x")["mean"]
    random = curve(frame, "target_by_samples", "random").set_index("x")["mean"]
    assert guided[60] < random[60]


def test_random_search_is_best_so_far_not_a_mean(tmp_path, study):
    """With ranks uniform on [0, 1] the best of m has mean m / (m + 1): FACTS of order statistics, not a flat line."""
    table = make_table(runs=1)
    frame, _ = run_fig7("t-v1", study, table, write_scores(tmp_path, table, np.zeros(SIZE)))
    random = curve(frame, "target_by_samples", "random")
    assert random["x"].tolist() == list(range(1, 61))
    assert (np.diff(random["mean"]) >= -1e-12).all()
    expected = 0.45 + 0.4 * np.arange(1, 61) / np.arange(2, 62)
    np.testing.assert_allclose(random["mean"], expected, atol=0.05)


def test_reported_is_the_mean_target_of_the_choice_by_signal(tmp_path, study):
    """The oracle reports the mean test of the best signal: below the best test, never a maximum over test runs."""
    table = make_table()
    frame, _ = run_fig7("t-v1", study, table, write_scores(tmp_path, table, np.zeros(SIZE)))
    level = curve(frame, "target_by_samples", "oracle").iloc[0]
    assert 0.845 < level["mean"] <= 0.85
    assert curve(frame, "signal_by_samples", "oracle").iloc[0]["mean"] > 0.9


def test_panel_by_time_charges_the_training_networks(tmp_path, study):
    table = make_table(timed=True)
    frame, protocol = run_fig7("t-v1", study, table, write_scores(tmp_path, table, table.mean("test_accuracy")))
    for size in (10, 20):
        by_time = curve(frame, "target_by_time", "predictor", size)
        assert by_time["x"].iloc[0] == 100.0 * (size + 1)
        assert by_time["x"].iloc[-1] == 100.0 * 60
    assert not any("no panel by training time" in note for note in protocol.notes)
    without, said = run_fig7("t-v1", study, make_table(), write_scores(tmp_path, table, np.zeros(SIZE)))
    assert "target_by_time" not in set(without["panel"])
    assert any("no panel by training time" in note for note in said.notes)


def test_scores_of_another_table_or_damaged_are_named(tmp_path, study):
    table = make_table()
    paths = write_scores(tmp_path, table, np.zeros(SIZE - 1))
    with pytest.raises(FormatError, match=r"10-0\.npz: scores \(2, 299\) for a table of 300"):
        run_fig7("t-v1", study, table, paths)
    paths[0].write_bytes(b"PK")
    with pytest.raises(FormatError, match=r"10-0\.npz: not a file of scores"):
        run_fig7("t-v1", study, table, paths)


def test_fig3_has_every_architecture_and_the_oracle_with_its_interval(study):
    table = make_table()
    frame, protocol = run_fig3("t-v1", study, table)
    points, best = frame[frame["kind"] == "architecture"], frame[frame["kind"] == "oracle"]
    assert points["architecture"].tolist() == list(table.architecture)
    np.testing.assert_allclose(points["target"], table.mean("test_accuracy"))
    assert np.abs(points["signal"].to_numpy()[:, None] - table.metrics["validation_accuracy"]).min(axis=1).max() == 0
    assert len(best) == 1
    assert best["signal_low"].item() < best["signal"].item() < best["signal_high"].item()
    assert "one of 3 runs, drawn" in protocol.label


def test_table_tau_measures_the_rest_of_the_space(tmp_path, study):
    table = make_table(runs=1)
    signal = table.metrics["validation_accuracy"][:, 0]
    frame, _ = run_table_tau("t-v1", study, {NAME: table}, write_scores(tmp_path, table, signal + 0.01))
    values = frame.set_index(["train_size", "metric"])
    assert values.loc[(10, "kendall_tau"), "mean"] == pytest.approx(1, abs=1e-3)
    assert values.loc[(20, "mse"), "mean"] == pytest.approx(1.0, rel=1e-3)  # one percentage point, squared
    assert values.loc[(20, "kendall_tau"), "test_size"] == SIZE - 20
    assert "| nasbench-graph-proteins | 20 | 3 | 280 |" in as_markdown(frame)


def test_results_come_back_and_equal_results_are_equal_files(tmp_path, study):
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


def test_the_caption_says_the_protocol(study):
    text = caption(run_fig3("t-v1", study, make_table())[1])
    for part in (
        BENCHMARKS[NAME].title,
        "300 architectures",
        "one of 3 runs",
        "95% percentile bootstrap",
        "recorded no training time",
    ):
        assert part in text
