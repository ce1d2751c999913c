"""The documents name tests and targets that are there."""

import re
import subprocess
import sys
from pathlib import Path

from neural_predictor.config.project import Project
from neural_predictor.figures.lists import lists

ROOT = Path(__file__).parents[2]


def test_every_test_that_a_document_names_exists():
    for document in (ROOT / "docs").rglob("*.md"):
        for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", document.read_text()):
            assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE), (document.name, name)


def test_the_protocol_has_a_row_for_each_of_the_21_defects():
    rows = re.findall(r"^\| (\d+) \|.*\| ([^|]+) \|$", (ROOT / "docs/protocol.md").read_text(), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 22))
    assert all(guard.startswith("`tests/") for _, guard in rows)


def test_the_list_of_figures_is_the_registrys():
    path = ROOT / "docs/figures.md"
    assert {path: path.read_text()} == lists(Project(ROOT)), "run `neural-predictor write-lists`"


def test_the_tables_of_searches_are_those_of_their_record():
    command = [sys.executable, "bench/search_methods.py", "--record", "docs/lab/searches.csv"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    *_, after_200, _ = tables = printed.strip().split("\n\n")
    assert [table.split(" |")[0] for table in tables] == [f"| {count} trainings" for count in (50, 100, 200, 300)]
    assert printed.strip() in (ROOT / "docs/lab/searches.md").read_text()
    assert after_200 in (ROOT / "docs/search.md").read_text()


def test_the_layout_names_every_stage_and_folder():
    text = (ROOT / "docs/reference/layout.md").read_text()
    package = ROOT / "src/neural_predictor"
    stages = [f"{path.name}/" if path.is_dir() else path.name for path in package.iterdir()]
    named = re.findall(r"^  ((?:\w+(?:/|\.py)(?:, )?)+) ", text, re.MULTILINE)
    listed = [name for names in named for name in names.split(", ")]
    assert sorted(listed) == sorted(name for name in stages if not name.startswith("__") and name != "py.typed")
    for name in (
        "Snakefile",
        "workflow",
        "config",
        "profiles",
        "envs",
        "bench",
        "tests/workflow",
        "tests/docs",
        "docs",
    ):
        assert name in text
        assert (ROOT / name).exists()
