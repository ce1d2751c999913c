"""Speed and memory of the NAS-Bench-101 reader, beside a straightforward one, over a synthetic file.

The file has the official format and size, and made-up numbers: all 423,624 cells of the space, three runs each.
It lies in a temporary folder and is removed at the end. Each measurement is a process of its own; time and
memory count from after the imports on. The straightforward reader works as the official API does, record by
record with `tf.data`, `json`, a generated protocol buffer class and dictionaries, over the first records only.

The last line printed is a JSON object: `ratio` is its time a record over ours, `memory_ratio` the same for memory
(median over the rounds), and the raw numbers follow. With fewer `--records` ours looks worse: what it sets up
once weighs more, and it must hash the cells of a file that does not have all of them.

    python bench/read_nasbench101.py [--records 1270872] [--part 60000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

CELLS = 423_624
REPEATS = 3
EPOCHS = 108
IMAGES = 9984
"""Images on which the benchmark measures an accuracy: a multiple of its batch size."""


def write_synthetic(path: Path, records: int) -> None:
    """Write an official-format file of made-up runs, the cells in the order of their hashes."""
    from neural_predictor.spaces.nasbench101.space import NasBench101Space
    from neural_predictor.tables.nasbench101.tfrecord import frame

    rng = np.random.default_rng(0)
    space = NasBench101Space()
    codes = space.sample(records // REPEATS, rng)
    hashes = space.identify(codes)
    matrices, operations = space.to_columns(codes)
    with path.open("wb") as file:
        for cell in np.argsort(hashes):
            parameters = int(rng.integers(200_000, 50_000_000))
            for message in _made_up_messages(rng, parameters):
                metrics = base64.encodebytes(message).decode()
                row = [hashes[cell], EPOCHS, matrices[cell], operations[cell], metrics]
                file.write(frame(json.dumps(row).encode()))


def _made_up_messages(rng: np.random.Generator, parameters: int) -> list[bytes]:
    """Serialised ModelMetrics of the runs of one cell."""
    numbers = np.empty((REPEATS, 3, 5))
    numbers[:, :, 0] = 0, EPOCHS / 2, EPOCHS
    seconds = rng.integers(500_000, 5_000_000) / 1e3 + rng.normal(0, 3, size=(REPEATS, 1))
    numbers[:, :, 1] = np.round(seconds * (0, 0.5, 1), 3)
    numbers[:, :, 2:] = rng.integers(IMAGES // 2, IMAGES, size=(REPEATS, 3, 3)) / IMAGES
    numbers = numbers.astype(np.float32).astype(np.float64)
    blocks = np.zeros((REPEATS, 3, 47), np.uint8)
    blocks[:, :, 0], blocks[:, :, 1] = 0x0A, 45
    fields = blocks[:, :, 2:].reshape(REPEATS, 3, 5, 9)
    fields[..., 0] = 0x09, 0x11, 0x19, 0x21, 0x29
    fields[..., 1:] = numbers[..., None].view(np.uint8)
    blocks[:, :, 2:] = fields.reshape(REPEATS, 3, 45)
    varint = [parameters >> shift & 0x7F | 0x80 for shift in range(0, parameters.bit_length(), 7)]
    varint[-1] &= 0x7F
    total = (seconds * 1.3 + rng.random((REPEATS, 1))).view(np.uint8)
    return [blocks[run].tobytes() + bytes([0x10, *varint, 0x19]) + total[run].tobytes() for run in range(REPEATS)]


def memory_bytes(key: str) -> int:
    """Of this process: `VmRSS` now, `VmHWM` at the most."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except FileNotFoundError:  # not Linux: the most is all there is, in bytes on macOS
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key + ":"))


