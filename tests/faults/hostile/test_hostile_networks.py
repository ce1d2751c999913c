"""Altered files of networks: what `rank`, `identify` and the replication's pairs read."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
from hostile_files import altered_parquet, gzipped, parquet
from hostile_guard import Format, check, formats, refusal
from hostile_mutations import altered_bytes, altered_csv, altered_json, table_text

from neural_predictor.children.imported import import_children
from neural_predictor.ranking.architectures import ArchitectureFile
from neural_predictor.ranking.cells import Vocabulary
from neural_predictor.ranking.scratch import Scratch
from neural_predictor.ranking.training import read_training
from neural_predictor.spaces.files import identify_csv

EDGES = ([[0, 1], [1, 2], [2, 3]], [[0, 1], [0, 2], [1, 3], [2, 3]], [[0, 2], [2, 1], [1, 3]])
NETWORKS = [
    {"operations": ["input", f"conv{k}", "pool", "output"], "edges": EDGES[k % 3], "label": k / 20, "name": f"n{k}"}
    for k in range(12)
]


def matrix(network):
    size = len(network["operations"])
    return "".join("1" if [i, j] in network["edges"] else "0" for i in range(size) for j in range(size))


ROWS = [
    ["adjacency", "operations", "label", "name"],
    *([matrix(one), ",".join(one["operations"]), str(one["label"]), one["name"]] for one in NETWORKS),
]
LINES = "".join(json.dumps(network) + "\n" for network in NETWORKS).encode()
TABLE = pa.table(
    {
        "operations": [one["operations"] for one in NETWORKS],
        "edges": pa.array([one["edges"] for one in NETWORKS], pa.list_(pa.list_(pa.int64()))),
        "label": [one["label"] for one in NETWORKS],
        "name": [one["name"] for one in NETWORKS],
    }
)
PAIRS = [
    ["dataset", "arch", "val_acc", "test_acc"],
    ["cifar100", "0000000000000000000000", "0.5", "0.0"],
    ["cifar100", "0123450000000000600000", "0.25", "0.1"],
    ["caltech", "0000000000000000000001", "0.5", "0.0"],
]
CELLS = [
    ["adjacency", "operations", "note"],
    ["010001000", "input,conv3x3-bn-relu,output", "x"],
    ["0100", "input,output", "y"],
]
CHOSEN = [["architecture", "predicted"], ["-".join("0" * 22), "0.5"]]


def read_networks(path):
    """All that a ranking does with both of its files, but for the fits."""
    try:
        read_training(ArchitectureFile(path), "label", Vocabulary())
    finally:
        source = ArchitectureFile(path)
        scratch = Scratch(path.with_name("candidates.arrow"))
        for part in source.chunks(Vocabulary()):
            scratch.append(part)
        scratch.close()
        table = source.restore(scratch.kept(scratch.sizes.argsort(kind="stable")))
        pq.write_table(table, path.with_name("ranked.parquet"))


def one_line(text):
    return LINES + text.encode("utf-8", "surrogatepass") + b"\n"


def identify(path):
    with path.with_name("identified.csv").open("wb") as out:
        identify_csv(path, "nasbench101", out)


def utf8(text):
    return text.encode("utf-8", "surrogatepass")


@formats(
    Format("CSV, rank", "a.csv", table_text(ROWS).encode(), read_networks, altered_csv(ROWS)),
    Format("CSV and gzip, rank", "a.csv.gz", gzipped(table_text(ROWS).encode()), read_networks,
           altered_csv(ROWS, lambda text: gzipped(text.encode()))),
    Format("JSON lines, rank", "a.jsonl", LINES, read_networks,
           altered_json(NETWORKS[5] | {"more": {"a": [1, None]}}, one_line)),
    Format("JSON lines and gzip, rank", "a.jsonl.gz", gzipped(LINES), read_networks, altered_bytes(gzipped(LINES))),
    Format("Parquet, rank", "a.parquet", parquet(TABLE), read_networks, altered_parquet(TABLE)),
    Format("CSV, identify", "a.csv", table_text(CELLS).encode(), identify, altered_csv(CELLS)),
    Format("CSV, the replication's pairs", "a.csv", table_text(PAIRS).encode(), import_children, altered_csv(PAIRS)),
    Format("gzip, the replication's pairs", "a.csv.gz", gzipped(table_text(PAIRS).encode()), import_children,
           altered_bytes(gzipped(table_text(PAIRS).encode()))),
)  # fmt: skip
def test_altered(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check(form, tmp_path)


def test_every_byte_of_a_parquet_footer(tmp_path):
    """Arrow's own accessors end the process for some footers."""
    data, path = parquet(TABLE), tmp_path / "a.parquet"
    size = int.from_bytes(data[-8:-4], "little") + 8
    for place in range(len(data) - size, len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :])
        refusal(read_networks, path)
