import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.mnasnet.space import MnasNetSpace
from neural_predictor.spaces.mnasnet.stages import CHOICES, STAGES, cardinality

RNG = np.random.default_rng
space = MnasNetSpace()
codes = st.tuples(*[st.integers(0, int(choices) - 1) for choices in CHOICES])
B0 = "e1k3l1-se e6k3l2-se e6k5l2-se e6k3l3-se e6k5l3-se e6k5l4-se e6k3l1-se"
"""EfficientNet-B0, which the space contains."""


def test_the_space_is_that_of_the_benchmark():
    assert cardinality() == 36**6 * 48 == 104_485_552_128
    assert [stage.layers for stage in STAGES] == [3, 3, 3, 3, 3, 4, 3]
    assert [stage.channels for stage in STAGES] == [16, 24, 40, 80, 112, 192, 320]
    assert space.operations[:4] == ("mbconv3-e1", "mbconv3-e1-se", "mbconv5-e1", "mbconv5-e1-se")
    assert len(space.operations) == 13
    for method in (space.enumerate, lambda: space.index_of(space.sample(1, RNG(0)))):
        with pytest.raises(ArchitectureError, match="has 104,485,552,128 architectures, too many"):
            method()


@settings(max_examples=50, deadline=None)
@given(codes)
def test_text_goes_back_and_forth(code):
    row = np.array(code, np.uint8)
    assert (space.parse(space.format(row)) == row).all()
    assert space.identify(row[None])[0] == space.format(row)


def test_a_chain_says_stages_layers_and_their_kinds():
    graphs = space.encode(space.parse(B0)[None])
    kinds = [space.operations[k] for k in graphs.nodes[0].argmax(axis=1)]
    assert kinds[:6] == ["mbconv3-e1-se", "absent", "absent", "mbconv3-e6-se", "mbconv3-e6-se", "absent"]
    assert kinds[15:] == ["mbconv5-e6-se"] * 4 + ["mbconv3-e6-se", "absent", "absent"]
    assert graphs.mask.all()
    assert graphs.adjacency[0].sum() == 21


def test_different_architectures_are_different_graphs():
    rows = space.sample(3000, RNG(0))
    nodes = space.encode(rows).nodes.reshape(len(rows), -1)
    assert len(np.unique(nodes, axis=0)) == len(np.unique(rows, axis=0)) == 3000


def test_draws_are_uniform_and_a_small_sample_begins_a_large_one():
    rows = space.sample(6000, RNG(3))
    assert (space.sample(100, RNG(3)) == rows[:100]).all()
    for place, choices in enumerate(CHOICES):
        shares = np.bincount(rows[:, place], minlength=choices) / len(rows)
        assert np.abs(shares - 1 / choices).max() < 0.03
    assert space.sample(0, RNG(0)).shape == (0, 28)
    with pytest.raises(ArchitectureError, match="cannot draw -1"):
        space.sample(-1, RNG(0))


def test_mutants_and_neighbours_differ_in_one_choice():
    rows = space.sample(500, RNG(0))
    assert ((space.mutate(rows, RNG(1)) != rows).sum(axis=1) == 1).all()
    near = space.neighbours(rows[0], RNG(0))
    assert len(near) == len(np.unique(near, axis=0)) == (CHOICES - 1).sum() == 43
    assert ((near != rows[0]).sum(axis=1) == 1).all()
    assert (space.choices == CHOICES).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("e1k3l1", r"expected 7 stages, such as 'e1k3l1 .*, found 1"),
        (B0.replace("e1k3l1-se", "e1k7l1"), "kernel of stage 0 is 7; expected one of 3, 5"),
        (B0.replace("e6k3l2-se", "e3k3l2"), "expansion of stage 1 is 3; expected one of 1, 4, 6"),
        (B0.replace("e6k3l3-se", "e6k3l4"), "layers of stage 3 is 4; expected one of 1, 2, 3"),
        (B0.replace("e6k5l4-se", "e6k5l4-s"), "stage 5 is 'e6k5l4-s'; expected a word such as 'e6k5l2'"),
    ],
)
def test_a_text_that_is_none_is_named(text, said):
    with pytest.raises(ArchitectureError, match=said):
        space.parse(text)


def test_codes_out_of_range_are_named():
    rows = np.zeros((2, 28), np.uint8)
    rows[1, 6] = 3
    with pytest.raises(ArchitectureError, match="row 1: layers of stage 1 takes codes 0 to 2, found 3"):
        space.identify(rows)