def forget_peak() -> None:
    """Let the highest memory count from now on, where the system can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def measure_ours(path: Path, _: int) -> dict[str, float]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from neural_predictor.tables.nasbench101.reader import convert_nasbench101
    from neural_predictor.tables.table import read_table

    output = path.with_suffix(".parquet")
    pq.write_table(pa.table({"warm": [1]}), output, compression="zstd")  # what Arrow sets up once is not counted
    forget_peak()
    before, start = memory_bytes("VmRSS"), time.perf_counter()
    table = convert_nasbench101(path, output)
    seconds = time.perf_counter() - start
    peak, records = memory_bytes("VmHWM"), table.provenance["records"]
    del table
    start = time.perf_counter()
    read_table(output)
    return {
        "records": records,
        "seconds": seconds,
        "bytes": peak - before,
        "peak_bytes": peak,
        "parquet_bytes": output.stat().st_size,
        "reopen_seconds": time.perf_counter() - start,
    }


def measure_straightforward(path: Path, part: int) -> dict[str, float]:
    import tensorflow as tf

    metrics_class = _model_metrics_class()
    cells: dict[str, dict[str, Any]] = {}
    next(iter(tf.data.TFRecordDataset(str(path)).take(1)))  # what TensorFlow sets up once is not counted
    forget_peak()
    before, start = memory_bytes("VmRSS"), time.perf_counter()
    for record in tf.data.TFRecordDataset(str(path)).take(part).as_numpy_iterator():
        digest, epochs, digits, operations, encoded = json.loads(record.decode("utf-8"))
        metrics = metrics_class.FromString(base64.b64decode(encoded))
        side = int(np.sqrt(len(digits)))
        adjacency = np.array([int(digit) for digit in digits], np.int8).reshape(side, side)
        if digest not in cells:
            cells[digest] = {
                "adjacency": adjacency,
                "operations": operations.split(","),
                "trainable_parameters": metrics.trainable_parameters,
                "runs": {},
            }
        run = {}
        for name, evaluation in zip(("half", "final"), metrics.evaluation_data[1:], strict=True):
            run[f"{name}_training_time"] = evaluation.training_time
            run[f"{name}_train_accuracy"] = evaluation.train_accuracy
            run[f"{name}_validation_accuracy"] = evaluation.validation_accuracy
            run[f"{name}_test_accuracy"] = evaluation.test_accuracy
        cells[digest]["runs"].setdefault(epochs, []).append(run)
    seconds = time.perf_counter() - start
    return {
        "records": sum(len(runs) for cell in cells.values() for runs in cell["runs"].values()),
        "seconds": seconds,
        "bytes": memory_bytes("VmHWM") - before,
        "peak_bytes": memory_bytes("VmHWM"),
    }


def _model_metrics_class() -> Any:
    """The class that `protoc` generates from the benchmark's model_metrics.proto."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="model_metrics.proto", package="bench", syntax="proto2")
    outer, inner = file.message_type.add(name="ModelMetrics"), file.message_type.add(name="EvaluationData")
    outer.field.add(
        name="evaluation_data", number=1, label=kind.LABEL_REPEATED, type=kind.TYPE_MESSAGE,
        type_name=".bench.EvaluationData",
    )  # fmt: skip
    outer.field.add(name="trainable_parameters", number=2, label=kind.LABEL_OPTIONAL, type=kind.TYPE_INT32)
    outer.field.add(name="total_time", number=3, label=kind.LABEL_OPTIONAL, type=kind.TYPE_DOUBLE)
    names = ("current_epoch", "training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
    for number, name in enumerate(names, start=1):
        inner.field.add(name=name, number=number, label=kind.LABEL_OPTIONAL, type=kind.TYPE_DOUBLE)
    inner.field.add(name="checkpoint_path", number=6, label=kind.LABEL_OPTIONAL, type=kind.TYPE_STRING)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("bench.ModelMetrics"))


MEASUREMENTS = {"ours": measure_ours, "straightforward": measure_straightforward}


def in_a_process(what: str, path: Path, part: int) -> dict[str, float]:
    """One measurement, in a fresh process."""
    command = [sys.executable, __file__, "--measure", what, "--file", str(path), "--part", str(part)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    print(f"{what}: {json.dumps(result)}", flush=True)
    return result


def per_record(results: list[dict[str, float]], key: str) -> float:
    return median(result[key] / result["records"] for result in results)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=CELLS * REPEATS)
    parser.add_argument("--part", type=int, default=60_000, help="records that the straightforward reader reads")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", choices=MEASUREMENTS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(MEASUREMENTS[options.measure](options.file, options.part)))
        return
    with tempfile.TemporaryDirectory(prefix="synthetic-nasbench101-") as folder:
        path = Path(folder) / "synthetic.tfrecord"
        start = time.perf_counter()
        write_synthetic(path, options.records)
        size = path.stat().st_size
        print(f"synthetic file: {size} bytes, made in {time.perf_counter() - start:.0f} s", flush=True)
        results: dict[str, list[dict[str, float]]] = {what: [] for what in MEASUREMENTS}
        for _ in range(options.rounds):
            for what, measured in results.items():
                measured.append(in_a_process(what, path, options.part))
    ours, other = results["ours"], results["straightforward"]
    summary = {
        "ratio": round(per_record(other, "seconds") / per_record(ours, "seconds"), 2),
        "memory_ratio": round(per_record(other, "bytes") / per_record(ours, "bytes"), 2),
        "file_bytes": size,
        **results,
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
