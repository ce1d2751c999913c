"""What the command line logs, and that Python's own loggers are left alone."""

import logging
import subprocess
import sys

import pytest

RANK = """
import csv, logging, sys
import numpy as np
import neural_predictor
rng = np.random.default_rng(0)
chains = [(np.eye(5, k=1), ["in", *rng.choice(["a", "b", "c"], 3), "out"]) for _ in range(80)]
labels = [architecture[1].count("a") + rng.random() for architecture in chains]
neural_predictor.rank(chains[:40], labels[:40], chains, predictor="forest", threads=1, learning_curve=False)
package = logging.getLogger("neural_predictor")
print(logging.root.handlers, logging.root.level, package.handlers, package.level, logging.raiseExceptions)
"""


@pytest.fixture
def described(tmp_path):
    """Describe a table that is not there, with these options; the lines of standard error."""

    def run(*arguments):
        command = [sys.executable, "-m", "neural_predictor", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False).stderr.splitlines()

    return run


@pytest.fixture
def fetched(tmp_path):
    """Link a file that is not the registry's, with these options; the lines of standard error."""
    (tmp_path / "config").mkdir()
    row = "{url: 'http://127.0.0.1:9/x', sha256: '" + "0" * 64 + "', licence: MIT, citation: none}"
    (tmp_path / "config/sources.yaml").write_text(f"sources: {{data: {row}}}")
    (tmp_path / "mine").write_text("mine")

    def run(before, after):
        command = ["fetch-source", "data", "--output", "raw", "--local", "mine"]
        done = subprocess.run(
            [sys.executable, "-m", "neural_predictor", *before, *command, *after],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=True,
        )
        assert (tmp_path / "raw").read_text() == "mine"
        return done.stderr.splitlines()

    return run


@pytest.mark.parametrize("place", ["before", "after"])
def test_levels_are_chosen_before_and_after_the_command(fetched, place):
    warning = "data: mine is not the file of the registry (its sha256 differs); used as you say"

    def lines(*options):
        return fetched(options, []) if place == "before" else fetched([], options)

    assert lines() == [warning]
    assert lines("--quiet") == []
    assert lines("--verbose") == [warning, "wrote raw"]


def test_a_quiet_error_is_still_an_error_and_a_verbose_one_says_where_it_was_raised(described):
    message = "neural-predictor: absent.parquet: no such table"
    (quiet,) = described("describe", "absent.parquet", "--quiet")
    assert quiet.startswith(message)
    verbose = described("describe", "absent.parquet", "--verbose")
    assert verbose[0] == quiet
    assert verbose[1].startswith("Traceback")


def test_quiet_and_verbose_exclude_each_other(described):
    assert "--quiet and --verbose exclude each other" in " ".join(described("describe", "x", "--quiet", "--verbose"))


def test_ranking_from_python_sets_no_log_up():
    done = subprocess.run([sys.executable, "-c", RANK], capture_output=True, text=True, check=True)
    assert done.stdout == f"[] {logging.WARNING} [] {logging.NOTSET} True\n"
    assert "score candidates" not in done.stderr
