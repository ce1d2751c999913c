"""Defects of axes of time. Where a table has no training times, every training takes the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.figures.audit.finding import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.figures.audit.evidence import Evidence

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

UNTIMED = "The table has no training times: each training counts as one."


def training_not_charged(evidence: Evidence) -> Finding:
    """A predictor whose N trainings cost no time (row 4)."""
    honest: list[float] = []
    found: list[float] = []
    longest = min(evidence.size + 2 * evidence.total, evidence.n)
    for fit in evidence.one:
        assert fit.draw.runs is not None  # of fits to random architectures
        trace = evidence.trace(fit, "one", longest)
        costs, budget = costs_of(evidence, fit.draw.runs)
        spent = costs[trace]
        free = np.where(np.arange(len(trace)) < evidence.size, 0, spent)
        for values, charged in ((honest, spent), (found, free)):
            reached = max(int(np.searchsorted(np.cumsum(charged), budget, side="right")), 1)
            values.append(evidence.best_signal(trace[:reached], fit.draw.signal))
    return _finding(evidence, "training-not-charged", "the predictor", honest, found)


def time_twice(evidence: Evidence) -> Finding:
    """Random search whose times are cumulative sums of cumulative sums (row 5)."""
    honest: list[float] = []
    found: list[float] = []
    counts: list[int] = []
    for trace, signal, runs in zip(*evidence.random, strict=True):
        costs, budget = costs_of(evidence, runs)
        once = np.cumsum(costs[trace])
        for values, times in ((honest, once), (found, np.cumsum(once))):
            reached = max(int(np.searchsorted(times, budget, side="right")), 1)
            values.append(evidence.best_signal(trace[:reached], signal))
        counts.append(reached)
    note = f"In that time it has trained {np.mean(counts):.0f} architectures, not {evidence.total:,}."
    return _finding(evidence, "time-twice", "random search", honest, found, note)


def costs_of(evidence: Evidence, runs: Rows) -> tuple[Floats, float]:
    """(n,) what each training costs, and the budget: that of `total` trainings of the mean cost."""
    table = evidence.table
    timed = "training_time_s" in table.metrics
    costs = table.at("training_time_s", runs) if timed else np.ones(evidence.n)
    return costs, float(evidence.total * costs.mean())


def _finding(
    evidence: Evidence, name: str, subject: str, honest: list[float], found: list[float], note: str = ""
) -> Finding:
    untimed = "" if "training_time_s" in evidence.table.metrics else UNTIMED
    after = f"in the time of {evidence.total:,} trainings"
    return Finding(
        evidence.searched(subject, after=after),
        evidence.mean(np.array(honest) * evidence.scale, name, "honest"),
        evidence.mean(np.array(found) * evidence.scale, name, "defect"),
        len(honest),
        len(found),
        " ".join(part for part in (note, untimed) if part),
    )
