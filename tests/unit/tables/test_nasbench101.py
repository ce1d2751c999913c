import base64
import hashlib
import json
import math
import struct
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_predictor.errors import FormatError, SourceError, UserError
from neural_predictor.spaces.nasbench101.space import NasBench101Space
from neural_predictor.tables.nasbench101 import reader as nasbench101
from neural_predictor.tables.nasbench101.reader import convert_nasbench101, read
from neural_predictor.tables.nasbench101.tfrecord import frame, read_batches
from neural_predictor.tables.table import read_table

REAL = {"nasbench101_4v_full.tfrecord": (91, 3), "nasbench101_5v_4epochs.tfrecord": (2532, 1)}
TAGS = {0x11: "training_time_s", 0x19: "train_accuracy", 0x21: "validation_accuracy", 0x29: "test_accuracy"}
BUDGETS = (108, 4)
SPACE = NasBench101Space()
SMALL = ("010001000", "input,conv3x3-bn-relu,output")
LARGE = ("0110000100010000", "input,conv1x1-bn-relu,maxpool3x3,output")
OTHER = ("0100001000010000", "input,conv1x1-bn-relu,maxpool3x3,output")
SORTED_SHA256 = "a7f10bf770c1b5b8a221e37824e42b3b1a237a5d21ccf545bbe8e23abd933403"  # of all hashes, joined by newlines
LARGE_RENUMBERED = ("0110000100010000", "input,maxpool3x3,conv1x1-bn-relu,output")


def protobuf(message):
    """The fields of a message, by the description of the wire format: (8 x number + wire type, value)."""
    fields, at = [], 0

    def varint():
        nonlocal at
        number = shift = 0
        while True:
            number, shift, at = number | (message[at] & 0x7F) << shift, shift + 7, at + 1
            if message[at - 1] < 0x80:
                return number

    while at < len(message):
        tag = varint()
        if tag % 8 == 0:
            fields.append((tag, varint()))
            continue
        size = varint() if tag % 8 == 2 else {1: 8, 5: 4}[tag % 8]
        content, at = message[at : at + size], at + size
        assert at <= len(message)
        fields.append((tag, struct.unpack("<d", content)[0] if tag % 8 == 1 else content))
    return fields


def decode_file(content):
    """What a file says, by the description of its format: runs by (hash, epochs), and cells by hash."""
    runs, cells, at = defaultdict(list), {}, 0
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        digest, epochs, matrix, operations, encoded = json.loads(content[at + 12 : at + 12 + length])
        metrics = protobuf(base64.b64decode(encoded.replace("\n", ""), validate=True))
        _, half, end = [dict(protobuf(data)) for tag, data in metrics if tag == 0x0A]
        values = {name: end[tag] for tag, name in TAGS.items()}
        runs[digest, epochs].append(values | {f"{name}_half": half[tag] for tag, name in TAGS.items()})
        cells.setdefault(digest, (matrix, operations, dict(metrics)[0x10]))
        at += 16 + length
    return runs, cells


def assert_says(table, content):
    """A table holds what the bytes of a file say, to the last bit."""
    runs, cells = decode_file(content)
    matrices, operations, parameters = zip(*cells.values(), strict=True)
    assert table.architecture.tolist() == list(cells)
    assert (table.encoding == SPACE.from_matrices(matrices, operations)).all()
    assert table.metrics["trainable_parameters"][:, 0].tolist() == list(parameters)
    names = {"trainable_parameters"}
    longest = max(epochs for _, epochs in runs)
    for epochs in {epochs for _, epochs in runs}:
        for metric in TAGS.values():
            for half in ("", "_half"):
                name = metric + ("" if epochs == longest else f"_at_{epochs}") + half
                names.add(name)
                expected = [[run[metric + half] for run in runs[digest, epochs]] for digest in cells]
                assert table.metrics[name].shape == (len(cells), max(map(len, expected)))
                for row, values in zip(table.metrics[name].tolist(), expected, strict=True):
                    assert row[: len(values)] == np.float32(values).tolist()
                    assert all(map(math.isnan, row[len(values) :]))
    assert set(table.metrics) == names


