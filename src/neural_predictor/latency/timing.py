"""Timing of parts: in rounds, each in another order, so that a machine that drifts slows all alike."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from neural_predictor.latency.backends import Runner

ROUNDS, WARM_UP = 5, 3
"""Visits to each part, and runs of each visit that are not counted."""


@dataclass(frozen=True)
class Timing:
    """Milliseconds of the runs of one part: quartiles, and how many there were."""

    q1_ms: float
    median_ms: float
    q3_ms: float
    runs: int

    @property
    def spread(self) -> float:
        """Interquartile range as a share of the median."""
        return (self.q3_ms - self.q1_ms) / self.median_ms


class Clock(NamedTuple):
    """What runs are timed by: its name for readers, and what gives the seconds."""

    name: str
    seconds: Callable[[], float]


def clock_of(*, one_thread: bool) -> Clock:
    """The clock for runners of a device.

    Where the calling thread alone does the work, its CPU time is taken: on a quiet machine that is the wall clock's,
    and on a busy one it leaves out the time in which other programs had the core.

    Args:
        one_thread: whether nothing works but the calling thread.
    """
    if one_thread:
        return Clock("CPU time of the thread", time.thread_time)
    return Clock("wall clock", time.perf_counter)


def measure(runners: Sequence[Runner], runs: int, rng: np.random.Generator, clock: Callable[[], float]) -> list[Timing]:
    """Time each runner `runs` times or a few more, in `ROUNDS` rounds of random order.

    Args:
        runners: each runs a part once.
        runs: fewest runs that are counted.
        rng: source of the orders.
        clock: seconds.
    """
    each = -(-runs // ROUNDS)
    seconds: list[list[float]] = [[] for _ in runners]
    for _ in range(ROUNDS):
        for k in rng.permutation(len(runners)):
            run = runners[k]
            for _ in range(WARM_UP):
                run()
            for _ in range(each):
                start = clock()
                run()
                seconds[k].append(clock() - start)
    found = []
    for values in seconds:
        q1, median, q3 = (float(value) * 1e3 for value in np.quantile(values, (0.25, 0.5, 0.75)))
        found.append(Timing(q1, median, q3, len(values)))
    return found
