import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import neural_predictor
from neural_predictor.errors import ArchitectureError, PredictorError, RankingError, UserError
from neural_predictor.ranking import readers, scratch
from neural_predictor.ranking.rank import ADDED, rank_files
from neural_predictor.ranking.score import Options, maker

ROOT = Path(__file__).parents[3]


@pytest.fixture
def files(made, architectures, labels, tmp_path):
    """Files of a form: architectures 0 to 99 for training, 90 to 299 and the first of them again as candidates."""

    def write(form, columns=None):
        candidates = [*architectures[90:], architectures[90]]
        columns = columns or {"id": [f"n{k}" for k in range(len(candidates))]}
        train = made.write_architectures(tmp_path / f"train.{form}", architectures[:100], {"label": labels[:100]})
        return train, made.write_architectures(tmp_path / f"candidates.{form}", candidates, columns)

    return write


def read(path):
    if path.name.endswith(".parquet"):
        return pq.read_table(path).to_pandas()
    return pd.read_json(path, lines=True) if "jsonl" in path.name else pd.read_csv(path, dtype={"adjacency": str})


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("output", ["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"])
def test_candidates_are_ranked_from_any_form_into_any_form(made, files, tmp_path, form, output):
    report = rank_files(*files(form), tmp_path / f"ranked.{output}", make=made.Ridge)
    found = read(tmp_path / f"ranked.{output}")
    assert list(found.columns[-5:]) == list(ADDED)
    assert found["rank"].tolist() == list(range(1, 212))
    assert found["score"].is_monotonic_decreasing
    assert sorted(found["id"]) == sorted(f"n{k}" for k in range(211))
    assert (found["score_low"] < found["score"]).all()
    assert (found["score"] < found["score_high"]).all()
    assert set(found.loc[found["in_training"], "id"]) >= {f"n{k}" for k in (*range(10), 210)}
    scores = found.set_index("id")["score"]
    assert scores["n0"] == scores["n210"]
    assert found["id"].tolist().index("n0") < found["id"].tolist().index("n210")
    assert "100 training architectures" not in report  # some of them are equal
    assert "211 candidates, 5 operations: conv1x1, conv3x3, input, output, pool" in report
    assert "training rows repeat the architecture of an earlier row" in report
    assert "candidates are training architectures" in report


def test_a_ranked_file_can_be_ranked_again_once_its_columns_are_renamed(made, files, tmp_path):
    train, candidates = files("jsonl")
    rank_files(train, candidates, tmp_path / "first.csv", make=made.Ridge)
    found = pd.read_csv(tmp_path / "first.csv").rename(columns={name: f"old_{name}" for name in ADDED})
    found.to_csv(tmp_path / "again.csv", index=False)
    rank_files(train, tmp_path / "again.csv", tmp_path / "second.parquet", make=made.Ridge)
    again = pq.read_table(tmp_path / "second.parquet").to_pandas()
    np.testing.assert_allclose(again["score"], again["old_score"].astype(float))


def test_files_and_arrays_and_chunks_give_the_same_ranking(made, files, architectures, labels, tmp_path, monkeypatch):
    train, candidates = files("csv")
    rank_files(train, candidates, tmp_path / "whole.parquet", make=made.Ridge)
    whole = read(tmp_path / "whole.parquet")
    monkeypatch.setattr(readers, "CHUNK_ROWS", 7)
    monkeypatch.setattr(scratch, "BLOCK_ROWS", 5)
    monkeypatch.setattr(scratch, "BLOCK_ENTRIES", 1)
    monkeypatch.setattr(scratch, "BLOCK_BYTES", 1000)
    rank_files(train, candidates, tmp_path / "pieces.parquet", make=made.Ridge)
    pieces = read(tmp_path / "pieces.parquet")
    assert pieces["id"].tolist() == whole["id"].tolist()
    np.testing.assert_allclose(pieces[["score", "score_low"]], whole[["score", "score_low"]])

    def arrays(architecture):
        operations, edges = architecture
        matrix = np.zeros((len(operations),) * 2, int)
        for start, end in edges:
            matrix[start, end] = 1
        return matrix, operations

    found = neural_predictor.rank(
        [arrays(architecture) for architecture in architectures[:100]],
        labels[:100],
        [arrays(architecture) for architecture in [*architectures[90:], architectures[90]]],
        make=made.Ridge,
    )
    assert [f"n{k}" for k in found.table["candidate"]] == whole["id"].tolist()
    np.testing.assert_allclose(found.table["score"], whole["score"])
    np.testing.assert_allclose(found.table["score_high"], whole["score_high"])
    assert found.table["in_training"].tolist() == whole["in_training"].tolist()
    assert str(found.tau) in str(found)


