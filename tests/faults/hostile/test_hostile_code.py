"""Files that would run code, leave their folder, or unpack to more than memory holds: refused, and nothing happens."""

import base64
import gzip
import io
import json
import os
import pickle
import shutil
import stat
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile_files import npz
from hostile_guard import refusal

from neural_predictor.children.imported import import_children
from neural_predictor.config.yaml_files import read_yaml
from neural_predictor.fits.files import group_fits
from neural_predictor.images.arrays import read_arrays
from neural_predictor.images.small import load_small
from neural_predictor.predictors.keras_gcn import load_gcn
from neural_predictor.ranking.architectures import ArchitectureFile
from neural_predictor.ranking.cells import Vocabulary
from neural_predictor.ranking.training import read_training
from neural_predictor.spaces.nasbench101.space import NasBench101Space
from neural_predictor.tables import nasbench_graph
from neural_predictor.tables.nasbench101 import reader as nasbench101
from neural_predictor.tables.nasbench101.tfrecord import _length_checksum, frame
from neural_predictor.tables.nasbench_nlp import reader as nasbench_nlp
from neural_predictor.tables.pickles import NUMPY_SCALARS, read_pickle
from neural_predictor.tables.table import read_table

ZEROS = 2**29
"""Bytes that a bomb holds; packed, a thousandth of it."""


class Touch:
    def __reduce__(self):
        return os.system, ("touch ran",)


class Evaluate:
    def __reduce__(self):
        return eval, ("open('ran', 'w')",)


@pytest.fixture(autouse=True)
def nothing_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / "ran").exists()


@pytest.fixture(scope="module")
def bomb():
    """gzip of zeros without an end of line, in parts, so that making it takes no memory either."""
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1) as packed:
        for _ in range(ZEROS // 2**24):
            packed.write(b"0" * 2**24)
    return file.getvalue()


def read_networks(path):
    read_training(ArchitectureFile(path), "label", Vocabulary())


@pytest.mark.parametrize("attack", [Touch(), Evaluate(), {1: [Touch()]}], ids=["os.system", "eval", "nested"])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_call_nothing(attack, protocol, tmp_path):
    path = tmp_path / "a.bench"
    path.write_bytes(pickle.dumps(attack, protocol))
    assert refusal(lambda path: nasbench_graph.read("nasbench-graph-proteins", path), path)


@pytest.mark.parametrize(
    "data",
    [
        b"cos\nsystem\n(S'touch ran'\ntR.",
        b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x09touch ran\x85R.",
        b"\x80\x03cnumpy\ndtype\n}(X\x08\x00\x00\x00__init__K\x01ub.",  # a state for the class itself
        b"\x80\x03cnumpy.core.multiarray\nscalar\n}(X\x08\x00\x00\x00__new__xK\x01ub.",
        b"\x80\x03cnumpy\ndtype\nX\x02\x00\x00\x00O8K\x00K\x01\x87R.",
        b"\x80\x02\x82\x01.",  # an extension code
        b"\x80\x02Ppersistent\n.",
        b"\x80\x05\x97.",  # a buffer from outside
        b"\x80\x04" + b"}" * 10**6 + b".",
    ],
    ids=["text", "stack", "class", "scalar", "object", "extension", "persistent", "buffer", "stack depth"],
)
def test_written_pickles_call_nothing(data, tmp_path):
    path = tmp_path / "a.bench"
    path.write_bytes(data)
    said = refusal(lambda path: nasbench_graph.read("nasbench-graph-proteins", path), path)
    assert said
    refusal(lambda path: read_pickle(path, NUMPY_SCALARS), path)
    assert np.dtype("f8").isnative  # types are shared by all of a process


@pytest.mark.parametrize("name", ["predictor", "about", "recipe"])
def test_arrays_of_objects_are_not_unpickled(name, tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(npz({name: np.array([Touch()], object)}))
    assert refusal(lambda path: group_fits([path]), path)
    path.write_bytes(pickle.dumps(Touch()))  # NumPy's own reader takes a plain pickle too
    assert refusal(lambda path: group_fits([path]), path)


def test_decoded_images_with_objects_are_built_anew(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(npz({"about": np.array([Touch()], object)}))
    assert read_arrays("digits", path) is None


@pytest.mark.parametrize("text", ["!!python/object/apply:os.system ['touch ran']", "!!python/object/new:os.system [x]"])
def test_yaml_makes_no_objects(text, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(f"study: {text}")
    assert "python/object" in refusal(read_yaml, path)


def test_the_workflow_runs_nothing_of_its_configuration(tmp_path):
    """Snakemake itself reads config.yaml, and would run what a template holds."""
    root = Path(__file__).parents[3]
    for part in ("workflow", "src", "config"):
        shutil.copytree(root / part, tmp_path / part)
    shutil.copy(root / "Snakefile", tmp_path)
    with (tmp_path / "config/config.yaml").open("a") as file:
        file.write("__use_yte__: true\n__definitions__:\n  - import os\n  - os.system('touch ran')\n")
    command = [sys.executable, "-m", "snakemake", "-n", "all"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "a template with the key __use_yte__ would run the code in it" in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model"])
def test_keras_models_with_code_are_not_made(name, tmp_path):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: __import__("os").system("touch ran") or x)(inputs * 1))
    (tmp_path / "ran").unlink(missing_ok=True)  # building it called it
    saved = tmp_path / ("model.h5" if name == "model.h5" else "saved.keras")
    model.save(saved)
    (tmp_path / "ran").unlink(missing_ok=True)
    path = saved.rename(tmp_path / name)
    assert refusal(load_gcn, path)


@pytest.mark.parametrize(
    "config", ['{"module": "antigravity", "class_name": "Dense", "config": {}}', '{"class_name": "__lambda__"}']
)
def test_keras_models_import_nothing(config, tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("metadata.json", "config.json", "model.weights.h5"):
            archive.writestr(name, config)
    assert "it names" in refusal(load_gcn, path)
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize("name", ["../ran", "/ran", "a/../../ran", "..\\ran", "C:\\ran.json", "link"])
def test_archives_of_logs_write_nothing_and_lead_nowhere(name, tmp_path):
    path = tmp_path / "folder/logs.zip"
    path.parent.mkdir()
    entry = zipfile.ZipInfo(name)
    if name == "link":
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    said = refusal(lambda path: nasbench_nlp.read("nasbench-nlp", path), path)
    assert "leads out" in said or "symbolic link" in said
    assert [file.name for file in tmp_path.rglob("*")] == ["folder", "logs.zip"]


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("a.csv.gz", read_networks),
        ("a.jsonl.gz", read_networks),
        ("a.csv.gz", import_children),
        ("digits.csv.gz", lambda path: load_small("digits", path)),
        ("a.jsonl.gz", lambda path: nasbench_nlp.read("nasbench-nlp", path)),
    ],
    ids=["CSV, rank", "JSON lines, rank", "pairs", "digits", "logs"],
)
def test_gzip_bombs(name, read, bomb, tmp_path):
    path = tmp_path / name
    path.write_bytes(bomb)
    assert refusal(read, path)


def test_zip_bombs(tmp_path):
    path = tmp_path / "a.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.json", "w") as file,
    ):
        for _ in range(ZEROS // 2**24):
            file.write(b" " * 2**24)
    assert refusal(lambda path: nasbench_nlp.read("nasbench-nlp", path), path)


@pytest.mark.parametrize("read", [read_networks, read_table], ids=["rank", "table"])
@pytest.mark.parametrize("kind", ["equal", "dictionary"])
def test_parquet_bombs(read, kind, tmp_path):
    """Equal numbers take no bytes a row; a long text in a dictionary is written out for each row."""
    path = tmp_path / "a.parquet"
    if kind == "equal":
        empty = pa.schema([("operations", pa.int64()), ("edges", pa.int64()), ("label", pa.int64())])
        with pq.ParquetWriter(path, empty, compression="zstd") as writer:
            zeros = pa.array(np.zeros(2**22, np.int64))
            for _ in range(4):
                writer.write_table(pa.table([zeros] * 3, schema=empty), row_group_size=2**22)
    else:
        text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(2000, np.int32)), pa.array(["x" * 2**20]))
        pq.write_table(pa.table({"operations": text, "edges": text, "label": text}), path)
    assert path.stat().st_size < 2**21
    assert refusal(read, path)


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(-1,)", "(4294967296, 4294967296)"])
def test_arrays_larger_than_their_file(shape, tmp_path):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    path = tmp_path / "a.npz"
    path.write_bytes(npz({"predictor": b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()}))
    assert "not those of" in refusal(lambda path: group_fits([path]), path)
    path.write_bytes(npz({"predictor": np.zeros(2**20, np.uint8)}, zipfile.ZIP_DEFLATED))
    assert "compressed" in refusal(lambda path: group_fits([path]), path)


