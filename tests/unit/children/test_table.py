"""The table of trainings keeps its promises, and says which row breaks one."""

import numpy as np
import pandas as pd
import pytest

from neural_predictor.children.table import COLUMNS, checked, networks_of, read_children, write_children
from neural_predictor.errors import TableError
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

SPACE = ProxylessNasSpace()
CODES = SPACE.sample(3, np.random.default_rng(0))


@pytest.fixture
def frame():
    """Three networks, two trainings each; network 1 diverged once, network 2 always."""
    rows = []
    for network, code in enumerate(CODES):
        for training in range(2):
            diverged = network == 2 or (network, training) == (1, 0)
            accuracy = np.nan if diverged else 0.5 + 0.1 * network + 0.01 * training
            about = {"architecture": SPACE.format(code), "network": network, "training": training}
            about |= {"status": "diverged" if diverged else "ok", "validation_accuracy": accuracy}
            about |= {"test_accuracy": accuracy - 0.05, "epochs": 3, "seed": 2**62 + training, "recipe": "ab"}
            about |= {"trainable_parameters": 20_000, "multiply_adds": 3_000_000, "training_time_s": 1.5}
            rows.append(about | {"variant": "paper", "images": "digits", "predicted": np.nan})
    return pd.DataFrame(rows)


def test_what_is_written_is_read_and_equal_tables_are_equal_bytes(tmp_path, frame):
    shuffled = frame[frame.columns[::-1]].assign(extra=1)
    files = []
    for name, one in (("a", frame), ("b", shuffled)):
        paths = tmp_path / f"{name}.parquet", tmp_path / f"{name}.csv"
        write_children(one, *paths)
        files.append([path.read_bytes() for path in paths])
    assert files[0] == files[1]
    assert b"pandas" not in files[0][0]  # whose version would be in the bytes
    found = read_children(tmp_path / "a.parquet")
    assert tuple(found.columns) == COLUMNS
    assert found["seed"].tolist() == [2**62, 2**62 + 1] * 3  # no float on the way
    assert found["validation_accuracy"].isna().tolist() == [False, False, True, False, True, True]
    text = pd.read_csv(tmp_path / "a.csv")
    assert text["validation_accuracy"].tolist()[:2] == [0.5, 0.51]
    assert text["architecture"].map(SPACE.parse).map(tuple).tolist()[0] == tuple(CODES[0])


def test_a_missing_seed_and_time_stay_missing(tmp_path, frame):
    write_children(frame.assign(seed=np.nan, training_time_s=np.nan, epochs=None), *paths(tmp_path))
    found = read_children(tmp_path / "t.parquet")
    assert found[["seed", "training_time_s", "epochs"]].isna().all().all()


def test_a_missing_seed_leaves_the_others_exact(tmp_path, frame):
    seeds = pd.array([2**62 + 1, None] * 3, dtype="Int64")
    write_children(frame.assign(seed=seeds), *paths(tmp_path))
    assert read_children(tmp_path / "t.parquet")["seed"].tolist() == [2**62 + 1, pd.NA] * 3


def paths(folder):
    return folder / "t.parquet", folder / "t.csv"


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("validation_accuracy", 1.5, r"row 1: validation_accuracy is 1\.5; it must be 0 to 1"),
        ("test_accuracy", -0.1, r"row 1: test_accuracy is -0\.1; it must be 0 to 1"),
        ("validation_accuracy", np.inf, "row 1: validation_accuracy is inf"),
        ("validation_accuracy", np.nan, r"row 1 .*network 0, training 1.*no validation_accuracy"),
        ("status", "lost", "row 1: status is lost; it must be ok or diverged"),
        ("status", "diverged", "row 1 .*diverged, but has an accuracy"),
        ("variant", "mine", "row 1: variant is mine; it must be paper or as-replicated"),
        ("images", "faces", "row 1: images is faces; it must be cifar100 or "),
        ("training", 0, "row 1 .*network 0, training 0.*earlier row"),
        ("network", -1, "row 1: network is -1; it must be 0 to inf"),
        ("trainable_parameters", 0, "row 1: trainable_parameters is 0; it must be 1 to inf"),
        ("multiply_adds", np.nan, "column multiply_adds, row 1: no value"),
        ("epochs", 2.5, "column epochs: not int64 in each row"),
        ("architecture", "(0, 7)", "row 1: .*expected 22 op codes"),
        ("architecture", str((0, 6, *[0] * 20)), "row 1: .*layer 1 of proxylessnas takes op codes 0 to 5"),
        ("architecture", str((2,) * 22), "row 1 .*another architecture than that of an earlier training"),
    ],
)
def test_a_broken_row_is_named(frame, column, value, message):
    frame[column] = frame[column].astype(object)
    frame.loc[1, column] = value
    with pytest.raises(TableError, match=f"table of x.*{message}"):
        checked(frame, "table of x")


def test_a_table_without_a_column_or_rows_is_refused(frame):
    with pytest.raises(TableError, match="no column seed; a table of children has architecture, network"):
        checked(frame.drop(columns="seed"), "x")
    with pytest.raises(TableError, match="x: no rows"):
        checked(frame.iloc[:0], "x")


def test_other_files_are_no_tables(tmp_path):
    with pytest.raises(TableError, match="no such table of children; make it with `neural-predictor collect-children`"):
        read_children(tmp_path / "t.parquet")
    (tmp_path / "t.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(TableError, match=r"t\.parquet: not a table of children"):
        read_children(tmp_path / "t.parquet")


def test_networks_have_their_trainings_side_by_side_without_the_diverged(frame):
    networks = networks_of(checked(frame, "x").iloc[::-1])
    assert networks.numbers.tolist() == [0, 1]
    assert (networks.codes == CODES[:2]).all()
    np.testing.assert_allclose(networks.validation, [[0.5, 0.51], [0.61, np.nan]])
    np.testing.assert_allclose(networks.label, [0.505, 0.61])
    np.testing.assert_allclose(networks.tested, [0.455, 0.56])
    assert networks.diverged == 3
    assert networks.left_out.tolist() == [2]
    assert networks.zeros.tolist() == [int((code == 6).sum()) for code in CODES[:2]]


def test_networks_without_a_test_accuracy_have_none(frame):
    networks = networks_of(checked(frame.assign(test_accuracy=np.nan), "x"))
    assert np.isnan(networks.tested).all()
    assert np.isfinite(networks.label).all()


def test_networks_are_of_one_set_and_some_must_have_ended(frame):
    both = pd.concat([frame, frame.assign(images="cifar100")], ignore_index=True)
    with pytest.raises(TableError, match="one set of images are needed; the table has digits, cifar100"):
        networks_of(checked(both, "x"))
    with pytest.raises(TableError, match="children of digits: none of 3 trainings ended well"):
        networks_of(checked(frame[frame["status"] == "diverged"], "x"))
