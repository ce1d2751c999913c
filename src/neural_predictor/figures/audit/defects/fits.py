"""Defects of predictors: each is a fit of its own to the honest fit's architectures, from its seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.figures.audit.finding import Finding, Measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.figures.audit.evidence import Evidence
    from neural_predictor.fits.files import RepeatScores

FULL = "No graph of this table has padding: what acts is the normalisation."
FAULTS = ("long-cosine", "clipped-head", "padding-pooled")
"""Names of the replication's defects that are faults of training."""


def fixed_width(evidence: Evidence) -> Finding:
    """One width for every N (row 9), at an N whose own width is another."""
    width = evidence.plan.width
    assert width is not None  # the study was validated
    size, study = width.train_size, evidence.study
    honest, fixed = study.one_stage.width_for(size), study.predictors[width.predictor]
    own, others = (evidence.fits(name, size) for name in (study.stages.one, width.predictor))
    note = f"D is {fixed.width_for(size)} in place of {honest}."  # type: ignore[attr-defined]
    return _taus(evidence, "fixed-width", evidence.taus(own), evidence.taus(others), note, size)


def long_cosine(evidence: Evidence) -> Finding:
    """A cosine over 10,000 steps (row 13)."""
    from neural_predictor.figures.audit.defects.training import COSINE_STEPS

    recipe = evidence.study.one_stage
    steps = recipe.epochs * -(-evidence.size // recipe.batch_size)
    left = 0.5 * (1 + np.cos(np.pi * min(steps / COSINE_STEPS, 1)))
    return _faulty(evidence, "long-cosine", f"Training ends after {steps:,} steps, at {left:.0%} of the first rate.")


def padding_pooled(evidence: Evidence) -> Finding:
    """Padding as any node, and symmetric normalisation (row 15)."""
    from neural_predictor.tables.benchmarks import space_of

    graphs = space_of(evidence.table).encode(evidence.table.encoding)
    return _faulty(evidence, "padding-pooled", FULL if graphs.mask.all() else "")


def gradients_kept(evidence: Evidence) -> Finding:
    """Gradients that are never set to zero (a peer's)."""
    return _faulty(evidence, "gradients-kept")


def clipped_head(evidence: Evidence) -> Finding:
    """No activation, and a sigmoid that is clipped at 100 % (row 14)."""
    fits = evidence.faulted
    scores = faulty_scores(evidence, fits, ["clipped-head"])
    best = evidence.scale * max(fit.draw.signal.max() for fit in fits)
    highest = evidence.scale * max(row[fit.draw.rest].max() for row, fit in zip(scores, fits, strict=True))
    note = f"Its highest prediction is {highest:.1f} %, the best architecture has {best:.1f} %."
    return _taus(evidence, "clipped-head", evidence.taus(fits), evidence.taus(fits, scores), note)


def faulty_scores(evidence: Evidence, fits: list[RepeatScores], names: list[str]) -> NDArray[np.float64]:
    """Scores (R, n) of predictors with these faults of training, each fitted to what one of the fits saw."""
    from neural_predictor.figures.audit.defects import training  # imports TensorFlow

    faults = training.Faults(**{name.replace("-", "_"): True for name in names})
    return training.fit_and_score(evidence.table, evidence.study.one_stage, [fit.draw for fit in fits], faults)


def _faulty(evidence: Evidence, name: str, note: str = "") -> Finding:
    fits = evidence.faulted
    return _taus(evidence, name, evidence.taus(fits), evidence.taus(fits, faulty_scores(evidence, fits, [name])), note)


def _taus(
    evidence: Evidence,
    name: str,
    honest: NDArray[np.float64],
    found: NDArray[np.float64],
    note: str,
    size: int | None = None,
) -> Finding:
    measure: Measure = evidence.tau_measure(size)
    return Finding(
        measure,
        evidence.mean(honest, name, "honest"),
        evidence.mean(found, name, "defect"),
        len(honest),
        len(found),
        note,
    )
