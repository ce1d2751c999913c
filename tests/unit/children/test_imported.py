"""The replication's pairs become a table of children, and a row that is none is named."""

import gzip

import numpy as np
import pytest

from neural_predictor.children.imported import SAMPLING, import_children
from neural_predictor.children.table import children_table, zero_layers
from neural_predictor.errors import ArchitectureError, FormatError
from neural_predictor.spaces.proxylessnas.cost import multiply_adds, parameters
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from neural_predictor.tables.table import read_table, write_table

HEADER = "dataset,arch,val_acc,test_acc"
FIRST, SECOND = "1105655662641410516110", "0132115314215165304055"


def write(folder, *lines):
    path = folder / "pairs.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def test_rows_are_numbered_within_their_set_and_costs_are_of_the_defective_strides(tmp_path):
    path = write(tmp_path, f"caltech,{FIRST},0.25,0", f"cifar100,{FIRST},0.1,0.09", f"caltech,{SECOND},0.3,0.0")
    frame = import_children(path)
    assert frame["images"].tolist() == ["caltech101", "cifar100", "caltech101"]
    assert frame["network"].tolist() == [0, 0, 1]
    np.testing.assert_array_equal(frame["test_accuracy"], [np.nan, 0.09, np.nan])  # 0 was never measured
    assert set(frame["variant"]) == {"as-replicated"}
    assert frame["seed"].isna().all()
    codes = np.array([[int(digit) for digit in SECOND]], np.uint8)
    assert frame["architecture"][2] == ProxylessNasSpace().format(codes[0])
    assert frame["trainable_parameters"][2] == parameters(codes, 102)[0]
    assert frame["multiply_adds"][2] == multiply_adds(codes, 224, 102, variant="as-replicated")[0]
    assert frame["multiply_adds"][2] < multiply_adds(codes, 224, 102)[0] / 2


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    path = write(tmp_path, f"caltech,{FIRST},0.25,0")
    plain, text = import_children(path), path.read_bytes()
    for marked in (b"\xef\xbb\xbf" + text, gzip.compress(b"\xef\xbb\xbf" + text)):
        path.write_bytes(marked)
        assert import_children(path).equals(plain)


def test_a_compressed_file_is_read_and_the_table_is_kept(tmp_path):
    text = f"{HEADER}\noxford_pet,{FIRST},0.0825,0\n"
    path = tmp_path / "pairs.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    frame = import_children(path)
    write_table(children_table(frame, "pets", SAMPLING), tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert table.metrics["validation_accuracy"].tolist() == [[0.0825]]
    assert "2021 replication" in table.provenance["sampling"]
    assert frame["images"].tolist() == ["oxford_pet"]


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        (f"flowers,{FIRST},0.1,0", FormatError, "dataset is 'flowers'; known are cifar100, caltech, oxford_pet"),
        (f"cifar100,{SECOND},1.1,0", FormatError, r"val_acc is '1\.1'; it must be a fraction, 0 to 1"),
        (f"cifar100,{SECOND},16.6 %,0", FormatError, "val_acc is '16.6 %'; it must be a fraction"),
        (f"cifar100,{SECOND},nan,0", FormatError, "val_acc is 'nan'"),
        (f"cifar100,{SECOND},0.1,-1", FormatError, "test_acc is '-1'"),
        (f"cifar100,{SECOND[:21]},0.1,0", ArchitectureError, "expected 22 op codes.*found 21"),
        (f"cifar100,{SECOND}0,0.1,0", ArchitectureError, "expected 22 op codes.*found 23"),
        (
            f"cifar100,3{SECOND[1:]},0.1,0",
            ArchitectureError,
            "layer 0 of proxylessnas takes op codes 0 to 2, found '3'",
        ),
        (f"cifar100,{SECOND[:21]}6,0.1,0", ArchitectureError, "layer 21 .*0 to 5, found '6'"),
        (f"cifar100,{SECOND[:5]}7{SECOND[6:]},0.1,0", ArchitectureError, "layer 5 .*found '7'"),
        (f"cifar100,{FIRST},0.2,0", FormatError, f"the architecture {FIRST} of cifar100 is there twice"),
        (f"cifar100,{SECOND}", FormatError, "as many values as columns"),
    ],
)
def test_a_broken_row_is_named(tmp_path, line, error, message):
    path = write(tmp_path, f"cifar100,{FIRST},0.1,0", line)
    with pytest.raises(error, match=rf"pairs\.csv, line 3.*{message}"):
        import_children(path)


def test_other_files_are_no_pairs(tmp_path):
    with pytest.raises(FormatError, match=r"gone\.csv: no such file"):
        import_children(tmp_path / "gone.csv")
    with pytest.raises(FormatError, match="no rows"):
        import_children(write(tmp_path))
    (tmp_path / "pairs.csv").write_text("set,arch\na,b\n")
    with pytest.raises(FormatError, match="no column dataset; expected dataset, arch, val_acc, test_acc"):
        import_children(tmp_path / "pairs.csv")
    (tmp_path / "pairs.csv").write_bytes(b"\x1f\x8b not gzip")
    with pytest.raises(FormatError, match=r"pairs\.csv: not a CSV file"):
        import_children(tmp_path / "pairs.csv")


def test_a_file_that_is_too_large_is_refused_and_not_cut(tmp_path, monkeypatch):
    monkeypatch.setattr("neural_predictor.children.imported.MAX_BYTES", 50)
    with pytest.raises(FormatError, match=r"pairs\.csv: not a CSV file .*more than 50 bytes"):
        import_children(write(tmp_path, f"cifar100,{FIRST},0.1,0"))


@pytest.mark.shared_data
def test_the_606_pairs(shared_data):
    frame = import_children(shared_data / "proxylessnas_replication.csv.gz")
    counts = {"cifar100": 86, "caltech101": 288, "oxford_pet": 232}
    assert frame["images"].value_counts().to_dict() == counts
    assert frame["test_accuracy"].isna().all()
    means = {"cifar100": 0.1319, "caltech101": 0.2139, "oxford_pet": 0.0825}
    for name, mean in means.items():
        table = children_table(frame[frame["images"] == name], name)
        label = table.mean("validation_accuracy")
        assert len(table) == counts[name]
        assert label.mean() == pytest.approx(mean, abs=5e-5)
        assert np.corrcoef(zero_layers(table), label)[0, 1] > 0.2  # the defect: fewer layers are better
