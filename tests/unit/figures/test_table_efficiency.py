"""table-efficiency: the samples that a search needs for the level of evolution."""

import numpy as np
import pandas as pd
import pytest

from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace
from neural_predictor.tables.benchmarks import BENCHMARKS
from neural_predictor.tables.table import BenchmarkTable
from support.figures import numbers_of, page_of

NAME = "nasbench-graph-proteins"


def make_searchable():
    """A real space, made small: the table of proteins with its own encoding and a smooth signal."""
    space = NasBenchGraphSpace(**BENCHMARKS[NAME].options)
    codes = space.enumerate()
    quality = 0.5 + 0.4 * (codes[:, 1:] == 4).mean(axis=1) + 0.001 * codes[:, 0]
    noise = np.random.default_rng(0).normal(0, 0.003, (len(codes), 3))
    test = np.tile(quality[:, None] - 0.05, (1, 3))
    metrics = {"validation_accuracy": quality[:, None] + noise, "test_accuracy": test}
    return BenchmarkTable(NAME, space.name, space.identify(codes), codes, metrics)


def test_efficiency_is_evolutions_budget_over_the_samples_for_its_level(tmp_path, study, write_scores):
    table = make_searchable()
    paths = write_scores(tmp_path, table, table.mean("test_accuracy"), (20,))
    paths += write_scores(tmp_path, table, -table.mean("test_accuracy"), (20,), predictor="other")
    frame, protocol = numbers_of("table-efficiency", study, table, scores=paths)
    rows = frame.set_index("method")
    assert rows.loc["one-stage", "samples"] == 21  # its first candidate is the best of all
    assert rows.loc["one-stage", "ratio"] == pytest.approx(60 / 21)
    assert rows.loc["one-stage", "reached"] == 1
    assert pd.isna(rows.loc["other", "samples"])
    assert rows.loc["other", "reached"] < 0.1
    assert rows.loc["evolution", "samples"] <= 60
    assert "not reached" in page_of("table-efficiency", frame, protocol)
