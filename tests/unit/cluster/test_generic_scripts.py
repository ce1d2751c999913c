"""The scripts of profiles/generic, with stand-ins for each scheduler's commands that answer as its manual says.

tests/slurm runs them against a real Slurm.
"""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "profiles/generic"


@pytest.fixture
def scheduler(tmp_path):
    """Makes commands that record their arguments, and runs a script with them."""
    commands = tmp_path / "bin"
    commands.mkdir()

    def run(script, *arguments, system, **answers):
        for name, (code, text) in answers.items():
            path = commands / name
            path.write_text(
                f"#!/bin/bash\nprintf '%s\\n' \"$@\" > {tmp_path}/{name}.args\ncat << 'X'\n{text}\nX\nexit {code}\n"
            )
            path.chmod(0o755)
        # No wait for Grid Engine's books.
        (commands / "sleep").write_text("#!/bin/bash\n")
        (commands / "sleep").chmod(0o755)
        return subprocess.run(
            [SCRIPTS / f"{script}.sh", *arguments],
            cwd=tmp_path,
            env={"PATH": f"{commands}:{os.environ['PATH']}", "CLUSTER_SYSTEM": system},
            capture_output=True,
            text=True,
        )

    run.arguments = lambda name: (tmp_path / f"{name}.args").read_text().splitlines()
    return run


JOB = ("train_children", "4", "6001", "725", "1", "job.sh")
SUBMISSIONS = [
    ("slurm", "sbatch", "12;east", "12", ["--cpus-per-task=4", "--mem=6001M", "--time=725", "--gpus=1", "job.sh"]),
    ("pbs", "qsub", "12.head", "12.head", ["select=1:ncpus=4:mem=6001mb:ngpus=1", "walltime=12:05:00", "job.sh"]),
    ("sge", "qsub", "12", "12", ["-terse", "h_rt=12:05:00", "mem_free=1501M", "smp", "4", "gpu=1", "job.sh"]),
    (
        "lsf",
        "bsub",
        "Job <12> is submitted to queue <normal>.",
        "12",
        ["span[hosts=1] rusage[mem=6001MB]", "725", "num=1"],
    ),
]


@pytest.mark.parametrize(("system", "command", "answer", "identifier", "expected"), SUBMISSIONS)
def test_a_submission_asks_for_what_the_job_needs(scheduler, tmp_path, system, command, answer, identifier, expected):
    (tmp_path / "job.sh").write_text("#!/bin/sh\n")
    done = scheduler("submit", *JOB, system=system, **{command: (0, answer)})
    assert (done.stdout, done.stderr, done.returncode) == (f"{identifier}\n", "", 0)
    arguments = scheduler.arguments(command)
    assert [one for one in expected if one not in arguments] == []
    done = scheduler("submit", *JOB[:4], "0", "job.sh", system=system, **{command: (0, answer)})
    assert done.stdout == f"{identifier}\n"
    assert "gpu" not in " ".join(scheduler.arguments(command))


@pytest.mark.parametrize(("system", "command"), [row[:2] for row in SUBMISSIONS])
def test_a_refused_submission_fails(scheduler, tmp_path, system, command):
    (tmp_path / "job.sh").write_text("#!/bin/sh\n")
    assert scheduler("submit", *JOB, system=system, **{command: (1, "")}).returncode != 0


QACCT = "jobname      fit\nfailed       {}\nexit_status  {}"
UNKNOWN = (1, "Following jobs do not exist: \n12")
STATES = [
    *(("slurm", "running", {"squeue": (0, state)}) for state in ("PENDING", "RUNNING", "COMPLETING", "SUSPENDED")),
    *(("slurm", "failed", {"squeue": (0, state)}) for state in ("FAILED", "TIMEOUT", "OUT_OF_MEMORY", "CANCELLED")),
    ("slurm", "success", {"squeue": (0, "COMPLETED")}),
    ("slurm", "failed", {"squeue": (1, "slurm_load_jobs error: Invalid job id specified")}),
    (
        "slurm",
        "running",
        {"squeue": (1, "slurm_load_jobs error: Unable to contact slurm controller (connect failure)")},
    ),
    ("pbs", "running", {"qstat": (0, "Job Id: 12.head\n    job_state = Q")}),
    ("pbs", "running", {"qstat": (0, "Job Id: 12.head\n    job_state = R")}),
    ("pbs", "success", {"qstat": (0, "Job Id: 12.head\n    job_state = F\n    Exit_status = 0\n    run_count = 1")}),
    ("pbs", "failed", {"qstat": (0, "Job Id: 12.head\n    job_state = F\n    Exit_status = 1")}),
    ("pbs", "failed", {"qstat": (0, "Job Id: 12.head\n    job_state = F\n    Exit_status = -29")}),
    ("pbs", "failed", {"qstat": (0, "Job Id: 12.head\n    job_state = F\n    comment = deleted before it ran")}),
    ("pbs", "failed", {"qstat": (153, "qstat: Unknown Job Id 12.head")}),
    ("pbs", "running", {"qstat": (255, "Connection refused\nqstat: cannot connect to server head (errno=111)")}),
    ("sge", "running", {"qstat": (0, "job_number: 12"), "qacct": (1, "")}),
    ("sge", "failed", {"qstat": (0, "job_number: 12\nerror reason 1: can't get password entry"), "qacct": (1, "")}),
    ("sge", "running", {"qstat": (1, "error: commlib error: got select error (Connection refused)"), "qacct": (1, "")}),
    ("sge", "success", {"qstat": UNKNOWN, "qacct": (0, QACCT.format("0", "0"))}),
    ("sge", "failed", {"qstat": UNKNOWN, "qacct": (0, QACCT.format("0", "137"))}),
    ("sge", "failed", {"qstat": UNKNOWN, "qacct": (0, QACCT.format("37  : qmaster enforced h_rt limit", "0"))}),
    ("sge", "failed", {"qstat": UNKNOWN, "qacct": (1, "error: job id 12 not found")}),
    *(("lsf", "running", {"bjobs": (0, state)}) for state in ("PEND", "RUN", "SSUSP", "PROV", "UNKWN")),
    ("lsf", "success", {"bjobs": (0, "DONE")}),
    ("lsf", "failed", {"bjobs": (0, "EXIT")}),
    ("lsf", "failed", {"bjobs": (255, "Job <12> is not found")}),
    ("lsf", "running", {"bjobs": (255, "LSF is down. Please wait ...")}),
]


@pytest.mark.parametrize(("system", "expected", "answers"), STATES)
def test_a_state_is_one_of_three_words(scheduler, system, expected, answers):
    done = scheduler("status", "12", system=system, **answers)
    assert (done.stdout, done.returncode) == (f"{expected}\n", 0)


@pytest.mark.parametrize(
    ("system", "command"), [("slurm", "scancel"), ("pbs", "qdel"), ("sge", "qdel"), ("lsf", "bkill")]
)
def test_all_jobs_are_cancelled_at_once(scheduler, system, command):
    assert scheduler("cancel", "12", "13", system=system, **{command: (0, "")}).returncode == 0
    assert scheduler.arguments(command) == ["12", "13"]


@pytest.mark.parametrize("script", ["submit", "status", "cancel"])
def test_an_unknown_scheduler_is_named(scheduler, script):
    done = scheduler(script, *JOB, system="torque")
    assert done.returncode == 2
    assert "site.sh: SYSTEM is 'torque'; allowed are slurm, pbs, sge, lsf" in done.stderr
