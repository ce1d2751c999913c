import os
import pickle
from importlib.util import find_spec
from pathlib import Path

import pytest

from neural_predictor.errors import FormatError
from neural_predictor.tables.benchmarks import BENCHMARKS
from neural_predictor.tables.nasbench_graph import read

LIGHT = Path(find_spec("nas_bench_graph").submodule_search_locations[0]) / "light"
PROTEINS = "nasbench-graph-proteins"


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name.startswith("nasbench-graph-")])
def test_all_nine_data_sets_read_whole(name):
    table = read(name, LIGHT / f"{name.rpartition('-')[2]}.bench")
    assert len(table) == BENCHMARKS[name].size
    assert table.repeats == 1
    assert table.maximise


def test_values_are_those_of_the_file():
    with (LIGHT / "cs.bench").open("rb") as file:
        bench = pickle.load(file)
    table = read("nasbench-graph-cs", LIGHT / "cs.bench")
    for row in (0, 1_000, 26_205):
        fields = bench[int(table.architecture[row])]
        assert table.metrics["validation_accuracy"][row, 0] == fields["valid_perf"]
        assert table.metrics["test_accuracy"][row, 0] == fields["perf"]
        assert table.metrics["latency_ms"][row, 0] == pytest.approx(1e3 * fields["latency"])
        assert table.metrics["trainable_parameters"][row, 0] == pytest.approx(1e6 * fields["para"])


def test_a_pickle_that_asks_for_code_is_refused_before_it_runs(tmp_path):
    class Attack:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    path = tmp_path / "evil.bench"
    path.write_bytes(pickle.dumps({1: Attack()}))
    with pytest.raises(FormatError, match=r"asks for (posix|nt)\.system, which is not data; nothing was run"):
        read(PROTEINS, path)
    assert not (tmp_path / "ran").exists()


def test_a_pickle_that_asks_for_memory_is_refused_before_it_gets_any(tmp_path):
    path = tmp_path / "proteins.bench"
    path.write_bytes(b"\x80\x03}r\xff\xff\xff\x7f.")  # a place in the memo that would take 16 GiB
    with pytest.raises(FormatError, match=r"byte 3: LONG_BINPUT 2147483647 in a file of 9 bytes"):
        read(PROTEINS, path)
    path.write_bytes(b"\x80\x05\x96\xff\xff\xff\xff\x02\x00\x00\x00.")
    with pytest.raises(FormatError, match=r"not a readable pickle|BYTEARRAY8 has no place"):
        read(PROTEINS, path)


def test_truncated_and_foreign_files_are_named(tmp_path):
    path = tmp_path / "proteins.bench"
    path.write_bytes((LIGHT / "proteins.bench").read_bytes()[:10_000])
    with pytest.raises(FormatError, match=r"proteins\.bench: not a readable pickle"):
        read(PROTEINS, path)
    path.write_text("<!DOCTYPE html>")
    with pytest.raises(FormatError, match="not a readable pickle"):
        read(PROTEINS, path)
    with pytest.raises(FormatError, match=r"absent\.bench"):
        read(PROTEINS, tmp_path / "absent.bench")
    path.write_bytes(pickle.dumps({1: {}}))
    with pytest.raises(FormatError, match=r"expected a dict of the 2021 architectures .* found 1 keys"):
        read(PROTEINS, path)


def test_a_row_without_a_number_is_named(tmp_path):
    with (LIGHT / "proteins.bench").open("rb") as file:
        bench = pickle.load(file)
    bench = {key: {name: float(value) for name, value in fields.items()} for key, fields in bench.items()}
    bench[1111] = {"valid_perf": 0.5, "perf": "high"}
    path = tmp_path / "proteins.bench"
    path.write_bytes(pickle.dumps(bench))
    with pytest.raises(FormatError, match="architecture 1111 holds"):
        read(PROTEINS, path)