def test_records_longer_than_their_file(tmp_path):
    path = tmp_path / "a.tfrecord"
    for length in (2**63, 2**40, 2**20 + 1):
        path.write_bytes(struct.pack("<QI", length, _length_checksum(length)) + b"x" * 100)
        assert refusal(lambda path: nasbench101.read("nasbench101", path), path)


def test_one_cell_with_endless_runs(tmp_path):
    """A table has room for as many runs of each cell as the one with most of them has."""
    cell = ["010001000", "input,conv3x3-bn-relu,output"]
    space = NasBench101Space()
    (digest,) = space.identify(space.from_matrices(cell[:1], cell[1:]))
    path = tmp_path / "a.tfrecord"
    with path.open("wb") as file:
        for run in range(101):
            block = b"".join(struct.pack("<Bd", tag, 0.5) for tag in (9, 17, 25, 33, 41))
            message = (b"\n-" + block) * 3 + b"\x10\x87\x01" + struct.pack("<Bd", 25, float(run))
            file.write(frame(json.dumps([digest, 108, *cell, base64.b64encode(message).decode()]).encode()))
    said = refusal(lambda path: nasbench101.read("nasbench101", path), path)
    assert "record 101 (byte " in said
    assert "run 101 of 108 epochs" in said


def test_one_large_network_among_many_small_ones(tmp_path):
    """All would be padded to its size."""
    path = tmp_path / "a.csv.gz"
    large = "0" * 200**2 + ',"' + ",".join(["x"] * 200) + '",1\n'
    small = "".join(f'0100,"a{k % 900},b",{k}\n' for k in range(60_000))
    path.write_bytes(gzip.compress(f"adjacency,operations,label\n{large}{small}".encode()))
    assert "do not fit into memory" in refusal(read_networks, path)


def test_the_command_says_it_on_one_screen(tmp_path):
    """Without a traceback, with status 2."""
    path = tmp_path / "a.parquet"
    path.write_bytes(pickle.dumps(Touch()))
    command = [sys.executable, "-m", "neural_predictor", "describe", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert path.name in done.stderr.replace("\n", "")
