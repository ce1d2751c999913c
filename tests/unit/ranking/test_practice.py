"""Inputs and situations from practice: the right result, or one message before anything is fitted."""

import gzip
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import neural_predictor
from neural_predictor.errors import UserError
from neural_predictor.ranking.rank import rank_files
from neural_predictor.ranking.score import Options, Units

NO_CURVE = Options(curve=False)


@pytest.fixture
def files(made, architectures, labels, tmp_path):
    """Writes training architectures 0 to 39, with some labels, and candidates; ranks them; gives report and table."""
    candidates = made.write_architectures(tmp_path / "c.csv", architectures[40:60])

    def ranked(values=None, options=NO_CURVE, train=None, candidates=candidates, make=made.Ridge):
        train = train or made.write_architectures(
            tmp_path / "t.csv", architectures[:40], {"label": values or labels[:40]}
        )
        report = rank_files(train, candidates, tmp_path / "r.csv", options=options, make=make)
        return report, pd.read_csv(tmp_path / "r.csv", dtype={"adjacency": str})

    return ranked


def same(found, expected):
    pd.testing.assert_frame_equal(found[1], expected[1])
    assert found[0] == expected[0]


def test_lists_as_texts_rank_as_names_with_commas_do(files, made, architectures, labels, tmp_path):
    rows = [(made.matrix_text(operations, edges), operations) for operations, edges in architectures[:40]]
    for spelled in (
        repr,
        lambda names: str(np.array(names)),
        lambda names: repr(tuple(names)),
        lambda names: repr(np.array(names)),
    ):
        frame = pd.DataFrame(
            {"adjacency": [a for a, _ in rows], "operations": [spelled(o) for _, o in rows], "label": labels[:40]}
        )
        frame.to_csv(tmp_path / "lists.csv", index=False)
        same(files(train=tmp_path / "lists.csv"), files())


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_other_separators_and_encodings(files, tmp_path, separator, mark, encoding):
    expected = files()
    frame = pd.read_csv(tmp_path / "t.csv", dtype=str)
    text = frame.to_csv(sep=separator, index=False)
    (tmp_path / "other.csv").write_bytes((mark if encoding == "utf-8" else "").encode() + text.encode(encoding))
    same(files(train=tmp_path / "other.csv"), expected)
    (tmp_path / "other.csv").write_text(f"sep={separator}\r\n" + text.replace("\n", "\r\n"), newline="")
    same(files(train=tmp_path / "other.csv"), expected)


def test_lines_that_end_in_a_carriage_return_alone(files, tmp_path):
    expected = files()
    (tmp_path / "other.csv").write_bytes((tmp_path / "t.csv").read_bytes().replace(b"\r\n", b"\r"))
    same(files(train=tmp_path / "other.csv"), expected)


def test_spaces_in_the_header_and_after_separators(files, tmp_path):
    expected = files()
    rows = [line.split(",", 1) for line in (tmp_path / "t.csv").read_text().splitlines()]
    spaced = [
        "  ADJACENCY, Operations , Label",
        *(f"{a}, {rest.replace(chr(34) + ',', chr(34) + ', ')}" for a, rest in rows[1:]),
    ]
    (tmp_path / "other.csv").write_text("\n".join(["", *spaced, ""]))
    same(files(train=tmp_path / "other.csv"), expected)


@pytest.mark.parametrize("name", ["other.csv", "other.csv.gz", "other.tsv"])
@pytest.mark.parametrize("zipped", [True, False])
def test_gzip_is_known_by_its_content(files, tmp_path, name, zipped):
    expected = files()
    data = (tmp_path / "t.csv").read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(data) if zipped else data)
    same(files(train=tmp_path / name), expected)


@pytest.mark.parametrize("minimise", [False, True])
@pytest.mark.parametrize("penalty", [1.7976931348623157e308, -1e308, 1e200, 1e101, 1e39, -1e20, 1e7])
def test_a_penalty_beside_labels_is_refused(files, labels, minimise, penalty):
    values = [*labels[:39], penalty]
    with pytest.raises(UserError, match=r"t.csv, column label: row 40 \(line 41\).* leave these rows out"):
        files(values, Options(minimise=minimise, curve=False))


def test_penalties_that_differ_are_refused_too(files, labels):
    with pytest.raises(
        UserError, match=r"row 39 \(line 40\), row 40 \(line 41\) with labels such as 1e\+20, far from all"
    ):
        files([*labels[:38], 1e20, 2e20])


