"""What a search is: it is asked for architectures, is told their labels, and leaves a trace.

A trace is the order in which a search trains architectures: rows of the table. The choice after m of them is the
one with the best search signal among the m; what is reported of it is the table's mean target metric.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from neural_predictor.errors import SearchError
from neural_predictor.predictors.label_units import normal_scores
from neural_predictor.seeds import seed_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.pool import Pool
    from neural_predictor.search.ranges import Ranges
    from neural_predictor.tables.table import BenchmarkTable

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]


class Settings(BaseModel):
    """Hyper-parameters of a search; each search that has some has a subclass.

    Attributes:
        ranges: name, of a part's as `part.name`, -> what studies of tuning draw it from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    ranges: ClassVar[Ranges] = {}


class Search(ABC):
    """A way to spend trainings.

    Architectures are numbers of a `Pool`, and no architecture is asked for twice. All draws come from one generator,
    so that a search that is made anew and told the same answers asks the same questions: its history is its state
    (`replay`).

    Args:
        pool: where architectures come from.
        seed: of every draw.
        maximise: whether a higher label is better.
        settings: hyper-parameters; the class's defaults for None.

    Attributes:
        settings_class: of the hyper-parameters.
        asked: numbers asked for, in order.
        rows: those whose labels were told, in the order of telling.
        goodness: their labels, negated where lower is better: higher is better.
        stopped: those whose training was stopped (`watch`), whose labels nobody tells.
    """

    settings_class: ClassVar[type[Settings]] = Settings

    def __init__(self, pool: Pool, seed: int, *, maximise: bool = True, settings: Settings | None = None) -> None:
        self.pool, self.rng, self.maximise = pool, np.random.default_rng(seed), maximise
        self.settings: Any = settings if settings is not None else self.settings_class()
        self.asked: Rows = np.zeros(0, np.intp)
        self.rows: Rows = np.zeros(0, np.intp)
        self.goodness: Floats = np.zeros(0)
        self.stopped: Rows = np.zeros(0, np.intp)
        self._begin()

    def _begin(self) -> None:  # noqa: B027
        """Set up what a search keeps besides; its pool, generator and settings are there."""

    @property
    def targets(self) -> Floats:
        """(N,) labels of what was told, as normal scores of their ranks: what models learn; higher is better."""
        return np.asarray(normal_scores(self.goodness[None])[0], np.float64)

    def best(self, count: int) -> Rows:
        """The best `count` of what was told, best first."""
        return self.rows[np.argsort(-self.goodness, kind="stable")[:count]]

    @property
    def ready(self) -> int | None:
        """How many architectures it can ask for before it must be told a label; None for any number."""
        return None

    @property
    def pending(self) -> Rows:
        """What was asked for, and neither told nor stopped."""
        return self.asked[~np.isin(self.asked, self.rows) & ~np.isin(self.asked, self.stopped)]

    def ask(self, count: int) -> Rows:
        """The next architectures to train: up to `count` different ones that were never asked for.

        Fewer where the search must hear first, or the pool has no more.

        Raises:
            SearchError: if the search must be told labels before it can ask for anything, or `count` is below 1.
        """
        if count < 1:
            raise SearchError(f"count is {count}; ask for 1 architecture or more")
        if self.ready is not None:
            count = min(count, self.ready)
        if count < 1:
            raise SearchError(
                f"{len(self.pending)} architectures are pending: tell some of their labels, then ask again"
            )
        if not self.pool.endless:
            count = min(count, len(self.pool) - len(self.asked))
        found = self._propose(count) if count else np.zeros(0, np.intp)
        if len(np.unique(found)) < len(found) or np.isin(found, self.asked).any():
            raise AssertionError(f"{type(self).__name__} asks twice for one architecture")
        self.asked = np.concatenate([self.asked, found])
        return found

    def tell(self, rows: Rows, labels: Floats) -> None:
        """The labels (k,) of architectures (k,); also of some that were trained before and never asked for.

        Raises:
            SearchError: for a label that is not finite, an architecture that was told before, and a number that is none
                of the pool's.
        """
        rows, labels = self._numbers(rows), np.asarray(labels, np.float64)
        if rows.shape != labels.shape or rows.ndim != 1 or not np.isfinite(labels).all():
            raise SearchError(f"labels {labels.shape} for architectures {rows.shape}: one finite number each is needed")
        if len(np.unique(rows)) < len(rows) or np.isin(rows, self.rows).any():
            raise SearchError("an architecture was told twice: tell each once")
        self.asked = np.concatenate([self.asked, rows[~np.isin(rows, self.asked)]])
        goodness = labels if self.maximise else -labels
        self.rows, self.goodness = np.concatenate([self.rows, rows]), np.concatenate([self.goodness, goodness])
        self._learn(rows, goodness)

    def watch(self, rows: Rows, labels: Floats) -> NDArray[np.bool_]:
        """Which trainings of pending architectures (k,) go on, (k,); the others count as stopped.

        Nobody needs to call it: a training that is not watched goes to its end.

        Args:
            rows: the architectures.
            labels: (k, b) at the first b epochs of the pool's curve, fewer than all.

        Raises:
            SearchError: if the pool has no curve, for labels that are not of its first epochs or not finite, and for
                an architecture that is not pending.
        """
        rows, labels = self._numbers(rows), np.asarray(labels, np.float64)
        points = 0 if self.pool.curve is None else len(self.pool.curve.epochs)
        if labels.ndim != 2 or len(labels) != len(rows) or not 0 < labels.shape[1] < points:
            raise SearchError(
                f"labels {labels.shape} of {len(rows)} trainings that go on; the pool's curve has {points} epochs: one "
                "label is needed for each of the first of these, without the last"
            )
        if not np.isfinite(labels).all() or not np.isin(rows, self.pending).all() or len(np.unique(rows)) < len(rows):
            raise SearchError("labels of trainings that go on must be finite, and the architectures pending, once each")
        going = self._continues(rows, labels if self.maximise else -labels)
        self.stopped = np.concatenate([self.stopped, rows[~going]])
        return going

    def _continues(self, rows: Rows, shown: Floats) -> NDArray[np.bool_]:
        """Which of these trainings (k,) go on, by what they have shown (k, b), higher is better: here all."""
        return np.ones(len(rows), np.bool_)

    def reserve(self, rows: Rows) -> None:
        """Count architectures as asked for: others train them, and their labels come later, or never.

        Raises:
            SearchError: for a number that is none of the pool's.
        """
        self.asked = np.concatenate([self.asked, self.fresh(self._numbers(rows), len(rows))])

    def _numbers(self, rows: Rows) -> Rows:
        """Numbers of architectures, checked: a negative one would be another architecture's from the end."""
        found = np.asarray(rows)
        if found.size and (found.dtype.kind not in "iu" or found.min() < 0 or found.max() >= len(self.pool)):
            raise SearchError(
                f"architectures {found.min()} to {found.max()} ({found.dtype}); allowed are whole numbers from 0 to "
                f"{len(self.pool) - 1}, as `ask` gives them"
            )
        return found.astype(np.intp)

    @abstractmethod
    def _propose(self, count: int) -> Rows:
        """`count` different architectures, none of `asked`; fewer where none is left."""

    def _learn(self, rows: Rows, goodness: Floats) -> None:  # noqa: B027
        """Take in labels, where a search needs more than `rows` and `goodness`, which have them already."""

    def fresh(self, rows: Rows, count: int) -> Rows:
        """The first `count` different ones of `rows` that were never asked for, in their order."""
        new = rows[~np.isin(rows, self.asked)]
        return new[np.sort(np.unique(new, return_index=True)[1])][:count]

    def mutated(self, parents: int, count: int) -> Rows:
        """Different mutations of so many best architectures that were never asked for: of `count` that are drawn.

        Raises:
            SearchError: for a pool of graphs alone.
        """
        codes = self.pool.filled(np.resize(self.best(parents), count), self.rng)
        rows, _ = self.pool.mutate(codes, self.rng)
        return self.fresh(rows[rows >= 0], count)

    def random(self, count: int, besides: Rows | None = None) -> Rows:
        """`count` different architectures drawn from the pool that were never asked for, nor are in `besides`."""
        taken = self.asked if besides is None else np.concatenate([self.asked, besides])
        if self.pool.endless:
            drawn = self.pool.sample(count + len(taken), self.rng)
            return drawn[~np.isin(drawn, taken)][:count]
        left = np.ones(len(self.pool), np.bool_)
        left[taken] = False
        return self.rng.choice(np.flatnonzero(left), size=min(count, int(left.sum())), replace=False)


