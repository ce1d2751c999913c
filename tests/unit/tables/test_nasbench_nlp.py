"""Logs of recurrent cells as tables: both real sets, and what is wrong with synthetic ones."""

import gzip
import json
import re
import stat
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neural_predictor.errors import FormatError, SourceError, TableError, UserError
from neural_predictor.tables.benchmarks import BENCHMARKS, space_of
from neural_predictor.tables.describe import describe_table
from neural_predictor.tables.nasbench_nlp.reader import read
from neural_predictor.tables.table import METRICS, read_table, write_table

PTB, WIKITEXT = "nasbench-nlp", "nasbench-nlp-wikitext2"
RNN = {"f": {"op": "linear", "input": ["x", "h_prev_0"]}, "h_new_0": {"op": "activation_tanh", "input": ["f"]}}
SIGMOID = RNN | {"h_new_0": {"op": "activation_sigm", "input": ["f"]}}
RENAMED = {
    "h_new_0": {"op": "activation_tanh", "input": ["g"]},
    "g": {"op": "linear", "input": ["h_prev_0", "x"]},
}


def log(recipe=RNN, last=5.0, **more):
    """A synthetic log in the release's layout."""
    losses = np.linspace(7, last, 50).tolist()
    return {
        "data": "data/ptb",
        "recepie_id": 1,
        "epochs": 50,
        "recepie": json.dumps(recipe),
        "num_params": 1_000,
        "wall_times": [2.0] * 50,
        "train_losses": losses,
        "val_losses": losses,
        "test_losses": [loss - 0.1 for loss in losses],
        "status": "OK",
        **more,
    }


NAN = [7.0, float("nan")]
FAILED = log(status="loss is nan!", train_losses=NAN, val_losses=NAN, test_losses=NAN)
LOGS = {"a.json": log(), "b.json": log(SIGMOID, 5.5), "c.json": log(RENAMED, 5.2), "d.json": FAILED}


def write_folder(folder, logs):
    folder.mkdir(parents=True)
    for name, content in logs.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name).write_text(text)
    return folder


def write_archive(path, logs, folder=""):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in logs.items():
            text = content if isinstance(content, str) else json.dumps(content)
            archive.writestr(name if isinstance(name, zipfile.ZipInfo) else folder + name, text)
    return path


def refusal(path, kind=FormatError, **more):
    with pytest.raises(kind) as caught:
        read(PTB, path, **more)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.shared_data
def test_the_real_half_of_penn_treebank(shared_data):
    table = read(PTB, shared_data / "nasbench_nlp_ptb_half.jsonl.gz")
    assert (table.name, table.space, table.signal, table.target) == (PTB, PTB, "validation_loss", "test_loss")
    assert not table.maximise
    assert table.provenance["logs"] == 7_130
    assert table.provenance["left_out"] == {"Exception: math range error": 39, "loss is nan!": 1_339}
    assert table.provenance["note"].startswith("Of 7,130 runs, left out are 39 with the status 'Exception: math")
    # 5,752 runs that are OK, of 4,939 different cells.
    assert (len(table), table.repeats, int(table.runs("validation_loss").sum())) == (4_939, 22, 5_752)
    losses = np.quantile(table.mean("validation_loss"), [0, 0.01, 0.1, 0.5, 0.9, 0.99])
    np.testing.assert_allclose(losses, [4.49758, 4.648, 4.7325, 4.936, 6.4845, 6.5788], atol=5e-4)
    np.testing.assert_allclose(np.quantile(table.mean("test_loss"), [0, 0.5]), [4.461293, 4.886], atol=5e-4)
    # The runs of one cell differ little: the cells that were found equal are.
    spread = np.nanstd(table.metrics["validation_loss"][table.runs("validation_loss") > 1], axis=1)
    assert np.median(spread) < 0.01


