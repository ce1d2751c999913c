"""`make setup` in the situations of users: a moved folder, a wrong clock, settings of pip and Python."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("Makefile", "requirements.lock", "pyproject.toml")
TOLD = "Making .venv anew: the lock, pyproject.toml or the place of this folder has changed."


def make(folder, *arguments, **environment):
    command = ["make", *arguments]
    return subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def planned(folder):
    """What `make setup` would do."""
    return make(folder, "-n", "setup").stdout


@pytest.fixture
def ready(tmp_path):
    """A folder, of an unusual name, whose .venv was made from what is there."""
    folder = tmp_path / "it's 100% (mine) $x"
    (folder / ".venv/bin").mkdir(parents=True)
    for name in FILES:
        shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv/bin/python").symlink_to(sys.executable)
    with (folder / ".venv/.ready").open("w") as stamp:
        command = "pwd -P; cat requirements.lock pyproject.toml | cksum"
        subprocess.run(["sh", "-c", command], cwd=folder, stdout=stamp, check=True)
    return folder


def test_times_of_files_do_not_matter(ready):
    assert "Nothing to be done" in planned(ready)
    for shift in (3600, -(10**9)):
        for name in FILES:
            os.utime(ready / name, (time.time() + shift,) * 2)
        assert "Nothing to be done" in planned(ready)


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_another_lock_makes_the_environment_anew(ready, name):
    with (ready / name).open("a") as file:
        file.write("# a change\n")
    assert TOLD in planned(ready)


def test_a_moved_folder_and_a_removed_python_make_the_environment_anew(ready):
    moved = ready.rename(ready.with_name("moved"))
    assert TOLD in planned(moved)
    back = moved.rename(ready)
    assert "Nothing to be done" in planned(back)
    (back / ".venv/bin/python").unlink()
    assert TOLD in planned(back)


def test_where_uv_installs_nothing_pip_does(ready):
    """As where packages come from a mirror that pip's settings name."""
    for name, code in (("uv", 2), ("python", 0)):
        program = ready / ".venv/bin" / name
        program.unlink(missing_ok=True)
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> "$(dirname "$0")/ran"\nexit {code}\n')
        program.chmod(0o755)
    (ready / "requirements-gpu.lock").touch()
    done = make(ready, "gpu")
    ran = [line.split() for line in (ready / ".venv/bin/ran").read_text().splitlines()]
    assert [line[0] for line in ran] == ["uv", "python"]
    assert all(line[-2:] == ["-r", "requirements-gpu.lock"] and "--no-deps" in line for line in ran)
    assert "--require-hashes" in ran[1]
    assert done.returncode == 0
    assert "uv did not install requirements-gpu.lock; pip tries" in done.stderr


def test_one_command_installs_for_a_gpu_and_one_variable_uses_it(ready):
    shutil.copy2(ROOT / "requirements-gpu.lock", ready)
    assert "--require-hashes --no-deps -r requirements-gpu.lock" in make(ready, "-n", "gpu").stdout
    planned = make(ready, "-n", "results/fig7.pdf", "ACCELERATOR=gpu").stdout
    assert "--config accelerator=gpu -- results/fig7.pdf" in planned
    assert "--config" not in make(ready, "-n", "results/fig7.pdf").stdout


def test_the_report_is_made_before_the_claims_that_link_to_it(ready):
    lines = make(ready, "-n", "report", "ACCELERATOR=gpu").stdout.splitlines()
    (report,) = (k for k, line in enumerate(lines) if "--report" in line)
    assert lines[report].endswith("--report results/report.html --config accelerator=gpu -- all")
    assert "--forcerun compare_claims --cores all --config accelerator=gpu -- results/claims.html" in lines[report + 1]


def test_settings_of_the_user_reach_none_of_uv_pip_and_python(ready):
    recorder = ready / "recorder"
    recorder.write_text('#!/bin/sh\nenv > "$(dirname "$0")/seen"\nexit 1\n')
    recorder.chmod(0o755)
    (ready / ".venv/.ready").unlink()
    dropped = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_HASHES", "PIP_CONSTRAINT")
    dropped += ("PIP_PYTHON", "PIP_NO_BINARY", "UV_TARGET", "UV_PYTHON", "UV_CONSTRAINT", "UV_NO_VERIFY_HASHES")
    dropped += ("PYTHONPATH", "PYTHONHOME", "PYTHONWARNINGS", "PYTHONDONTWRITEBYTECODE")
    settings = dict.fromkeys(dropped, "1") | {"PIP_INDEX_URL": "https://mirror"}
    environment = {name: value for name, value in os.environ.items() if name != "HOME"} | settings
    command = ["make", "PYTHON=./recorder", "setup"]
    subprocess.run(command, cwd=ready, env=environment, capture_output=True, check=False)
    seen = dict(line.split("=", 1) for line in (ready / "seen").read_text().splitlines() if "=" in line)
    assert [name for name in dropped if name in seen] == []
    assert seen["PIP_INDEX_URL"] == "https://mirror"
    assert seen["HOME"] == f"{ready}/work/home"
