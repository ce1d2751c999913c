"""Timing of a part in visits, which lie apart in time: a machine is slowed for seconds and minutes on end.

Other programs and a falling clock rate make a run slower, never faster, so that the fastest run says what the part
costs; that visits agree on it says that it was found (`timeit` of Python's library advises the same).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from neural_predictor.latency.backends import Runner

VISITS, WARM_UP = 5, 2
"""Visits to each part, and runs of each that are not counted."""
APART_S = 10.0
"""Seconds between the beginnings of two rounds of visits, at least."""
VISIT_S = 0.01
"""Seconds that a visit takes, at least: a part of microseconds is run more often."""


@dataclass(frozen=True)
class Timing:
    """The runs of one part.

    Attributes:
        visits: milliseconds of each run of each visit.
    """

    visits: tuple[tuple[float, ...], ...]

    @property
    def ms(self) -> float:
        """Milliseconds of the fastest run: what the part costs."""
        return min(map(min, self.visits))

    @property
    def runs(self) -> int:
        """How many there were."""
        return sum(map(len, self.visits))

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """Milliseconds, over the runs of all visits."""
        q1, median, q3 = np.quantile(np.concatenate(self.visits), (0.25, 0.5, 0.75))
        return float(q1), float(median), float(q3)

    @property
    def spread(self) -> float:
        """Interquartile range as a share of the median."""
        q1, median, q3 = self.quartiles
        return (q3 - q1) / median

    @property
    def doubt(self) -> float:
        """By how much the fastest run of the second fastest visit is slower than that of the fastest, as a share."""
        fastest, second = sorted(map(min, self.visits))[:2]
        return second / fastest - 1


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


def visit(run: Runner, runs: int, clock: Callable[[], float]) -> list[float]:
    """Milliseconds of runs one after another, after `WARM_UP` that do not count.

    Args:
        run: runs a part once.
        runs: how many count, at least; more where these take less than `VISIT_S`.
        clock: seconds.
    """
    for _ in range(WARM_UP):
        run()
    found: list[float] = []
    end = time.perf_counter() + VISIT_S
    while len(found) < runs or time.perf_counter() < end:
        start = clock()
        run()
        found.append(1e3 * (clock() - start))
    return found
