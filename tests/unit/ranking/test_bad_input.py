"""Every fault of a file is one message that says where and what, and nothing is written."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neural_predictor.errors import UserError
from neural_predictor.ranking.rank import rank_files
from neural_predictor.ranking.score import Options

CELL = "0110100001000000010000000101000001000000010000000"
SEVEN = '"input,a,b,a,b,a,output"'


@pytest.fixture
def refused(made, architectures, labels, tmp_path):
    """Rank with a row, a line or a whole file put in place of a good one; gives the message."""
    made.write_architectures(tmp_path / "train.csv", architectures[:40], {"label": labels[:40]})
    made.write_architectures(tmp_path / "candidates.csv", architectures[40:60])

    def run(train=None, candidates=None, output="ranked.csv", options=None, **how):
        train, candidates = tmp_path / (train or "train.csv"), tmp_path / (candidates or "candidates.csv")
        before = sorted(tmp_path.iterdir())
        with pytest.raises(UserError) as caught:
            rank_files(train, candidates, tmp_path / output, options=options, **{"make": made.Ridge} | how)
        assert sorted(tmp_path.iterdir()) == before
        return str(caught.value)

    return run


def put(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    return name


@pytest.mark.parametrize(
    ("adjacency", "operations", "said"),
    [
        (
            "010",
            '"a,b"',
            "row 2 (line 3), adjacency: '010' has 3 digits, which is no square matrix; 2 operations need 4",
        ),
        (
            "010001000",
            '"a,b"',
            "is a matrix of 3 nodes, but the row names 2 operations; allowed is one operation a node",
        ),
        ("", '"a,b"', "row 2 (line 3), edges: there are none, and no adjacency; allowed is a row such as"),
        (" NaN ", '"a,b"', "there are none, and no adjacency"),
        ("0200", '"a,b"', "row 2 (line 3), adjacency: '0200' has the symbol '2'; allowed are 0 and 1"),
        ("01é0", '"a,b"', "has the symbol 'é'"),
        ("1100", '"a,b"', "node 0 has an edge to itself; allowed are edges between different nodes"),
        ("010001100", '"a,b,c"', "nodes 0 -> 1 -> 2 -> 0 (the first is 0) are a cycle"),
        ("0100", '"a,"', "row 2 (line 3), operations: 'a,' has no name for node 1; allowed is one name a node"),
        ("0100", "", "row 2 (line 3), operations: '' names no operation"),
        ("0" * 201**2, '"' + ",".join("a" * 201) + '"', "has 201 nodes; allowed is one name a node, 1 to 200 of them"),
        ("100", '"a,b"', "with 1 zeros in front it is a matrix: a spreadsheet took the text for a number and dropped"),
        ("1000", '"a,b,c"', "has 4 digits, but 3 operations need 9, and with 5 zeros in front it is a matrix"),
        (CELL.lstrip("0"), SEVEN, "48 digits, but 7 operations need 49, and with 1 zeros in front it is a matrix"),
        (
            "1.01E+20",
            SEVEN,
            "row 2 (line 3), adjacency: '1.01E+20': a spreadsheet took the text for a number and kept only",
        ),
        ("1,001e20", SEVEN, "import the column as text, or write JSON lines with edges"),
        ("0", '"a,b,c"', "has 1 digits, but 3 operations need 9, and with 8 zeros in front it is a matrix"),
        ("[[0]]", '"a,b"', "'[[0]]' is a matrix of 1 nodes, but the row names 2 operations"),
    ],
)
@pytest.mark.parametrize("which", ["train", "candidates"])
def test_a_row_that_is_no_graph(refused, tmp_path, which, adjacency, operations, said):
    quoted = f'"{adjacency}"'
    rows = f'adjacency,operations,label\n0100,"a,b",1\n{quoted},{operations},2\n'
    message = refused(**{which: put(tmp_path, "bad.csv", rows)})
    assert f"{tmp_path / 'bad.csv'}, row 2 (line 3), " in message
    assert said in message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"operations": ["a", "b"], "edges": [[0, 2]]}', "edge [0, 2] names a node that is not there; the row has 2"),
        ('{"operations": ["a", "b"], "edges": [[-1, 0]]}', "so nodes 0 to 1 are allowed"),
        ('{"operations": ["a", "b"], "edges": [[1, 1]]}', "line 3, edges: node 1 has an edge to itself"),
        ('{"operations": ["a", "b"], "edges": [[0, 1], [1, 0]]}', "nodes 0 -> 1 -> 0 (the first is 0) are a cycle"),
        ('{"operations": ["a", "b"], "edges": [[0, 1, 2]]}', "[0, 1, 2] is no edge; allowed is a pair [from, to]"),
        ('{"operations": ["a", "b"], "edges": [[0, true]]}', "[0, True] is no edge"),
        ('{"operations": ["a", "b"], "edges": [["a", "b"]]}', "['a', 'b'] is no edge"),
        ('{"operations": ["a", "b"], "edges": null}', "edges: there are none, and no adjacency; allowed"),
        (
            '{"operations": ["a", "b"], "adjacency": 100}',
            "line 3, adjacency: 100 is no text and no matrix; allowed is the matrix as a text of 0 and 1",
        ),
        (
            '{"operations": [["a"], "b"], "edges": []}',
            "line 3, operations: [['a'], 'b'] has ['a'] of type list for the name of node 0",
        ),
        ('{"operations": [], "edges": []}', "[] names no operation"),
        ('{"operations": {"a": 1}, "edges": []}', "is no list of names"),
        ('{"edges": [[0, 1]], "id": 3}', "line 3: no field operations; the line has edges, id"),
        ('{"operations": ["a", "b"]}', "line 3: no field edges (or adjacency); the line has operations"),
        ('{"operations": ["a", "b"], "edges"', 'line 3: \'{"operations": ["a", "b"], "edges"\' is not JSON'),
        (r'{"operations": ["a", "b"], "edges": [[0, 1]], "\ud800": 1}', "line 3: a name or value is no text"),
        ("[1, 2]", "line 3: '[1, 2]' is no object; allowed is one a line, such as"),
    ],
)
def test_a_line_that_is_no_graph(refused, tmp_path, line, said):
    good = '{"operations": ["a", "b"], "edges": [[0, 1]]}'
    message = refused(candidates=put(tmp_path, "bad.jsonl", f"{good}\n\n{line}\n"))
    assert f"{tmp_path / 'bad.jsonl'}, line 3" in message
    assert said in message


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            ["", "nan", "3", "inf", *"123456789"],
            "column label: no finite number in row 1 (line 2), row 2 (line 3), row 4 (line 5); every",
        ),
        (
            ["1"] * 5 + ["0.9x"] + ["2"] * 6,
            "row 6 (line 7), label: '0.9x' is no number; allowed are numbers such as 0.931",
        ),
        (
            ["0,93"] + ["1"] * 11,
            "row 1 (line 2), label: '0,93' is no number; allowed are numbers such as 0.931, with a point",
        ),
        (["0.1"] * 12, "all labels are 0.1; nothing can be learnt from labels that are equal"),
        (list("123456789"), "9 training architectures; at least 10 are needed"),
        ([""] * 12, "row 9 (line 10), row 10 (line 11) and 2 more"),
    ],
)
def test_labels_from_which_nothing_can_be_learnt(made, architectures, refused, tmp_path, values, said):
    distinct = list(
        {
            made.matrix_text(*architecture) + str(architecture[0]): architecture for architecture in architectures
        }.values()
    )
    made.write_architectures(tmp_path / "bad.csv", distinct[: len(values)], {"label": values})
    message = refused(train="bad.csv")
    assert str(tmp_path / "bad.csv") in message
    assert said in message


def test_one_architecture_again_and_again_is_one_architecture(refused, tmp_path):
    rows = "".join(f'0100,"a,b",{label}\n' for label in range(12))
    message = refused(train=put(tmp_path, "bad.csv", f"adjacency,operations,label\n{rows}"))
    assert (
        "1 training architectures (12 rows, 11 of an architecture that stands there already); at least 10 are needed"
        in message
    )


@pytest.mark.parametrize("label", [None, True, [1], "x"])
def test_labels_of_json_lines_are_numbers(refused, tmp_path, label):
    rows = [{"operations": ["a", "b"], "edges": [[0, 1]], "label": 1}] * 2
    rows.append(rows[0] | {"label": label})
    message = refused(train=put(tmp_path, "bad.jsonl", "".join(json.dumps(row) + "\n" for row in rows)))
    assert "line 3" in message


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bad.csv", b"", "empty; expected a header and one row an architecture"),
        ("bad.csv", b"adjacency,operations\n", "empty: a header, but no row"),
        (
            "bad.csv",
            b"matrix,ops,id\n1,2,3\n",
            "no column adjacency (or edges), operations; the file has matrix, ops, id",
        ),
        ("bad.csv", b"adjacency,operations,x,x\n", "more than one column x; allowed is one of each name"),
        ("bad.csv", b"adjacency,operations\n0100,a,b\n", "line 2: 3 values; the header names 2 columns"),
        ("bad.csv", b'adjacency,operations,score\n0100,"a,b",1\n', "has a column score, which a ranking adds; rename"),
        ("bad.csv", b'adjacency,operations,rank,in_training\n0100,"a,b",1,1\n', "has a column rank, in_training"),
        ("bad.csv", "adjacency,operations\né".encode("latin-1"), "not text in UTF-8"),
        ("bad.csv", b'adjacency,operations\n0100,"a,b', "line 2: not CSV (unexpected end of data)"),
        (
            "bad.csv",
            b"# mine\nadjacency,operations\n0100,a\n",
            "no column adjacency (or edges), operations; the file has # mine",
        ),
        (
            "bad.csv",
            "adjacency,operations".encode("utf-16-le"),
            "not text in UTF-8 (it holds zero bytes); save it in UTF-8",
        ),
        ("bad.jsonl", b'{\n"operations": []}', "line 1: '{' is not JSON"),
        ("bad.csv", b"PAR1", "a Parquet file; give it the extension .parquet"),
        ("bad.csv", b"PK\x03\x04", "a zip archive or a spreadsheet (.xlsx); save the table as CSV"),
        (
            "bad.csv",
            b"adjacency operations label\n0100 a,b 1\n",
            "columns are separated by commas, semicolons, tabs, vertical bars",
        ),
        (
            "bad.csv",
            b'{"operations": ["a"], "edges": []}\n',
            "JSON, not CSV; lines with an object each have the extension .jsonl",
        ),
        ("bad.jsonl", b"\n\n", "empty; expected one JSON object a line"),
        ("bad.jsonl", b"[" * 100_000, "is not JSON"),
        ("bad.csv.gz", b"no gzip", "no column adjacency (or edges), operations; the file has no gzip"),
        ("bad.jsonl.gz", gzip.compress(b"{}" * 1000, mtime=0)[:-8], "not a whole gzip file"),
        ("bad.csv.gz", gzip.compress(b"adjacency" * 1000, mtime=0)[:30], "not a whole gzip file"),
        ("bad.parquet", b"no parquet", "not a whole Parquet file"),
        ("bad.txt", b"", "unknown extension; allowed are .csv, .csv.gz, .tsv, .tsv.gz, .jsonl,"),
        ("bad.parquet.gz", b"", "unknown extension"),
    ],
)
def test_a_file_that_is_not_of_its_form(refused, tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    message = refused(candidates=name)
    assert str(tmp_path / name) in message
    assert said in message


def test_a_parquet_file_that_is_empty_or_has_numbers_for_matrices(refused, tmp_path):
    pq.write_table(pa.table({"adjacency": pa.array([], pa.string()), "operations": []}), tmp_path / "bad.parquet")
    assert "empty: columns, but no row" in refused(candidates="bad.parquet")
    pq.write_table(pa.table({"adjacency": [100], "operations": ["a,b"]}), tmp_path / "bad.parquet")
    assert "row 1, adjacency: 100 is no text and no matrix; allowed is" in refused(candidates="bad.parquet")


def test_a_label_column_that_is_not_there(refused, tmp_path):
    message = refused(label="accuracy")
    assert "train.csv: no column accuracy; the file has adjacency, operations, label" in message
    assert "--label" in message
    line = '{"operations": ["a", "b"], "edges": [[0, 1]], "loss": 1}\n'
    assert "t.jsonl: no field label; the lines have operations, edges, loss" in refused(
        train=put(tmp_path, "t.jsonl", line)
    )


def test_a_label_column_that_says_the_architecture(refused):
    assert "row 1 (line 2), operations: " in refused(label="operations")
    assert "all labels are" not in refused(label="operations")


def test_files_that_are_not_there_or_would_be_replaced(refused, tmp_path):
    assert "absent.csv: no such file" in refused(candidates="absent.csv")
    assert "absent.csv: no such file" in refused(train="absent.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "folder.csv: a folder, not a file" in refused(candidates="folder.csv")
    assert "candidates.csv: the output would replace a file that is read" in refused(output="candidates.csv")
    assert "ranked.xlsx: unknown extension" in refused(output="ranked.xlsx")


def test_options_out_of_range(refused):
    assert "top is 21, but there are 20 candidates; allowed are numbers from 1 to 20" in refused(
        options=Options(top=21)
    )
    with pytest.raises(UserError, match="top is 0"):
        Options(top=0)
    with pytest.raises(UserError, match="seed is -1"):
        Options(seed=-1)
