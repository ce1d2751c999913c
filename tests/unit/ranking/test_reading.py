import csv
import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neural_predictor.io.lists import is_missing
from neural_predictor.ranking import readers
from neural_predictor.ranking.architectures import ArchitectureFile
from neural_predictor.ranking.cells import Vocabulary
from neural_predictor.ranking.parse import parse
from neural_predictor.ranking.readers import open_reader
from neural_predictor.ranking.row import is_part
from neural_predictor.ranking.training import read_training

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
names = st.text(st.characters(codec="utf-8", exclude_characters=",\r\n\0", exclude_categories=["Cs"]), max_size=8)
names = names.map(str.strip).filter(lambda name: name and not is_missing(name) and not is_part(name))


@st.composite
def architectures_of(draw, most=6):
    """(operations, edges) of a DAG whose nodes are in any order."""
    operations = draw(st.lists(names, min_size=1, max_size=most))
    order = draw(st.permutations(range(len(operations))))
    pairs = [(i, j) for i in range(len(operations)) for j in range(i + 1, len(operations))]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return operations, [[order[i], order[j]] for i, j in chosen]


def graphs_of(path):
    """The vocabulary and the packed graphs of a file."""
    vocabulary, found = Vocabulary(), []
    for part in ArchitectureFile(path).chunks(vocabulary):
        found += zip(*part.cells.pack(), strict=True)
    return list(vocabulary.numbers), found


