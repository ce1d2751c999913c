"""The registry holds together, and says of a row that does not what it lacks."""

import subprocess
import sys
from dataclasses import replace

import pytest

from neural_predictor.config.project import Project
from neural_predictor.errors import ConfigError
from neural_predictor.figures.entry_points import load
from neural_predictor.figures.registry import ARTEFACTS
from neural_predictor.figures.validation import check
from neural_predictor.figures.wanted import Wanted, find, names_of
from neural_predictor.workflow.code import PACKAGE

ROOT = PACKAGE.parents[1]
FIG7 = next(row for row in ARTEFACTS if row.name == "fig7")


def test_the_registry_is_whole():
    check(ARTEFACTS)
    for row in ARTEFACTS:
        assert callable(load(row.numbers))
        assert callable(load(row.page))
        assert load(row.page, "COLUMNS")
        assert callable(load(row.page, "finding"))


def test_every_folder_of_a_figure_has_a_row():
    folders = {path.name for path in (PACKAGE / "figures").iterdir() if path.is_dir() and path.name != "__pycache__"}
    folders -= {"audit"}  # the defects that fig-audit switches on
    modules = {entry.partition(".")[0] for row in ARTEFACTS for entry in (row.numbers, row.page)}
    assert folders == {row.folder for row in ARTEFACTS} | modules


def test_every_row_is_made_by_some_study():
    project = Project(ROOT)
    studies = [project.study(name) for name in project.study_names()]
    sets = {name for study in studies for name in study.children}
    made = {name for study in studies for name in Wanted(study).artefacts}
    assert [row.name for row in ARTEFACTS if not made & set(names_of(row, sets))] == []


def test_a_figure_of_children_is_found_by_the_name_of_any_set():
    assert find("fig9-my_flowers").name == "fig9-{children}"
    assert find("fig9-nlp").name == "fig9-nlp"  # a row of its own
    with pytest.raises(ConfigError, match=r"no figure or table 'fig9-' \(did .*\); there are fig1, .*fig9-<children>"):
        find("fig9-")


def test_a_set_of_children_may_not_have_the_name_of_another_figure():
    study = Project(ROOT).study("smoke-v1")
    children = {"nlp": study.children["digits"]}
    with pytest.raises(ConfigError, match=r"smoke-v1: children\.nlp would make fig4-nlp, which is another"):
        Wanted(study.model_copy(update={"children": children}).with_name("smoke-v1"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"numbers": "fig7.numbers"}, "numbers is 'fig7.numbers': write <module>:<function>, for example"),
        ({"numbers": "fig77.numbers:run"}, "but there is no file .*fig77/numbers.py: write it, or correct the row"),
        ({"page": "fig7.page:paint"}, "fig7/page.py defines no function paint: write it, or correct the row"),
        ({"page": "fig7.numbers:run"}, "fig7/numbers.py does not name the columns that it takes: COLUMNS"),
        (
            {"page": "fig7.numbers:run"},
            r"fig7/numbers\.py does not say what is seen: write finding\(frame, protocol\), which returns a few",
        ),
        ({"section": "fig77"}, "section is 'fig77', which no study has; add it to Study, or name one of its sections"),
        ({"name": "fig77"}, "no caption for the report: write .*fig77/caption.rst"),
        ({"reads": ("fig77",)}, "reads 'fig77', which no row above has: name one, or move this row below it"),
    ],
)
def test_a_row_that_lacks_something_is_named_with_what_to_do(changes, said):
    with pytest.raises(ConfigError, match=rf"registry\.py: fig7\w*: .*{said}"):
        check([replace(FIG7, **changes)])


def test_a_name_that_is_used_twice_is_refused():
    with pytest.raises(ConfigError, match=r"registry\.py: fig7: a row above has the name 'fig7' too: give this one"):
        check([FIG7, FIG7])


def test_the_list_of_targets_needs_the_standard_library_alone():
    code = "import runpy, sys; before = set(sys.modules)\n"
    code += "runpy.run_module('neural_predictor.figures.registry', {}, '__main__')\n"
    code += "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    *targets, modules = done.stdout.splitlines()
    assert modules == "['neural_predictor']"
    assert [line.split()[1] for line in targets[:2]] == ["results/fig1.pdf", "results/fig2.pdf"]
    assert len(targets) == len(ARTEFACTS)