def test_a_penalty_that_is_not_quite_so_far_is_mentioned(files, labels):
    report, table = files([*labels[:38], -1e5, -1e5])
    assert "row 39 (line 40), row 40 (line 41) with labels such as -100000, far from all others" in report
    assert np.isfinite(table["score_high"]).all()


def test_labels_of_two_values_or_with_a_heavy_tail_are_no_penalties(files):
    assert "far from all others" not in files([0.1] * 30 + [0.9] * 10)[0]
    assert (
        "far from all others" not in files([0.1 + 1e-9 * k for k in range(30)] + [0.9 + k / 100 for k in range(10)])[0]
    )
    assert "far from all others" not in files([float(np.exp(k)) for k in range(40)])[0]


@pytest.mark.parametrize("factor", [2.0**-100, 2.0**300])
def test_labels_of_any_size_are_ranked(files, labels, factor):
    _, expected = files()
    _, found = files([factor * label for label in labels[:40]])
    assert found["adjacency"].tolist() == expected["adjacency"].tolist()
    np.testing.assert_allclose(found["score_low"], factor * expected["score_low"])


def test_labels_with_an_offset_are_the_same_labels_to_a_predictor():
    labels = np.array([840, 850, 900, 870.5])
    units, moved = Units.of(labels), Units.of(labels + 1.7e12)
    np.testing.assert_array_equal(units.scaled(labels), moved.scaled(labels + 1.7e12))
    assert units.scaled(labels).max() <= 1
    np.testing.assert_array_equal(units.back(units.scaled(labels)), labels)
    np.testing.assert_array_equal(Units.of(-labels).back(Units.of(-labels).scaled(-labels)), -labels)


def test_an_offset_changes_no_ranking(files, labels):
    whole = [round(1000 * label) for label in labels[:40]]
    _, expected = files(whole)
    _, found = files([1_700_000_000_000 + label for label in whole])
    assert found["adjacency"].tolist() == expected["adjacency"].tolist()
    np.testing.assert_allclose(found["score"] - 1.7e12, expected["score"], atol=1e-3)


def test_scores_that_are_not_finite_are_never_written(files, made, tmp_path):
    class Broken(made.Ridge):
        def predict(self, graphs):
            return np.full(len(graphs), np.inf)

    with pytest.raises(UserError, match="scores that are no finite numbers"):
        files(make=Broken)
    assert not (tmp_path / "r.csv").exists()


def renamed(made, tmp_path, architectures, change):
    changed = [([change(name) for name in operations], edges) for operations, edges in architectures]
    return made.write_architectures(tmp_path / "renamed.csv", changed)


def test_candidates_without_a_common_operation_are_refused(files, made, architectures, tmp_path):
    upper = renamed(made, tmp_path, architectures[40:60], str.upper)
    with pytest.raises(UserError, match=r"no operation in common .* unknown are .*'CONV3X3' \(is it 'conv3x3'\?\)"):
        files(candidates=upper)


def test_candidates_that_share_input_and_output_alone_are_refused(files, made, architectures, labels, tmp_path):
    def other(name):
        return name if name in ("input", "output") else name.replace("conv", "Conv_").replace("pool", "max-pool")

    both = [architecture for architecture in architectures[:100] if {"input", "output"} <= set(architecture[0])]
    given = renamed(made, tmp_path, [one for one in both if len(one[0]) > 2], other)
    with pytest.raises(
        UserError, match=r"no operation in common .* but input, output, of which each of these has equally"
    ):
        files(candidates=given)


def test_some_unknown_operations_are_said_with_what_they_may_be(files, made, architectures, tmp_path):
    some = renamed(made, tmp_path, architectures[40:60], lambda name: name.replace("conv3x3", "Conv_3x3"))
    report, _ = files(candidates=some)
    assert "candidates is in no training architecture (is it 'conv3x3'?): expect less there" in report


def refuse_to_fit(seed):
    raise AssertionError("fitted before the output was checked")


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("folder.csv", "a folder stands at this place"),
        ("t.csv", "would replace a file that is read"),
        ("linked.csv", "would replace a file that is read"),
        ("a/../c.csv", "would replace a file that is read"),
        ("t.csv/r.csv", "a file stands where a folder is needed"),
        ("/proc/r.csv", "cannot write /proc/r.csv"),
        ("/proc/new/r.csv", "cannot write /proc/new/r.csv"),
        ("r" * 248 + ".csv", "the name is too long"),
        ("r.xlsx", "unknown extension"),
    ],
)
def test_an_output_that_cannot_be_written_is_told_before_anything_is_read(files, tmp_path, output, said):
    files()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "linked.csv").symlink_to(tmp_path / "c.csv")
    (tmp_path / "a").mkdir()
    (tmp_path / "t.csv").write_text("no architectures")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match=said):
        rank_files(tmp_path / "t.csv", tmp_path / "c.csv", tmp_path / output, make=refuse_to_fit)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_unknown_predictor_is_told_before_anything_is_read(tmp_path):
    with pytest.raises(UserError, match="unknown predictor 'bset'; known are best, paper"):
        rank_files(tmp_path / "t.csv", tmp_path / "c.csv", tmp_path / "r.csv", predictor="bset")


