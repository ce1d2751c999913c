"""Fitting of predictors: the one costly step of the tabular experiments. A job fits a shard of the repeats of one N."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.files import atomic
from neural_predictor.predictors.engine import fit_replicates
from neural_predictor.predictors.scoring import score
from neural_predictor.progress import progress
from neural_predictor.search.draws import draw_experiment
from neural_predictor.spaces import SPACES
from neural_predictor.tables.benchmarks import BENCHMARKS

if TYPE_CHECKING:
    from pathlib import Path

    from neural_predictor.config import Study
    from neural_predictor.tables.table import BenchmarkTable


def fit_predictor(
    study: Study,
    table: BenchmarkTable,
    train_size: int,
    repeats: range,
    *,
    weights: Path,
    scores: Path,
    workers: int,
) -> None:
    """Fit one predictor a repeat and score the whole table with each.

    Args:
        study: recipe and seed.
        table: the benchmark.
        train_size: N.
        repeats: numbers of the repeats.
        weights: where the trained replicates are written.
        scores: where the scores are written, as .npz: `repeats` (R,), `scores` (R, n), `benchmark`, `train_size`.
        workers: training threads.

    Raises:
        PredictorError: if labels are constant or training diverges.
    """
    study.check_rows(table.name, len(table))
    experiments = [draw_experiment(table, study.seed, train_size, repeat) for repeat in repeats]
    rows = np.stack([experiment.train_rows for experiment in experiments])
    labels = np.stack([experiment.signal[experiment.train_rows] for experiment in experiments])
    space = SPACES[table.space](**BENCHMARKS[table.name].options)
    graphs = space.encode(table.encoding)
    what = f"fit N={train_size}, repeats {repeats.start}-{repeats.stop - 1}"
    with progress(what, study.predictor.epochs * len(repeats), "epochs") as advance:
        seeds = [experiment.seed for experiment in experiments]
        replicates = fit_replicates(graphs, labels, study.predictor, seeds, rows, workers=workers, advance=advance)
    with progress("score", len(graphs) * len(repeats), "architectures") as advance:
        predicted = score(replicates, graphs, advance=advance)
    replicates.save(weights)
    with atomic(scores) as part, part.open("wb") as file:
        np.savez(
            file,
            benchmark=np.array(table.name),
            train_size=np.array(train_size),
            repeats=np.array(repeats),
            scores=predicted,
        )
