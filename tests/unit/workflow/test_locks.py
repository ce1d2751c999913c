"""What a killed run left behind is cleared away; what may still be at work is left alone."""

import json
import os
import subprocess
import sys

import psutil
import pytest

from neural_predictor.workflow import locks

LIVING = """
import sys, time
from functools import partial
from pathlib import Path
from neural_predictor.workflow.locks import enter
enter(Path(sys.argv[1]), partial(print, flush=True))
Path(sys.argv[1], ".snakemake/locks").mkdir(parents=True, exist_ok=True)
Path(sys.argv[1], ".snakemake/locks/0.input.lock").touch()
import subprocess
job = subprocess.Popen([sys.executable, "-c", "import time; print('at work', flush=True); time.sleep(60)"])
time.sleep(60)
"""


@pytest.fixture
def living(tmp_path):
    """A run that holds the lock and has a job at work."""
    process = subprocess.Popen([sys.executable, "-c", LIVING, tmp_path], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "at work\n"
    jobs = psutil.Process(process.pid).children()
    yield process
    for left in (process, *jobs):
        left.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture(autouse=True)
def _outside_of_any_run(monkeypatch):
    """What `enter` leaves in this process: its id, its record, Snakemake's exception."""
    from snakemake import exceptions

    monkeypatch.setenv(locks.RUN_VARIABLE, "none")
    monkeypatch.setattr(exceptions, "LockException", exceptions.LockException)
    left = []
    monkeypatch.setattr(locks.atexit, "register", left.append)
    yield
    for leave in left:
        leave()


def enter(path):
    said = []
    locks.enter(path, said.append)
    return said


def record(path, **values):
    run = {"id": "0", "host": "elsewhere", "pid": 1, "since": "2020-01-01 00:00:00+00:00", "command": "snakemake all"}
    (path / "work/runs").mkdir(parents=True, exist_ok=True)
    (path / f"work/runs/{values.get('id', 0)}.json").write_text(json.dumps(run | values))


def lock(path):
    (path / ".snakemake/locks").mkdir(parents=True)
    (path / ".snakemake/locks/0.output.lock").touch()


def raised():
    from snakemake import exceptions

    return str(exceptions.LockException())


def test_a_first_run_is_silent_and_leaves_a_record_until_it_ends(tmp_path):
    code = "from pathlib import Path; from neural_predictor.workflow.locks import *; "
    code += f"enter(Path({str(tmp_path)!r}), print);"
    code += f"print(len(list(Path({str(tmp_path)!r}).glob('work/runs/*.json'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert [path.name for path in (tmp_path / "work/runs").iterdir()] == ["enter.lock"]


def test_after_a_killed_run_its_lock_and_its_orphaned_jobs_go_and_one_line_says_so(tmp_path, living):
    job = psutil.Process(living.pid).children()[0]
    living.kill()
    living.wait()
    assert job.is_running()
    (said,) = enter(tmp_path)
    assert f"An earlier run was killed (process {living.pid} on " in said
    assert f"its lock is removed, its orphaned jobs are stopped (processes {job.pid});" in said
    assert not job.is_running() or job.status() == psutil.STATUS_ZOMBIE
    assert not (tmp_path / ".snakemake/locks").exists()
    assert enter(tmp_path) == []


def test_a_job_that_ignores_the_request_to_end_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE_S", 0.3)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    run = f"dead-{os.getpid()}"  # which no other process of tests has
    job = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env={locks.RUN_VARIABLE: run})
    with job:
        job.stdout.readline()
        assert locks.stop_jobs(run) == [job.pid]
    assert job.returncode == -9


def test_a_living_run_keeps_its_lock_and_its_jobs_and_is_named(tmp_path, living):
    job = psutil.Process(living.pid).children()[0]
    assert enter(tmp_path) == []
    assert (tmp_path / ".snakemake/locks/0.input.lock").exists()
    assert job.is_running()
    assert f"Another run goes on in this folder (process {living.pid} on " in raised()
    assert f"stop it with `kill {living.pid}`" in raised()


def test_a_lock_is_kept_while_another_run_lives_though_one_is_dead(tmp_path, living):
    record(tmp_path, id="dead", host=locks.socket.gethostname(), pid=living.pid)
    assert enter(tmp_path) == []
    assert (tmp_path / ".snakemake/locks/0.input.lock").exists()
    assert not (tmp_path / "work/runs/dead.json").exists()


def test_a_recycled_process_id_is_no_sign_of_life(tmp_path, living):
    record(tmp_path, id="dead", host=locks.socket.gethostname(), pid=living.pid)
    assert not locks.Folder(tmp_path).lives(locks.Folder(tmp_path).records()[0])


def test_another_hosts_lock_is_left_and_host_process_and_way_out_are_named(tmp_path):
    record(tmp_path)
    lock(tmp_path)
    assert enter(tmp_path) == []
    assert (tmp_path / ".snakemake/locks/0.output.lock").exists()
    assert "Another run has locked this folder (process 1 on elsewhere, since 2020-01-01 00:00:00+00:00" in raised()
    assert "`snakemake --unlock`" in raised()


def test_another_hosts_record_without_a_lock_is_forgotten(tmp_path):
    record(tmp_path)
    enter(tmp_path)
    assert not (tmp_path / "work/runs/0.json").exists()
    assert "--unlock" in raised()  # Snakemake's own words: nobody else is known here


def test_a_lock_whose_owner_is_unknown_is_left_to_the_user(tmp_path):
    lock(tmp_path)
    assert enter(tmp_path) == []
    assert (tmp_path / ".snakemake/locks/0.output.lock").exists()
    assert "likely caused by a kill signal" in raised()


def test_a_damaged_record_is_no_run(tmp_path):
    record(tmp_path)
    (tmp_path / "work/runs/0.json").write_text('{"id": ')
    assert enter(tmp_path) == []


def test_runs_that_begin_together_do_not_take_each_others_lock(tmp_path, living):
    living.kill()
    living.wait()
    command = [sys.executable, "-c", LIVING, tmp_path]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first = [process.stdout.readline() for process in both]
    for process in both:
        for left in (*psutil.Process(process.pid).children(), process):
            left.kill()
        process.communicate()
    assert sum(line.startswith("An earlier run was killed") for line in first) == 1


def test_sigterm_is_heard_while_the_main_thread_holds_the_lock_that_its_handler_takes():
    code = """
import os, signal, threading, time
from neural_predictor.workflow.locks import drain_on_sigterm
lock, heard = threading.Lock(), threading.Event()
def handler(number, frame):
    with lock:
        heard.set()
signal.signal(signal.SIGTERM, handler)
drain_on_sigterm()
with lock:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.1)
print(heard.wait(5))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "True\n"