def test_a_folder_for_the_output_is_made_at_the_end_alone(files, tmp_path):
    files()
    with pytest.raises(UserError, match="top is 100"):
        rank_files(tmp_path / "t.csv", tmp_path / "c.csv", tmp_path / "new/folder/r.csv", options=Options(top=100))
    assert not (tmp_path / "new").exists()


def test_matrices_in_parquet_as_lists_of_lists(files, made, architectures, labels, tmp_path):
    expected = files()
    matrices = []
    for operations, edges in architectures[:40]:
        digits = made.matrix_text(operations, edges)
        matrices.append(
            [[int(digit) for digit in digits[k : k + len(operations)]] for k in range(0, len(digits), len(operations))]
        )
    table = pa.table({"operations": [o for o, _ in architectures[:40]], "adjacency": matrices, "label": labels[:40]})
    pq.write_table(table, tmp_path / "t.parquet")
    same(files(train=tmp_path / "t.parquet"), expected)


def test_a_name_twice_in_a_line_of_json_is_refused(files, tmp_path):
    (tmp_path / "t.jsonl").write_text('{"operations": ["a", "b"], "edges": [[0, 1]], "edges": [], "label": 1}\n')
    with pytest.raises(UserError, match=r"t.jsonl, line 1: .*the name 'edges' stands there twice"):
        files(train=tmp_path / "t.jsonl")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("arch,label\n|none~0|+|none~0|none~1|,1\n", "it holds a NAS-Bench-201 string"),
        ("arch,label\nGenotype(normal=[]),1\n", "it holds a DARTS genotype"),
    ],
)
def test_other_forms_of_architectures_are_named(files, tmp_path, row, said):
    (tmp_path / "t.csv").write_text(row)
    with pytest.raises(UserError, match=said):
        files(train=tmp_path / "t.csv")
    fields = dict(zip(*(line.split(",", 1) for line in row.splitlines()), strict=True))
    pq.write_table(pa.table({name: [value] for name, value in fields.items()}), tmp_path / "t.parquet")
    with pytest.raises(UserError, match=said):
        files(train=tmp_path / "t.parquet")


def test_graphs_in_the_node_link_form_of_networkx(files, tmp_path, architectures, labels):
    expected = files()
    lines, nested = [], []
    for (operations, edges), label in zip(architectures[:40], labels[:40], strict=True):
        data = {
            "directed": True,
            "multigraph": False,
            "graph": {},
            "nodes": [{"operation": name, "id": f"n{place}"} for place, name in enumerate(operations)],
            "links": [{"source": f"n{start}", "target": f"n{end}"} for start, end in edges],
        }
        lines.append(json.dumps(data | {"label": label}))
        data["edges"] = data.pop("links")
        nested.append(json.dumps({"graph": data, "label": label}))
    for name, part in (("lines", lines), ("nested", nested)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(part))
        same(files(train=tmp_path / f"{name}.jsonl"), expected)


