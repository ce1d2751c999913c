"""A search on a real space with synthetic metrics, and what its figures say."""

import numpy as np

from neural_predictor.config.study import Study
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace
from neural_predictor.tables.benchmarks import BENCHMARKS
from neural_predictor.tables.table import BenchmarkTable

NAME = "nasbench-graph-proteins"
N, TOTAL = 20, 60


def synthetic(name, space, codes):
    rng = np.random.default_rng(0)
    quality = rng.uniform(0.5, 0.9, len(codes))[:, None]
    metrics = {
        "validation_accuracy": quality + rng.normal(0, 0.01, (len(codes), 2)),
        "test_accuracy": quality - 0.05 + rng.normal(0, 0.01, (len(codes), 2)),
    }
    return BenchmarkTable(name, space.name, space.identify(codes), codes, metrics)


def make_searchable():
    """A real space, made small: the table of proteins with its own encoding and a smooth signal."""
    space = NasBenchGraphSpace(**BENCHMARKS[NAME].options)
    codes = space.enumerate()
    quality = 0.5 + 0.4 * (codes[:, 1:] == 4).mean(axis=1) + 0.001 * codes[:, 0]
    noise = np.random.default_rng(0).normal(0, 0.003, (len(codes), 3))
    test = np.tile(quality[:, None] - 0.05, (1, 3))
    metrics = {"validation_accuracy": quality[:, None] + noise, "test_accuracy": test}
    return BenchmarkTable(NAME, space.name, space.identify(codes), codes, metrics)


def noisy(table):
    """Scores that differ from architecture to architecture and are no perfect order."""
    return table.mean("test_accuracy") + np.random.default_rng(1).normal(0, 0.05, len(table))


def cascade(table, folder, write_scores, accept, *, one_stage=False):
    logits = np.where(accept, 1.0, -1.0 - np.arange(len(table)) / len(table)).astype(np.float32)
    more = {"logits": logits, "one_stage": np.bool_(one_stage)}
    return write_scores(folder, table, noisy(table), (N,), predictor="two-stage", **more)


def of(frame, kind):
    return frame[frame["kind"] == kind]


def counts(frame):
    return of(frame, "count").set_index("name")["count"].to_dict()


def with_recipe(study, name, **changes):
    raw = study.model_dump()
    raw["predictors"][name] |= changes
    return Study.model_validate(raw)
