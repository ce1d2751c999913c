"""What a study costs on NAS-Bench-101: each kind of job measured once, times how often the study runs it.

The space is the real one, all 423,624 cells; accuracies and times are synthetic, since only the seconds matter. These
are seconds of a core, of all threads, and so do not grow where the machine does other work beside. A fit job is a
whole shard with scoring; searches are measured on `--searches` repeats. The output is the table of
docs/paper-scale.md, then a JSON object.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from neural_predictor.config.project import Project
from neural_predictor.figures.wanted import Wanted
from neural_predictor.predictors.device import configure
from neural_predictor.spaces import make_space
from neural_predictor.tables.table import BenchmarkTable

ROOT = Path(__file__).parents[1]
FIGURES = ("fig4", "fig7", "figA1", "table-efficiency")


def synthetic_table():
    space = make_space("nasbench101")
    codes = space.enumerate()
    rng = np.random.default_rng(0)
    quality = 0.9 + 0.03 * np.tanh(rng.normal(size=(len(codes), 1)))
    runs = quality + rng.normal(0, 0.003, (len(codes), 3))
    metrics = {
        "validation_accuracy": runs,
        "test_accuracy": runs - 0.005,
        "training_time_s": 1200 + rng.normal(0, 100, runs.shape),
    }
    names = np.arange(len(codes)).astype(str).astype(object)
    return BenchmarkTable("nasbench101", "nasbench101", names, codes, metrics)


def fit_units(study, table, workers, folder):
    """(what, times in the study, seconds) of a shard of every fit; the last files of scores stay in the folder."""
    from neural_predictor.fits.job import fit_predictor

    wanted = Wanted(study)
    for fits, repeats in wanted.fits.items():
        shard, path = wanted.shard_repeats(fits, 0), folder / f"{fits.predictor}-{fits.train_size}.npz"
        start = time.process_time()
        fit_predictor(
            study, table, fits, shard, path, path.with_suffix(".seconds.json"), workers=workers, memory_mb=2048
        )
        name = f"fit and score: {fits.predictor}, N = {fits.train_size}, {len(shard)} repeats"
        yield name, repeats / len(shard), time.process_time() - start


def search_units(study, table, searches, folder):
    """(what, times in the study, seconds) of the curves of every search."""
    from neural_predictor.figures.curves import guided_curves, oracle_rows, search_curves
    from neural_predictor.fits.files import read_fits

    few = study.model_copy(update={"searches": study.searches.model_copy(update={"repeats": searches})})
    name, size, total = study.stages.one, study.fig4.train_size, study.fig4.total
    found = list(read_fits([folder / f"{name}-{size}.npz"], table, study.seed))
    guided = [repeats for figure in FIGURES for repeats in Wanted(study).fits_of(figure).values()]
    work = {
        f"curves of a predictor: {len(found)} repeats": (
            sum(guided) / len(found),
            lambda: guided_curves(table, study, name, size, found, total).rows(),
        ),
        f"random search and oracle: {searches} repeats, {total:,} samples": (
            len(FIGURES) * study.searches.repeats / searches,
            lambda: (search_curves(table, few, "random", total)[0].rows(), oracle_rows(table, few)),
        ),
        f"regularized evolution: {searches} repeats, {total:,} samples": (
            2 * study.searches.repeats / searches,  # fig4 and table-efficiency
            lambda: search_curves(table, few, "evolution", total)[0].rows(),
        ),
    }
    for what, (times, run) in work.items():
        start = time.process_time()
        run()
        yield what, times, time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", default="paper-v1")
    parser.add_argument("--searches", type=int, default=50, help="repeats of random search and evolution to measure")
    parser.add_argument("--accelerator", choices=("cpu", "gpu"), default="cpu")
    arguments = parser.parse_args()
    workers = configure(1, arguments.accelerator)
    study, table = Project(ROOT).study(arguments.study), synthetic_table()
    print("| unit | core seconds | times | core hours |\n|---|---|---|---|")
    hours = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for units in (fit_units(study, table, workers, folder), search_units(study, table, arguments.searches, folder)):
            for what, times, taken in units:
                hours += times * taken / 3600
                print(f"| {what} | {taken:.1f} | {times:.0f} | {taken * times / 3600:.2f} |", flush=True)
    print(f"| together | | | {hours:.1f} |")
    print(json.dumps({"study": arguments.study, "core_hours": round(hours, 2)}))


if __name__ == "__main__":
    main()
