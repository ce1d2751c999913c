"""Fig. 7 of the paper: how to split a budget between N training architectures and K validated candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.curves import guided_curves, oracle_rows, panel_notes, search_curves, tidy
from neural_predictor.figures.protocol import describe
from neural_predictor.fits.files import group_fits, read_fits

if TYPE_CHECKING:
    import pandas as pd

    from neural_predictor.config.sections import Fig7
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord


def run(request: Request[Fig7]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Best-so-far curves of the predictor for every N, of random search, and the oracle's level (`curves`).

    Raises:
        ConfigError: if the table is too small for the study.
        FormatError: if a file of scores is damaged.
    """
    study, plan, table = request.study, request.section, request.table
    study.check_rows(table.name, len(table))
    frames = []
    for fits, paths in group_fits(request.scores).items():
        read = read_fits(paths, table, study.seed, plan.repeats_of(fits.size))
        frames.append(guided_curves(table, study, fits.predictor, fits.size, read, plan.total).rows())
    random, _ = search_curves(table, study, "random", plan.total)
    frames += [random.rows(), oracle_rows(table, study)]
    repeats = {**plan.said_repeats, "random search and the oracle": study.searches.repeats}
    return tidy(frames), describe(request, repeats, panel_notes(table))