def test_minimised_labels_are_their_own_negatives_maximised(made, architectures, labels, tmp_path):
    candidates = made.write_architectures(tmp_path / "c.csv", architectures[100:])
    loss = made.write_architectures(
        tmp_path / "loss.csv", architectures[:100], {"loss": [-label for label in labels[:100]]}
    )
    gain = made.write_architectures(tmp_path / "gain.csv", architectures[:100], {"label": labels[:100]})
    rank_files(
        loss, candidates, tmp_path / "a.csv", label="loss", options=Options(minimise=True, top=50), make=made.Ridge
    )
    rank_files(gain, candidates, tmp_path / "b.csv", options=Options(top=50), make=made.Ridge)
    minimised, maximised = read(tmp_path / "a.csv"), read(tmp_path / "b.csv")
    assert len(minimised) == 50
    assert minimised["adjacency"].tolist() == maximised["adjacency"].tolist()
    assert minimised["score"].is_monotonic_increasing
    np.testing.assert_allclose(minimised["score"], -maximised["score"])
    np.testing.assert_allclose(minimised["score_low"], -maximised["score_high"])


def test_operations_that_no_training_architecture_has_are_counted_and_ranked(made, architectures, labels, tmp_path):
    train = made.write_architectures(tmp_path / "t.csv", architectures[:50], {"label": labels[:50]})
    new = [(["input", "gelu", "output"], [[0, 1], [1, 2]]), (["input", *["pool"] * 9, "gelu"], [[0, 10]])]
    candidates = made.write_architectures(tmp_path / "c.csv", [*architectures[50:80], *new])
    report = rank_files(train, candidates, tmp_path / "r.csv", make=made.Ridge)
    assert "operation 'gelu' of 2 candidates is in no training architecture" in report
    assert "1 candidates have more nodes than any training architecture" in report
    assert "32 candidates, 6 operations: conv1x1, conv3x3, gelu, input, output, pool" in report
    assert read(tmp_path / "r.csv")["operations"].str.contains("gelu").sum() == 2


def test_other_columns_are_carried_through_as_they_are(made, files, tmp_path):
    values = ["007", "1.50", "", "NA", 'say "x"', "a,b", "é", "1e3"]
    columns = {"note": (values * 30)[:211], "edges": ["9"] * 211}
    rank_files(*files("csv", columns), tmp_path / "r.csv", make=made.Ridge)
    found = pd.read_csv(tmp_path / "r.csv", dtype=str, keep_default_na=False)
    assert sorted(found["note"]) == sorted(columns["note"])
    columns = {"n": list(range(211)), "x": [0.5, None] * 105 + [1.0], "flag": [True] * 211}
    rank_files(*files("jsonl", columns), tmp_path / "r.jsonl", make=made.Ridge)
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    originals = [json.loads(line) for line in (tmp_path / "candidates.jsonl").read_text().splitlines()]
    by_number = sorted(lines, key=lambda line: line["n"])
    assert [{name: line[name] for name in originals[0]} for line in by_number] == originals
    rank_files(*files("parquet", columns), tmp_path / "r.parquet", make=made.Ridge)
    assert pq.read_schema(tmp_path / "r.parquet").types[:5] == pq.read_schema(tmp_path / "candidates.parquet").types


def test_equal_inputs_give_equal_bytes(made, files, tmp_path):
    train, candidates = files("csv")
    for name in ("a.csv.gz", "b.csv.gz"):
        rank_files(train, candidates, tmp_path / name, make=made.Ridge)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()).startswith(b"adjacency,operations,id,score,rank,")


def test_a_fault_while_writing_leaves_what_was_there(made, files, tmp_path, monkeypatch):
    train, candidates = files("csv")
    output = tmp_path / "ranked.csv"
    output.write_text("before")

    def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(readers.CsvReader, "restore", broken)
    with pytest.raises(RuntimeError):
        rank_files(train, candidates, output, make=made.Ridge)
    assert output.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["candidates.csv", "ranked.csv", "train.csv"]


class Graph:
    """As much of networkx.DiGraph as is used."""

    def __init__(self, nodes, edges, directed=True):
        self._nodes, self._edges, self._directed = nodes, edges, directed

    def is_directed(self):
        return self._directed

    def nodes(self, data):
        assert data
        return self._nodes.items()

    def edges(self):
        return self._edges


def as_graph(architecture, names="abcdefg"):
    operations, edges = architecture
    nodes = {names[k]: {"operation": operation} for k, operation in enumerate(operations)}
    return Graph(nodes, [(names[start], names[end]) for start, end in edges])


