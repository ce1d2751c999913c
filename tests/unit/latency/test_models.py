import csv
import io
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.stats import kendalltau

from neural_predictor.errors import ArchitectureError, FormatError, LatencyError, TableError
from neural_predictor.latency import LATENCY_MODELS, load_latency, pixel1
from neural_predictor.latency.additive import AdditiveModel
from neural_predictor.latency.pixel1_lut import SHARED_LAYERS
from neural_predictor.records import load_entry
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from neural_predictor.tables.table import BenchmarkTable, write_table

RNG = np.random.default_rng
SPACE = ProxylessNasSpace()
MOBILE = (0, 1, 0, 6, 6, 2, 0, 1, 1, 5, 1, 1, 1, 4, 1, 1, 1, 5, 5, 2, 2, 5)
"""ProxylessNAS-mobile, as TuNAS's archive of models has it."""
TUNAS_TEST = (0, 1, 6, 6, 6, 4, 1, 1, 0, 5, 4, 5, 5, 4, 0, 1, 1, 4, 2, 0, 1, 5)
"""The architecture of `test_estimate_cost_integration_test` in TuNAS, for which it expects 84 ms, within 1."""
PIXEL1 = list(csv.DictReader(io.StringIO(Path(pixel1.__file__).with_name("pixel1.csv").read_text())))


def of(*codes):
    return np.array(codes, np.uint8)


def blocks(**changes):
    """A table of 1 ms a block and 2 ms for the rest, as rows."""
    rows = [
        row | {"ms": "2" if row["layer"] == "-1" else "1"} for row in PIXEL1 if (row["layer"], row["kernel"]) != "0"
    ]
    return [
        row | changes if row["layer"] == "3" and (row["kernel"], row["expansion"]) == ("5", "6") else row
        for row in rows
    ]


def written(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, PIXEL1[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_every_row_names_a_function():
    for row in LATENCY_MODELS.values():
        assert callable(load_entry("latency/registry.py", row.name, "neural_predictor.latency", row.load))


def test_files_are_given_to_the_models_that_read_one():
    for name, path, said in (
        ("pixel1", Path("x.csv"), "needs no file, but is given x.csv"),
        ("device-table", None, "reads a CSV file: name it"),
        ("pixel2", None, "unknown latency model 'pixel2'; known are pixel1, pixel1-lut, device-table, here, column"),
    ):
        with pytest.raises(LatencyError, match=said):
            load_latency(name, path)


def test_pixel1_is_tunas_model():
    model = load_latency("pixel1")
    found = model.latency_ms(of(MOBILE, TUNAS_TEST))
    np.testing.assert_allclose(found, [84.416, 84.017], atol=5e-4)
    assert model.bounds == pytest.approx((30.936, 219.091), abs=1e-3)
    with pytest.raises(ArchitectureError, match="layer 0 of proxylessnas takes op codes 0 to 2, found 6"):
        model.latency_ms(of([6] * 22))


def test_pixel1_over_the_space():
    """Of uniform architectures .565 % lie in the paper's window (200,000 drawn: .53 to .57 %)."""
    found = load_latency("pixel1").latency_ms(SPACE.sample(200_000, RNG(0)))
    assert (found.mean(), found.std()) == pytest.approx((122.8, 15.7), abs=0.05)
    assert np.mean((found >= 75) & (found <= 85)) == pytest.approx(0.0055, abs=4e-4)


@pytest.mark.shared_data
def test_the_look_up_table_says_what_the_linear_model_says(shared_data):
    table = load_latency("pixel1-lut", shared_data / "pixel1_latency_lut.yaml")
    linear = load_latency("pixel1")
    assert "24 channels in it, not 32" in table.note
    assert table.bounds == pytest.approx((32.7, 188.2), abs=0.05)
    codes = SPACE.sample(20_000, RNG(0))
    assert (table.latency_ms(codes).mean(), table.latency_ms(codes).std()) == pytest.approx((112.1, 11.8), abs=0.1)
    shared = list(SHARED_LAYERS)
    steps = [model.table[shared] - np.nanmean(model.table[shared], axis=1, keepdims=True) for model in (linear, table)]
    both = np.isfinite(steps[0])
    assert both.sum() == 111
    assert np.corrcoef(steps[0][both], steps[1][both])[0, 1] == pytest.approx(0.992, abs=5e-4)
    codes[:, 1:6] = 0  # one choice in the layers that differ
    assert kendalltau(linear.latency_ms(codes), table.latency_ms(codes)).statistic == pytest.approx(0.908, abs=0.005)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda lut: lut.pop(next(key for key in lut if "7x7x192" in key)),
            "the table lacks this block, or is of another",
        ),
        (lambda lut: lut["Logits-input:7x7x1280-output:1000"].update(mean=-1.0), r"Logits.*: mean is -1\.0; expected"),
        (lambda lut: lut.update({next(iter(lut)): 3}), "mean is None; expected milliseconds above 0"),
    ],
)
def test_a_look_up_table_that_lacks_something_is_named(tmp_path, shared_data, change, said):
    lut = yaml.safe_load((shared_data / "pixel1_latency_lut.yaml").read_text())
    change(lut)
    path = tmp_path / "lut.yaml"
    path.write_text(yaml.safe_dump(lut))
    with pytest.raises(FormatError, match=said):
        load_latency("pixel1-lut", path)


