"""The random side of an experiment: which run of each architecture it sees, which architectures it trains on.

Every draw follows from the study's seed and the draw's name, so that any job can redo it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.seeds import seed_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.tables.table import BenchmarkTable


@dataclass(frozen=True, eq=False)
class RepeatDraw:
    """What one repeat of an experiment sees.

    Attributes:
        signal: (n,) the search signal of every architecture: one of its runs, drawn uniformly (paper, section 4).
        runs: (n,) that run.
        train_rows: (N,) rows of the training architectures, drawn uniformly without replacement.
        seed: seed of the predictor that is fitted to them.
    """

    signal: NDArray[np.float64]
    runs: NDArray[np.intp]
    train_rows: NDArray[np.intp]
    seed: int


def draw_repeat(table: BenchmarkTable, study_seed: int, train_size: int, repeat: int) -> RepeatDraw:
    """The draws of one repeat with N = `train_size`; the same for every job that asks."""
    name = ("experiment", table.name, train_size, repeat)
    rng = np.random.default_rng(seed_of(study_seed, *name))
    runs = table.draw_runs(rng)
    rows = rng.choice(len(table), size=train_size, replace=False)
    return RepeatDraw(table.at(table.signal, runs), runs, rows, seed_of(study_seed, *name, "fit"))
