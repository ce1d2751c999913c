"""Snakemake's scheduler looks at its ready jobs once a timespan, however often it was asked to."""

import threading
import time

from neural_predictor.workflow import scheduler


class Waiting:
    """What a timer wakes."""

    def __init__(self):
        self._open_jobs = threading.Semaphore(0)

    def looks(self, timeout):
        return self._open_jobs.acquire(timeout=timeout)


def test_timers_of_one_timespan_do_not_add_up():
    found = Waiting()
    start = time.monotonic()
    for _ in range(5):
        scheduler._look_again(found, 0.3)
    assert found.looks(30)
    assert time.monotonic() - start >= 0.3
    assert not found.looks(0.7)
    scheduler._look_again(found, 0.1)  # each look starts the next
    assert found.looks(30)


def test_timers_of_other_timespans_run_beside_them():
    found = Waiting()
    for delay in (0.1, 0.2):
        scheduler._look_again(found, delay)
    assert found.looks(30)
    assert found.looks(30)


def test_snakemake_still_has_what_is_replaced(monkeypatch):
    from snakemake.scheduling.job_scheduler import JobScheduler

    monkeypatch.setattr(JobScheduler, "_schedule_reevalutation", JobScheduler._schedule_reevalutation)
    scheduler.look_once_a_timespan()
    assert JobScheduler._schedule_reevalutation is scheduler._look_again