@pytest.mark.shared_data
def test_the_real_logs_of_wikitext(shared_data, tmp_path):
    path = shared_data / "nasbench_nlp_wikitext2_logs.zip"
    reports = []
    table = read(WIKITEXT, path, progress=lambda done, total: reports.append((done, total)))
    assert table.provenance["left_out"] == {"loss is nan!": 4}
    assert (len(table), table.repeats, int(table.runs("test_loss").sum())) == (BENCHMARKS[WIKITEXT].size, 14, 341)
    losses = np.quantile(table.mean("validation_loss"), [0, 0.01, 0.1, 0.5, 0.9, 0.99])
    np.testing.assert_allclose(losses, [4.56947, 4.80279, 5.05853, 5.52824, 6.68529, 7.24993], atol=5e-4)
    assert reports[-1] == (path.stat().st_size, path.stat().st_size)
    with zipfile.ZipFile(path) as archive:
        run = json.loads(archive.read("log_stats_model_1000000_2020-04-28_17-16-54_999988992.json"))
        archive.extractall(tmp_path / "logs")
    space = space_of(table)
    row = table.architecture.tolist().index(space.identify(space.parse(run["recepie"])[None])[0])
    for metric, value in (
        ("train_loss", run["train_losses"][-1]),
        ("validation_loss", run["val_losses"][-1]),
        ("test_loss", run["test_losses"][-1]),
        ("training_time_s", sum(run["wall_times"])),
        ("trainable_parameters", run["num_params"]),
    ):
        assert np.isclose(table.metrics[metric][row], value, rtol=1e-12).any()
    unpacked = read(WIKITEXT, tmp_path / "logs")
    assert unpacked.architecture.tolist() == table.architecture.tolist()
    for metric, values in table.metrics.items():
        np.testing.assert_array_equal(unpacked.metrics[metric], values)
    message = refusal(path)
    assert "345 of 345 logs do not follow the format, at most 0 may" in message
    assert "data is \"data/wikitext-2\"; expected the data set 'ptb'" in message
    assert "and 340 more" in message


@pytest.mark.parametrize("layout", ["folder", "release", "archive", "archive of the release", "lines", "gzip"])
def test_every_layout_gives_the_same_table(tmp_path, layout):
    place = tmp_path / "raw"  # without a suffix, as the workflow names raw files
    if layout == "folder":
        write_folder(place, LOGS | {"notes.txt": "", ".hidden.json": ""})
    elif layout == "release":
        write_folder(place / "train_logs_single_run", LOGS)
    elif layout == "archive":
        write_archive(place, LOGS)
    elif layout == "archive of the release":
        runs = {f"release/train_logs_single_run/{name}": content for name, content in LOGS.items()}
        write_archive(place, runs | {"release/train_logs_multi_runs/z.json": log(), "release/README.md": ""})
    else:
        lines = "".join(json.dumps(content) + "\n" for content in LOGS.values()).encode()
        place.write_bytes(lines if layout == "lines" else gzip.compress(lines))
    table = read(PTB, place)
    assert len(table) == 2
    np.testing.assert_allclose(table.metrics["validation_loss"], [[5.0, 5.2], [5.5, np.nan]])
    np.testing.assert_allclose(table.metrics["test_loss"], [[4.9, 5.1], [5.4, np.nan]])
    assert table.metrics["training_time_s"].tolist()[0] == [100, 100]
    assert table.metrics["trainable_parameters"].tolist() == [[1_000], [1_000]]
    assert table.provenance["note"] == "Of 4 runs, left out are 1 with the status 'loss is nan!'."
    assert table.provenance["not_used"] == []
    assert len(table.provenance["sha256"]) == 64
    write_table(table, tmp_path / "table.parquet")
    again = read_table(tmp_path / "table.parquet")
    assert again.provenance == table.provenance
    assert not again.maximise
    np.testing.assert_array_equal(again.encoding, space_of(again).canonical(table.encoding))


def test_extracts_are_read_as_their_logs(tmp_path):
    final = {"final_val_loss": 5.0, "final_test_loss": 4.9, "total_wall_time_s": 100.0, "num_epochs": 50}
    runs = [
        {"recepie": RNN, "status": "OK", "num_params": 1_000, **final},
        {"recepie": SIGMOID, "status": "loss is nan!", "num_params": 1_000, **dict.fromkeys(final)},
    ]
    path = tmp_path / "runs.jsonl"
    path.write_text("\n".join(map(json.dumps, runs)))
    table = read(PTB, path)
    assert table.metrics["validation_loss"].tolist() == [[5.0]]
    assert "train_loss" not in table.metrics
    assert table.provenance["left_out"] == {"loss is nan!": 1}
    path.write_text(json.dumps(runs[0] | {"num_epochs": 49}))
    assert "line 1: num_epochs is 49; expected 50, since the status is OK" in refusal(path)
    path.write_text(json.dumps(runs[0] | {"final_test_loss": None}))
    assert "the test_loss is null; expected a number, 0 or more" in refusal(path)


