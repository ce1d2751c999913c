"""Every command and every Python block of the documentation is run.

- Commands stand in blocks of the language `sh`, Python in blocks of `python`; no indented block holds a command.
- `snakemake` plans its targets in a copy of the project (`-n`): what takes minutes is not computed here. Lines with the
  same options are planned together. Profiles of clusters are those of `tests/workflow/test_cluster.py`.
- `make` runs with `-n`; a target that is no rule of the Makefile is planned by Snakemake, too.
- `neural-predictor` parses its arguments; the pages of `RUN` run it. `cp` runs.
- Programs of others (`OUTSIDE`) are not run.
- Python blocks of a page run in order, in an empty folder; pages of `ELSEWHERE` in the test that is named there.
"""

import argparse
import re
import shlex
import shutil
import subprocess
import tomllib

import pytest
import typer

from neural_predictor.cli.app import app
from support.documents import PAGES, ROOT, blocks, commands, name_of, without_blocks

ELSEWHERE = {
    "docs/rank.md": "tests/unit/ranking/test_tutorial.py",
    "docs/extending.md": "tests/workflow/test_extending.py",
}
RUN = {"docs/how-to/without-snakemake.md"}
OUTSIDE = {".", "apptainer", "conda", "qmgr", "scancel"}
LANGUAGES = {"bibtex", "python", "sh", "text", "yaml"}
COMMAND = re.compile(r"^(?: {4,}|\t)(?:snakemake|make|neural-predictor|pip|cp|conda|apptainer) ", re.MULTILINE)
USAGE_ERROR = typer.BadParameter.__base__


def lines_of(program):
    """(page, arguments) of each line that calls a program."""
    found = [(block.page, shlex.split(line)) for block in blocks("sh") for line in commands(block)]
    return [(page, words[1:]) for page, words in found if words[0] == program]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_stand_in_blocks_of_a_known_language(page):
    assert not COMMAND.findall(without_blocks(page)), "put commands between ```sh and ```"
    assert {block.language for block in blocks() if block.page == name_of(page)} <= LANGUAGES


def test_every_program_is_run_or_named_as_one_of_others():
    called = {shlex.split(line)[0] for block in blocks("sh") for line in commands(block)}
    assert called - OUTSIDE == {"cp", "make", "neural-predictor", "pip", "snakemake"}


def added_by_the_tutorial(checkout):
    """The image set, the source and the study of the tutorial of one's own data set."""
    page = "docs/tutorials/own-data-set.md"
    parts = {block.title: block.code for block in blocks() if block.page == page and block.title}
    kept = {block.title: block.code for block in blocks() if block.page == "docs/extending.md"}
    assert len(parts) == 5
    for title, code in parts.items():
        if title.startswith("src/"):
            assert code == kept[title]
            checkout.path(title).write_text(code)
        elif title.startswith("row in src/"):
            assert code == kept[title]
            path, registry = re.fullmatch(r"row in (\S+), in (\w+)", title).groups()
            (line,) = re.findall(rf"^{registry}\b.* = .*\($", checkout.path(path).read_text(), re.MULTILINE)
            checkout.edit(path, f"{line}\n", f"{line}\n{code}")
        elif title.startswith("row in config/"):
            checkout.edit("config/sources.yaml", "  digits:\n", f"{code}  digits:\n")
        elif title.startswith("children in "):
            smoke = checkout.path("config/studies/smoke-v1.yaml").read_text()
            smoke = re.sub(r"^sharing:.*\n(?: .*\n)+", "", smoke, flags=re.MULTILINE)  # on the set that is replaced
            (before, after) = re.split(r"^children:\n(?: .*\n)+", smoke, flags=re.MULTILINE)
            checkout.path(title.removeprefix("children in ")).write_text(f"{before}{code}{after}")


def test_every_target_can_be_planned(checkout):
    added_by_the_tutorial(checkout)
    for _, (source, target) in lines_of("cp"):
        shutil.copy2(checkout.path(source), checkout.path(target))
    rules = set(re.findall(r"^(\S+?):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    plans = {}  # options -> targets
    for _, words in lines_of("snakemake"):
        options, targets = split(words)
        plans.setdefault(tuple(options), set()).update(targets)
    for _, words in lines_of("make"):
        plans[()] |= {word for word in words if "=" not in word and word not in rules}
    for options, targets in plans.items():
        checkout.snakemake("-n", "--quiet", *options, "--", *sorted(targets))
    assert len(plans[()]) > 8


def split(words):
    """What a Snakemake line plans: options that change the plan, and targets."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    for flag in ("-n", "-p", "--unlock"):
        parser.add_argument(flag, action="store_true")
    for option in ("--cores", "--resources", "--sdm", "--workflow-profile", "-R", "--until"):
        parser.add_argument(option)
    parser.add_argument("--config", nargs="+", default=[])
    parser.add_argument("targets", nargs="*")
    line = parser.parse_args(words)
    if line.workflow_profile:
        assert (ROOT / line.workflow_profile / "config.yaml").exists()
    options = [*(["-R", line.R] if line.R else []), *(["--until", line.until] if line.until else [])]
    return options + (["--config", *line.config] if line.config else []), line.targets


@pytest.mark.parametrize(("page", "words"), lines_of("make"), ids=str)
def test_make_has_the_target(page, words):
    done = subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("page", "words"), lines_of("neural-predictor"), ids=str)
def test_the_command_takes_these_arguments(page, words):
    parse(words)


def parse(words):
    """Parse a command line as the command would, and call nothing."""
    command = typer.main.get_command(app)
    try:
        context = command.make_context("neural-predictor", list(words))
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        found.make_context(name, rest, parent=context)
    except typer.Exit:  # --help
        return


@pytest.mark.parametrize("wrong", [["rank", "--trian", "a.csv"], ["ranks"], ["describe"]], ids=str)
def test_a_wrong_command_is_noticed(wrong):
    with pytest.raises(USAGE_ERROR):
        parse(wrong)


@pytest.mark.parametrize("page", sorted(RUN))
def test_the_commands_of_a_page_run(page, checkout, monkeypatch):
    monkeypatch.chdir(checkout.folder)
    for words in (words for where, words in lines_of("neural-predictor") if where == page):
        app(words, standalone_mode=False)
    assert checkout.path("fig3.pdf").stat().st_size > 10_000


def test_pip_installs_what_the_project_has():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for page, words in lines_of("pip"):
        assert words[0] == "install", page
        place = words[-1]
        named = re.fullmatch(r"\.(?:\[([\w,]+)\])?", place)
        assert named or (ROOT / place).exists(), (page, place)
        assert set(((named and named[1]) or "").split(",")) <= {"", *extras}, (page, place)


PYTHON = [block for block in blocks("python") if block.page not in ELSEWHERE and not block.title]


@pytest.mark.parametrize("page", sorted({block.page for block in PYTHON}))
def test_python_runs(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in PYTHON:
        if block.page == page:
            exec(compile(block.code, page, "exec"), names)


def test_pages_that_run_elsewhere_do():
    for page, test in ELSEWHERE.items():
        assert page in (ROOT / test).read_text()
        assert any(block.page == page for block in blocks("python"))