def assert_same(table, other):
    assert table.architecture.tolist() == other.architecture.tolist()
    assert (table.encoding == other.encoding).all()
    assert table.metrics.keys() == other.metrics.keys()
    for name, values in table.metrics.items():
        np.testing.assert_array_equal(values, other.metrics[name])


def identity(cell):
    return SPACE.identify(SPACE.from_matrices([cell[0]], [cell[1]]))[0]


def message(seed=0, parameters=8_555_530, numbers=None):
    """Made-up metrics of one run; `numbers` replaces some by (evaluation, field)."""
    rng = np.random.default_rng(seed)
    table = np.float32(rng.random((3, 5))).astype(float)
    for (evaluation, field), number in (numbers or {}).items():
        table[evaluation, field - 1] = number
    tags = (9, 17, 25, 33, 41)
    blocks = [b"".join(struct.pack("<Bd", *field) for field in zip(tags, row, strict=True)) for row in table]
    digits = bytes([parameters >> shift & 0x7F | 0x80 for shift in (0, 7, 14)]) + bytes([parameters >> 21])
    total_time = struct.pack("<Bd", 25, rng.random())
    return b"".join(b"\n-" + block for block in blocks) + b"\x10" + digits + total_time


def record(cell=SMALL, epochs=108, digest=None, metrics=None, **changes):
    """The data of a record; `metrics` replaces the base64 text."""
    text = base64.b64encode(message(**changes)).decode() if metrics is None else metrics
    return json.dumps([identity(cell) if digest is None else digest, epochs, *cell, text]).encode()


def written(folder, *records):
    path = folder / "cells.tfrecord"
    path.write_bytes(b"".join(map(frame, records)))
    return path


def refused(path, number):
    """What is said of a file that is not converted: of which record, and where it begins. Nothing is left behind."""
    with pytest.raises(FormatError) as caught:
        convert_nasbench101(path, path.with_name("table.parquet"))
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    content, at = path.read_bytes(), 0
    for _ in range(number - 1):
        at += 16 + struct.unpack_from("<Q", content, at)[0]
    place, _, problem = str(caught.value).partition(": ")
    assert place == f"{path}, record {number} (byte {at})"
    return problem


@pytest.mark.shared_data
@pytest.mark.parametrize("name", REAL)
def test_a_real_file_is_converted_to_the_last_bit(shared_data, tmp_path, name):
    source = shared_data / name
    table = convert_nasbench101(source, tmp_path / "table.parquet")
    assert (len(table), table.repeats) == REAL[name]
    assert_says(table, source.read_bytes())
    assert_says(read_table(tmp_path / "table.parquet"), source.read_bytes())


@pytest.mark.shared_data
def test_four_budgets_of_a_real_file(shared_data):
    table = read("t", shared_data / "nasbench101_4v_full.tfrecord")
    epochs = ["_at_4", "_at_12", "_at_36", ""]
    times = [table.mean(f"training_time_s{at}").mean() for at in epochs]
    assert times == sorted(times)
    spread = [table.metrics[f"validation_accuracy{at}"].astype(float).std(axis=1, ddof=1) for at in epochs]
    pooled = [float(np.sqrt((deviation**2).mean())) for deviation in spread]
    assert pooled == pytest.approx([0.0655, 0.0382, 0.0079, 0.0029], abs=5e-5)


@pytest.mark.shared_data
def test_how_much_is_read_at_a_time_does_not_show(shared_data, monkeypatch):
    source = shared_data / "nasbench101_4v_full.tfrecord"
    whole = read("t", source)
    monkeypatch.setattr(nasbench101, "_BATCH_BYTES", 5000)
    steps = []
    assert_same(read("t", source, progress=lambda *step: steps.append(step)), whole)
    assert steps == sorted(set(steps))
    assert len(steps) > 60
    assert steps[-1] == (source.stat().st_size, source.stat().st_size)


