"""What a manifest says, and what `verify` finds when files are no longer those."""

import json
import os
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neural_predictor.cli.app import app
from neural_predictor.config.project import Project, digest
from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.io.files import sha256
from neural_predictor.workflow import manifest as module
from neural_predictor.workflow.manifest import (
    Manifest,
    code_version,
    config_digest,
    read_manifest,
    verify,
    write_manifest,
)

ROOT = Path(__file__).parents[3]
STUDY = Project(ROOT).study("smoke-v1")
FILES = {"fig7.pdf": b"%PDF", "fig7.csv": b"x,y\n1,2\n", "children/digits/0.jsonl": b"{}\n", "empty.md": b""}


def write(folder, benchmarks):
    write_manifest(
        "smoke-v1", STUDY, folder, config_sha256="0" * 64, accelerator="cpu", benchmarks=benchmarks / "benchmarks"
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished study of four files."""
    tmp_path = tmp_path_factory.mktemp("finished")
    results = tmp_path / "results/smoke-v1"
    for name, content in FILES.items():
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        (results / name).write_bytes(content)
    for name in ("all", ".snakemake_timestamp"):
        (results / name).write_bytes(b"")
    jobs = tmp_path / "benchmarks/fit_predictor"
    for study, text in (("smoke-v1", "s\th:m:s\n12.5\t0:00:12\n"), ("other-v1", "s\n1\n")):
        (jobs / study / "mlp").mkdir(parents=True)
        (jobs / study / "mlp/n20-0.tsv").write_text(text)
    (jobs / "smoke-v1/cut.tsv").write_text("s\th:m")
    write(results, tmp_path)
    return tmp_path


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of its results; the benchmark files lie beside."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    return tmp_path / "results/smoke-v1"


def test_every_file_is_listed_with_what_made_it(folder):
    found = read_manifest(folder)
    assert list(found.files) == sorted(FILES)
    for name, output in found.files.items():
        assert (output.bytes, output.sha256) == (len(FILES[name]), sha256(folder / name))
    assert found.seconds == {"fit_predictor/smoke-v1/mlp/n20-0": 12.5}
    assert (found.study, found.seed, found.study_sha256) == ("smoke-v1", STUDY.seed, digest(STUDY))
    assert found.versions["numpy"] == version("numpy")
    assert {"python", "tensorflow", "keras", "scipy", "pandas", "scikit-learn", "snakemake"} <= found.versions.keys()
    assert found.device.cpu
    assert found.device.cores == os.cpu_count()


def test_equal_files_give_equal_manifests(folder, tmp_path):
    before = (folder / "manifest.json").read_bytes()
    write(folder, tmp_path)
    assert (folder / "manifest.json").read_bytes() == before
    assert verify(folder) == (len(FILES), [], [])


def test_the_config_digest_does_not_follow_the_default_study(tmp_path):
    config = Project(ROOT).config
    assert config_digest(config.model_copy(update={"study": "smoke-v1"})) == config_digest(config)
    assert config_digest(config.model_copy(update={"tolerated_logs": 7})) != config_digest(config)


def test_code_is_named_by_commit_where_there_is_one_and_by_its_sources(tmp_path, monkeypatch):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(module, "PACKAGE", package)
    alone = code_version()
    assert (alone.commit, alone.dirty) == (None, None)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    assert code_version() == alone  # a package that lies in somebody else's repository
    subprocess.run([*git, "add", "package"], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "a"], check=True)
    clean = code_version()
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert (clean.commit, clean.dirty, clean.sources_sha256) == (head, False, alone.sources_sha256)
    (package / "__init__.py").write_text("a = 1\n")
    changed = code_version()
    assert (changed.commit, changed.dirty) == (head, True)
    assert changed.sources_sha256 != alone.sources_sha256
    monkeypatch.setenv("PATH", "")
    assert code_version().commit is None


def test_verify_names_what_is_missing_cut_altered_and_not_listed(folder):
    (folder / "fig7.pdf").unlink()
    (folder / "fig7.csv").write_bytes(FILES["fig7.csv"][:5])
    (folder / "children/digits/0.jsonl").write_bytes(b"[]\n")
    (folder / "empty.md").write_bytes(b"more")
    (folder / "notes.txt").write_text("mine")
    done = CliRunner().invoke(app, ["verify", str(folder)])
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert lines[0].startswith(f"{folder}/children/digits/0.jsonl: altered: its sha256 is ")
    assert lines[1:] == [
        f"{folder}/empty.md: altered: 4 bytes in place of 0",
        f"{folder}/fig7.csv: cut: 5 of 8 bytes",
        f"{folder}/fig7.pdf: missing",
        f"{folder}/notes.txt: not in the manifest",
        f"{folder}: 0 of 4 files are as the manifest says",
    ]


def test_files_that_are_not_listed_are_no_fault_but_something_else_in_place_of_a_file_is(folder):
    (folder / "notes.txt").write_text("mine")
    done = CliRunner().invoke(app, ["verify", str(folder)])
    assert done.exit_code == 0
    assert done.output.splitlines()[-1] == f"{folder}: 4 of 4 files are as the manifest says"
    (folder / "fig7.pdf").unlink()
    os.mkfifo(folder / "fig7.pdf")  # reading it would never end
    assert verify(folder).faults == ["fig7.pdf: altered: it is no file any more"]


def test_a_link_is_not_listed(folder, tmp_path, caplog):
    (folder / "link.csv").symlink_to(folder / "fig7.csv")
    write(folder, tmp_path)
    assert "link.csv" not in read_manifest(folder).files
    assert "link.csv': a link" in caplog.text


@pytest.mark.parametrize("name", ["../../secret", "/etc/hostname", "children/../fig7.csv", "./fig7.csv", "a\0b", "."])
def test_a_path_out_of_the_folder_is_refused(folder, name):
    text = json.loads((folder / "manifest.json").read_text())
    text["files"][name] = text["files"]["fig7.csv"]
    (folder / "manifest.json").write_text(json.dumps(text))
    with pytest.raises(FormatError, match=r"manifest\.json: lists .* no plain path in the study's folder"):
        verify(folder)


def test_a_link_out_of_the_folder_is_refused(folder, tmp_path):
    (tmp_path / "elsewhere").write_bytes(FILES["fig7.csv"])
    (folder / "fig7.csv").unlink()
    (folder / "fig7.csv").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FormatError, match="a link out of the study's folder, to /"):
        verify(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "not JSON"),
        (b'{"files": {', "not JSON"),
        (b"\x80\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a manifest .the whole: "),
        (b"{}", "not a manifest .schema_version: Field required"),
        (b'{"schema_version": 2}', r"schema_version is 2; this version of neural-predictor \(.*\) reads 1"),
        (b'{"schema_version": 1, "files": []}', "not a manifest"),
    ],
)
def test_a_manifest_that_is_none_is_one_clear_error(folder, text, said):
    (folder / "manifest.json").write_bytes(text)
    with pytest.raises(FormatError, match=rf"manifest\.json: {said}.*snakemake --cores all .*/smoke-v1/all") as caught:
        verify(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("files", "fig7.csv", "sha256"), "0" * 63),
        (("files", "fig7.csv", "bytes"), -1),
        (("study",), 3),
        (("more",), 1),
    ],
)
def test_values_out_of_the_format_are_named(folder, place, value):
    text = json.loads((folder / "manifest.json").read_text())
    inner = text
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    (folder / "manifest.json").write_text(json.dumps(text))
    with pytest.raises(FormatError, match=r"not a manifest \(" + ".".join(place)):
        verify(folder)


def test_no_folder_and_no_manifest_say_how_to_get_one(tmp_path):
    with pytest.raises(FormatError, match=r"no manifest there; .*: snakemake --cores all .*/all"):
        verify(tmp_path)
    with pytest.raises(ConfigError, match="absent: no such folder; build the study first"):
        write(tmp_path / "absent", tmp_path)


@pytest.mark.parametrize("option", ["--accelerator", "--config"])
def test_an_option_that_is_none_is_named(folder, option):
    with pytest.raises(ConfigError, match=f"{option} is 'tpu'; it must be"):
        app(["write-manifest", str(folder), "--study", "smoke-v1", "--root", str(ROOT), option, "tpu"])


def test_the_protocol_document_has_a_row_for_each_field():
    text = (ROOT / "docs/protocol.md").read_text()
    assert [name for name in Manifest.model_fields if f"| `{name}`" not in text] == []
