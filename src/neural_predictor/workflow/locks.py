"""Runs of the workflow in a folder: who has Snakemake's lock, and what a run that was killed left behind.

Snakemake's lock is a set of files that outlives a killed Snakemake, as do the jobs that it had started. So each run
leaves a record that tells who it is, `work/runs/<id>.json`, and beside it a lock that the kernel frees when the run
ends, however it ends: a record whose lock is free is a dead run's. Its jobs carry the run's id in their environment.
"""

from __future__ import annotations

import atexit
import json
import os
import shlex
import shutil
import signal
import socket
import sys
import threading
import time
import uuid
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import TYPE_CHECKING

import psutil
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from neural_predictor.io.files import disk_faults, write_text

if TYPE_CHECKING:
    from collections.abc import Callable

RUN_VARIABLE = "NEURAL_PREDICTOR_RUN"
"""Environment variable of every job: the id of the run that started it."""
PATIENCE_S = 5.0
"""How long an orphaned job may take to end before it is killed."""


class Run(BaseModel):
    """Who runs the workflow: the record that a run leaves."""

    model_config = ConfigDict(frozen=True)

    id: str
    host: str
    pid: int
    since: str
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since}: {self.command}"


class Folder:
    """The folder in which Snakemake works, with the records of its runs."""

    def __init__(self, path: Path) -> None:
        self.runs = path / "work/runs"
        self.locks = path / ".snakemake/locks"

    def locked(self) -> bool:
        """Whether Snakemake's lock is there."""
        return any(self.locks.glob("*.lock"))

    def unlock(self) -> None:
        """Remove Snakemake's lock, as `snakemake --unlock` does."""
        shutil.rmtree(self.locks, ignore_errors=True)

    def kept(self, run_id: str) -> FileLock:
        """The lock that a run keeps as long as it lives."""
        return FileLock(self.runs / f"{run_id}.lock")

    def records(self) -> list[Run]:
        """Records of all runs, the oldest first."""
        found = []
        for path in self.runs.glob("*.json"):
            with suppress(OSError, ValidationError):  # one that has just ended, or is no record
                found.append(Run.model_validate_json(path.read_text(encoding="utf-8")))
        return sorted(found, key=lambda run: run.since)

    def forget(self, run: Run) -> None:
        """Remove a run's record."""
        for kind in ("json", "lock"):
            (self.runs / f"{run.id}.{kind}").unlink(missing_ok=True)

    def lives(self, run: Run) -> bool:
        """Whether a run of this host goes on."""
        lock = self.kept(run.id)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False


def enter(path: Path, say: Callable[[str], None]) -> None:
    """Begin a run of the workflow in `path`: clear away what dead runs left there, and leave a record of this one.

    A lock is removed only if its owner is known and dead: none of the runs in the folder is alive or another host's.

    Raises:
        UserError: if the folder cannot be written.
    """
    folder = Folder(path)
    with disk_faults(folder.runs):
        folder.runs.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.runs / "enter.lock"):  # one at a time: none removes the lock of who was first
            _clear(folder, say)
            _register(folder)
    _name_who_holds_the_lock(folder)


def refusal(folder: Folder) -> str | None:
    """Why a run cannot start while another one holds the lock, and what to do; None if nobody is known to hold it."""
    here = socket.gethostname()
    for run in folder.records():
        if (run.host, run.pid) == (here, os.getpid()):
            continue
        if run.host != here:
            return (
                f"Another run has locked this folder ({run}). Whether it still goes on cannot be seen from {here}: "
                f"look on {run.host}. If it does, wait for it; if not, remove its lock with `snakemake --unlock`. Then "
                "run the same command again. Nothing was started."
            )
        if folder.lives(run):
            return (
                f"Another run goes on in this folder ({run}). Wait for it, or stop it with `kill {run.pid}`: it then "
                "ends after the jobs that it has begun. Then run the same command again. Nothing was started."
            )
    return None


def _clear(folder: Folder, say: Callable[[str], None]) -> None:
    here, locked = socket.gethostname(), folder.locked()
    records = folder.records()
    dead = [run for run in records if run.host == here and not folder.lives(run)]
    foreign = [run for run in records if run.host != here]
    unlock = locked and len(dead) == len(records) > 0
    for run in dead:
        stopped = stop_jobs(run.id)
        done = ["its lock is removed"] if unlock else []
        done += [f"its orphaned jobs are stopped (processes {', '.join(map(str, stopped))})"] if stopped else []
        if done:
            say(f"An earlier run was killed ({run}): {', '.join(done)}; what it had finished is kept.")
    if unlock:
        folder.unlock()
    for run in dead if locked else dead + foreign:  # without a lock, other hosts' runs have ended too
        folder.forget(run)


def _register(folder: Folder) -> None:
    os.environ[RUN_VARIABLE] = uuid.uuid4().hex
    since = datetime.now().astimezone().isoformat(" ", "seconds")
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    run = Run(id=os.environ[RUN_VARIABLE], host=socket.gethostname(), pid=os.getpid(), since=since, command=command)
    lock = folder.kept(run.id)
    lock.acquire()
    write_text(folder.runs / f"{run.id}.json", json.dumps(run.model_dump(), indent=2) + "\n")

    def leave() -> None:
        with suppress(OSError):
            folder.forget(run)
        lock.release()

    atexit.register(leave)


def stop_jobs(run_id: str) -> list[int]:
    """Stop the processes on this host that a run had started and that outlived it.

    Returns:
        Their process ids.
    """
    stopped: set[int] = set()
    for request in (SIGTERM, SIGKILL):
        told: set[int] = set()
        until = time.monotonic() + PATIENCE_S
        while (orphans := jobs_of(run_id)) and time.monotonic() < until:
            for orphan in orphans:  # again and again: one may have started another meanwhile
                if orphan.pid not in told:
                    told.add(orphan.pid)
                    with suppress(psutil.NoSuchProcess):
                        orphan.send_signal(request)
            time.sleep(0.05)
        stopped |= told
    return sorted(stopped)


def jobs_of(run_id: str) -> list[psutil.Process]:
    """Processes of a run's jobs on this host, as far as this user may see them."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # ended meanwhile, or another user's
            if process.environ().get(RUN_VARIABLE) == run_id and process.pid != os.getpid():
                found.append(process)
    return found


def drain_on_sigterm() -> None:
    """Let Snakemake's handler of SIGTERM run in a thread of its own.

    The handler takes the scheduler's lock. Python runs it in the main thread, which may just hold that lock: Snakemake
    9.27 then hangs for ever.
    """
    handler = signal.getsignal(SIGTERM)
    if callable(handler) and threading.current_thread() is threading.main_thread():
        signal.signal(SIGTERM, lambda *told: threading.Thread(target=handler, args=told, daemon=True).start())


def _name_who_holds_the_lock(folder: Folder) -> None:
    """Let Snakemake say who holds its lock: its own message cannot know.

    The exception is looked up when it is raised; should that change, Snakemake's own message is back.
    """
    from snakemake import exceptions

    class LockException(exceptions.LockException):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            reason = refusal(folder)
            if reason is not None:
                self.args = (reason,)

    exceptions.LockException = LockException