def test_repeats_and_budgets_of_any_number_in_any_order(tmp_path):
    order = [(SMALL, 108), (LARGE, 4), (SMALL, 4), (LARGE, 108), (SMALL, 108), (LARGE, 4), (LARGE, 4)]
    path = written(tmp_path, *(record(cell, epochs, seed=seed) for seed, (cell, epochs) in enumerate(order)))
    table = convert_nasbench101(path, tmp_path / "table.parquet", name="mine")
    assert_says(table, path.read_bytes())
    assert_same(read_table(tmp_path / "table.parquet"), table)
    assert (table.name, table.space, table.repeats) == ("mine", "nasbench101", 2)
    assert table.metrics["validation_accuracy_at_4_half"].shape == (2, 3)
    assert np.isnan(table.metrics["validation_accuracy"]).tolist() == [[False, False], [False, True]]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert table.provenance == {"source": "cells.tfrecord", "sha256": digest, "records": len(order)}


def test_any_notation_of_json_and_line_breaks_in_base64_are_understood(tmp_path):
    row = json.loads(record())
    broken_lines = [*row[:4], base64.encodebytes(message()).decode()]
    assert broken_lines[4].count("\n") == 3
    escaped = json.dumps(row).replace("input", "\\u0069nput")
    texts = [json.dumps(broken_lines), json.dumps(row, separators=(",", ":")), json.dumps(row, indent=1), escaped]
    plain = read("t", written(tmp_path, record()))
    for text in texts:
        assert_same(read("t", written(tmp_path, text.encode())), plain)


def test_one_cell_in_two_numberings_is_one_row(tmp_path):
    path = written(tmp_path, record(LARGE, seed=1), record(LARGE_RENUMBERED, seed=2))
    table = read("t", path)
    assert_says(table, path.read_bytes())
    assert (len(table), table.repeats) == (1, 2)


BROKEN_RECORDS = {
    "no JSON": (b'["abc", 4', "the data are no JSON"),
    "empty": (b"", "the data are no JSON"),
    "no text": (b"\xff\xfe\x00", "the data are no JSON"),
    "endless": (b"[" * 100_000, "the data are no JSON"),
    "a dict": (b'{"hash": 1}', "expected the JSON list"),
    "a short list": (record().replace(b", 108", b""), "expected the JSON list"),
    "epochs as text": (record(epochs="108"), "expected the JSON list"),
    "no epochs": (record(epochs=0), "the number of epochs is 0; expected 1 to 1000000"),
    "many epochs": (record(epochs=10**30), "the number of epochs is 1000"),
    "no list end": (record()[:-1], "the data are no JSON"),
    "cut base64": (record(metrics="Ci0"), "the metrics are no base64"),
    "no base64": (record(metrics="Ci0J*AAA"), "the metrics are no base64"),
    "no protobuf": (record(metrics="aGVsbG8gd29ybGQh"), "no ModelMetrics protocol buffer"),
    "cut protobuf": (record(metrics=base64.b64encode(message()[:-1]).decode()), "no ModelMetrics protocol buffer"),
    "no evaluation": (record(metrics=""), "it has 0 evaluations; expected 3"),
    "no parameters": (record(parameters=0), "no trainable_parameters"),
    "no accuracy": (
        record(metrics=base64.b64encode(message().replace(b"\x29", b"\x39")).decode()),
        "test_accuracy is nan; expected a number from 0 to 1 (fraction)",
    ),
    "accuracy over 1": (record(numbers={(2, 4): 1.0000001}), "validation_accuracy is 1.0000001; expected a number"),
    "accuracy below 0": (record(numbers={(1, 5): -0.5}), "test_accuracy_half is -0.5; expected a number from 0 to 1"),
    "accuracy NaN": (record(numbers={(2, 3): math.nan}), "train_accuracy is nan"),
    "time infinite": (record(numbers={(2, 2): math.inf}), "training_time_s is inf"),
    "time too large": (record(numbers={(2, 2): 1e300}), "training_time_s is 1e+300"),
    "time negative": (
        record(numbers={(1, 2): -1}),
        "training_time_s_half is -1.0; expected a number from 0 to inf (s)",
    ),
    "unknown operation": (record((SMALL[0], "input,conv5x5,output"), digest="0"), "unknown operation 'conv5x5'"),
    "unequal numbers": (record((LARGE[0], SMALL[1]), digest="0"), "3 operations for 4 vertices"),
    "no square": (record(("01000100", SMALL[1]), digest="0"), "not a square matrix"),
    "not triangular": (record(("010001100", SMALL[1]), digest="0"), "not upper triangular"),
    "no digits": (record(("0100é1000", SMALL[1]), digest="0"), "expected only 0 and 1"),
    "8 vertices": (record(("0" * 64, "input,output"), digest="0"), "8 vertices"),
    "10 edges": (
        record(("0111100111000110000100000", "input" + ",maxpool3x3" * 3 + ",output"), digest="0"),
        "10 edges",
    ),
    "no path": (record(("000000000", SMALL[1]), digest="0"), "no path"),
    "hash of another cell": (record(LARGE, digest=identity(SMALL)), f"has '{identity(LARGE)}' for this cell"),
    "hash in capitals": (record(digest=identity(SMALL).upper()), "expected one hash for a cell"),
    "hash of another cell, new": (record(OTHER, digest=identity(SMALL)), f"give {identity(OTHER)}; expected them to"),
    "hash that is none": (record(OTHER, digest="\n\ud800"), "the hash is '\\n\\ud800', but matrix and operations give"),
    "other parameters": (record(parameters=3_000_000), "3000000 trainable parameters here, but 8555530 in an earlier"),
    "a run twice": (record(seed=7), "is listed twice with one run, first in"),
}


