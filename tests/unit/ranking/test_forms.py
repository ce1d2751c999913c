"""Every form says the same: one table of values, each tried as CSV, TSV, JSON lines, Parquet and Python's objects."""

import csv
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neural_predictor.errors import UserError
from neural_predictor.ranking.architectures import ArchitectureFile, read_all
from neural_predictor.ranking.cells import Vocabulary
from neural_predictor.ranking.python_objects import ArchitectureList

NAMES = ["in", "a", "c", "out"]
EDGES = [[0, 1], [1, 2], [1, 3], [2, 3]]
MATRIX = [[0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
DIGITS = "0100001100010000"
LINKS = [{"source": start, "target": end} for start, end in EDGES]
NODES = [{"id": place, "operation": name} for place, name in enumerate(NAMES)]
GOOD = {"operations": NAMES, "edges": EDGES}
FORMS = ("csv", "tsv", "jsonl", "parquet", "python")
ABSENT = object()
NAN = float("nan")


def cell(value):
    """A value as a text, where a form has no other."""
    if value is None or value != value:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def column(values):
    """Values as a column of Parquet: of their own type, or as texts where they have no common one."""
    values = [None if value is ABSENT else value for value in values]
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError):
        return pa.array([None if value is None else cell(value) for value in values], pa.string())


def source(tmp_path, form, rows):
    """A source of rows, dicts of values of which some may be absent."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = {name: [row.get(name, ABSENT) for row in rows] for name in columns}
    rows = [{name: value for name, value in row.items() if value is not ABSENT} for row in rows]
    path = tmp_path / f"a.{form}"
    if form == "python":
        labels = [row.get("label") for row in rows] if "label" in columns else None
        return ArchitectureList("a", rows, "operation", labels)
    if form == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif form == "parquet":
        pq.write_table(pa.table({name: column(values) for name, values in table.items()}), path)
    else:
        with path.open("w", newline="") as file:
            writer = csv.writer(file, delimiter="\t" if form == "tsv" else ",")
            writer.writerow(columns)
            writer.writerows([cell(row.get(name)) for name in columns] for row in rows)
    return ArchitectureFile(path)


def read(tmp_path, form, rows, named=()):
    return read_all(source(tmp_path, form, rows), Vocabulary(), named)


def architectures(found, vocabulary):
    names = list(vocabulary.numbers)
    return [
        ([names[kind] for kind in kinds if kind >= 0], np.argwhere(matrix).tolist())
        for kinds, matrix in zip(found.cells.kinds, found.cells.adjacency, strict=True)
    ]


SAME = {
    "list": {},
    "commas": {"operations": "in,a,c,out"},
    "commas and spaces": {"operations": " in , a, c,out "},
    "text of a list": {"operations": "['in', 'a', 'c', 'out']"},
    "text of a list in lines": {"operations": "['in',\n 'a',\n 'c', 'out',]"},
    "text of a tuple": {"operations": "('in', 'a', 'c', 'out')"},
    "JSON": {"operations": '["in", "a","c", "out"]'},
    "text of an array": {"operations": "['in' 'a' 'c' 'out']"},
    "text of an array in lines": {"operations": "['in' 'a'\n 'c' 'out']"},
    "repr of an array": {"operations": "array(['in', 'a', 'c', 'out'], dtype='<U3')"},
    "repr of a list of NumPy's texts": {"operations": repr(list(np.array(NAMES)))},
    "text of a pandas array": {"operations": repr(pd.array(NAMES, dtype="string"))},
    "text of an index": {"operations": repr(pd.Index(NAMES))},
    "names without quotes in brackets": {"operations": "[in, a, c, out]"},
    "digits": {"adjacency": DIGITS, "edges": ABSENT},
    "digits and null edges": {"adjacency": DIGITS, "edges": None},
    "digits and a number of edges": {"adjacency": DIGITS, "edges": 4},
    "digits and a number of edges as text": {"adjacency": DIGITS, "edges": "4"},
    "digits and the same edges": {"adjacency": DIGITS, "edges": EDGES[::-1]},
    "digits and a list that is of no edges": {"adjacency": DIGITS, "edges": ["skip", "conv"]},
    "null digits": {"adjacency": None},
    "empty digits": {"adjacency": ""},
    "digits that are missing by a word": {"adjacency": "NaN"},
    "a NaN": {"adjacency": NAN},
    "rows of a matrix": {"adjacency": MATRIX, "edges": ABSENT},
    "rows of a matrix of 0. and 1.": {"adjacency": [[float(x) for x in row] for row in MATRIX], "edges": ABSENT},
    "rows as texts": {"adjacency": [DIGITS[k : k + 4] for k in range(0, 16, 4)], "edges": ABSENT},
    "one row of a matrix": {"adjacency": [x for row in MATRIX for x in row], "edges": ABSENT},
    "text of a matrix": {"adjacency": str(np.array(MATRIX)), "edges": ABSENT},
    "repr of a matrix": {"adjacency": repr(np.array(MATRIX)), "edges": ABSENT},
    "text of rows": {"adjacency": str(MATRIX), "edges": None},
    "text of truth values": {"adjacency": str(np.array(MATRIX, bool)), "edges": None},
    "text of edges": {"edges": str([tuple(edge) for edge in EDGES])},
    "text of an array of edges": {"edges": str(np.array(EDGES))},
    "edges as objects": {"edges": LINKS},
    "node-link": {"operations": ABSENT, "edges": ABSENT, "nodes": NODES, "links": LINKS, "directed": True},
    "node-link, edges": {"operations": ABSENT, "edges": LINKS, "nodes": NODES, "multigraph": False},
    "node-link within a field": {"operations": ABSENT, "edges": ABSENT, "graph": {"nodes": NODES, "links": LINKS}},
    "null beside node-link": {"operations": None, "edges": None, "nodes": NODES, "links": LINKS},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fields", SAME.values(), ids=SAME)
def test_one_architecture_said_in_many_ways(tmp_path, form, fields):
    vocabulary = Vocabulary()
    found = read_all(source(tmp_path, form, [GOOD, GOOD | fields, GOOD]), vocabulary)
    assert architectures(found, vocabulary) == [(NAMES, EDGES)] * 3
    assert len(np.unique(found.identities)) == 1


REFUSED = {
    "a list that does not end": (
        {"operations": "['in', 'a', 'c', 'out'"},
        "operations: \"['in', 'a', 'c', 'out'\" is in",
    ),
    "a set": ({"operations": "{'in', 'a', 'c', 'out'}"}, "is in brackets or quotes, but no list of names"),
    "an array that is cut": ({"operations": "['in' 'a' ... 'out']"}, "is in brackets or quotes, but no list of names"),
    "commas and none": ({"operations": "['in', 'a' 'c', 'out']"}, "is in brackets or quotes, but no list of names"),
    "quotes without brackets": ({"operations": "'in','a','c','out'"}, "is in brackets or quotes, but no list of names"),
    "a quote within": ({"operations": "in,'a','c',out"}, "has the name \"'a'\", with a quote"),
    "a part of a list": (
        {"operations": "c(in,a,c,out)"},
        "has the name 'c(in', with a quote, a bracket or a line break",
    ),
    "a name with a comma": ({"operations": "in,conv(3,3),out"}, "has the name 'conv(3', with a quote, a bracket"),
    "an array of PostgreSQL": ({"operations": "{in,a,c,out}"}, "is in brackets or quotes, but no list of names"),
    "None in a list": ({"operations": "['in', None, 'c', 'out']"}, "has None of type NoneType for the name of node 1"),
    "null in a list": ({"operations": ["in", None, "c", "out"]}, "has None of type NoneType for the name of node 1"),
    "numbers": ({"operations": [0, 1, 2, 3]}, "has 0 of type int for the name of node 0, which is no text"),
    "an object": ({"operations": {"0": "in"}}, "operations: "),
    "an empty name": ({"operations": ["in", " ", "c", "out"]}, "has no name for node 1"),
    "no operations": ({"operations": None}, "operations: "),
    "no edges": ({"edges": None, "adjacency": None}, "edges: there are none, and no adjacency"),
    "an edge twice": ({"edges": [*EDGES, [0, 1]]}, "edge [0, 1] stands there 2 times; parallel edges cannot be told"),
    "an entry 2": ({"adjacency": [[0, 2, 0, 0], *MATRIX[1:]]}, "holds 2: parallel edges cannot be told from one"),
    "a digit 2": ({"adjacency": "02" + DIGITS[2:]}, "has the symbol '2'; allowed are 0 and 1"),
    "an entry .5": ({"adjacency": [[0, 0.5, 0, 0], *MATRIX[1:]]}, "holds other values than 0 and 1"),
    "a null entry": ({"adjacency": [[0, None, 0, 0], *MATRIX[1:]]}, "holds other values than 0 and 1"),
    "a triangle": ({"adjacency": [[1, 0, 0], [1, 1], [1], []]}, "is no square matrix: its rows are not equally long"),
    "too small a matrix": ({"adjacency": [[0, 1], [0, 0]]}, "is a matrix of 2 nodes, but the row names 4 operations"),
    "other edges": (
        {"adjacency": DIGITS, "edges": EDGES[:3]},
        "are other edges than those of adjacency; keep the right",
    ),
    "edges from 1 on": ({"adjacency": DIGITS, "edges": [[i + 1, j + 1] for i, j in EDGES]}, "edge [2, 4] names a node"),
    "an undirected graph": (
        {"operations": ABSENT, "edges": ABSENT, "nodes": NODES, "links": LINKS, "directed": False},
        "directed: a graph whose edges have no direction",
    ),
    "a node without an operation": (
        {"operations": ABSENT, "edges": ABSENT, "nodes": [*NODES[:3], {"id": 3}], "links": LINKS},
        "nodes: node 3 has no operation",
    ),
    "a string of NAS-Bench-201": (
        {"operations": "|nor_conv_3x3~0|+|none~0|skip_connect~1|"},
        "is a NAS-Bench-201 string, whose operations stand on edges; make each operation a node, such as {",
    ),
    "a genotype": ({"operations": "Genotype(normal=[('sep_conv_3x3', 0)])"}, "is a DARTS genotype"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("fields", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_architecture_is_refused_in_every_form(tmp_path, form, fields, said):
    with pytest.raises(UserError) as caught:
        read(tmp_path, form, [GOOD, GOOD | fields])
    place = {"jsonl": "line 2", "python": "a[1]"}.get(form, "row 2")
    assert place in str(caught.value)
    assert said in str(caught.value)


LABELS = {"number": 0.9, "text": "0.9", "spaces": " 0.9 ", "power": "9e-1"}
NO_LABELS = {"null": None, "NaN": NAN, "nothing": "", "NA": "NA", "nan": "nan", "None": "None", "infinite": "inf"}
BAD_LABELS = {"percent": "90%", "comma": "0,9", "underscore": "1_0", "truth": True, "list": [0.9], "unit": "3 ms"}


@pytest.mark.parametrize("form", FORMS)
def test_labels_are_the_same_numbers_in_every_form(tmp_path, form):
    rows = [GOOD | {"label": value} for value in (*LABELS.values(), *NO_LABELS.values())]
    found = read(tmp_path, form, rows, ["label"]).numbers["label"]
    np.testing.assert_array_equal(found, [0.9] * len(LABELS) + [np.nan] * (len(NO_LABELS) - 1) + [np.inf])
    for name, value in BAD_LABELS.items():
        with pytest.raises(UserError, match=r"label: .* is no number; allowed are numbers such as 0\.931"):
            read(tmp_path, form, [GOOD | {"label": "1"}, GOOD | {"label": value}], ["label"]), name


@pytest.mark.parametrize("form", FORMS)
def test_a_column_of_numbers_may_be_missing_in_some_rows_but_not_in_all(tmp_path, form):
    rows = [GOOD | {"label": 1.0, "cost": 2.5}, GOOD | {"label": 2.0, "cost": None}]
    if form != "python":
        np.testing.assert_array_equal(read(tmp_path, form, rows, ["label", "cost"]).numbers["cost"], [2.5, np.nan])
        with pytest.raises(UserError, match=r"no (column|field) latency; the (file has|lines have) operations, edges"):
            read(tmp_path, form, rows, ["label", "latency"])


@pytest.mark.parametrize("form", FORMS)
def test_names_of_columns_may_have_spaces_and_capitals(tmp_path, form):
    rows = [{" Operations": NAMES, "EDGES ": EDGES, "Nodes": 4, " Label": 1.0}]
    if form == "python":
        rows = [{" Operations": NAMES, "EDGES ": EDGES, "label": 1.0}]
    assert read(tmp_path, form, rows, ["label"]).numbers["label"].tolist() == [1.0]
    with pytest.raises(UserError, match="'operations', 'Operations' are all the same name; keep one"):
        read(tmp_path, form, [{"operations": NAMES, "Operations": NAMES, "edges": EDGES}])
