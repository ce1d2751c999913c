"""Searches on the same axes: what fig4, its variants, figA1 and table-efficiency compute alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.curves import (
    guided_curves,
    oracle_rows,
    panel_notes,
    search_curves,
    tidy,
    traced_curves,
)
from neural_predictor.figures.protocol import describe
from neural_predictor.fits.files import group_fits, read_fits
from neural_predictor.fits.traces import read_searches

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from neural_predictor.config.sections import Comparison
    from neural_predictor.config.study import Study
    from neural_predictor.figures.curves import Curves
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.tables.table import BenchmarkTable


def guided_of(
    study: Study, plan: Comparison, table: BenchmarkTable, scores: Iterable[Path]
) -> tuple[list[Curves], list[str]]:
    """Curves of each predictor of a comparison, in its order, and notes of where a cascade had one stage."""
    groups = {fits.predictor: paths for fits, paths in group_fits(scores).items()}
    curves, notes = [], []
    for name in plan.predictors:
        fits = list(read_fits(groups[name], table, study.seed, plan.repeats))
        curves.append(guided_curves(table, study, name, plan.train_size, fits, plan.total, placed=plan.place))
        alone = sum(fit.one_stage for fit in fits)
        if alone:
            notes.append(
                f"In {alone} of {len(fits)} repeats of {name} one stage had to do: "
                "too few accurate architectures, or no others."
            )
    return curves, notes


def compare(request: Request[Comparison]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Best-so-far curves of a section's predictors and other searches; the oracle's levels.

    Returns:
        Rows `curves.COLUMNS`, and their protocol.

    Raises:
        ConfigError: if the table is too small for the study.
        FormatError: if a file of scores is damaged.
    """
    study, plan, table = request.study, request.section, request.table
    study.check_rows(table.name, len(table))
    methods, notes = guided_of(study, plan, table, request.scores)
    asked = read_searches(request.traces, table, study.seed, request.searches)
    runs = {key.search: found.rows for key, found in asked.items()}
    for name in plan.searches:
        if name in runs:
            methods.append(traced_curves(table, study, name, runs[name], placed=plan.place))
            continue
        curves, said = search_curves(table, study, name, plan.total, placed=plan.place)
        methods.append(curves)
        notes += said
    frames = [curves.rows() for curves in methods] + [oracle_rows(table, study)]
    notes += panel_notes(table)
    repeats = {"each predictor": plan.repeats, "each other search and the oracle": study.searches.repeats}
    if runs:
        several = "random search, evolution and the oracle"
        repeats = {"each predictor": plan.repeats, several: study.searches.repeats}
        repeats["each other search"] = study.searches.asking_repeats
        notes.append(f"Each other search trains {study.searches.batch} architectures side by side.")
    return tidy(frames), describe(request, repeats, notes)
