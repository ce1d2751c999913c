"""smoke-v1 with its children, killed again and again: `make faults`. How moments are drawn: tests/support/kills.py."""

import time

import pytest

from support.kills import KINDS, Killer, summary
from support.results import contents

pytestmark = pytest.mark.slow

KILLS_A_RUN = 5


def test_every_run_ends_with_the_tables_of_an_undisturbed_one(built, tmp_path, request, capsys):
    kills = request.config.getoption("--kills")
    whole = contents(built.path("results/smoke-v1"))
    killer, runs, same, start = Killer(built, tmp_path, seed=0), [], 0, time.monotonic()
    while (left := kills - sum(len(run.kills) for run in runs)) > 0:
        checkout, run = killer.run(min(left, KILLS_A_RUN))
        runs.append(run)
        found = contents(checkout.path("results/smoke-v1"))
        differing = sorted(name for name in whole.keys() | found.keys() if whole.get(name) != found.get(name))
        same += not differing
        with capsys.disabled():
            print(f"\nrun {len(runs)}: {len(run.kills)} kills, {run.begun.total()} jobs begun, ", end="")
            print("same tables" if not differing else f"other than undisturbed: {', '.join(differing)}", flush=True)
    with capsys.disabled():
        print(summary(runs, killer.plan))
        print(f"{len(whole)} tables the same in {same} of {len(runs)} runs, {(time.monotonic() - start) / 60:.0f} min")
    assert same == len(runs)
    if kills >= len(KINDS):
        assert {kill.kind for run in runs for kill in run.kills} == set(KINDS)
