"""One draw of each space's samplers, pinned to its value: fits and children of a study follow from such draws."""

import numpy as np
import pytest

from neural_predictor.spaces.mnasnet.space import MnasNetSpace
from neural_predictor.spaces.nasbench101.space import NasBench101Space
from neural_predictor.spaces.nasbench_graph import PROTEINS_OPERATIONS, NasBenchGraphSpace
from neural_predictor.spaces.nasbench_nlp.space import NasBenchNlpSpace
from neural_predictor.spaces.proxylessnas.cost import Bounds
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from support.pins import assert_pinned, digest

RNG = np.random.default_rng
GRAPH, PROTEINS = NasBenchGraphSpace(), NasBenchGraphSpace(PROTEINS_OPERATIONS)
CELLS, CHAINS, RECIPES, STAGES = NasBench101Space(), ProxylessNasSpace(), NasBenchNlpSpace(), MnasNetSpace()
SMALL = Bounds(224, 10, max_parameters=2e6)
SAMPLES = {
    "nasbench-graph": (lambda: GRAPH.sample(1000, RNG(0)), "57a4df32189143c0"),
    "nasbench-graph, proteins": (lambda: PROTEINS.sample(1000, RNG(0)), "73a4ce36f5c72a20"),
    "nasbench101": (lambda: CELLS.sample(1000, RNG(0)), "52cf0392ca533fd8"),
    "nasbench101, matrices": (lambda: CELLS.sample_matrices(1000, RNG(0)), "1c1eb1b21c312b79"),
    "proxylessnas": (lambda: CHAINS.sample(20_000, RNG(0)), "ea1e03da087fd649"),
    "proxylessnas, bounds": (lambda: CHAINS.sample(100, RNG(0), bounds=SMALL), "9541a181cd8ac23c"),
    "proxylessnas, stratified": (lambda: CHAINS.sample_stratified(20_000, RNG(0)), "63ce3ce3bf66829a"),
    "nasbench-nlp": (lambda: RECIPES.sample(1100, RNG(0)), "7c3af6d1ee923a16"),
    "mnasnet": (lambda: STAGES.sample(6000, RNG(0)), "decb4844fca2628c"),
}
"""As many rows as need a second batch of draws, where a space draws in batches."""
MUTATIONS = {
    "nasbench-graph": (lambda: GRAPH.mutate(GRAPH.sample(1000, RNG(0)), RNG(1)), "5922804e8d533c2e"),
    "nasbench-graph, proteins": (lambda: PROTEINS.mutate(PROTEINS.sample(1000, RNG(0)), RNG(1)), "6cea74781d3f9f63"),
    "nasbench101": (lambda: CELLS.mutate(CELLS.sample(1000, RNG(0)), RNG(1)), "50fccb40f4575b01"),
    "nasbench101, filled": (lambda: CELLS.filled(CELLS.sample(1000, RNG(0)), RNG(1)), "1f63c162fb290668"),
    "proxylessnas": (lambda: CHAINS.mutate(CHAINS.sample(1000, RNG(0)), RNG(1)), "e4b8683fefff639a"),
    "nasbench-nlp": (lambda: RECIPES.mutate(RECIPES.sample(1000, RNG(0)), RNG(1)), "280f44ddff8e9c9a"),
    "mnasnet": (lambda: STAGES.mutate(STAGES.sample(1000, RNG(0)), RNG(1)), "9904e2c142c6d7b4"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_the_one_of_before(name):
    draw, pinned = SAMPLES[name]
    assert_pinned(digest(draw()), pinned)


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutations_are_those_of_before(name):
    draw, pinned = MUTATIONS[name]
    assert_pinned(digest(draw()), pinned)