def test_directed_graphs_are_ranked_as_arrays_are(made, architectures, labels):
    train, rest = architectures[:80], architectures[80:120]
    found = neural_predictor.rank(
        [as_graph(n) for n in train], labels[:80], [as_graph(n) for n in rest], make=made.Ridge
    )

    def arrays(architecture):
        matrix = np.zeros((len(architecture[0]),) * 2)
        matrix[tuple(np.array(architecture[1], int).reshape(-1, 2).T)] = 1
        return matrix, architecture[0]

    other = neural_predictor.rank(
        [arrays(n) for n in train], labels[:80], [arrays(n) for n in rest], make=made.Ridge, learning_curve=False
    )
    pd.testing.assert_frame_equal(found.table, other.table)
    assert found.curve is not None
    assert next(iter(found.curve.points)) == found.curve.twice // 8
    assert other.curve is None


@pytest.mark.parametrize(
    ("architecture", "said"),
    [
        (3, r"candidates\[1\]: 3 is no architecture; allowed are pairs"),
        ((np.zeros((2, 3)), ["a", "b"]), r"candidates\[1\], adjacency: array.* has the shape \(2, 3\)"),
        ((np.zeros((2, 2)), ["a"]), "is a matrix of 2 nodes, but the row names 1 operations"),
        ((np.full((2, 2), 0.5), ["a", "b"]), "holds other values than 0 and 1"),
        ((np.ones((2, 2)), ["a", "b"]), "node 0 has an edge to itself"),
        (Graph({"x": {}}, []), "node 'x' has no attribute 'operation'"),
        (Graph({"x": {"operation": "a"}}, [], directed=False), "edges have no direction"),
    ],
)
def test_architectures_in_python_that_are_none(made, architectures, labels, architecture, said):
    train = [as_graph(n) for n in architectures[:30]]
    with pytest.raises(ArchitectureError, match=said):
        neural_predictor.rank(train, labels[:30], [train[0], architecture], make=made.Ridge)


def test_labels_in_python_that_fit_no_architectures(made, architectures, labels):
    train = [as_graph(n) for n in architectures[:30]]
    for wrong, said in (
        (labels[:29], r"labels have the shape \(29,\)"),
        ([np.nan, *labels[1:30]], r"train, column label: no finite number in \[0\]"),
    ):
        with pytest.raises(UserError, match=said):
            neural_predictor.rank(train, wrong, train, make=made.Ridge)
    with pytest.raises(RankingError, match="candidates: no architecture; expected some"):
        neural_predictor.rank(train, labels[:30], [], make=made.Ridge)


def test_importing_the_package_does_not_import_tensorflow():
    code = "import sys, neural_predictor, neural_predictor.cli.app; from neural_predictor import rank; "
    code += "print(callable(rank), 'tensorflow' in sys.modules, 'keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False"]
    with pytest.raises(AttributeError, match="no attribute 'rang'"):
        neural_predictor.rang  # noqa: B018


def test_an_unknown_predictor_is_refused_with_those_there_are():
    with pytest.raises(PredictorError, match=r"unknown predictor 'bset'; known are best, paper"):
        maker("bset", 1)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_command_ranks(files, tmp_path, form):
    train, candidates = files(form)
    command = [sys.executable, "-m", "neural_predictor", "rank", "--train", train, "--candidates", candidates]
    command += ["--output", f"ranked.{form}", "--predictor", "xgboost", "--top", "7", "--threads", "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert "Kendall tau in cross-validation" in done.stdout
    assert f"Wrote ranked.{form} in" in done.stdout
    assert len(read(tmp_path / f"ranked.{form}")) == 7
    wrong = subprocess.run([*command, "--label", "x"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("neural-predictor: ")
    assert "no column x" in wrong.stderr


@pytest.mark.shared_data
def test_real_cells_are_ranked(made, shared_data, tmp_path):
    path = shared_data / "nasbench101_val_15k.csv.gz"
    everything = pd.read_csv(path, dtype=str)
    everything.sample(172, random_state=0).to_csv(tmp_path / "train.csv", index=False)
    report = rank_files(
        tmp_path / "train.csv", path, tmp_path / "ranked.csv", label="val_acc_108_max3", make=made.Ridge
    )
    found = pd.read_csv(tmp_path / "ranked.csv", dtype=str)
    pd.testing.assert_frame_equal(
        found[list(everything.columns)].sort_values("module_hash", ignore_index=True),
        everything.sort_values("module_hash", ignore_index=True),
    )
    assert (found["in_training"] == "true").sum() == 172
    assert "172 training architectures, 15,058 candidates, 5 operations" in report