CUT = json.dumps(log())[:900]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (CUT, "no whole JSON object"),
        ("", "no whole JSON object"),
        ("[1]", "a JSON list; expected the object of a run"),
        ("[" * 100_000, "no whole JSON object"),
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:1",
            "a Git LFS pointer, not the file itself: run `git",
        ),
        (log(RNN | {"f": {"op": "linear", "input": ["x", "h_new_0"]}}), "has a cycle: f reads h_new_0 reads f"),
        (log(RNN | {"f": {"op": "conv", "input": ["x"]}}), "node 'f' has the operation \"conv\"; known are"),
        (log(RNN | {"f": {"op": "linear", "input": ["x", "y"]}}), "node 'f' reads \"y\", which is missing"),
        (log(RNN | {"f": {"op": "linear", "input": ["x"]}}), "expected 2 to 3 different inputs"),
        (log(recepie="{"), "is no recipe: not JSON"),
        (log(recepie=7), "the recipe is 7; expected nodes"),
        (log(val_losses=[5.0] * 49), "val_losses has 49 entries; expected 50, since the status is OK"),
        (log(wall_times=[1.0] * 51), "wall_times is [1.0, 1.0"),
        (log(val_losses=[5.0] * 49 + ["5"]), "expected a list of up to 50 numbers"),
        (log(val_losses=[5.0] * 49 + [float("nan")]), "the validation_loss is NaN; expected a number, 0 or more"),
        (log(test_losses=[5.0] * 49 + [-1.0]), "the test_loss is -1.0"),
        (log(wall_times=[1e308] * 50), "the training_time_s is Infinity; expected a number"),
        (log(wall_times=[1] * 49 + [10**400]), "wall_times is [1, 1"),
        (log(num_params=10**20), "num_params is 100000000000000000000; expected a whole number"),
        (log(num_params=0), "num_params is 0; expected a whole number, 1 or more"),
        (log(status=None), "status is null; expected 'OK' or what went wrong"),
        (log(data="data/wikitext-2"), "data is \"data/wikitext-2\"; expected the data set 'ptb'"),
        ({key: value for key, value in log().items() if key != "val_losses"}, "no 'val_losses'; the log has data, "),
        ({"recepie": RNN}, "no 'status'; the log has recepie"),
        (log(num_params=2_000), "num_params is 2000, but 1000 in a.json, which has the same cell; expected one number"),
        (log(), "is a copy of a.json; expected each run once"),
    ],
)
def test_one_bad_log_is_named_counted_and_tolerated_if_so_asked(tmp_path, caplog, content, said):
    logs = {f"log{k}.json": log(SIGMOID, 5 + k / 100) for k in range(6)} | {"a.json": log(), "bad.json": content}
    path = write_folder(tmp_path / "logs", logs)
    message = refusal(path)
    assert "1 of 8 logs do not follow the format, at most 0 may:\n  bad.json: " in message
    assert said in message
    table = read(PTB, path, tolerate=1)
    assert len(table) == 2
    assert table.provenance["not_used"] == [message.splitlines()[1].strip()]
    assert table.provenance["note"] == "Of 8 runs, left out are 1 whose log does not follow the format."
    assert said in caplog.text


def test_what_was_left_out_is_described(tmp_path):
    described = describe_table(read(PTB, write_folder(tmp_path / "logs", LOGS)))
    assert described.splitlines()[-1] == "Of 4 runs, left out are 1 with the status 'loss is nan!'."


def test_logs_are_tolerated_by_benchmarks_that_have_logs(tmp_path):
    path = write_folder(tmp_path / "logs", LOGS | {"bad.json": CUT})
    assert len(BENCHMARKS[PTB].read(PTB, path, tolerate=1)) == 2
    with pytest.raises(FormatError, match=r"or tolerate more: tolerated_logs in config/config\.yaml"):
        BENCHMARKS[PTB].read(PTB, path)
    for name, benchmark in BENCHMARKS.items():
        if benchmark.logs:
            continue
        said = f"raw: the raw file of {name} holds no logs, but 2 may be left out; expected 0 (benchmarks with logs: "
        with pytest.raises(TableError, match=re.escape(said)):
            benchmark.read(name, tmp_path / "raw", tolerate=2)


def test_more_bad_logs_than_tolerated_are_refused(tmp_path):
    path = write_archive(tmp_path / "logs.zip", {"a.json": log(), **{f"b{k}.json": CUT for k in range(7)}})
    message = refusal(path, tolerate=6)
    assert "7 of 8 logs do not follow the format, at most 6 may" in message
    assert message.count("no whole JSON object") == 5
    assert "and 2 more\nMend or remove them, or tolerate more" in message
    assert len(read(PTB, path, tolerate=7)) == 1