@pytest.mark.parametrize("text", ["", "[1, 2]", "a: [", "!!python/object/apply:os.system [ls]", "\x00"])
def test_other_files_are_no_look_up_table(tmp_path, text):
    path = tmp_path / "lut.yaml"
    path.write_text(text)
    with pytest.raises(FormatError, match=r"lut\.yaml: (not a readable YAML file|holds|no entry)"):
        load_latency("pixel1-lut", path)
    with pytest.raises(FormatError, match="no such file"):
        load_latency("pixel1-lut", tmp_path / "absent.yaml")


def test_a_device_table_is_a_sum(tmp_path):
    rows = [row for row in blocks() if (row["kernel"], row["layer"]) != ("0", "4")]
    model = load_latency("device-table", written(tmp_path / "mine.csv", rows))
    assert model.name == "mine"
    all_zero = [6 if k not in (0, 1, 5, 9, 13, 17, 21) else 0 for k in range(22)]
    assert model.latency_ms(of([0] * 22, all_zero)).tolist() == [24, 2 + 7 + 14]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ms": "-0.5"}, r"line \d+: ms is '-0.5'; expected a number, 0 or more, in milliseconds, without a unit"),
        ({"ms": "12 ms"}, "ms is '12 ms'; expected a number"),
        ({"ms": "nan"}, "ms is 'nan'; expected a number"),
        ({"filters": "24"}, "filters is 24, but layer 3 has 32 channels: the table is of another width"),
        ({"kernel": "9"}, r"kernel and expansion of layer 3 are \(9, 6\); expected one of \(3, 3\)"),
        ({"layer": "22"}, "layer is 22; expected -1 to 21"),
        ({"layer": "1.5"}, "layer is '1.5'; expected a whole number"),
        ({"kernel": "3"}, "this layer and block are there twice"),
    ],
)
def test_a_row_that_is_wrong_is_named(tmp_path, changes, said):
    with pytest.raises(FormatError, match=said):
        load_latency("device-table", written(tmp_path / "mine.csv", blocks(**changes)))


def test_what_a_device_table_lacks_is_named(tmp_path):
    rows = blocks()
    path = written(tmp_path / "a.csv", [row for row in rows if row["layer"] != "-1"])
    with pytest.raises(FormatError, match="no row of layer -1"):
        load_latency("device-table", path)
    fewer = [row for row in rows if (row["layer"], row["kernel"], row["expansion"]) != ("17", "7", "3")]
    with pytest.raises(FormatError, match="no row of layer 17 with kernel 7 and expansion 3; expected all 144"):
        load_latency("device-table", written(tmp_path / "b.csv", fewer))
    path.write_text("layer,ms\n1,2\n")
    with pytest.raises(FormatError, match="no column 'kernel'; expected layer, kernel, expansion, filters, ms"):
        load_latency("device-table", path)
    with pytest.raises(FormatError, match="the fastest architecture would take 0 ms"):
        load_latency("device-table", written(tmp_path / "c.csv", [row | {"ms": "0"} for row in rows]))


def test_a_model_needs_every_number():
    table = load_latency("pixel1").table.copy()
    table[3, 6] = np.nan
    with pytest.raises(LatencyError, match="a number is needed for each op code that a layer takes"):
        AdditiveModel("x", 100.0, table)


def test_a_column_of_a_table(tmp_path):
    codes = SPACE.sample(3, RNG(0))
    accuracy, latency = np.full((3, 1), 0.5), np.array([[80.0], [90.0], [70.0]])
    metrics = {"validation_accuracy": accuracy, "test_accuracy": accuracy, "latency_ms": latency}
    table = BenchmarkTable("x", "proxylessnas", SPACE.identify(codes), codes, metrics)
    path = tmp_path / "t.parquet"
    write_table(table, path)
    model = load_latency("column", path, column="latency_ms")
    assert model.space == "proxylessnas"
    assert model.latency_ms(codes[::-1]).tolist() == [70, 90, 80]
    with pytest.raises(LatencyError, match=r"row 0: the column latency_ms has no latency of \("):
        model.latency_ms(of([0] * 22))
    with pytest.raises(TableError, match="no metric 'test_accuracy' in ms; it has latency_ms"):
        load_latency("column", path, column="test_accuracy")


def test_a_column_of_a_csv_file(tmp_path):
    codes = SPACE.sample(2, RNG(0))
    path = tmp_path / "mine.csv"
    path.write_text("Text;phone\n" + "".join(f"{SPACE.format(code)};{80 + k}\n" for k, code in enumerate(codes)))
    model = load_latency("column", path, column="phone", space="proxylessnas")
    assert model.latency_ms(codes).tolist() == [80, 81]
    with pytest.raises(LatencyError, match="does not say its search space: name it"):
        load_latency("column", path, column="phone")
    with pytest.raises(FormatError, match="no column 'tablet'; it has Text, phone"):
        load_latency("column", path, column="tablet", space="proxylessnas")
    for value, said in (
        ("12 ms", "phone is '12 ms'; expected milliseconds"),
        ("-1", "phone is '-1'"),
        ("", "phone is ''"),
    ):
        path.write_text(f"text;phone\n{SPACE.format(codes[0])};{value}\n")
        with pytest.raises(FormatError, match=said):
            load_latency("column", path, column="phone", space="proxylessnas")
    path.write_text(f"text;phone\n{SPACE.format(codes[0])};1\n{SPACE.format(codes[0])};2\n")
    with pytest.raises(FormatError, match=r"line 3: the architecture .* is there twice"):
        load_latency("column", path, column="phone", space="proxylessnas")
