"""Fitting of predictors: the one costly step of the tabular figures. A job fits a shard of the repeats of one key."""

from __future__ import annotations

from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.fits.files import draw_fits, write_scores
from neural_predictor.io.progress import progress
from neural_predictor.predictors.cascade import CascadeRecipe, fit_cascades
from neural_predictor.predictors.engine import fit_replicates
from neural_predictor.predictors.ensemble import make_predictor
from neural_predictor.predictors.recipe_base import NeuralRecipe
from neural_predictor.predictors.scoring import score
from neural_predictor.tables.benchmarks import space_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from neural_predictor.config.study import Study
    from neural_predictor.fits.key import FitKey
    from neural_predictor.predictors.recipes import Recipe
    from neural_predictor.search.draws import RepeatDraw
    from neural_predictor.tables.table import BenchmarkTable


def fit_predictor(
    study: Study,
    table: BenchmarkTable,
    key: FitKey,
    repeats: range,
    output: Path,
    times: Path,
    *,
    workers: int,
    memory_mb: int,
) -> None:
    """Fit one predictor a repeat, or one a fold, score the whole table with each, and write the scores.

    The training architectures of a repeat are those that `fits.files.draw_fits` draws: the same for every predictor.

    Args:
        study: recipes and seed.
        table: the table that `key` names.
        key: predictor, benchmark and N.
        repeats: numbers of the repeats.
        output: the file of scores (`fits.files`).
        times: a JSON file: `seconds` and `core_seconds` of fitting and scoring all `repeats`, and `threads`.
        workers: training threads.
        memory_mb: bound on the embeddings that scoring holds at once.

    Raises:
        ConfigError: if the table is too small for the study.
        TableError: if it is too small for cross-validation.
        PredictorError: if labels are constant or training diverges.
    """
    start, worked = perf_counter(), process_time()
    study.check_rows(table.name, len(table))
    draws = draw_fits(table, study.seed, key, repeats)
    sample = f"{len(draws)} folds" if key.train_size is None else f"N={key.train_size}"
    what = f"{key.predictor}, {sample}, repeats {repeats.start}-{repeats.stop - 1}"
    found = _fit_and_score(study.predictors[key.predictor], table, draws, what, workers=workers, memory_mb=memory_mb)
    taken = {"seconds": round(perf_counter() - start, 2), "core_seconds": round(process_time() - worked, 2)}
    taken |= {"repeats": len(repeats), "threads": workers}
    write_scores(output, times, key, draws, found, taken)


def _fit_and_score(
    recipe: Recipe, table: BenchmarkTable, draws: Sequence[RepeatDraw], what: str, *, workers: int, memory_mb: int
) -> dict[str, Any]:
    """Arrays of an output: neural predictors are fitted all at once, others and ensembles one fit after another."""
    rows, labels = np.stack([draw.train_rows for draw in draws]), np.stack([draw.labels for draw in draws])
    seeds, fits = [draw.seed for draw in draws], len(draws)
    graphs = space_of(table).encode(table.encoding)
    if isinstance(recipe, CascadeRecipe):
        epochs = recipe.classifier.epochs + recipe.regressor.epochs
        with progress(f"fit and score {what}", epochs * fits, "epochs") as advance:
            options: dict[str, Any] = {"workers": workers, "memory_mb": memory_mb, "advance": advance}
            cascades = fit_cascades(graphs, labels, recipe, seeds, rows, maximise=table.maximise, **options)
        return {"scores": cascades.scores, "logits": cascades.logits, "one_stage": cascades.one_stage}
    if isinstance(recipe, NeuralRecipe):
        with progress(f"fit {what}", recipe.epochs * fits, "epochs") as advance:
            replicates = fit_replicates(graphs, labels, recipe, seeds, rows, workers=workers, advance=advance)
        with progress(f"score {what}", len(graphs) * fits, "architectures") as advance:
            return {"scores": score(replicates, graphs, memory_mb=memory_mb, advance=advance)}
    scores = np.empty((fits, len(graphs)), np.float32)
    with progress(f"fit and score {what}", fits, "fits") as advance:
        for row, draw in zip(scores, draws, strict=True):
            predictor = make_predictor(recipe, draw.seed, workers)
            row[:] = predictor.fit(graphs.take(draw.train_rows), draw.labels).predict(graphs)
            advance(1)
    return {"scores": scores}
