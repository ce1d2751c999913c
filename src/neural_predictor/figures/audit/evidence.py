"""What every defect is shown with: the study's fits and random searches, and their honest numbers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.figures.audit.finding import Measure
from neural_predictor.figures.curves import guided_search, problem_of
from neural_predictor.fits.files import group_fits, read_fits
from neural_predictor.fits.key import FitKey
from neural_predictor.search.base import best_so_far
from neural_predictor.search.run import run_search
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.bootstrap import Estimate, estimate, resample
from neural_predictor.statistics.kendall import kendall_tau
from neural_predictor.tables.table import metric_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from neural_predictor.config.beyond import Audit
    from neural_predictor.figures.request import Request
    from neural_predictor.fits.files import RepeatScores

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]


class Evidence:
    """A study's fits and searches at one budget.

    Args:
        request: of fig-audit.

    Attributes:
        table: the benchmark.
        n: its architectures.
        size: N.
        total: N + K.
        repeats: of a predictor.
        mean_target: (n,) what is reported of an architecture.
    """

    def __init__(self, request: Request[Audit]) -> None:
        self.request, self.study, self.plan, self.table = request, request.study, request.section, request.table
        self.n, self.size, self.total = len(self.table), self.plan.train_size, self.plan.total
        self.repeats, self.maximise = self.plan.repeats, self.table.maximise
        self.mean_target = self.table.mean(self.table.target)

    # Fits

    @cached_property
    def one(self) -> list[RepeatScores]:
        """The predictor with one stage, a fit a repeat."""
        return self.fits(self.study.stages.one, self.size)

    @cached_property
    def two(self) -> list[RepeatScores]:
        """That with two stages."""
        return self.fits(self.study.stages.two, self.size)

    @property
    def faulted(self) -> list[RepeatScores]:
        """The fits of one stage beside which predictors with a fault of training are fitted: the first of them."""
        return self.one[: self.plan.faulty_repeats]

    def fits(self, predictor: str, size: int) -> list[RepeatScores]:
        """The fits of one predictor at one N."""
        paths = self._groups[FitKey(predictor, self.table.name, size)]
        return list(read_fits(paths, self.table, self.study.seed, self.repeats))

    @cached_property
    def _groups(self) -> dict[FitKey, list[Any]]:
        return group_fits(self.request.scores)

    # Searches

    def trace(self, fit: RepeatScores, stage: str, total: int) -> Rows:
        """The rows (total,) that the search with a fit of `stages.<stage>` trains, in this order."""
        name = getattr(self.study.stages, stage)
        return guided_search(self.table, self.study, name, self.size, fit, total)[1]

    def choice(self, rows: Rows, signal: Floats) -> int:
        """The row of the best signal among some, the first of equals."""
        seen = signal[rows] if self.maximise else -signal[rows]
        return int(rows[np.argmax(seen)])

    def target_curves(self, fits: list[RepeatScores]) -> Floats:
        """(R, K) reported metric of the choice of the search with one stage, after N + 1 to `total` trainings."""
        curves = []
        for fit in fits:
            trace = self.trace(fit, "one", self.total)
            chosen = trace[best_so_far(fit.draw.signal[trace], maximise=self.maximise)]
            curves.append(self.mean_target[chosen][self.size :])
        return np.array(curves)

    def chosen_signal(self, stage: str = "one") -> Floats:
        """(R,) signal of the honest choice of each repeat after `total` trainings."""
        fits = self.one if stage == "one" else self.two
        return np.array([self.best_signal(self.trace(fit, stage, self.total), fit.draw.signal) for fit in fits])

    def best_signal(self, rows: Rows, signal: Floats) -> float:
        """The best signal of some rows."""
        return float(signal[self.choice(rows, signal)])

    @cached_property
    def random(self) -> tuple[Rows, Floats, Rows]:
        """Random searches: traces (S, 2 total), signals (S, n) and runs (S, n) that they see."""
        problem = problem_of(self.table, self.study, min(2 * self.total, self.n))
        traces = run_search("random", problem).rows
        runs = np.stack([problem.draw(repeat)[1] for repeat in range(problem.repeats)])
        return traces, np.stack([self.table.at(self.table.signal, each) for each in runs]), runs

    @property
    def random_signal(self) -> Floats:
        """(S,) signal of the honest choice of random search after `total` trainings."""
        traces, signals, _ = self.random
        return np.array([self.best_signal(t[: self.total], s) for t, s in zip(traces, signals, strict=True)])

    @property
    def random_target(self) -> Floats:
        """(S,) what is reported of that choice."""
        traces, signals, _ = self.random
        chosen = [self.choice(t[: self.total], s) for t, s in zip(traces, signals, strict=True)]
        return self.mean_target[chosen]

    # Numbers

    def rng(self, *name: str | int) -> np.random.Generator:
        """The generator of a defect's own draws."""
        return np.random.default_rng(seed_of(self.study.seed, "audit", *name))

    def mean(self, values: Floats, *name: str) -> Estimate:
        """Mean over repeats (R,) with its interval."""
        return self.statistic(values[:, None], lambda means: means[:, 0], *name)

    def statistic(self, curves: Floats, of: Callable[[Floats], Floats], *name: str) -> Estimate:
        """A number of the mean curve over repeats, with its interval.

        Args:
            curves: (R, m), one a repeat.
            of: mean curves (b, m) to numbers (b,).
            name: of the resampling.
        """
        return estimate(of(self.resampled(curves, *name)), self.study.bootstrap.confidence)

    def resampled(self, curves: Floats, *name: str) -> Floats:
        """(1 + b, m) mean curve of the repeats (R, m) and of each of their resamples."""
        counts = resample(len(curves), self.study.bootstrap, seed_of(self.study.seed, "audit", "bootstrap", *name))
        return np.asarray(counts @ curves / len(curves))

    def taus(self, fits: list[RepeatScores], scores: NDArray[np.floating] | None = None) -> Floats:
        """(R,) Kendall tau of each fit, or of scores (R, n) in its place, on the architectures that it did not see."""
        found = []
        for k, fit in enumerate(fits):
            rest, given = fit.draw.rest, fit.scores if scores is None else scores[k]
            found.append(kendall_tau(given[rest], fit.draw.signal[rest]))
        return np.array(found)

    # Measures

    @property
    def scale(self) -> float:
        """From the table's signal to the unit that it is shown in."""
        return metric_of(self.table.signal).shown[0]

    def searched(self, subject: str, *, after: str = "", target: bool = False) -> Measure:
        """The signal, or the reported metric, of what a search has chosen at the end of the budget."""
        name = self.table.target if target else self.table.signal
        metric, words = metric_of(name), name.replace("_", " ")
        after = after or f"after {self.total:,} trainings"
        what = f"the {words} of {subject} {after}"
        return Measure(subject, what, f"{words}, {subject}", metric.shown[1], 2, bool(metric.maximise))

    def tau_measure(self, size: int | None = None) -> Measure:
        """Kendall tau on the unseen rest."""
        of = f"the predictor at N = {size or self.size}"
        return Measure("the predictor", f"Kendall tau of {of}", f"Kendall tau, {of.removeprefix('the ')}", "", 3)