NETS = [(np.eye(3, k=1, dtype=int), ["in", f"op{k}", "out"]) for k in range(12)]
LABELS = [k / 10 for k in range(12)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": [f"{9 * k}%" for k in range(12)]}, r"train\[0\], label: '0%' is no number"),
        ({"labels": dict(enumerate(LABELS))}, "labels are one dict; expected a list of numbers"),
        ({"labels": set(LABELS)}, "labels are one set"),
        ({"labels": "0.1"}, "labels are one str"),
        ({"labels": None}, "labels are None"),
        ({"labels": 3}, "labels are one int"),
        ({"labels": [b"1"] * 12}, r"train\[0\], label: b'1' is no number"),
        ({"labels": [1j] * 12}, r"train\[0\], label: 1j is no number"),
        ({"labels": [True] * 12}, r"train\[0\], label: True is no number"),
        ({"labels": np.ones((12, 1))}, r"labels have the shape \(12, 1\)"),
        ({"labels": [None, *LABELS[1:]]}, r"no finite number in \[0\]"),
        ({"labels": LABELS[:5]}, r"labels have the shape \(5,\); expected one a training architecture, \(12,\)"),
        ({"train": dict(enumerate(NETS))}, "train is one dict; expected a list"),
        ({"train": 3}, "train is 3; expected a list"),
        ({"candidates": None}, "candidates is None; expected a list"),
        ({"candidates": "0100"}, "candidates is one str"),
        ({"candidates": []}, "candidates: no architecture; expected some"),
        (
            {"candidates": [([[1, 0], [1], []], ["a", "b", "c"])]},
            r"candidates\[0\], adjacency: .* rows are not equally long",
        ),
        ({"candidates": [(NETS[0][0], {0: "in", 1: "a", 2: "out"})]}, "is no list of names, but of type dict"),
        ({"candidates": [(NETS[0][0], ["in", None, "out"])]}, "has None of type NoneType for the name of node 1"),
        ({"candidates": [(NETS[0][0], ["in", float("nan"), "out"])]}, "has nan of type float for the name of node 1"),
        ({"candidates": [(NETS[0][0], ["in", b"a", "out"])]}, "has b'a' of type bytes for the name of node 1"),
        ({"candidates": [(NETS[0][0], ["in", 3, "out"])]}, "has 3 of type int for the name of node 1"),
        ({"candidates": [(NETS[0][0], ["in", {"a": 1}, "out"])]}, "of type dict for the name of node 1"),
        ({"candidates": [(NETS[0][0], np.array(["in", "a", "out"], "S"))]}, "has b'in' of type bytes"),
        ({"candidates": [(NETS[0][0], {"in", "a", "out"})]}, "is no list of names, but of type set"),
        ({"candidates": [(NETS[0][0], None)]}, "None names no operation"),
        ({"candidates": [(NETS[0][0], ["in", "\ud800", "out"])]}, "is no text"),
        ({"candidates": [(2 * NETS[0][0], NETS[0][1])]}, "holds 2: parallel edges"),
        ({"candidates": [(None, NETS[0][1])]}, "there are none, and no adjacency"),
        ({"threads": -1}, "threads is -1; allowed are None, for all, and numbers from 1"),
        ({"threads": 0}, "threads is 0"),
        ({"threads": 1.5}, "threads is 1.5"),
        ({"threads": "2"}, "threads is '2'"),
        ({"top": 2.0}, "top is 2.0"),
        ({"top": True}, "top is True"),
        ({"seed": None}, "seed is None"),
        ({"minimise": "no"}, "minimise is 'no'; allowed are True and False"),
        ({"learning_curve": "no"}, "learning_curve is 'no'"),
        ({"operation": None}, "operation is None"),
        ({"predictor": ["best"]}, "unknown predictor"),
    ],
)
def test_arguments_of_the_python_function_that_are_none(change, said):
    given = {"train": NETS, "labels": LABELS, "candidates": NETS} | change
    with pytest.raises(UserError, match=said):
        neural_predictor.rank(given.pop("train"), given.pop("labels"), given.pop("candidates"), **given)


def test_arguments_of_the_python_function_of_many_types(made):
    expected = neural_predictor.rank(NETS, LABELS, NETS, make=made.Ridge).table
    operations = [names for _, names in NETS]
    forms = {
        "generators": ((one for one in NETS), (label for label in LABELS), (one for one in NETS)),
        "series": (pd.Series(NETS), pd.Series(LABELS, index=range(5, 17)), tuple(NETS)),
        "texts": (NETS, [f"{label}" for label in LABELS], [("010001000", ",".join(names)) for names in operations]),
        "arrays": (NETS, np.float32(LABELS), [(m.astype(bool), np.array(names)) for m, names in NETS]),
        "lists": (NETS, LABELS, [[m.tolist(), tuple(names)] for m, names in NETS]),
        "dicts": (NETS, LABELS, [{"operations": names, "edges": [(0, 1), (1, 2)]} for names in operations]),
        "frame": (NETS, LABELS, pd.DataFrame({"operations": operations, "edges": [[[0, 1], [1, 2]]] * 12})),
        "objects": (NETS, LABELS, [(m, np.array(names, object)) for m, names in NETS]),
    }
    for name, given in forms.items():
        found = neural_predictor.rank(*given, make=made.Ridge).table
        assert found["candidate"].tolist() == expected["candidate"].tolist(), name
        np.testing.assert_allclose(found["score"], expected["score"], rtol=1e-6)
