"""Snakemake's scheduler, kept from looking at its ready jobs ever more often."""

from __future__ import annotations

import threading
from typing import Any


def look_once_a_timespan() -> None:
    """Let one timer of a kind run at a time.

    Snakemake 9.27 looks at all jobs that are ready when one ends, and again when the timespan of its rate limit is
    over: a second. Each look starts a timer of its own, which leads to the next look, so that there are as many looks a
    second as jobs have ended. With 150 jobs ready and as many ended they took a quarter of a core. Besides, Snakemake
    waits for all timers before it exits.

    Should the method be gone, nothing changes.
    """
    from snakemake.scheduling.job_scheduler import JobScheduler

    if hasattr(JobScheduler, "_schedule_reevalutation"):
        JobScheduler._schedule_reevalutation = _look_again


def _look_again(scheduler: Any, delay: float) -> None:
    """Wake the scheduler after so many seconds, unless a timer of as many runs already."""
    pending: set[float] = scheduler.__dict__.setdefault("_pending_looks", set())
    if delay in pending:
        return
    pending.add(delay)

    def wake() -> None:
        pending.discard(delay)  # before the look, which then starts the next timer
        scheduler._open_jobs.release()

    timer = threading.Timer(delay, wake)
    timer.daemon = True
    timer.start()