@pytest.mark.parametrize("name", BROKEN_RECORDS)
@pytest.mark.parametrize("batch_bytes", [300, 10**6])
def test_a_broken_record_is_named(tmp_path, monkeypatch, name, batch_bytes):
    monkeypatch.setattr(nasbench101, "_BATCH_BYTES", batch_bytes)
    broken, said = BROKEN_RECORDS[name]
    assert said in refused(written(tmp_path, record(seed=7), record(LARGE, seed=8), broken), 3)


def test_a_cell_without_one_of_the_budgets_is_named(tmp_path):
    records = [record(SMALL, 4, seed=1), record(LARGE, 108, seed=2), record(SMALL, 108, seed=3)]
    said = refused(written(tmp_path, *records), 2)
    assert said == f"cell {identity(LARGE)} has no record of 4 epochs; expected one, as others have"


@pytest.mark.parametrize("repeats", [2, 5])
def test_a_file_that_holds_everything_twice_is_refused(tmp_path, repeats):
    records = [record(cell, seed=seed) for cell in (SMALL, LARGE) for seed in range(repeats)]
    assert "is listed twice" in refused(written(tmp_path, *records, *records), 2 * repeats + 1)


@pytest.mark.slow
def test_all_hashes_differ_and_a_whole_space_is_known_by_their_fingerprint(tmp_path, monkeypatch):
    order = np.random.default_rng(0).permutation(len(SPACE.enumerate()))
    everyone = SPACE.identify(SPACE.enumerate())
    assert len(set(everyone)) == len(everyone) == 423_624
    assert hashlib.sha256("\n".join(sorted(everyone)).encode()).hexdigest() == SORTED_SHA256
    lines = "".join(f"{digest}\n" for digest in everyone).encode()
    assert hashlib.sha256(lines).hexdigest() == nasbench101.ALL_HASHES_SHA256
    codes, hashes = SPACE.enumerate()[order], everyone[order]
    heads = list(zip(hashes, [108] * len(codes), *SPACE.to_columns(codes), strict=True))
    path = written(tmp_path, *(json.dumps([*head, ""]).encode() for head in heads))

    def cells_of(heads):
        cells, at = nasbench101._Cells(), 0
        for batch in read_batches(path):
            cells.add(batch, heads[at : at + len(batch.records)])
            at += len(batch.records)
        return cells

    right = cells_of(heads)
    heads[400_000], heads[3] = (heads[3][0], *heads[400_000][1:]), (heads[400_000][0], *heads[3][1:])
    problem = rf"record 4 \(byte \d+\): the hash is '{hashes[400_000]}', but .* give {hashes[3]}"
    with pytest.raises(FormatError, match=problem):
        cells_of(heads).check_hashes(path)
    monkeypatch.setattr(NasBench101Space, "identify", None)  # the fingerprint is enough
    right.check_hashes(path)


