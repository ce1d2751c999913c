"""The random side of a fit: which architectures it sees, by which labels, and which seed its predictor has.

Every draw follows from the study's seed and the draw's name, so that any job can redo it alone. A fit stores what it
drew beside its scores, and whoever reads these compares (`fits.files`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import TableError
from neural_predictor.seeds import seed_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.tables.table import BenchmarkTable

FOLDS = 5
"""Folds of a cross-validation."""
MIN_FOLDED = 10
"""Architectures that a cross-validation takes at least."""
VALIDATED_FROM, VALIDATION_SHARE = 100, 8
"""With this many architectures or more, one in so many of those that are not held out validates."""


@dataclass(frozen=True, eq=False)
class RepeatDraw:
    """What one fit sees of a table of n architectures.

    Attributes:
        repeat: number of the repeat.
        signal: (n,) the label of every architecture.
        runs: (n,) the training run that the label is of; None where it is the mean of all runs.
        train_rows: (N,) rows of the architectures that the predictor is fitted to.
        seed: seed of that predictor.
        fold: in cross-validation, which fold of the repeat's partition is held out; else None.
        validation_rows: (v,) rows set apart for validation; none unless in cross-validation.
        test_rows: (t,) rows of the fold; without folds, None: all that are not in `train_rows`.
    """

    repeat: int
    signal: NDArray[np.float64]
    runs: NDArray[np.intp] | None
    train_rows: NDArray[np.intp]
    seed: int
    fold: int | None = None
    validation_rows: NDArray[np.intp] | None = None
    test_rows: NDArray[np.intp] | None = None

    @property
    def labels(self) -> NDArray[np.float64]:
        """(N,) labels of the training architectures."""
        return self.signal[self.train_rows]

    @property
    def rest(self) -> NDArray[np.bool_]:
        """(n,) which architectures the predictor was not fitted to."""
        rest = np.ones(len(self.signal), np.bool_)
        rest[self.train_rows] = False
        return rest


def repeat_seed(table: str, study_seed: int, train_size: int, repeat: int) -> int:
    """Seed of the predictor that is fitted in a repeat of `draw_repeat`."""
    return seed_of(study_seed, "experiment", table, train_size, repeat, "fit")


def fold_seed(table: str, study_seed: int, predictor: str, repeat: int, fold: int) -> int:
    """Seed of the predictor that is fitted to all folds of a partition of `draw_folds` but one."""
    return seed_of(study_seed, "children", table, "fit", predictor, repeat, fold)


def draw_repeat(table: BenchmarkTable, study_seed: int, train_size: int, repeat: int) -> RepeatDraw:
    """N = `train_size` architectures, uniform without replacement, labelled by one run each (paper, section 4)."""
    rng = np.random.default_rng(seed_of(study_seed, "experiment", table.name, train_size, repeat))
    runs = table.draw_runs(rng)
    rows = rng.choice(len(table), size=train_size, replace=False)
    seed = repeat_seed(table.name, study_seed, train_size, repeat)
    return RepeatDraw(repeat, table.at(table.signal, runs), runs, rows, seed)


def draw_folds(table: BenchmarkTable, study_seed: int, predictor: str, repeat: int) -> list[RepeatDraw]:
    """The `FOLDS` fits of one random partition, labelled by the mean of each architecture's runs.

    The n % FOLDS last architectures of a partition are in no fold, but in all training sets.

    Raises:
        TableError: for fewer than `MIN_FOLDED` architectures.
    """
    if len(table) < MIN_FOLDED:
        raise TableError(f"table {table.name}: {len(table)} architectures; cross-validation takes {MIN_FOLDED} or more")
    held = len(table) // FOLDS
    validated = (len(table) - held) // VALIDATION_SHARE if len(table) >= VALIDATED_FROM else 0
    rng = np.random.default_rng(seed_of(study_seed, "children", table.name, "partitions"))
    orders = [rng.permutation(len(table)) for _ in range(repeat + 1)]  # of one generator, so that all before are drawn
    signal, draws = table.mean(table.signal), []
    for fold in range(FOLDS):
        test, validation, train = np.split(np.roll(orders[repeat], -fold * held), [held, held + validated])
        seed = fold_seed(table.name, study_seed, predictor, repeat, fold)
        draws.append(RepeatDraw(repeat, signal, None, train, seed, fold, validation, test))
    return draws
