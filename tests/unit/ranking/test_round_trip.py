"""What a ranking writes is read again, row for row, in every form."""

import csv
import io
import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from neural_predictor.io.csv_files import CsvWriter
from neural_predictor.ranking.architectures import ArchitectureFile, read_all
from neural_predictor.ranking.cells import Vocabulary
from neural_predictor.ranking.forms import form_of
from neural_predictor.ranking.rank import rank_files
from neural_predictor.ranking.readers import open_reader
from neural_predictor.ranking.score import Options
from neural_predictor.ranking.writers import write_blocks

few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
texts = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["\r", "a\rb", "\r\n", '"', "\ufeff", ";", "\u2028"]
)
FORMS = ("csv", "csv.gz", "tsv", "jsonl", "jsonl.gz", "parquet")


def restored(path):
    reader = open_reader(path)
    tables = [chunk.kept for chunk in reader.chunks([])]
    return reader.restore(pa.Table.from_batches(tables))


@few
@given(notes=st.lists(texts, min_size=1, max_size=4), name=texts.filter(lambda name: bool(name.strip())))
@example(notes=["50%\r100%", "a\nb", "", ' "x" '], name="log\r")
@example(notes=[""], name="\0")
def test_any_text_in_a_carried_column_is_read_back(tmp_path, notes, name):
    table = pa.table({"operations": [["a", "b,c"]] * len(notes), "edges": [[[0, 1]]] * len(notes), f"x{name}": notes})
    for form in FORMS:
        path = tmp_path / f"a.{form}"
        write_blocks(path, form_of(path), [table.slice(0, 1), table.slice(1)])
        found = restored(path)
        assert found.column_names == table.column_names, form
        assert found.column(2).to_pylist() == notes, form
        cells = read_all(ArchitectureFile(path), Vocabulary()).cells
        assert cells.adjacency[:, 0, 1].tolist() == [1] * len(notes)


@few
@given(rows=st.lists(st.lists(texts, min_size=2, max_size=2), min_size=1, max_size=4))
def test_written_csv_is_read_by_csv_and_pandas(rows):
    file = io.StringIO()
    CsvWriter(file).rows([["a", "b"], *rows])
    assert list(csv.reader(io.StringIO(file.getvalue(), newline=""))) == [["a", "b"], *rows]
    if not any("\0" in text for row in rows for text in row):  # pandas ends a text there
        found = pd.read_csv(io.StringIO(file.getvalue(), newline=""), dtype=str, keep_default_na=False)
        assert len(found) == sum(any(row) for row in rows) or ["", ""] in rows


@pytest.mark.parametrize("form", FORMS)
def test_a_ranked_file_is_read_as_training_file(made, architectures, labels, tmp_path, form):
    train = made.write_architectures(tmp_path / "t.jsonl", architectures[:40], {"label": labels[:40]})
    mixed = [
        {"operations": operations, "edges": edges, "log": log}
        if k % 3
        else {"operations": ",".join(operations), "adjacency": made.matrix_text(operations, edges), "edges": len(edges)}
        for k, ((operations, edges), log) in enumerate(
            zip(architectures[40:80], ["a\rb", None, 3.5, True, ["x"], {"y": [1]}, "é\u2028"] * 6, strict=False)
        )
    ]
    candidates = tmp_path / "c.jsonl"
    candidates.write_text("".join(json.dumps(row) + "\n" for row in mixed))
    output = tmp_path / f"ranked.{form}"
    rank_files(train, candidates, output, make=made.Ridge, options=Options(curve=False))
    vocabulary = Vocabulary()
    first = read_all(ArchitectureFile(candidates), vocabulary)
    again = read_all(ArchitectureFile(output), vocabulary, ["score", "rank"])
    assert sorted(again.identities.tolist()) == sorted(first.identities.tolist())
    assert again.numbers["rank"].tolist() == list(range(1, 41))
    rank_files(output, candidates, tmp_path / "b.csv", label="score", make=made.Ridge, options=Options(curve=False))
    assert len(pd.read_csv(tmp_path / "b.csv")) == 40


def test_columns_without_a_name_are_carried_and_said(made, architectures, labels, tmp_path):
    train = made.write_architectures(tmp_path / "t.csv", architectures[:40], {"label": labels[:40]})
    candidates = tmp_path / "c.csv"
    candidates.write_text(
        ',adjacency,operations,,column_4, \n7,0100,"input,pool",x,y,z\n,,,,,\n8,0100,"pool,output",,,,,\n'
    )
    for form in FORMS:
        report = rank_files(train, candidates, tmp_path / f"r.{form}", make=made.Ridge, options=Options(curve=False))
        assert f"{candidates}: columns without a name are carried as column_1, column_4_, column_6" in report
        found = restored(tmp_path / f"r.{form}").slice(0).to_pylist()
        assert sorted((row["column_1"], row["column_4_"], row["column_4"], row["column_6"]) for row in found) == [
            ("7", "x", "y", "z"),
            ("8", "", "", ""),
        ]


def test_a_value_wider_than_the_limit_of_csv_is_carried(tmp_path):
    wide = "0.1," * 100_000
    with (tmp_path / "a.csv").open("w", newline="") as file:
        CsvWriter(file).rows([["adjacency", "operations", "curve"], ["0100", "a,b", wide], ["0100", "a,b", wide]])
    assert restored(tmp_path / "a.csv").column("curve").to_pylist() == [wide] * 2
    pq.write_table(restored(tmp_path / "a.csv"), tmp_path / "a.parquet")
    assert len(read_all(ArchitectureFile(tmp_path / "a.parquet"), Vocabulary())) == 2
