"""All of the replication's defects at once: what its figure would have shown on this table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.config.defects import Defect
from neural_predictor.figures.audit.defects.fits import FAULTS, faulty_scores
from neural_predictor.figures.audit.defects.searches import LOOPS, best_of, pool_choice, singles
from neural_predictor.figures.audit.finding import Finding, Measure
from neural_predictor.statistics.bootstrap import Estimate, estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.figures.audit.evidence import Evidence
    from neural_predictor.fits.files import RepeatScores

    Floats = NDArray[np.float64]

ACTING = ("mean-of-singles", "test-selection", "small-pool", "one-predictor", *FAULTS)
"""The replication's defects that act on its curves by samples."""
TOGETHER = Defect(
    name="together",
    kind="replication",
    source="2021 replication, all that act on its curves by samples",
    title="all together: the lead over random search",
    what="the defects of the predictor's and of random search's curve at once",
    shown="",
)


def together(evidence: Evidence) -> Finding | None:
    """The predictor's lead over random search in reported accuracy, with all defects that the study lists.

    None where the study lists none that acts on these curves.
    """
    acting = [name for name in ACTING if name in evidence.plan.defects]
    if not acting:
        return None
    measure = evidence.searched("the predictor", target=True)
    words = evidence.table.target.replace("_", " ")
    lead = Measure(
        "the predictor",
        f"the predictor's lead over random search in {words} after {evidence.total:,} trainings",
        f"lead in {words}",
        measure.unit.replace("%", "percentage points"),
        measure.decimals,
    )
    honest = _lead(evidence, evidence.target_curves(evidence.one)[:, -1:], evidence.random_target, "honest")
    curves = _curves(evidence, acting)
    found = _lead(evidence, curves, _random(evidence, acting), "defect")
    return Finding(lead, honest, found, len(evidence.one), len(curves), f"At once: {', '.join(acting)}.")


def _lead(evidence: Evidence, curves: Floats, random: Floats, name: str) -> Estimate:
    """Best of the mean curve (R, m) less the mean of random search (S,), in the shown unit; better is positive."""
    own = best_of(evidence, evidence.resampled(curves, "together", name))
    other = evidence.resampled(random[:, None], "together", name, "random")[:, 0]
    sign = evidence.scale if evidence.maximise else -evidence.scale
    return estimate(sign * (own - other), evidence.study.bootstrap.confidence)


def _random(evidence: Evidence, acting: list[str]) -> Floats:
    """(S,) what is reported of random search at the end of its budget."""
    if "mean-of-singles" not in acting:
        return evidence.random_target
    table, runs = evidence.table, evidence.random[2]
    return singles(evidence, np.stack([table.at(table.target, own) for own in runs]))


def _curves(evidence: Evidence, acting: list[str]) -> Floats:
    """(R, m) what is reported of the predictor's choice: over K for a running maximum, else at the end alone."""
    fits = _fits(evidence, acting)
    if "small-pool" in acting:
        curves = np.array([_pooled_curve(evidence, fit, loop) for loop, fit in enumerate(fits)])
    else:
        curves = evidence.target_curves(fits)
    return curves if "test-selection" in acting else curves[:, -1:]


def _fits(evidence: Evidence, acting: list[str]) -> list[RepeatScores]:
    """The fits of all repeats: with the faults of training, and one for all where that is a defect too."""
    faults = [name for name in FAULTS if name in acting]
    fits = evidence.faulted if faults else evidence.one
    fits = fits[:1] if "one-predictor" in acting else fits
    if faults:
        scores = faulty_scores(evidence, fits, faults).astype(np.float32)
        fits = [replace(fit, scores=row) for fit, row in zip(fits, scores, strict=True)]
    return fits * LOOPS if "one-predictor" in acting else fits


def _pooled_curve(evidence: Evidence, fit: RepeatScores, loop: int) -> Floats:
    """(K,) what is reported of the choice among the N and the K best of a fresh pool of N + K, for every K."""
    rng = evidence.rng("together", loop)
    counts = range(1, evidence.total - evidence.size + 1)
    rows = [pool_choice(evidence, fit, evidence.size + count, count, rng) for count in counts]
    return evidence.mean_target[rows]
