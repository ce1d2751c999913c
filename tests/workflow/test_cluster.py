"""Plans under the profiles for clusters, where their executors are installed (make cluster), without a cluster."""

import os
from importlib.util import find_spec

import pytest

needs_executors = pytest.mark.skipif(
    find_spec("snakemake_executor_plugin_slurm") is None, reason="no executors for clusters: make cluster installs them"
)


@needs_executors
@pytest.mark.parametrize("profile", ["slurm", "generic"])
def test_planning_submits_and_asks_nothing(checkout, tmp_path, profile):
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("sbatch", "srun", "squeue", "sacct", "scontrol", "sinfo", "sacctmgr"):
        (commands / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/asked\nexit 1\n')
        (commands / name).chmod(0o755)
    planned = checkout.snakemake(
        "-n",
        "--workflow-profile",
        f"profiles/{profile}",
        "--config",
        "accelerator=gpu",
        "--",
        "results/smoke-v1/fig7.pdf",
        PATH=f"{commands}:{os.environ['PATH']}",
    )
    assert "rule fit_predictor:" in planned
    assert "gpu=1" in planned
    asked = (tmp_path / "asked").read_text().splitlines() if (tmp_path / "asked").exists() else []
    assert set(asked) <= {"scontrol show config"}  # the slurm executor, at every start of Snakemake
