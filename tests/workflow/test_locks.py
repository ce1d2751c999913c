"""Two runs in one folder, by the real Snakemake; killed ones: test_run.py."""

import time

import pytest

from support.kills import jobs_in

FIGURE = "results/smoke-v1/fig8.csv"
TARGET = ("--cores", "1", FIGURE)


@pytest.fixture
def going(checkout):
    """A run that goes on: its only job is stopped for as long as the test likes."""
    process = checkout.start(*TARGET, log=checkout.folder.with_suffix(".log"))
    while not (jobs := jobs_in(checkout)):
        assert process.poll() is None
        time.sleep(0.02)
    jobs[0].suspend()
    yield process, jobs[0]
    for left in (process, *jobs_in(checkout)):
        left.kill()
    process.wait()


def test_a_second_run_is_refused_with_one_message_and_does_not_disturb_the_first(checkout, going):
    process, job = going
    output = checkout.snakemake(*TARGET, ok=False)
    assert f"Another run goes on in this folder (process {process.pid} on " in output
    assert f"stop it with `kill {process.pid}`" in output
    assert "kill signal or a power loss" not in output.replace("\n", " ")  # Snakemake's own words
    assert "Traceback" not in output
    assert FIGURE in checkout.snakemake("-n", FIGURE)  # a dry run may look
    assert process.poll() is None
    job.resume()
    assert process.wait() == 0
    assert not list(checkout.path("work/runs").glob("*.json"))
    assert "Nothing to be done" in checkout.snakemake("-n", FIGURE)
