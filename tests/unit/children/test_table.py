"""Children are a benchmark table like any other, and say what is not in it."""

import numpy as np
import pandas as pd
import pytest

from neural_predictor.children.table import children_table, in_order_of_training, zero_layers
from neural_predictor.errors import TableError
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from neural_predictor.tables.benchmarks import benchmark_of, space_of
from neural_predictor.tables.table import read_table, write_table
from support.children import trainings

SPACE = ProxylessNasSpace()
CODES = SPACE.sample(3, np.random.default_rng(0))
VALIDATION = np.array([[0.5, 0.51], [np.nan, 0.61], [np.nan, np.nan]])
"""Architecture 1 diverged once, architecture 2 always."""


@pytest.fixture
def frame():
    return trainings(CODES, VALIDATION)


def test_architectures_have_their_trainings_side_by_side_without_the_diverged(frame):
    table = children_table(frame.iloc[::-1], "digits", "uniform")
    np.testing.assert_array_equal(table.metrics["validation_accuracy"], [[0.5, 0.51], [0.61, np.nan]])
    np.testing.assert_allclose(table.mean("validation_accuracy"), [0.505, 0.61])
    np.testing.assert_allclose(table.mean("test_accuracy"), [0.455, 0.56])
    np.testing.assert_array_equal(table.metrics["trainable_parameters"], [[1000], [1001]])
    assert (table.encoding == SPACE.canonical(CODES[:2])).all()
    assert table.architecture.tolist() == SPACE.identify(CODES[:2]).tolist()
    assert zero_layers(table).tolist() == [int((code == 6).sum()) for code in CODES[:2]]
    about = table.provenance
    assert (about["trainings"], about["diverged"], about["epochs"], about["sampling"]) == (6, 3, [7], "uniform")
    assert about["left_out"] == [{"place": 2, "architecture": SPACE.format(CODES[2])}]
    np.testing.assert_array_equal(in_order_of_training(table, np.array([1.0, 2.0])), [1, 2, np.nan])


def test_a_table_of_children_is_read_as_written_and_its_labels_are_exact(tmp_path, frame):
    frame.loc[0, "validation_accuracy"] = 1301 / 1500  # no float32
    written = children_table(frame, "digits")
    write_table(written, tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet")
    assert found.metrics["validation_accuracy"][0, 0] == 1301 / 1500
    assert found.provenance == written.provenance
    assert found.dtype == "float64"
    assert benchmark_of(found).title == "ProxylessNAS architectures on scikit-learn's digits"
    assert space_of(found).name == "proxylessnas"


def test_equal_trainings_are_equal_bytes(tmp_path, frame):
    for name, rows in (("a", frame), ("b", frame.sample(frac=1, random_state=0))):
        write_table(children_table(rows, "digits"), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_without_test_accuracies_validation_is_what_is_reported(frame):
    table = children_table(frame.assign(test_accuracy=np.nan, training_time_s=np.nan), "digits")
    assert table.target == table.signal == "validation_accuracy"
    assert {"test_accuracy", "training_time_s"}.isdisjoint(table.metrics)


def test_what_was_predicted_of_chosen_architectures_is_a_column():
    table = children_table(trainings(CODES, np.full((3, 1), 0.5), predicted=[1.2, 0.7, 0.6]), "digits-chosen")
    np.testing.assert_array_equal(table.metrics["predicted_accuracy"], [[1.2], [0.7], [0.6]])


def test_children_are_of_one_set_and_some_must_have_ended(frame):
    both = pd.concat([frame, frame.assign(images="cifar100")], ignore_index=True)
    with pytest.raises(TableError, match="one set of images are needed; the table has digits, cifar100"):
        children_table(both, "x")
    with pytest.raises(TableError, match="children x: none of 3 trainings ended well; change the recipe"):
        children_table(frame[frame["status"] == "diverged"], "x")