def test_equal_values_with_another_total_time_are_another_run(tmp_path):
    numbers = {(evaluation, field): 0.1 for evaluation in range(3) for field in range(1, 6)}
    path = written(tmp_path, record(seed=1, numbers=numbers), record(seed=2, numbers=numbers))
    assert read("t", path).repeats == 2


def test_damaged_and_wrong_files_leave_an_old_table_alone(tmp_path):
    output = tmp_path / "table.parquet"
    convert_nasbench101(written(tmp_path, record()), output)
    before = output.read_bytes()
    whole = frame(record(seed=1)) + frame(record(seed=2))
    flipped = whole[:-40] + bytes([whole[-40] ^ 4]) + whole[-39:]
    contents = [
        whole[:-1],
        flipped,
        b"\x1f\x8b" + whole,
        b"<html>",
        b"version https://git-lfs.github.com/spec/v1\n",
        b"",
    ]
    for content in contents:
        (tmp_path / "cells.tfrecord").write_bytes(content)
        with pytest.raises(FormatError, match=r"cells\.tfrecord, record [12] \(byte \d+\): "):
            convert_nasbench101(tmp_path / "cells.tfrecord", output)
        assert output.read_bytes() == before
    with pytest.raises(SourceError, match="cannot be read"):
        convert_nasbench101(tmp_path / "absent.tfrecord", output)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cells.tfrecord", "table.parquet"]


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "delete", "cut", "swap"]),
        st.integers(0, 2**40),
        st.binary(min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=3,
)


def edited(content, edits):
    for kind, position, new in edits:
        at = position % (len(content) + 1)
        if kind == "set":
            content = content[:at] + new + content[at + len(new) :]
        elif kind == "insert":
            content = content[:at] + new + content[at:]
        elif kind == "delete":
            content = content[:at] + content[at + len(new) :]
        elif kind == "cut":
            content = content[:at]
        else:
            content = content[at:] + content[:at]
    return content


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("mutations") / "mutated.tfrecord"


def assert_refused_or_true(path, content):
    """Either an error of this package that names file and record, or a table of what the bytes say."""
    path.write_bytes(content)
    table, said = None, ""
    try:
        table = read("t", path)
    except UserError as error:
        said = str(error)
    if table is None:
        assert said.startswith(f"{path}, record ")
    else:
        assert_says(table, content)


@pytest.mark.shared_data
@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(sorted(REAL)), edits=EDITS)
def test_a_mutated_real_file_is_refused_or_says_the_same(shared_data, scratch, name, edits):
    assert_refused_or_true(scratch, edited((shared_data / name).read_bytes(), edits))


SOME_RECORDS = [record(cell, epochs, seed=seed) for seed in range(2) for epochs in BUDGETS for cell in (SMALL, LARGE)]


@settings(max_examples=400, deadline=None)
@given(place=st.integers(0, len(SOME_RECORDS) - 1), edits=EDITS, inside=st.booleans())
def test_a_mutated_record_with_true_checksums_is_refused_or_read_as_it_is(scratch, place, edits, inside):
    records = list(SOME_RECORDS)
    if inside:
        row = json.loads(records[place])
        row[4] = base64.b64encode(edited(base64.b64decode(row[4]), edits)).decode()
        records[place] = json.dumps(row).encode()
    else:
        records[place] = edited(records[place], edits)
    assert_refused_or_true(scratch, b"".join(map(frame, records)))