@dataclass(frozen=True, eq=False)
class Problem:
    """What a search without a predictor is asked: repeats on one table, each with a draw of its own of the signal.

    Attributes:
        table: the benchmark.
        study_seed: the study's seed, from which every draw follows.
        repeats: R.
        budget: architectures that each repeat trains.
        population: members of a population, for searches that have one.
        tournament: members that compete to be a parent, likewise.
    """

    table: BenchmarkTable
    study_seed: int
    repeats: int
    budget: int
    population: int = 100
    tournament: int = 10

    def draw(self, repeat: int) -> tuple[np.random.Generator, NDArray[np.intp]]:
        """Generator of a repeat, and the run (n,) of each architecture that it sees: the same for every search."""
        rng = np.random.default_rng(seed_of(self.study_seed, "searches", self.table.name, repeat))
        return rng, self.table.draw_runs(rng)

    def signal(self, repeat: int) -> NDArray[np.float64]:
        """(n,) what a repeat sees of each architecture."""
        return self.table.at(self.table.signal, self.draw(repeat)[1])


@dataclass(frozen=True, eq=False)
class Traces:
    """What a search did.

    Attributes:
        rows: (R, budget) rows of the table that each repeat trained, in this order; a row may come again.
        notes: what a reader of the figure must know of it, a sentence or two each.
    """

    rows: NDArray[np.intp]
    notes: tuple[str, ...] = ()


def best_so_far(signal: NDArray[np.floating], *, maximise: bool) -> NDArray[np.intp]:
    """Place of the best signal seen so far, the first of equals, along the last axis: same shape as `signal`."""
    goodness = signal if maximise else -signal
    record = np.maximum.accumulate(goodness, axis=-1)
    new = np.ones(signal.shape, np.bool_)
    new[..., 1:] = goodness[..., 1:] > record[..., :-1]
    places = np.where(new, np.arange(signal.shape[-1]), 0)
    return np.asarray(np.maximum.accumulate(places, axis=-1), np.intp)


def oracle(signal: NDArray[np.floating], *, maximise: bool) -> int:
    """The oracle's row: the best signal of the whole table."""
    return int(np.argmax(signal) if maximise else np.argmin(signal))
