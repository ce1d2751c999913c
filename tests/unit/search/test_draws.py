"""One draw of each search, pinned to its value: what is fitted and what is shown of a study follow from such draws."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from neural_predictor.search.draws import draw_repeat
from neural_predictor.search.evolution import evolution_traces
from neural_predictor.search.guided import guided_trace
from neural_predictor.search.random_search import random_trace
from neural_predictor.spaces.nasbench101.space import NasBench101Space
from neural_predictor.spaces.nasbench_graph import PROTEINS_OPERATIONS, NasBenchGraphSpace
from neural_predictor.tables.nasbench_graph import read
from neural_predictor.tables.table import BenchmarkTable
from support.pins import assert_pinned, digest

RNG = np.random.default_rng
LIGHT = Path(find_spec("nas_bench_graph").submodule_search_locations[0]) / "light"


def table_of(space, codes):
    metrics = {"validation_accuracy": RNG(0).random((len(codes), 3)), "test_accuracy": RNG(1).random((len(codes), 1))}
    return BenchmarkTable("toys", space.name, space.identify(codes), codes, metrics)


@pytest.fixture(scope="module")
def cells():
    space = NasBench101Space()
    return table_of(space, space.enumerate()[:2000])


@pytest.fixture(scope="module")
def proteins():
    return read("nasbench-graph-proteins", LIGHT / "proteins.bench")


def test_a_repeat_is_the_one_of_before(cells):
    drawn = draw_repeat(cells, 2020, 12, 3)
    assert_pinned(drawn.train_rows.tolist(), [1941, 1304, 799, 33, 1322, 1564, 1429, 1849, 402, 1301, 1185, 405])
    assert_pinned(drawn.runs[:20].tolist(), [1, 0, 0, 2, 0, 0, 1, 0, 1, 2, 2, 1, 1, 1, 2, 1, 2, 1, 2, 2])
    assert_pinned(digest(drawn.runs), "6f36c219b64ef0a9")
    assert_pinned(drawn.seed, 14251370101709524484)


def test_a_repeat_on_a_benchmark_is_the_one_of_before(proteins):
    drawn = draw_repeat(proteins, 0, 12, 0)
    assert_pinned(drawn.train_rows.tolist(), [416, 1980, 122, 1686, 279, 1070, 911, 618, 1446, 1790, 1124, 71])
    assert_pinned(drawn.seed, 15359904546550130633)


def test_a_random_search_is_the_one_of_before():
    pinned = [341012, 266980, 414948, 121071, 218302, 284156, 22846, 198614, 342258, 9596]
    assert_pinned(random_trace(423_624, 10, RNG(5)).tolist(), pinned)
    assert_pinned(digest(random_trace(423_624, 2000, RNG(5))), "4252dd30e48003e7")


@pytest.mark.parametrize(
    ("maximise", "pinned"),
    [
        (True, [1, 4, 19, 11, 21, 33, 30, 0, 25, 28, 14, 9, 29, 26, 35, 16]),
        (False, [1, 4, 31, 7, 8, 23, 34, 5, 6, 32, 36, 27, 38, 3, 37, 20]),
    ],
)
def test_ties_of_a_guided_search_are_broken_as_before(maximise, pinned):
    scores = RNG(0).integers(0, 4, 40).astype(float)
    assert_pinned(guided_trace(scores, np.array([1, 4]), 16, RNG(5), maximise=maximise).tolist(), pinned)


def test_an_evolution_in_a_whole_space_is_the_one_of_before(proteins):
    signals = RNG(2).random((5, len(proteins)))
    space = NasBenchGraphSpace(PROTEINS_OPERATIONS)
    traces = evolution_traces(proteins, space, signals, 300, RNG(3), population=20, tournament=5)
    pinned = [1169, 189, 1071, 979, 11, 973, 316, 391, 1396, 95, 149, 148]
    assert_pinned(traces.rows[0, 18:30].tolist(), pinned)
    assert_pinned(digest(traces.rows, traces.redrawn), "72922ee913253c75")


def test_an_evolution_in_a_thin_sample_of_a_space_is_the_one_of_before():
    space = NasBench101Space()
    table = table_of(space, space.enumerate()[::5000])
    signals = RNG(2).random((5, len(table)))
    traces = evolution_traces(table, space, signals, 300, RNG(3), population=20, tournament=5)
    assert_pinned(traces.redrawn.tolist(), [21, 19, 18, 11, 25])
    assert_pinned(digest(traces.rows, traces.redrawn), "40beb0bcd013491e")
