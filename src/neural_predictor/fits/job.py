"""Fitting of predictors: the one costly step of the tabular experiments. A job fits a shard of the repeats of one N."""

from __future__ import annotations

import json
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from neural_predictor.io.files import atomic_together
from neural_predictor.io.progress import progress
from neural_predictor.predictors.cascade import fit_cascades
from neural_predictor.predictors.engine import fit_replicates
from neural_predictor.predictors.family import make_predictor
from neural_predictor.predictors.recipe import CascadeRecipe, NeuralRecipe
from neural_predictor.predictors.scoring import score
from neural_predictor.search.draws import draw_repeat
from neural_predictor.tables.benchmarks import space_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config.study import Study
    from neural_predictor.fits.key import FitKey
    from neural_predictor.predictors.recipe import Recipe
    from neural_predictor.tables.table import BenchmarkTable


def fit_predictor(
    study: Study,
    table: BenchmarkTable,
    fits: FitKey,
    repeats: range,
    output: Path,
    times: Path,
    *,
    workers: int,
    memory_mb: int,
) -> None:
    """Fit one predictor a repeat, score the whole table with each, and write the scores.

    The training networks of a repeat are those that `draw_repeat` draws: the same for every predictor.

    Args:
        study: recipes and seed.
        table: the benchmark.
        fits: predictor, benchmark and N.
        repeats: numbers of the repeats.
        output: an .npz file: `predictor`, `benchmark`, `train_size`, `repeats` (R,), `scores` (R, n), and for a
            cascade `logits` (R, n), `one_stage` (R,).
        times: a JSON file: `seconds` of fitting and scoring all `repeats`, and `threads`. It stands apart from the
            scores, which are the same in every run.
        workers: training threads.
        memory_mb: bound on the embeddings that scoring holds at once.

    Raises:
        ConfigError: if the table is too small for the study.
        PredictorError: if labels are constant or training diverges.
    """
    start = perf_counter()
    study.check_rows(table.name, len(table))
    recipe = study.predictors[fits.predictor]
    experiments = [draw_repeat(table, study.seed, fits.train_size, repeat) for repeat in repeats]
    rows = np.stack([experiment.train_rows for experiment in experiments])
    labels = np.stack([experiment.signal[experiment.train_rows] for experiment in experiments])
    drawn = _Drawn(rows, labels, [experiment.seed for experiment in experiments])
    what = f"{fits.predictor}, N={fits.train_size}, repeats {repeats.start}-{repeats.stop - 1}"
    found = _fit_and_score(recipe, table, drawn, what, workers=workers, memory_mb=memory_mb)
    taken = {"seconds": round(perf_counter() - start, 2), "repeats": len(repeats), "threads": workers}
    about: dict[str, Any] = {name: np.array(value) for name, value in (fits._asdict() | {"repeats": repeats}).items()}
    with atomic_together(output, times) as (numbers, clock):
        clock.write_text(json.dumps(taken) + "\n", encoding="utf-8")
        with numbers.open("wb") as file:
            np.savez(file, **about, **found)


class _Drawn(NamedTuple):
    """What the repeats of a job are fitted to: rows (R, N) of the table, their labels (R, N), and a seed each."""

    rows: NDArray[np.intp]
    labels: NDArray[np.float64]
    seeds: list[int]


def _fit_and_score(
    recipe: Recipe, table: BenchmarkTable, drawn: _Drawn, what: str, *, workers: int, memory_mb: int
) -> dict[str, Any]:
    """Arrays of an output: neural predictors are fitted all at once, others and blends one repeat after another."""
    rows, labels, seeds = drawn
    graphs, repeats = space_of(table).encode(table.encoding), len(rows)
    if isinstance(recipe, CascadeRecipe):
        epochs = recipe.classifier.epochs + recipe.regressor.epochs
        with progress(f"fit and score {what}", epochs * repeats, "epochs") as advance:
            options: dict[str, Any] = {"workers": workers, "memory_mb": memory_mb, "advance": advance}
            cascades = fit_cascades(graphs, labels, recipe, seeds, rows, maximise=table.maximise, **options)
        return {"scores": cascades.scores, "logits": cascades.logits, "one_stage": cascades.one_stage}
    if isinstance(recipe, NeuralRecipe):
        with progress(f"fit {what}", recipe.epochs * repeats, "epochs") as advance:
            replicates = fit_replicates(graphs, labels, recipe, seeds, rows, workers=workers, advance=advance)
        with progress(f"score {what}", len(graphs) * repeats, "architectures") as advance:
            return {"scores": score(replicates, graphs, memory_mb=memory_mb, advance=advance)}
    scores = np.empty((repeats, len(graphs)), np.float32)
    with progress(f"fit and score {what}", repeats, "repeats") as advance:
        for row, own, label, seed in zip(scores, rows, labels, seeds, strict=True):
            row[:] = make_predictor(recipe, seed, workers).fit(graphs.take(own), label).predict(graphs)
            advance(1)
    return {"scores": scores}
