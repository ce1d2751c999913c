"""A Slurm controller to submit to, and what it says of its jobs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from support.checkout import Checkout

if TYPE_CHECKING:
    from collections.abc import Callable

# The profiles are for clusters; here jobs take seconds, and there is no accounting.
HERE = {
    "slurm": {
        "slurm-init-seconds-before-status-checks": 1,
        "slurm-status-command": "squeue",
        "slurm-no-account": True,
    },
    "generic": {"seconds-between-status-checks": 1},
}


class Cluster:
    """The jobs of a Slurm controller, as `scontrol show job` has them."""

    def __init__(self) -> None:
        self.first = self._newest() + 1

    @staticmethod
    def _newest() -> int:
        listed = subprocess.run(["squeue", "--noheader", "--states=all", "--format=%A"], capture_output=True, text=True)
        return max(map(int, listed.stdout.split()), default=0)

    def jobs(self) -> list[dict[str, str]]:
        """Jobs since this object was made, oldest first: key -> value, and `Rule`."""
        listed = subprocess.run(["scontrol", "--oneliner", "show", "job"], capture_output=True, text=True)
        found = []
        for line in listed.stdout.splitlines():
            job = dict(re.findall(r"(?:^| )([A-Za-z/:]+)=(\S*)", line))
            if int(job.get("JobId", 0)) >= self.first:
                # The slurm executor names its run, and the rule in a comment; the generic script the rule.
                named = re.match(r"rule_(\w+?)(_wildcards_|$)", job.get("Comment", ""))
                found.append(job | {"Rule": named[1] if named else job["JobName"]})
        return sorted(found, key=lambda job: int(job["JobId"]))

    def over_memory(self) -> dict[str, str]:
        """Job -> what the node's daemon said when it killed the job for using more memory than it asked for."""
        shown = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True, check=True).stdout
        log = Path(re.search(r"^SlurmdLogFile\s*= (.*)$", shown, re.MULTILINE)[1]).read_text()
        return dict(re.findall(r"StepId=(\d+)\.\S+ (exceeded memory limit \(.*?\))", log))


@pytest.fixture(scope="module")
def controller(request: pytest.FixtureRequest) -> None:
    """Skips where no Slurm controller answers; and unasked, for on a cluster the jobs would be real ones."""
    if "slurm" not in request.config.getoption("-m"):
        pytest.skip("jobs are submitted on demand alone: make slurm, or pytest -m slurm")
    if shutil.which("scontrol") is None:
        pytest.skip("Slurm is not installed: tests/slurm/run.sh installs and starts one")
    ping = subprocess.run(["scontrol", "ping"], capture_output=True, text=True, timeout=60)
    if " is UP" not in ping.stdout:
        pytest.skip(f"no Slurm controller answers ({ping.stdout.strip()}): tests/slurm/run.sh starts one")


@pytest.fixture
def cluster(controller: None) -> Cluster:
    """The controller's jobs from here on."""
    return Cluster()


@pytest.fixture
def site(tmp_path: Path) -> Callable:
    """Makes a fresh checkout whose profile was adapted to this machine, as a site does."""

    def adapted(profile: str, **values: object):
        project = Checkout(tmp_path / profile)
        path = project.path(f"profiles/{profile}/config.yaml")
        settings = yaml.safe_load(path.read_text())
        settings |= HERE[profile] | {key.replace("_", "-"): value for key, value in values.items()}
        path.write_text(yaml.safe_dump(settings))
        return project

    return adapted
