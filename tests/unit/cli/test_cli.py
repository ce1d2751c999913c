import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from neural_predictor.cli import app as cli
from neural_predictor.io.logs import PACKAGE_LOGGER

ROOT = Path(__file__).parents[3]


def command(*arguments, cwd=None):
    process = [sys.executable, "-m", "neural_predictor", *map(str, arguments)]
    environment = {"PATH": "", "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(process, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


def test_help_names_every_stage_and_does_not_import_tensorflow():
    code = "import sys; sys.argv = ['neural-predictor', '--help']\nfrom neural_predictor.cli.app import app\n"
    code += "try: app()\nexcept SystemExit: print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("False False")
    for stage in ("fetch-source", "build-table", "fit-predictor", "run", "render", "describe"):
        assert stage in done.stdout


def test_stages_work_without_snakemake(tmp_path):
    raw, table = tmp_path / "raw", tmp_path / "table.parquet"
    assert command("fetch-source", "nasbench-graph-proteins", "--output", raw, "--root", ROOT).returncode == 0
    assert command("build-table", "nasbench-graph-proteins", "--raw", raw, "--output", table).returncode == 0
    described = command("describe", table)
    assert "2,021 architectures" in described.stdout
    csv, protocol = tmp_path / "fig3.csv", tmp_path / "fig3.json"
    common = ["--csv", csv, "--protocol", protocol]
    run = command("run", "fig3", "--study", "smoke-v1", "--table", table, *common, "--root", ROOT)
    assert run.returncode == 0, run.stderr
    drawn = command("render", "fig3", *common, "--pdf", tmp_path / "f.pdf", "--png", tmp_path / "f.png")
    assert drawn.returncode == 0, drawn.stderr
    assert (tmp_path / "f.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["fetch-source", "imagenet", "--output", "x", "--root", ROOT],
            "no source 'imagenet'; known are nasbench-graph",
        ),
        (
            ["build-table", "nasbench-graph-reddit", "--raw", "x", "--output", "y"],
            "unknown benchmark 'nasbench-graph-reddit'",
        ),
        (["build-table", "nasbench-graph-cs", "--raw", "absent", "--output", "y"], "absent: not a readable pickle"),
        (
            ["build-table", "nasbench-graph-cs", "--raw", "absent", "--output", "y", "--tolerate", "3"],
            "absent: the raw file of nasbench-graph-cs holds no logs, but 3 may be left out; expected 0",
        ),
        (["describe", "absent.parquet"], "absent.parquet: no such table"),
        (["render", "fig3", "--csv", "a", "--protocol", "b", "--pdf", "c", "--png", "d"], "run its rule again"),
    ],
)
def test_faults_are_one_message_without_a_traceback(tmp_path, arguments, said):
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "neural-predictor: " in done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("missing", "needs_it"),
    [
        ("google_crc32c", "import neural_predictor.tables.nasbench101.tfrecord"),
        ("tabulate", "import pandas; pandas.DataFrame({'tau': [1]}).to_markdown()"),
    ],
)
def test_a_command_without_its_extra_says_what_to_install(monkeypatch, capsys, missing, needs_it):
    monkeypatch.setattr(PACKAGE_LOGGER, "handlers", [])
    monkeypatch.setattr(PACKAGE_LOGGER, "propagate", True)
    monkeypatch.setitem(sys.modules, missing, None)  # as where it is not installed
    monkeypatch.delitem(sys.modules, "neural_predictor.tables.nasbench101.tfrecord", raising=False)
    monkeypatch.setattr(cli, "app", lambda: exec(needs_it))
    with pytest.raises(SystemExit, match="2"):
        cli.main()
    (message,) = capsys.readouterr().err.splitlines()
    assert f"needs the package {missing}, which is not installed" in message
    assert message.endswith('run pip install "neural-predictor[workflow]"')


@pytest.mark.parametrize("needs_it", ["import neural_predictor.absent", "from numpy import absent"])
def test_a_defect_of_the_package_keeps_its_traceback(monkeypatch, needs_it):
    monkeypatch.setattr(PACKAGE_LOGGER, "propagate", True)
    monkeypatch.setattr(cli, "app", lambda: exec(needs_it))
    with pytest.raises(ImportError, match="absent"):
        cli.main()


def test_a_message_is_said_once_where_a_library_logs_too():
    code = "import logging, sys; logging.basicConfig(level=logging.INFO); sys.argv[1:] = ['describe', 'absent']\n"
    code += "from neural_predictor.cli.app import main\nmain()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("absent")) == (2, 1), done.stderr


def test_an_unknown_shard_is_named(tmp_path):
    raw, table = tmp_path / "raw", tmp_path / "table.parquet"
    command("fetch-source", "nasbench-graph-proteins", "--output", raw, "--root", ROOT)
    command("build-table", "nasbench-graph-proteins", "--raw", raw, "--output", table)
    done = command(
        *("fit-predictor", "--study", "smoke-v1", "--table", table, "--predictor", "one-stage"),
        *("--sample", "n20", "--shard", "7", "--output", tmp_path / "s.npz"),
        *("--times", tmp_path / "s.json", "--root", ROOT),
    )
    assert done.returncode == 2
    said = "study smoke-v1 has 1 shards of one-stage, n20, on nasbench-graph-proteins; there is no shard 7"
    assert said in done.stderr


def test_pages_are_drawn_without_the_users_matplotlib(monkeypatch, tmp_path):
    monkeypatch.setenv("MPLBACKEND", "module://of.a.notebook")
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "matplotlibrc"))
    cli._settings_of_its_own()
    assert os.environ["MPLBACKEND"] == "agg"
    assert Path(os.environ["MATPLOTLIBRC"]).read_text().startswith("#")  # matplotlib's own, in which all is a comment


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit):
        cli.app(["--version"])
    assert capsys.readouterr().out.strip()


def test_letters_that_standard_output_lacks_are_written_as_escapes(monkeypatch, tmp_path):
    path = tmp_path / "größer.csv"
    path.write_text('adjacency,operations,größer\n010001000,"input,conv3x3-bn-relu,output",é\n')
    output = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setattr(sys, "argv", ["neural-predictor", "identify", "--space", "nasbench101", str(path)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 0
    assert output.buffer.getvalue().decode().startswith("adjacency,operations,größer,architecture\n")
    print("é", file=output, flush=True)
    assert output.buffer.getvalue().endswith(b"\\xe9\n")