@quick
@given(found=st.lists(architectures_of(), min_size=1, max_size=6))
def test_all_forms_of_a_architecture_give_the_same_graph(made, tmp_path, found):
    forms = [made.write_architectures(tmp_path / f"n.{form}", found) for form in ("csv", "jsonl", "parquet")]
    texts = {
        "adjacency": [made.matrix_text(*architecture) for architecture in found],
        "operations": [",".join(operations) for operations, _ in found],
    }
    pq.write_table(pa.table(texts), tmp_path / "texts.parquet")
    lists = {"edges": [json.dumps(e) for _, e in found], "operations": [json.dumps(o) for o, _ in found]}
    with (tmp_path / "lists.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(lists)
        writer.writerows(zip(*lists.values(), strict=True))
    with gzip.open(tmp_path / "n.csv.gz", "wb") as file:
        file.write(forms[0].read_bytes())
    with gzip.open(tmp_path / "n.jsonl.gz", "wb") as file:
        file.write(forms[1].read_bytes())
    expected = graphs_of(forms[0])
    for path in (*forms, *(tmp_path / name for name in ("texts.parquet", "lists.csv", "n.csv.gz", "n.jsonl.gz"))):
        assert graphs_of(path) == expected, path


@quick
@given(architectures_of(), st.data())
def test_a_graph_with_its_nodes_renumbered_is_the_same_graph(architecture, data):
    operations, edges = architecture
    order = data.draw(st.permutations(range(len(operations))))
    place = np.argsort(order)
    renumbered = [operations[node] for node in order], [[int(place[i]), int(place[j])] for i, j in edges]

    def degrees(cells):
        """Each node's operation with its numbers of inputs, outputs and paths from and to it, in any order."""
        matrix = cells.adjacency[0].astype(int)
        paths = np.linalg.inv(np.eye(len(matrix)) - matrix).round().astype(int)
        return sorted(zip(cells.kinds[0], matrix.sum(0), matrix.sum(1), paths.sum(0), paths.sum(1), strict=True))

    vocabulary = Vocabulary()
    first = parse({"operations": [operations], "edges": [edges]}, 1, vocabulary, str)
    second = parse({"operations": [renumbered[0]], "edges": [renumbered[1]]}, 1, vocabulary, str)
    assert not np.tril(second.adjacency).any()
    assert degrees(first) == degrees(second)


def test_rows_come_in_chunks_and_keep_their_numbers(made, architectures, tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "CHUNK_ROWS", 7)
    for form in ("csv", "jsonl", "parquet"):
        path = made.write_architectures(tmp_path / f"n.{form}", architectures[:30], {"place": list(range(30))})
        reader = open_reader(path)
        chunks = list(reader.chunks(["place"]))
        assert [len(chunk.places) for chunk in chunks] == [7, 7, 7, 7, 2]
        places = [chunk.places[k].split() for chunk in chunks for k in range(len(chunk.places))]
        assert [int(place[1]) for place in places] == list(range(1, 31))
        assert [int(value) for chunk in chunks for value in chunk.values["place"]] == list(range(30))
        restored = pa.concat_tables([reader.restore(pa.table(chunk.kept)) for chunk in chunks])
        assert [int(value) for value in restored["place"].to_pylist()] == list(range(30))


def test_fields_of_json_lines_get_one_type_each_for_the_whole_file(tmp_path):
    common = {"operations": ["a", "b"], "edges": [[0, 1]]}
    varied = [
        {"id": 1, "x": 1, "mixed": 1, "big": 2**70, "nested": {"a": [1]}, "flag": True},
        {"id": 2, "x": 0.5, "mixed": "one", "big": 1, "note": "late"},
    ]
    path = tmp_path / "n.jsonl"
    path.write_text("\n\n".join(json.dumps(common | fields) for fields in varied) + "\n")
    reader = open_reader(path)
    (chunk,) = reader.chunks([])
    assert chunk.places == ["line 1", "line 3"]
    assert reader.restore(pa.table(chunk.kept)).to_pylist() == [
        {
            **common,
            "id": 1,
            "x": 1.0,
            "mixed": "1",
            "big": str(2**70),
            "nested": '{"a": [1]}',
            "flag": True,
            "note": None,
        },
        {**common, "id": 2, "x": 0.5, "mixed": "one", "big": "1", "nested": None, "flag": None, "note": "late"},
    ]


def test_what_a_spreadsheet_writes_before_the_header_is_no_part_of_it(tmp_path):
    path = tmp_path / "n.csv"
    path.write_bytes('\ufeffadjacency,operations\r\n0100,"a, b"\r\n\r\n'.encode())
    assert graphs_of(path)[0] == ["a", "b"]


def test_categories_of_parquet_are_read_as_what_they_stand_for(tmp_path):
    table = pa.table({"adjacency": ["0100"] * 3, "operations": pa.array(["a,b", "b,a", "a,b"]).dictionary_encode()})
    pq.write_table(table, tmp_path / "n.parquet")
    assert len(graphs_of(tmp_path / "n.parquet")[1]) == 3


def test_a_architecture_that_was_trained_twice_counts_once_with_its_mean_label(made, architectures, tmp_path):
    distinct = {made.matrix_text(*architecture) + str(architecture[0]): architecture for architecture in architectures}
    twelve = list(distinct.values())[:12]
    path = made.write_architectures(tmp_path / "t.csv", [*twelve, twelve[3]], {"label": [*range(12), 5]})
    found = read_training(ArchitectureFile(path), "label", Vocabulary())
    assert found.repeated == 1
    assert found.labels.tolist() == [0, 1, 2, 4, *range(4, 12)]


@pytest.mark.shared_data
def test_real_cells_are_read_as_their_space_reads_them(shared_data):
    from neural_predictor.spaces import make_space

    path = shared_data / "nasbench101_val_15k.csv.gz"
    vocabulary = Vocabulary()
    chunk = next(open_reader(path).chunks(["val_acc_108_max3"]))
    cells = next(ArchitectureFile(path).chunks(vocabulary)).cells
    space = make_space("nasbench101")
    codes = space.from_columns([chunk.values["adjacency"], chunk.values["operations"]], str)
    theirs = space.encode(codes).adjacency
    width = cells.adjacency.shape[1]
    np.testing.assert_array_equal(cells.adjacency, theirs[:, :width, :width])
    assert sorted(vocabulary.numbers) == ["conv1x1-bn-relu", "conv3x3-bn-relu", "input", "maxpool3x3", "output"]
