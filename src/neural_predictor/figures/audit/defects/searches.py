"""Defects of searches: what is drawn, what is ranked, and what a curve is the maximum of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.figures.audit.finding import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.figures.audit.evidence import Evidence
    from neural_predictor.fits.files import RepeatScores

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

LOOPS = 60
"""Repeats of the 2021 replication, of each of its means."""


def mean_of_singles(evidence: Evidence) -> Finding:
    """Random search whose every point is a mean of fresh singles, then a running maximum (row 1)."""
    signals = evidence.random[1]
    found = singles(evidence, signals) * evidence.scale
    honest = evidence.random_signal * evidence.scale
    return _finding(evidence, "mean-of-singles", "random search", honest, found)


def singles(evidence: Evidence, values: Floats) -> Floats:
    """(S,) end of that curve for values (S, n) of the architectures: what a mean of `LOOPS` singles reaches at best."""
    ends = []
    for repeat, own in enumerate(values):
        rows = evidence.rng("singles", repeat).integers(evidence.n, size=(evidence.total, LOOPS))
        means = own[rows].mean(axis=1)
        ends.append(means.max() if evidence.maximise else means.min())
    return np.array(ends)


def maximum_of_test(evidence: Evidence) -> Finding:
    """The running maximum over K of the mean test curve (row 2)."""
    curves = evidence.target_curves(evidence.one) * evidence.scale
    honest = evidence.statistic(curves, lambda means: means[:, -1], "test-selection")
    found = evidence.statistic(curves, lambda means: best_of(evidence, means), "test-selection")
    measure = evidence.searched("the predictor", target=True)
    return Finding(measure, honest, found, len(curves), len(curves))


def best_of(evidence: Evidence, curves: Floats) -> Floats:
    """The best value of each curve (b, m): (b,)."""
    return np.asarray(curves.max(axis=1) if evidence.maximise else curves.min(axis=1))


def small_pool(evidence: Evidence) -> Finding:
    """Candidates that are N + K fresh random architectures (row 3)."""
    return _pooled(evidence, "small-pool", evidence.total)


def few_candidates(evidence: Evidence) -> Finding:
    """Candidates that are twice as many as there are trainings, at random (a peer's)."""
    return _pooled(evidence, "few-candidates", 2 * evidence.total)


def _pooled(evidence: Evidence, name: str, candidates: int) -> Finding:
    found = []
    for fit in evidence.one:
        rng = evidence.rng(name, fit.draw.repeat)
        count = evidence.total - evidence.size
        rows = (pool_choice(evidence, fit, candidates, count, rng) for _ in range(LOOPS))
        found.append(fit.draw.signal[list(rows)].mean())
    return _guided(evidence, name, np.array(found))


def pool_choice(evidence: Evidence, fit: RepeatScores, candidates: int, count: int, rng: np.random.Generator) -> int:
    """The choice among the N and the `count` best by score of a pool of fresh random architectures."""
    pool = np.unique(rng.integers(evidence.n, size=candidates))
    best = np.argsort(-fit.goodness(maximise=evidence.maximise)[pool], kind="stable")[:count]
    return evidence.choice(np.concatenate([fit.draw.train_rows, pool[best]]), fit.draw.signal)


def pool_per_budget(evidence: Evidence) -> Finding:
    """Another pool for every K, and the running maximum over all K of one run (row 3)."""
    found = [evidence.best_signal(pools_of_all_budgets(evidence, fit), fit.draw.signal) for fit in evidence.one]
    count = evidence.total - evidence.size
    trained = count * (count + 1) // 2
    note = f"Up to there it has ranked {evidence.size * count + trained:,} candidates and trained {trained:,}."
    return _guided(evidence, "pool-per-budget", np.array(found), note)


def pools_of_all_budgets(evidence: Evidence, fit: RepeatScores) -> Rows:
    """(K,) the choice at every K from 1 on, each among the K best of its own pool of N + K."""
    rng = evidence.rng("pool-per-budget", fit.draw.repeat)
    counts = range(1, evidence.total - evidence.size + 1)
    rows = [pool_choice(evidence, fit, evidence.size + count, count, rng) for count in counts]
    return np.array(rows, np.intp)


def predictions_unused(evidence: Evidence) -> Finding:
    """K architectures at random among those that the classifier accepts (row 4)."""
    found = []
    for fit in evidence.two:
        among = np.flatnonzero(fit.accepted & fit.draw.rest)
        found.append(_random_candidates(evidence, fit, among, "predictions-unused"))
    honest = evidence.chosen_signal("two") * evidence.scale
    subject = "the predictor with two stages"
    return _finding(evidence, "predictions-unused", subject, honest, np.array(found) * evidence.scale)


def ranking_unused(evidence: Evidence) -> Finding:
    """K random architectures under the name of a predictor (a peer's)."""
    found = [_random_candidates(evidence, fit, np.flatnonzero(fit.draw.rest), "ranking-unused") for fit in evidence.one]
    return _guided(evidence, "ranking-unused", np.array(found))


def _random_candidates(evidence: Evidence, fit: RepeatScores, among: Rows, name: str) -> float:
    """Mean signal of the choice among the N and K random ones of some rows, over `LOOPS` draws."""
    rng, count = evidence.rng(name, fit.draw.repeat), min(evidence.total - evidence.size, len(among))
    draws = (rng.choice(among, size=count, replace=False) for _ in range(LOOPS))
    signal = fit.draw.signal
    return float(np.mean([evidence.best_signal(np.concatenate([fit.draw.train_rows, rows]), signal) for rows in draws]))


def one_predictor(evidence: Evidence) -> Finding:
    """The first repeat's training set and fit in every repeat, which differ in the draw of the signal alone (row 7)."""
    first = evidence.one[0]
    trace = evidence.trace(first, "one", evidence.total)
    found = [evidence.best_signal(trace, fit.draw.signal) for fit in evidence.one]
    return _guided(evidence, "one-predictor", np.array(found))


def double_training_set(evidence: Evidence) -> Finding:
    """A classifier fitted to N architectures and a regressor to N others, drawn as N in all (row 8)."""
    found = []
    for k, fit in enumerate(evidence.one):
        other = evidence.two[(k + 1) % len(evidence.two)]  # of another draw of N
        trained = np.union1d(fit.draw.train_rows, other.draw.train_rows)
        goodness = fit.goodness(maximise=evidence.maximise)
        goodness = np.where(other.accepted, goodness, goodness.min() - 1)
        goodness[trained] = -np.inf
        best = np.argsort(-goodness, kind="stable")[: evidence.total - evidence.size]
        found.append(evidence.best_signal(np.concatenate([trained, best]), fit.draw.signal))
    honest = evidence.chosen_signal("two") * evidence.scale
    subject = "the predictor with two stages"
    return _finding(evidence, "double-training-set", subject, honest, np.array(found) * evidence.scale)


def _guided(evidence: Evidence, name: str, found: Floats, note: str = "") -> Finding:
    """A defect of the search with one stage, by the signal (R,) of its choice."""
    honest = evidence.chosen_signal() * evidence.scale
    return _finding(evidence, name, "the predictor", honest, found * evidence.scale, note)


def _finding(evidence: Evidence, name: str, subject: str, honest: Floats, found: Floats, note: str = "") -> Finding:
    return Finding(
        evidence.searched(subject),
        evidence.mean(honest, name, "honest"),
        evidence.mean(found, name, "defect"),
        len(honest),
        len(found),
        note,
    )
