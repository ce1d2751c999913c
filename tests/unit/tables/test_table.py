import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neural_predictor.errors import TableError
from neural_predictor.tables.describe import describe_table
from neural_predictor.tables.table import BenchmarkTable, read_table, write_table


def make(**changes):
    rng = np.random.default_rng(0)
    fields = {
        "name": "nasbench-graph-cs",
        "space": "nasbench-graph",
        "architecture": np.array(["a", "b", "c"], object),
        "encoding": np.arange(6, dtype=np.uint8).reshape(3, 2),
        "metrics": {
            "validation_accuracy": rng.random((3, 3)),
            "test_accuracy": rng.random((3, 3)),
            "trainable_parameters": np.array([[10], [20], [30]]),
        },
        "provenance": {"file": "x"},
    }
    return BenchmarkTable(**(fields | changes))


def test_round_trip_keeps_everything_and_bytes(tmp_path):
    table = make()
    write_table(table, tmp_path / "a.parquet")
    write_table(table, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    back = read_table(tmp_path / "a.parquet")
    assert (back.architecture == table.architecture).all()
    assert (back.encoding == table.encoding).all()
    assert back.metrics.keys() == table.metrics.keys()
    for name, values in table.metrics.items():
        np.testing.assert_allclose(back.metrics[name], values, rtol=1e-7)
    assert (back.name, back.space, back.provenance) == (table.name, table.space, table.provenance)


def test_one_run_is_drawn_uniformly_for_each_architecture():
    table = make()
    runs = np.stack([table.draw_runs(np.random.default_rng(seed)) for seed in range(600)])
    shares = np.stack([(runs == run).mean(axis=0) for run in range(3)])
    assert np.abs(shares - 1 / 3).max() < 0.08
    seen = table.at("validation_accuracy", runs[0])
    assert seen.tolist() == [table.metrics["validation_accuracy"][row, run] for row, run in enumerate(runs[0])]
    assert table.at("trainable_parameters", runs[0]).tolist() == [10, 20, 30]


def test_mean_is_over_repeats():
    table = make()
    np.testing.assert_allclose(table.mean("test_accuracy"), table.metrics["test_accuracy"].mean(axis=1))


def with_missing_runs(**changes):
    accuracy = np.array([[0.1, 0.2, 0.3], [0.4, np.nan, np.nan], [0.5, 0.7, np.nan]])
    metrics = {
        "validation_accuracy": accuracy,
        "test_accuracy": accuracy + 0.1,
        "test_accuracy_at_4": np.full((3, 3), 0.5),
        "latency_ms": np.array([[1.0], [2.0], [3.0]]),
    }
    return make(metrics=metrics | changes)


def test_architectures_may_have_fewer_runs_than_others(tmp_path):
    write_table(with_missing_runs(), tmp_path / "t.parquet")
    for table in (with_missing_runs(), read_table(tmp_path / "t.parquet")):
        assert table.repeats == 3
        assert table.runs("validation_accuracy").tolist() == [3, 1, 2]
        np.testing.assert_allclose(table.mean("validation_accuracy"), [0.2, 0.4, 0.6], rtol=1e-6)
        runs = np.stack([table.draw_runs(np.random.default_rng(seed)) for seed in range(600)])
        assert [sorted(set(column)) for column in runs.T.tolist()] == [[0, 1, 2], [0], [0, 1]]
        assert abs((runs[:, 2] == 0).mean() - 1 / 2) < 0.08
        assert np.isfinite(table.at("test_accuracy", runs[0])).all()
        assert table.at("latency_ms", runs[0]).tolist() == [1, 2, 3]
        assert table.at("validation_accuracy", np.array([2, 2, 2])) == pytest.approx([0.3, 0.4, 0.7])


@pytest.mark.parametrize(
    "row", [[np.nan, 0.1, 0.2], [0.1, np.nan, 0.2], [np.nan] * 3, [0.1, 0.2, np.inf], [0.1, 2, np.nan]]
)
def test_only_the_last_runs_may_be_missing(row):
    metrics = {
        name: np.array([[0.1, 0.2, 0.3], row, [0.1, 0.2, 0.3]]) for name in ("validation_accuracy", "test_accuracy")
    }
    with pytest.raises(
        TableError, match=r"row 1 \(architecture b\): validation_accuracy_\d is (nan|inf|2.0); expected"
    ):
        make(metrics=metrics)


def test_a_run_is_missing_in_all_its_metrics_or_in_none():
    test = with_missing_runs().metrics["test_accuracy"].copy()
    test[1, 1] = 0.5
    with pytest.raises(TableError, match=r"row 1 .*validation_accuracy has 1 runs, but test_accuracy has 2"):
        with_missing_runs(test_accuracy=test)


@pytest.mark.parametrize("value", [1.5, -0.1, np.nan, np.inf])
def test_a_value_out_of_range_is_named_by_row_and_column(value):
    metrics = {"validation_accuracy": np.full((3, 2), 0.5), "test_accuracy": np.full((3, 2), 0.5)}
    metrics["validation_accuracy"][1, 0] = value
    with pytest.raises(TableError, match=r"row 1 \(architecture b\): validation_accuracy_1 is .* from 0 to 1"):
        make(metrics=metrics)


def test_broken_tables_are_refused():
    with pytest.raises(TableError, match="row 2: architecture a appears twice"):
        make(architecture=np.array(["a", "b", "a"], object))
    with pytest.raises(TableError, match="no metric test_accuracy"):
        make(metrics={"validation_accuracy": np.full((3, 1), 0.5)})
    with pytest.raises(TableError, match="unknown metric 'loss'"):
        make(metrics=dict(make().metrics) | {"loss": np.zeros((3, 1))})
    with pytest.raises(TableError, match="no rows"):
        make(architecture=np.array([], object))


def test_files_that_are_no_tables_are_named(tmp_path):
    with pytest.raises(TableError, match=r"absent\.parquet: no such table"):
        read_table(tmp_path / "absent.parquet")
    path = tmp_path / "x.parquet"
    path.write_bytes(b"not parquet")
    with pytest.raises(TableError, match=r"x\.parquet: not a benchmark table"):
        read_table(path)
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(TableError, match=r"x\.parquet: not a benchmark table"):
        read_table(path)
    write_table(make(), path)
    data = pq.read_table(path)
    pq.write_table(data.drop(["encoding"]), path)
    with pytest.raises(TableError, match="no column 'encoding'"):
        read_table(path)
    pq.write_table(data.drop(["test_accuracy_1"]), path)
    with pytest.raises(TableError, match="column 'test_accuracy_2' is not the next"):
        read_table(path)


def test_a_failed_write_leaves_the_old_table(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    write_table(make(), path)
    before = path.read_bytes()
    monkeypatch.setattr(
        pq.ParquetWriter, "write_table", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(Exception, match="the disk is full"):
        write_table(make(name="other"), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["t.parquet"]


def test_description_names_what_matters():
    text = describe_table(make())
    assert "3 architectures" in text
    assert "validation_accuracy" in text
    assert "oracle" in text
