"""Random recurrent cells: drawn and changed within the grammar, so that evolution works, on a table and beyond it."""

import gzip
import json
from collections import Counter

import numpy as np
import pytest

from neural_predictor.errors import ArchitectureError
from neural_predictor.search.evolution import evolution_traces
from neural_predictor.spaces.nasbench_nlp.cells import PLACES, Cells, departures
from neural_predictor.spaces.nasbench_nlp.space import NasBenchNlpSpace
from neural_predictor.spaces.nasbench_nlp.text import EXAMPLE, recipe_codes, recipe_of
from neural_predictor.tables.table import BenchmarkTable

RNG = np.random.default_rng
space = NasBenchNlpSpace()
SAMPLE = space.sample(400, RNG(11))
RNN = space.parse(EXAMPLE)
LSTM = space.parse(
    """{
    "i": {"op": "linear", "input": ["x", "h_prev_0"]}, "i_act": {"op": "activation_tanh", "input": ["i"]},
    "j": {"op": "linear", "input": ["x", "h_prev_0"]}, "j_act": {"op": "activation_sigm", "input": ["j"]},
    "f": {"op": "linear", "input": ["x", "h_prev_0"]}, "f_act": {"op": "activation_sigm", "input": ["f"]},
    "o": {"op": "linear", "input": ["x", "h_prev_0"]}, "o_act": {"op": "activation_tanh", "input": ["o"]},
    "kept": {"op": "elementwise_prod", "input": ["f_act", "h_prev_1"]},
    "new": {"op": "elementwise_prod", "input": ["i_act", "j_act"]},
    "h_new_1": {"op": "elementwise_sum", "input": ["kept", "new"]},
    "act": {"op": "activation_tanh", "input": ["h_new_1"]},
    "h_new_0": {"op": "elementwise_prod", "input": ["act", "o_act"]}
    }"""
)
"""Departs from the generator's rules: an activation of a sum."""
PARENTS = np.concatenate([SAMPLE, [RNN, LSTM]])


def test_samples_keep_the_generators_rules():
    drawn = space.sample(3_000, RNG(5))
    space.check(drawn)
    cells = Cells.from_codes(drawn)
    assert not departures(cells).any()
    assert len(set(space.identify(drawn))) == 3_000
    assert set(cells.states) == {1, 2, 3}
    assert cells.sizes.min() >= 2
    np.testing.assert_array_equal(space.sample(100, RNG(5)), drawn[:100])
    assert space.sample(0, RNG(5)).shape == (0, space.code_length)
    with pytest.raises(ArchitectureError, match="cannot draw -1"):
        space.sample(-1, RNG(5))


@pytest.mark.shared_data
def test_samples_are_of_the_sizes_of_real_recipes(shared_data):
    with gzip.open(shared_data / "nasbench_nlp_ptb_half.jsonl.gz") as lines:
        real = Cells.from_codes(np.array([recipe_codes(json.loads(line)["recepie"]) for line in lines]))
    drawn = Cells.from_codes(space.sample(1_500, RNG(2)))
    # The release tried fewer of the largest sizes, and of small ones all that there are.
    assert abs(drawn.sizes.mean() - real.sizes.mean()) < 1
    assert real.sizes.max() == 20
    assert drawn.sizes.max() <= PLACES


def test_mutants_are_other_cells_within_the_grammar():
    parents = PARENTS.repeat(10, axis=0)
    children = space.mutate(parents, RNG(1))
    space.check(children)
    assert (space.identify(children) != space.identify(parents)).all()
    np.testing.assert_array_equal(space.canonical(children), children)
    before, after = Cells.from_codes(parents), Cells.from_codes(children)
    assert (departures(after) <= departures(before)).all()
    assert (before.states == after.states).all()
    grown = after.sizes - before.sizes
    assert grown.max() == 2
    assert (grown < 0).any()
    np.testing.assert_array_equal(space.mutate(parents, RNG(1)), children)
    assert (space.mutate(parents, RNG(2)) != children).any(axis=1).mean() > 0.5
    assert space.mutate(parents[:0], RNG(1)).shape == (0, space.code_length)


def test_long_lineages_stay_within_the_space():
    codes = SAMPLE[:40]
    for step in range(60):
        codes = space.mutate(codes, RNG(step))
        space.check(codes)
    assert Cells.from_codes(codes).sizes.max() <= PLACES
    np.testing.assert_array_equal(space.decode(space.encode(codes)), codes)


def test_the_children_of_one_cell_are_all_its_neighbours():
    children = np.unique(space.mutate(RNN[None].repeat(4_000, axis=0), RNG(3)), axis=0)
    cells = [recipe_of(code) for code in children]
    sizes = Counter(map(len, cells))
    # Another activation; the activation and the linear node summed or multiplied; a linear node and an activation (3)
    # in place of x or of h_prev_0 (2), or after the activation, which it reads with x, h_prev_0 or both (3); two of
    # these are the same with both activations tanh.
    assert sizes == {2: 2, 3: 2, 4: 3 * (2 + 3) - 2}
    assert {cell["h_new_0"]["op"] for cell in cells if len(cell) == 3} == {"elementwise_sum", "elementwise_prod"}


def test_evolution_finds_children_by_name_and_gives_up_those_outside_the_table():
    codes = space.canonical(np.concatenate([SAMPLE, space.mutate(SAMPLE, RNG(0))]))
    codes = np.unique(codes, axis=0)
    losses = 4 + Cells.from_codes(codes).sizes[:, None] / 10
    table = BenchmarkTable(
        "synthetic",
        space.name,
        space.identify(codes),
        codes,
        {"validation_loss": losses, "test_loss": losses},
        signal="validation_loss",
        target="test_loss",
    )
    assert not table.maximise
    signals = np.repeat(losses.T, 4, axis=0)
    traces = evolution_traces(table, space, signals, 80, RNG(1), population=30, tournament=10)
    assert traces.rows.shape == (4, 80)
    assert (traces.redrawn < 50).all()
    # Lower is better: children are smaller cells than the first members.
    assert losses[traces.rows[:, 60:]].mean() < losses[traces.rows[:, :30]].mean() - 0.1
