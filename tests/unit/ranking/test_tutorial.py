"""The commands of docs/rank.md, run in its order on fewer architectures and with a fast predictor."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

DOCUMENT = Path(__file__).parents[3] / "docs/rank.md"
SMALLER = {
    "rows[172:])": "rows[172:500])",
    "--predictor best": "--predictor xgboost --threads 1",
    "[:1172]": "[:272]",
    'predictor="xgboost"': 'predictor="xgboost", threads=1',
}


@pytest.fixture
def blocks():
    """(language, code) of each fenced block, made smaller."""
    text = DOCUMENT.read_text()
    for large, small in SMALLER.items():
        assert text.count(large) == 1, large
        text = text.replace(large, small)
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_commands_of_the_tutorial_run(blocks, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert [language for language, _ in blocks] == ["python", "sh", "python", "sh", "python"]
    names = {}
    for language, code in blocks:
        if language == "python":
            exec(compile(code, str(DOCUMENT), "exec"), names)
            continue
        if "--cost" in code:  # of files with a column that these have not: test_cost.py
            continue
        command = shlex.split(code)
        assert command[0] == "neural-predictor"
        done = subprocess.run([sys.executable, "-m", "neural_predictor", *command[1:]], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "172 training architectures, 328 candidates, 11 operations" in done.stdout
    said = capsys.readouterr().out
    assert float(re.search(r"tau (\S+)", said)[1]) > 0.2
    assert re.search(r"labels within their intervals: \d", said)
    assert len(pd.read_csv("ranked.csv")) == 328
    assert len(names["found"].table) == 5


def test_the_tutorial_names_every_option():
    from typer.testing import CliRunner

    from neural_predictor.cli.rank import app

    options = set(re.findall(r"--[a-z-]+", CliRunner(env={"COLUMNS": "200"}).invoke(app, ["--help"]).output))
    options -= {"--help", "--learning-curve", "--install-completion", "--show-completion"}
    assert {option for option in options if option not in DOCUMENT.read_text()} == set()
