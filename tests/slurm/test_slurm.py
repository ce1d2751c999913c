"""smoke-v1 whole through a real Slurm, by both profiles, while three of its jobs are ended each in another way.

tests/slurm/run.sh starts a controller with one node of two CPUs and one GPU, and runs these.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from support.checkout import Checkout
from support.results import contents

pytestmark = pytest.mark.slurm

STUDY = "results/smoke-v1"
TARGETS = [f"{STUDY}/all"]
LOCAL_RULES = {"fetch_source", "prepare_images", "publish", "write_manifest", "finish_study"}


def tables_of(project):
    """The study's tables: name -> content; of the children's, all but the times of trainings."""
    return {name: content for name, content in contents(project.path(STUDY)).items() if name.endswith(".csv")}


@pytest.fixture(scope="module")
def local(controller, tmp_path_factory):
    """The study's tables, built without a cluster."""
    project = Checkout(tmp_path_factory.mktemp("local") / "project")
    began = time.monotonic()
    project.snakemake("--cores", "2", *TARGETS)
    return tables_of(project), time.monotonic() - began


def planned(project):
    """Rule -> number of jobs that are no local ones."""
    table = project.snakemake("-n", *TARGETS).split("Job stats:")[1].partition("\ntotal")[0]
    counts = {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}
    return {rule: count for rule, count in counts.items() if rule not in LOCAL_RULES}


def start(project, profile):
    """Snakemake on the whole study, two jobs at a time."""
    command = [sys.executable, "-m", "snakemake", "--workflow-profile", f"profiles/{profile}", "--jobs", "2"]
    with project.path("snakemake.log").open("w") as log:
        return subprocess.Popen([*command, *TARGETS], cwd=project.folder, stdout=log, stderr=subprocess.STDOUT)


class Faults:
    """Ends two jobs of a run when it sees them run: one by scancel; one hangs, until its time is up, a minute.

    The third runs out of memory by itself.
    """

    def __init__(self, cluster, project):
        self.cluster, self.project = cluster, project
        self.ended = {}

    def step(self):
        for job in self.cluster.jobs():
            rule = job["Rule"]
            if job["JobState"] != "RUNNING" or rule in self.ended:
                continue
            if rule == "fit_predictor":
                subprocess.run(["scancel", job["JobId"]], check=True)
                self.ended[rule] = job["JobId"]
            elif rule == "train_children" and (pid := self._process("train-children")):
                os.kill(pid, signal.SIGSTOP)
                subprocess.run(["scontrol", "update", f"JobId={job['JobId']}", "TimeLimit=1"], check=True)
                self.ended[rule] = job["JobId"]

    def _process(self, command):
        """The process of this project that runs a command of the package."""
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
                here = (entry / "cwd").readlink() == self.project.folder
            except OSError:
                continue
            if here and arguments[1:4] == [b"-m", b"neural_predictor", command.encode()]:
                return int(entry.name)
        return None


def attempts(project, jobs):
    """For each job that was submitted more than once: its attempts, oldest first."""
    submitted = r"[Jj]ob (\d+) (?:has been submitted with SLURM jobid (\d+)|with external jobid '(\d+)')"
    found = defaultdict(list)
    for number, *identifiers in re.findall(submitted, project.path("snakemake.log").read_text()):
        found[number].append(jobs["".join(identifiers)])
    return [rows for rows in found.values() if len(rows) > 1]


def describe(profile, tried, over_memory, lines):
    """What the run shows, for a person."""
    for rows in tried.values():
        for job in rows:
            keys = ("JobId", "Rule", "JobState", "MinMemoryNode", "TimeLimit", "RunTime")
            lines.append(" ".join([*(job[key] for key in keys), over_memory.get(job["JobId"], "")]))
    print("", *(f"  {profile}: {line}" for line in lines), sep="\n")


@pytest.mark.parametrize("profile", ["slurm", "generic"])
def test_the_whole_study_gives_the_tables_of_a_local_run(profile, cluster, site, local, capsys):
    project = site(
        profile,
        set_resources={
            "fit_predictor": {"gpu": 1},
            "choose_children": {"mem_mb": "600 * attempt"},  # TensorFlow takes more than the first
        },
    )
    expected = planned(project)
    began = time.monotonic()
    run, faults = start(project, profile), Faults(cluster, project)
    try:
        while run.poll() is None:
            faults.step()
            time.sleep(0.5)
    finally:
        run.terminate()
    seconds = time.monotonic() - began
    assert run.returncode == 0, project.path("snakemake.log").read_text()

    jobs = cluster.jobs()
    tried = {rows[0]["Rule"]: rows for rows in attempts(project, {job["JobId"]: job for job in jobs})}
    tables, (local_tables, local_seconds) = tables_of(project), local
    same = [name for name, content in local_tables.items() if tables.get(name) == content]
    over_memory = cluster.over_memory()
    with capsys.disabled():
        summary = f"{len(same)} of {len(local_tables)} tables as locally, byte for byte"
        times = f"{len(jobs)} jobs in {seconds:.0f} s, locally {local_seconds:.0f} s"
        describe(profile, tried, over_memory, [summary, times])
    assert sorted(same) == sorted(tables) == sorted(local_tables)
    assert Counter(job["Rule"] for job in jobs if job["JobState"] == "COMPLETED") == expected
    check_retries(tried, faults.ended, over_memory)
    check_gpu(jobs)


def check_retries(tried, ended, over_memory):
    """Three jobs were retried, and no other: each with more, and with success."""
    assert set(tried) == {"fit_predictor", "train_children", "choose_children"}
    assert {rows[-1]["JobState"] for rows in tried.values()} == {"COMPLETED"}

    cancelled, _ = rows = tried["fit_predictor"]
    assert (cancelled["JobId"], cancelled["JobState"]) == (ended["fit_predictor"], "CANCELLED")
    assert [job["MinMemoryNode"] for job in rows] == ["6096M", "12192M"]
    assert [job["TimeLimit"] for job in rows] == ["02:00:00", "04:00:00"]

    late, _ = rows = tried["train_children"]
    assert (late["JobId"], late["JobState"]) == (ended["train_children"], "TIMEOUT")
    assert [job["TimeLimit"] for job in rows] == ["00:01:00", "1-00:00:00"]

    *killed, _ = rows = tried["choose_children"]
    assert [job["JobId"] for job in killed if job["JobId"] not in over_memory] == []
    # The job's own script is killed, or its step, which the script reports.
    assert killed
    assert {job["JobState"] for job in killed} <= {"FAILED", "OUT_OF_MEMORY"}
    assert [job["MinMemoryNode"] for job in rows] == [f"{600 * attempt}M" for attempt in range(1, len(rows) + 1)]


def check_gpu(jobs):
    """Jobs that need the one GPU had it in turns, and no other job asked for it."""
    need = [job for job in jobs if job["Rule"] == "fit_predictor"]
    assert all("gpu:1" in job["TresPerJob"] for job in need)
    assert not any("gpu" in job.get("TresPerJob", "") for job in jobs if job["Rule"] != "fit_predictor")
    turns = sorted((job["StartTime"], job["EndTime"]) for job in need)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(turns))
