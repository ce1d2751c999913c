"""Defects of what is reported: of the oracle, and of the set that a predictor is measured on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.figures.audit.finding import Finding
from neural_predictor.search.base import oracle
from neural_predictor.statistics.bootstrap import estimate
from neural_predictor.statistics.kendall import kendall_tau

if TYPE_CHECKING:
    from neural_predictor.figures.audit.evidence import Evidence
    from neural_predictor.fits.files import RepeatScores

DUPLICATES = 0.359
"""Share of the replication's test predictions that equal a training prediction."""
TEST_SIZE = 10_000
"""Draws of a test set with duplicates."""
POINTS = 5
DRAWS = 2000
"""Sets of `POINTS` architectures."""


def oracle_by_test(evidence: Evidence) -> Finding:
    """The best test accuracy of a single run in place of the test of the best validation (row 6)."""
    table, (_, signals, runs) = evidence.table, evidence.random
    honest = np.array([evidence.mean_target[oracle(own, maximise=evidence.maximise)] for own in signals])
    tests = [table.at(table.target, own) for own in runs]
    found = np.array([own.max() if evidence.maximise else own.min() for own in tests])
    return Finding(
        evidence.searched("the oracle", target=True, after="over the whole table"),
        evidence.mean(honest * evidence.scale, "oracle-by-test", "honest"),
        evidence.mean(found * evidence.scale, "oracle-by-test", "defect"),
        len(honest),
        len(found),
    )


def duplicates(evidence: Evidence) -> Finding:
    """A test set of which a share are training architectures (row 10)."""
    found = [_with_duplicates(evidence, fit) for fit in evidence.one]
    honest = evidence.taus(evidence.one)
    return Finding(
        evidence.tau_measure(),
        evidence.mean(honest, "duplicates", "honest"),
        evidence.mean(np.array(found), "duplicates", "defect"),
        len(honest),
        len(found),
    )


def _with_duplicates(evidence: Evidence, fit: RepeatScores) -> float:
    """Kendall tau on such a set."""
    rng = evidence.rng("duplicates", fit.draw.repeat)
    again = round(DUPLICATES * TEST_SIZE)
    rest = np.flatnonzero(fit.draw.rest)
    rows = np.concatenate([rng.choice(fit.draw.train_rows, size=again), rng.choice(rest, size=TEST_SIZE - again)])
    return kendall_tau(fit.scores[rows], fit.draw.signal[rows])


def five_test_points(evidence: Evidence) -> Finding:
    """Five test architectures (row 17); its interval is what one such set gives in 95 of 100 draws."""
    rng, honest = evidence.rng("five-test-points"), evidence.taus(evidence.one)
    found = []
    for draw in range(DRAWS):
        fit = evidence.one[draw % len(evidence.one)]
        rows = rng.choice(np.flatnonzero(fit.draw.rest), size=POINTS, replace=False)
        found.append(kendall_tau(fit.scores[rows], fit.draw.signal[rows]))
    return Finding(
        evidence.tau_measure(),
        evidence.mean(honest, "five-test-points", "honest"),
        estimate(np.array([np.mean(found), *found]), evidence.study.bootstrap.confidence),
        len(honest),
        DRAWS,
        f"One set of five shows anything from {np.quantile(found, 0.025):.2f} to {np.quantile(found, 0.975):.2f}.",
    )
