import gzip
import io
import json
import tarfile

import numpy as np
import pytest
from scipy.stats import kendalltau

from neural_predictor.errors import FormatError
from neural_predictor.tables.accel_nasbench import read
from neural_predictor.tables.benchmarks import BENCHMARKS
from neural_predictor.tables.table import metric_of, read_table, write_table
from support.accel_nasbench import archive, record


def read_file(tmp_path, data):
    path = tmp_path / "a.tar.gz"
    path.write_bytes(data)
    return read("accel-nasbench", path)


def changed(number, key, value):
    """A record with another value at a place such as `metrics.val_top1`; None of a key: without it."""
    found = json.loads(json.dumps(record(number)))
    *parts, last = key.split(".")
    place = found
    for part in parts:
        place = place[part]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return found


@pytest.mark.shared_data
def test_the_archive_reads_whole(shared_data):
    table = read("accel-nasbench", shared_data / "accel_nasbench_jsons.tar.gz")
    assert len(table) == BENCHMARKS["accel-nasbench"].size == 5_123
    assert table.provenance["note"] == (
        "Of 5,138 trainings, left out are 13 of an architecture that was trained before (0.38 points apart, root mean "
        "square) and 2 without latency."
    )
    accuracy, latency = table.mean("validation_accuracy"), table.mean("latency_zcu102_ms")
    assert kendalltau(accuracy, latency).statistic == pytest.approx(0.30, abs=0.005)
    first = {name: float(values[1, 0]) for name, values in table.metrics.items()}  # result_1.json
    assert table.architecture[1] == "e6k3l1 e1k5l3 e6k3l2 e6k3l1 e4k3l2 e6k5l1 e4k5l2"
    assert first["validation_accuracy"] == pytest.approx(0.61092)
    assert first["multiply_adds"] == 372_732_640
    assert first["trainable_parameters"] == 3_444_360
    assert first["latency_vck190_ms"] == 3.063726031090602
    assert first["throughput_rtx3090_per_s"] == 5655.039608763452
    missing = {name: int(np.isnan(values).sum()) for name, values in table.metrics.items() if np.isnan(values).any()}
    assert set(missing) == {f"throughput_{device}_per_s" for device in ("rtx3090", "tpuv2", "tpuv3")}
    assert missing["throughput_tpuv2_per_s"] == 37


def test_rows_are_in_the_order_of_numbers_and_metrics_in_our_units(tmp_path):
    table = read_file(tmp_path, archive([record(k) for k in range(12)]))
    assert len(table) == 12
    np.testing.assert_allclose(table.mean("validation_accuracy"), [0.5 + k / 1000 for k in range(12)])
    assert table.signal == table.target == "validation_accuracy"
    assert {metric_of(name).unit for name in table.metrics} == {"fraction", "s", "count", "ms", "images/s"}
    assert all(metric_of(name).maximise for name in table.metrics if "throughput" in name)
    write_table(table, tmp_path / "a.parquet")
    assert (read_table(tmp_path / "a.parquet").encoding == table.encoding).all()


def test_what_was_not_measured_is_missing_and_what_lacks_a_latency_left_out(tmp_path):
    records = [record(k) for k in range(3)]
    records[0] = changed(0, "platform_perf.throughput_tpuv2.throughput_mean", None)
    records[1] = changed(1, "platform_perf.latency_vck190.latency_mean", None)
    table = read_file(tmp_path, archive(records))
    assert np.isnan(table.mean("throughput_tpuv2_per_s")).tolist() == [True, False]
    assert table.provenance["without_latency"] == 1
    write_table(table, tmp_path / "a.parquet")
    assert np.isnan(read_table(tmp_path / "a.parquet").mean("throughput_tpuv2_per_s")).tolist() == [True, False]


def test_the_first_training_of_an_architecture_counts(tmp_path):
    again = record(5) | {"architecture": record(1)["architecture"]}
    table = read_file(tmp_path, archive([record(0), record(1), again]))
    np.testing.assert_allclose(table.mean("validation_accuracy"), [0.5, 0.501])
    assert "left out are 1 of an architecture that was trained before (0.40 points apart" in table.provenance["note"]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (
            "metrics.val_top1",
            -1.0,
            r"result_1\.json: metrics.val_top1 is -1.0; expected a number above 0 and up to 100",
        ),
        ("metrics.val_top1", 101, "metrics.val_top1 is 101; expected a number above 0 and up to 100"),
        ("metrics.train_time", float("nan"), "metrics.train_time is nan; expected a number above 0"),
        ("model_info.params", True, "model_info.params is True; expected int or float"),
        ("metrics.val_top5", KeyError, r"result_1\.json: has no metrics.val_top5"),
        (
            "platform_perf.latency_zcu102.latency_mean",
            -2.5,
            "latency_zcu102.latency_mean is -2.5; expected a number above",
        ),
        ("platform_perf.latency_zcu102.latency_mean", "4 ms", "latency_mean is '4 ms'; expected int or float or null"),
        ("platform_perf.throughput_a100", KeyError, "has no platform_perf.throughput_a100.throughput_mean"),
        ("architecture.block3_k", 7, "kernel of stage 3 is 7; expected one of 3, 5"),
        ("architecture.block3_l", 4, "layers of stage 3 is 4; expected one of 1, 2, 3"),
        ("architecture.block0_se", 1, "architecture.block0_se is 1; expected bool"),
        ("architecture", [], "has no architecture.block0_e"),
    ],
)
def test_a_file_that_breaks_the_format_is_named(tmp_path, key, value, said):
    with pytest.raises(FormatError, match=said):
        read_file(tmp_path, archive([record(0), changed(1, key, value)]))


def test_archives_that_are_none_are_named(tmp_path):
    whole = archive([record(k) for k in range(40)])
    for data in (b"", b"<html>", whole[:600], gzip.compress(b"x" * 2000)):
        with pytest.raises(
            FormatError, match=r"a\.tar\.gz: not a whole \.tar\.gz archive .* fetch it anew|holds no files"
        ):
            read_file(tmp_path, data)
    with pytest.raises(FormatError, match="no such file"):
        read("accel-nasbench", tmp_path / "absent.tar.gz")
    with pytest.raises(FormatError, match="more than 67,108,864 bytes when unpacked"):
        read_file(tmp_path, gzip.compress(bytes(2**26 + 1)))
    with pytest.raises(FormatError, match="no architecture has both latencies"):
        read_file(tmp_path, archive([changed(0, "platform_perf.latency_zcu102.latency_mean", None)]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "x/readme.txt"}, r"holds 'x/readme.txt' of 4 bytes; expected files result_<number>\.json"),
        ({"name": "x/result_1.json", "type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "holds 'x/result_1.json'"),
        ({"name": "result_0.json"}, "result_0.json is there twice"),
    ],
)
def test_other_members_are_refused(tmp_path, change, said):
    member = tarfile.TarInfo()
    member.size = 4
    for key, value in change.items():
        setattr(member, key, value)
    with pytest.raises(FormatError, match=said):
        read_file(tmp_path, archive([record(0)], [(member, io.BytesIO(b"null"))]))
