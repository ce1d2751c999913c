"""Small tables and files of scores whose right answer can be said, and the protocol that pages are drawn with."""

import numpy as np
import pytest

from neural_predictor.config.study import Study
from neural_predictor.figures.results import ProtocolRecord
from neural_predictor.fits.files import draw_fits
from neural_predictor.fits.files import write_scores as write_scores_file
from neural_predictor.fits.key import FitKey
from neural_predictor.tables.table import BenchmarkTable

NAME = "nasbench-graph-proteins"
SIZE = 300
SEED = 5


@pytest.fixture
def study():
    cascade = {"kind": "cascade", "classifier": {"kind": "gcn", "loss": "logistic"}, "regressor": {"kind": "gcn"}}
    return Study.model_validate(
        {
            "description": "test",
            "benchmark": NAME,
            "seed": SEED,
            "repeats_per_shard": 2,
            "predictors": {
                "one-stage": {"kind": "gcn"},
                "two-stage": cascade | {"quantile": 0.4},
                "other": {"kind": "mlp"},
            },
            "searches": {"repeats": 40, "population": 20, "tournament": 5},
            "stages": {"one": "one-stage", "two": "two-stage"},
            "fig4": {"predictors": ["one-stage", "other"], "train_size": 20, "total": 60, "repeats": 3},
            "fig7": {"predictor": "one-stage", "train_sizes": [10, 20], "total": 60, "repeats": 3},
            "figa1": {
                "predictors": ["one-stage", "other"],
                "searches": ["random"],
                "train_size": 20,
                "total": 60,
                "repeats": 3,
            },
            "fig9": {"train_size": 20, "validation_size": 30, "repeats": 3},
            "table_tau": {"predictor": "one-stage", "benchmarks": [NAME], "train_size": 20, "repeats": 3},
            "bootstrap": {"resamples": 200},
        }
    ).with_name("t-v1")


@pytest.fixture
def with_children(study):
    """The study with a set of children, whose plan takes changes."""

    def make(predictors=("tiny",), **changes):
        plan = {
            "images": "digits",
            "sampling": "stratified",
            "networks": 40,
            "seeds": 1,
            "networks_per_shard": 10,
            "network": {},
            "training": {"epochs": 7},
            "predictors": predictors,
            "repeats": 2,
            "candidates": 300,
            "chosen": 5,
        }
        tiny = {"kind": "gcn", "layers": 1, "width": 16, "hidden": [16], "epochs": 40, "learning_rate": 1e-2}
        content = study.model_dump(mode="json")
        content["predictors"] |= {"tiny": tiny, "flat": tiny}
        content["children"] = {"digits": plan | changes}
        return Study.model_validate(content).with_name("t-v1")

    return make


@pytest.fixture
def make_table():
    return _make_table


def _make_table(*, timed=False, runs=3):
    rng = np.random.default_rng(0)
    quality = np.linspace(0.5, 0.9, SIZE)[:, None]
    metrics = {
        "validation_accuracy": quality + rng.normal(0, 0.002, (SIZE, runs)),
        "test_accuracy": quality - 0.05 + np.zeros((1, runs)),
    }
    if timed:
        metrics["training_time_s"] = np.full((SIZE, runs), 100.0)
    names = np.array([f"a{k}" for k in range(SIZE)], object)
    return BenchmarkTable(NAME, "nasbench-graph", names, np.zeros((SIZE, 5), np.uint8), metrics)


@pytest.fixture
def write_scores():
    return _write_scores


def _write_scores(folder, table, scores, sizes=(10, 20), repeats=3, predictor="one-stage", seed=SEED, **more):
    paths = []
    for size in sizes:
        for first in range(0, repeats, 2):
            key = FitKey(predictor, table.name, size)
            draws = draw_fits(table, seed, key, range(first, min(first + 2, repeats)))
            path = folder / f"{predictor}-{size}-{first}.scores.npz"
            found = {"scores": scores.astype(np.float32)} | more
            stacked = {name: np.stack([values] * len(draws)) for name, values in found.items()}
            taken = {"seconds": 6.0, "repeats": len(draws)}
            times = path.with_name(path.name.replace(".scores.npz", ".seconds.json"))
            write_scores_file(path, times, key, draws, stacked, taken)
            paths.append(path)
    return paths


@pytest.fixture
def cascade_scores():
    return _cascade_scores


def _cascade_scores(folder, table, accept, **more):
    """A cascade that ranks perfectly what it accepts."""
    logits = np.where(accept, 1.0, -1.0 - np.arange(len(table)) / len(table)).astype(np.float32)
    quality = table.mean("test_accuracy")
    alone = np.array([False])[0]
    return _write_scores(folder, table, quality, (20,), predictor="two-stage", logits=logits, one_stage=alone, **more)


@pytest.fixture
def protocol():
    return ProtocolRecord(
        experiment="fig",
        study="t-v1",
        benchmark="b",
        benchmark_title="Benchmark",
        architectures=100,
        signal="validation accuracy",
        target="test accuracy",
        unit="%",
        scale=100,
        maximise=True,
        label="validation accuracy of the only run",
        sampling="uniform",
        scored="all",
        reported="test accuracy",
        repeats={"each": 3},
        interval="95%",
        notes=["A note that a reader must see."],
        seed=0,
        study_digest="0",
        versions={},
    )
