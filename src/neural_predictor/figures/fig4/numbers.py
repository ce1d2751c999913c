"""Searches side by side: Fig. 4 of the paper, its appendix Fig. 1, and what they say of sample efficiency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.figures.curves import (
    evolution_curves,
    guided_curves,
    oracle_rows,
    panel_notes,
    random_curves,
    tidy,
)
from neural_predictor.figures.protocol import describe
from neural_predictor.fits.files import group_fits, read_fits
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.efficiency import REACHED_RULE, efficiency
from neural_predictor.tables.benchmarks import space_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from neural_predictor.config.sections import Bootstrap, Comparison
    from neural_predictor.config.study import Study
    from neural_predictor.figures.curves import Curves
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.tables.table import BenchmarkTable

EFFICIENCY_COLUMNS = ("method", "samples", "ratio", "low", "high", "reached", "level", "repeats")


def _guided(
    study: Study, plan: Comparison, table: BenchmarkTable, scores: Iterable[Path]
) -> tuple[list[Curves], list[str]]:
    """Curves of each predictor of a comparison in its order, and what must be said of them."""
    groups = {fits.predictor: paths for fits, paths in group_fits(scores).items()}
    curves, notes = [], []
    for name in plan.predictors:
        fits = list(read_fits(groups[name], table, plan.repeats))
        curves.append(guided_curves(table, study, name, plan.train_size, fits, plan.total))
        alone = sum(fit.one_stage for fit in fits)
        if alone:
            notes.append(
                f"In {alone} of {len(fits)} repeats of {name} one stage had to do: "
                "too few accurate networks, or no others."
            )
    return curves, notes


def _evolution(study: Study, table: BenchmarkTable, total: int) -> tuple[Curves, list[str]]:
    space = space_of(table)
    curves, redrawn, different = evolution_curves(table, study, space, total)
    if not redrawn:  # it was never at a loss for a child: the table is the space
        return curves, []
    share = redrawn / (study.searches.repeats * total)
    note = (
        f"{share:.1%} of evolution's children were random rows: no mutation was in the table. "
        f"Of its {total:,} samples {different:,.0f} were different architectures, mean of all repeats."
    )
    return curves, [note]


def run_comparison(
    figure: str, study_name: str, study: Study, plan: Comparison, table: BenchmarkTable, scores: Iterable[Path]
) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Best-so-far curves of predictors, random search and, but in figA1, regularized evolution; the oracle's levels.

    Args:
        figure: `fig4`, `fig4-nlp` or `figA1`.
        study_name: the study.
        study: seeds, and the searches without a predictor.
        plan: the study's predictors, N, budget and repeats for this figure.
        table: the benchmark.
        scores: files of scores of the figure's predictors.
    """
    study.check_rows(table.name, len(table))
    guided, notes = _guided(study, plan, table, scores)
    methods = [*guided, random_curves(table, study, plan.total)]
    if figure != "figA1":
        evolution, said = _evolution(study, table, plan.total)
        methods.append(evolution)
        notes += said
    frames = [curves.rows() for curves in methods] + [oracle_rows(table, study)]
    notes += panel_notes(table)
    repeats = {"each predictor": plan.repeats, "each other search and the oracle": study.searches.repeats}
    return tidy(frames), describe(figure, study_name, study, table, repeats, notes)


def run_efficiency(
    study_name: str, study: Study, table: BenchmarkTable, scores: Iterable[Path]
) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Samples that each search of fig4 needs for the mean test metric of evolution at its whole budget.

    `ratio` is evolution's budget over those samples (paper: over 20); its interval comes from resampling the repeats of
    both searches. `reached` is the share of resamples in which the search gets there within the budget; in the others
    the ratio counts as below 1, so that `low` is missing where that happens too often.
    """
    study.check_rows(table.name, len(table))
    plan = study.fig4
    guided, notes = _guided(study, plan, table, scores)
    evolution, said = _evolution(study, table, plan.total)
    sign = 1 if table.maximise else -1
    rows = []
    for curves in [*guided, random_curves(table, study, plan.total), evolution]:
        seed = seed_of(study.seed, "efficiency", "bootstrap", curves.method)
        rows.append(_efficiency(curves, sign * evolution.target, sign * curves.target, study.bootstrap, seed))
    notes += [*said, REACHED_RULE]
    repeats = {"each predictor": plan.repeats, "each other search": study.searches.repeats}
    frame = pd.DataFrame(rows, columns=list(EFFICIENCY_COLUMNS)).astype({"samples": "Int64"})
    frame["level"] *= sign
    return frame, describe("table-efficiency", study_name, study, table, repeats, notes)


def _efficiency(
    curves: Curves, evolution: NDArray[np.float64], own: NDArray[np.float64], bootstrap: Bootstrap, seed: int
) -> dict[str, object]:
    return {
        "method": curves.method,
        **efficiency(own, evolution, curves.first, bootstrap, seed)._asdict(),
        "level": float(evolution[:, -1].mean()),
        "repeats": len(own),
    }


def as_markdown(frame: pd.DataFrame) -> str:
    """The table of efficiencies for readers."""
    level = frame["level"].iloc[0]
    head = ("search", "samples until test is at the level", "times as efficient as evolution", "reached in", "repeats")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for _, row in frame.iterrows():
        samples = "not reached" if pd.isna(row["samples"]) else f"{row['samples']:,}"
        bounds = ["below 1" if pd.isna(bound) else f"{bound:.2f}" for bound in (row["low"], row["high"])]
        ratio = "below 1" if pd.isna(row["ratio"]) else f"{row['ratio']:.2f}"
        lines.append(
            f"| {row['method']} | {samples} | {ratio} [{', '.join(bounds)}] | {row['reached']:.0%} | {row['repeats']} |"
        )
    return "\n".join(lines) + (
        f"\n\nThe level is evolution's mean test at its whole budget, {level:.5g} (accuracies are fractions). "
        "Brackets and reached: bootstrap over the repeats of both searches.\n"
    )