def test_runs_that_all_failed_are_no_table(tmp_path):
    path = write_folder(tmp_path / "logs", {"a.json": FAILED})
    assert "none of 1 runs has the status OK; found {'loss is nan!': 1}" in refusal(path)


def test_folders_without_logs_say_what_was_expected(tmp_path):
    expected = "no logs in this folder; expected a zip archive or a folder of logs (log_stats_model_"
    assert expected in refusal(write_folder(tmp_path / "empty", {}))
    packed = write_folder(tmp_path / "packed", {})
    write_archive(packed / "logs.zip", LOGS)
    assert "unpack logs.zip, or name it instead of the folder" in refusal(packed)
    assert "No such file" in refusal(tmp_path / "absent", SourceError)


def test_files_that_are_something_else_say_what_was_expected(tmp_path):
    path = tmp_path / "raw"
    for content, said in (
        (b"", "begins with b''"),
        (b"<!DOCTYPE html>", "begins with b'<!DOCTYPE html>'"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer, not the file itself: run `git lfs pull`"),
        (b"PK\x03\x04 and no more", "not a whole zip archive"),
        (gzip.compress(json.dumps(log()).encode())[:-20], "not a whole gzip file"),
        (gzip.compress(b""), "no lines"),
    ):
        path.write_bytes(content)
        message = refusal(path)
        assert said in message
        assert "expected a zip archive or a folder of logs" in message
    write_archive(path, LOGS)
    path.write_bytes(path.read_bytes()[:-30])
    assert "not a whole zip archive" in refusal(path)


def link_entry():
    entry = zipfile.ZipInfo("link.json")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"../evil.json": log()}, "the entry '../evil.json' leads out of the archive; expected names of logs"),
        ({"logs/../../evil.txt": ""}, "leads out of the archive"),
        ({"/etc/evil.json": log()}, "the entry '/etc/evil.json' leads out of the archive"),
        ({"..\\evil.json": log()}, "leads out of the archive"),
        ({"C:\\evil.json": log()}, "leads out of the archive"),
        ({link_entry(): "/etc/passwd"}, "the entry 'link.json' is a symbolic link; expected files alone"),
        ({"one/a.json": log(), "two/b.json": log()}, "logs in 2 folders, one, two; expected"),
        ({"a.txt": ""}, "no logs; expected a zip archive or a folder of logs"),
        ({}, "no logs; expected"),
    ],
)
def test_archives_with_strange_entries_are_refused(tmp_path, entries, said):
    assert said in refusal(write_archive(tmp_path / "logs.zip", entries), tolerate=100)
    assert [path.name for path in tmp_path.iterdir()] == ["logs.zip"]


def test_a_log_twice_in_an_archive_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = write_archive(tmp_path / "logs.zip", {"a.json": log(), zipfile.ZipInfo("a.json"): log()})
    assert "the entry 'a.json' is there twice" in refusal(path)


def test_a_log_without_end_is_not_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("neural_predictor.tables.nasbench_nlp.logs.MAX_BYTES", 10_000)
    logs = {"a.json": log(), "bomb.json": " " * 20_000}
    for path in (write_folder(tmp_path / "logs", logs), write_archive(tmp_path / "logs.zip", logs)):
        assert "bomb.json: more than 10,000 bytes" in refusal(path)
    lines = tmp_path / "lines"
    lines.write_bytes(gzip.compress(b"{" * 20_000))
    assert "line 1: longer than 10,000 bytes" in refusal(lines)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4), st.booleans())
def test_altered_bytes_never_give_anything_but_a_user_error_or_a_table(tmp_path, changes, packed):
    path = tmp_path / "raw"
    if packed:
        write_archive(path, LOGS)
    else:
        path.write_bytes(gzip.compress("\n".join(map(json.dumps, LOGS.values())).encode()))
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    path.write_bytes(data)
    try:
        table = read(PTB, path, tolerate=2)
    except UserError:
        return
    assert (table.mean("validation_loss") > 0).all()


def test_losses_are_minimised():
    assert {name for name, metric in METRICS.items() if metric.unit == "nats"} == {
        "train_loss",
        "validation_loss",
        "test_loss",
    }
    assert all(metric.maximise is False for metric in METRICS.values() if metric.unit == "nats")


def test_the_benchmarks_have_sources_and_a_space(tmp_path):
    table = BENCHMARKS[PTB].read(PTB, write_folder(tmp_path / "logs", LOGS))
    assert space_of(table).name == PTB
    assert BENCHMARKS[PTB].size == 11_598
