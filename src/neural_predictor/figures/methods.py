"""What figures of searches as methods share: the level of a long random search, and what a search needs for it."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.figures.curves import places, problem_of, search_curves, traced_curves
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.bootstrap import estimate, over_settings, resample
from neural_predictor.statistics.efficiency import needed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.config.study import Study
    from neural_predictor.fits.traces import SearchRuns
    from neural_predictor.statistics.bootstrap import Estimate
    from neural_predictor.statistics.efficiency import Needed
    from neural_predictor.tables.table import BenchmarkTable

    Floats = NDArray[np.float64]


def level_of(table: BenchmarkTable, study: Study, trainings: int) -> Floats:
    """(Q,) search signal of random search's choice after so many trainings, a repeat each."""
    return search_curves(table, study, "random", trainings)[0].signal[:, -1]


def reach(table: BenchmarkTable, study: Study, runs: SearchRuns, level: Floats) -> Needed:
    """What a search needs for a level (`level_of`) of the search signal."""
    sign = 1 if table.maximise else -1
    own = traced_curves(table, study, runs.key.search, runs.rows).signal
    seed = seed_of(study.seed, "methods", "bootstrap", *runs.key)
    return needed(sign * own, sign * level, study.bootstrap, seed)


def best_places(table: BenchmarkTable, study: Study, runs: SearchRuns) -> Floats:
    """(R,) place of the best signal of each repeat among all architectures; 1 is the best."""
    problem = problem_of(table, study, runs.key.total)
    found = [places(problem.signal(repeat), table)[rows].min() for repeat, rows in enumerate(runs.rows)]
    return np.array(found, np.float64)


def spread(places: Floats, study: Study, search: str) -> dict[str, Estimate]:
    """What a search finds with its default and with drawn settings, with intervals over repeats and drawn settings.

    Args:
        places: (S, R) of the best of each setting, the default first, and repeat.
        study: seed and bootstrap.
        search: its name, for the seed of the resampling.

    Returns:
        Geometric mean of the `default`, `median` and `worst-tenth` of the drawn settings' geometric means, and the
        `price` of not tuning: the worst tenth over the default. The default alone where no other setting was run.
    """
    seed = seed_of(study.seed, "tuning", "bootstrap", search)
    settings, repeats = places.shape
    logs = np.log(places) @ (resample(repeats, study.bootstrap, seed) / repeats).T
    found = {"default": logs[0]}
    if settings > 1:
        found |= over_settings(logs[1:], seed, maximise=False)
        found["price"] = found["worst-tenth"] - found["default"]
    return {name: estimate(np.exp(values), study.bootstrap.confidence) for name, values in found.items()}


def wall_times(times: Floats, questions: NDArray[np.intp], workers: int) -> Floats:
    """(total,) when each training of a search has ended, on so many workers.

    A question's trainings begin, in their order, each on the first worker that is free; the next question waits until
    all of them have ended.

    Args:
        times: (total,) of each training.
        questions: (total,) number of the question that it was asked for in.
        workers: machines that train side by side.
    """
    ends, start = np.empty(len(times)), 0.0
    for question in range(int(questions[-1]) + 1):
        asked = np.flatnonzero(questions == question)
        free = [start] * min(workers, len(asked))
        for place in asked.tolist():
            ends[place] = heapq.heappop(free) + times[place]
            heapq.heappush(free, ends[place])
        start = max(free)
    return ends
