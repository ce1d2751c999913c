"""Altered raw files of benchmarks, and altered tables."""

import base64
import gzip
import json
import pickle
import struct
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from hostile_files import altered_parquet, altered_zip, gzipped
from hostile_guard import Format, check, formats
from hostile_mutations import altered_bytes, altered_json, altered_protobuf

from neural_predictor.spaces.nasbench101.space import NasBench101Space
from neural_predictor.tables import accel_nasbench, nasbench_graph
from neural_predictor.tables.nasbench101 import reader as nasbench101
from neural_predictor.tables.nasbench101.records import parse
from neural_predictor.tables.nasbench101.tfrecord import frame, read_batches
from neural_predictor.tables.nasbench_nlp import reader as nasbench_nlp
from neural_predictor.tables.pickles import NUMPY_SCALARS, read_pickle
from neural_predictor.tables.table import BenchmarkTable, read_table, write_table
from support.accel_nasbench import archive
from support.accel_nasbench import record as accel_record

CELL = ("010001000", "input,conv3x3-bn-relu,output")
RECIPE = {"f": {"op": "linear", "input": ["x", "h_prev_0"]}, "h_new_0": {"op": "activation_tanh", "input": ["f"]}}
OTHER = RECIPE | {"h_new_0": {"op": "activation_sigm", "input": ["f"]}}
TABLE = BenchmarkTable(
    name="nasbench-graph-proteins",
    space="nasbench-graph",
    architecture=np.array(["a", "b", "c"], object),
    encoding=np.arange(12, dtype=np.uint8).reshape(3, 4),
    metrics={
        "validation_accuracy": np.array([[0.5, 0.25], [0.5, np.nan], [1, 0]], np.float32),
        "test_accuracy": np.array([[0.5, 0.25], [0.5, np.nan], [1, 0]], np.float32),
        "trainable_parameters": np.array([[1], [2], [3]]),
    },
    provenance={"source": "x", "note": "y", "records": 3},
)

CHAINS = archive([accel_record(k) for k in range(3)])


def message():
    """The metrics of one run, made up."""
    block = b"".join(struct.pack("<Bd", tag, 0.5) for tag in (9, 17, 25, 33, 41))
    return (b"\n-" + block) * 3 + b"\x10\x87\x01" + struct.pack("<Bd", 25, 10.0)


def record(encoded):
    space = NasBench101Space()
    digest = space.identify(space.from_matrices([CELL[0]], [CELL[1]]))[0]
    return [digest, 108, *CELL, encoded]


ROW = record(base64.b64encode(message()).decode())


def framed(data):
    return frame(data[: 2**20])


def with_message(data):
    return framed(json.dumps(record(base64.encodebytes(data).decode())).encode())


def with_base64(data):
    return framed(json.dumps(record(data.decode("latin-1"))).encode())


def log(recipe, last):
    losses = np.linspace(7, last, 50).round(3).tolist()
    return {
        "data": "data/ptb",
        "recepie": json.dumps(recipe),
        "num_params": 1000,
        "status": "OK",
        "wall_times": [2.0] * 50,
        "train_losses": losses,
        "val_losses": losses,
        "test_losses": losses,
    }


LOGS = [log(RECIPE, 5), log(OTHER, 5.5)]
EXTRACT = {
    "recepie": RECIPE,
    "num_params": 1000,
    "status": "OK",
    "num_epochs": 50,
    "final_val_loss": 5.0,
    "final_test_loss": 4.9,
    "total_wall_time_s": 100.0,
}


def lines(*texts):
    return "".join(f"{text}\n" for text in texts).encode("utf-8", "surrogatepass")


def read_101(path):
    nasbench101.read("nasbench101", path)


def read_frames(path):
    for batch in read_batches(path):
        parse(batch)


def read_nlp(path):
    nasbench_nlp.read("nasbench-nlp", path)


def read_proteins(path):
    nasbench_graph.read("nasbench-graph-proteins", path)


def read_accel(path):
    accel_nasbench.read("accel-nasbench", path)


def small_pickle():
    """In the notation of NumPy 1, as the benchmark's files are."""
    data = pickle.dumps({k: {"perf": 0.5, "para": np.float64(k), "valid_perf": 1.0} for k in range(9)}, protocol=3)
    return data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def table_bytes(tmp_path_factory=None):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.parquet"
        write_table(TABLE, path)
        return path.read_bytes()


def arrow_table():
    import io

    import pyarrow.parquet as pq

    return pq.read_table(io.BytesIO(table_bytes()))


ABOUT = json.loads(arrow_table().schema.metadata[b"neural_predictor"])
ZIPPED = {f"log_stats_model_{k}_1_x.json": json.dumps(log).encode() for k, log in enumerate(LOGS)}


def zip_of(entries):
    import io
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file.getvalue()


def proteins():
    return (Path(find_spec("nas_bench_graph").submodule_search_locations[0]) / "light/proteins.bench").read_bytes()


@formats(
    Format("TFRecord, frames", "a.tfrecord", framed(json.dumps(ROW).encode()), read_frames,
           altered_bytes(framed(json.dumps(ROW).encode()) * 3)),
    Format("TFRecord, JSON", "a.tfrecord", framed(json.dumps(ROW).encode()), read_101,
           altered_json(ROW, lambda text: framed(text.encode("utf-8", "surrogatepass")))),
    Format("TFRecord, base64", "a.tfrecord", framed(json.dumps(ROW).encode()), read_frames,
           altered_bytes(base64.b64encode(message())).map(with_base64)),
    Format("TFRecord, protocol buffer", "a.tfrecord", framed(json.dumps(ROW).encode()), read_101,
           altered_protobuf(message()).map(with_message)),
    Format("pickle, NAS-Bench-Graph", "proteins.bench", proteins(), read_proteins, altered_bytes(proteins())),
    Format("pickle, opcodes", "a.bench", small_pickle(), lambda path: read_pickle(path, NUMPY_SCALARS),
           altered_bytes(small_pickle())),
    Format("JSON lines, NAS-Bench-NLP", "a.jsonl", lines(json.dumps(EXTRACT)), read_nlp, altered_json(EXTRACT, lines)),
    Format("JSON log, NAS-Bench-NLP", "a.jsonl", lines(json.dumps(LOGS[0])), read_nlp, altered_json(LOGS[0], lines)),
    Format("JSON recipe, NAS-Bench-NLP", "a.jsonl", lines(json.dumps(LOGS[0])), read_nlp,
           altered_json(RECIPE, lambda text: lines(json.dumps(LOGS[0] | {"recepie": text})))),
    Format("gzip, NAS-Bench-NLP", "a.jsonl.gz", gzipped(lines(json.dumps(EXTRACT))), read_nlp,
           altered_bytes(gzipped(lines(json.dumps(EXTRACT))))),
    Format("zip, NAS-Bench-NLP", "a.zip", zip_of(ZIPPED), read_nlp, altered_zip(ZIPPED)),
    Format("JSON, Accel-NASBench", "a.tar.gz", CHAINS, read_accel,
           altered_json(accel_record(0), lambda text: archive([text]))),
    Format("tar, Accel-NASBench", "a.tar.gz", CHAINS, read_accel, altered_bytes(gzip.decompress(CHAINS)).map(gzipped)),
    Format("gzip, Accel-NASBench", "a.tar.gz", CHAINS, read_accel, altered_bytes(CHAINS)),
    Format("Parquet, benchmark", "a.parquet", table_bytes(), read_table,
           altered_parquet(arrow_table(), {b"neural_predictor": ABOUT})),
)  # fmt: skip
def test_altered(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check(form, tmp_path)
