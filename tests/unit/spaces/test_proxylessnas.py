import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces import make_space
from neural_predictor.spaces.proxylessnas.cost import Bounds, multiply_adds, parameters
from neural_predictor.spaces.proxylessnas.layers import (
    CHOICES,
    LAYERS,
    OPTIONAL,
    ZERO,
    Block,
    cardinality,
    distinct_architectures,
    layer_strides,
    scaled,
)
from neural_predictor.spaces.proxylessnas.space import GIVE_UP_AFTER_ROWS, ProxylessNasSpace

RNG = np.random.default_rng
space = ProxylessNasSpace()
codes = st.tuples(*[st.integers(0, int(choices) - 1) for choices in CHOICES])
STAGES_OF_FOUR = [(1, 4), (5, 8), (9, 12), (13, 16), (17, 20)]


def rows(*codes):
    return np.array(codes, np.uint8)


def with_layers(first, *values):
    """The row of zeros (the smallest kernel everywhere) with other codes from layer `first` on."""
    code = [0] * 22
    code[first : first + len(values)] = values
    return code


def test_the_space_is_that_of_the_paper():
    assert cardinality() == 3 * 6**6 * 7**15 == 664_506_689_423_701_824
    assert CHOICES.tolist() == [3] + [6, 7, 7, 7] * 5 + [6]
    assert [layer.outputs for layer in LAYERS] == [16] + [32] * 4 + [40] * 4 + [80] * 4 + [96] * 4 + [192] * 4 + [320]
    assert [layer.inputs for layer in LAYERS[:3]] == [32, 16, 32]
    assert all(before.outputs == after.inputs for before, after in pairwise(LAYERS))
    assert LAYERS[0].blocks == (Block(3, 1), Block(5, 1), Block(7, 1))
    assert LAYERS[1].blocks == ((3, 3), (5, 3), (7, 3), (3, 6), (5, 6), (7, 6))
    assert space.operations == (
        *("mbconv3-e3", "mbconv5-e3", "mbconv7-e3", "mbconv3-e6", "mbconv5-e6", "mbconv7-e6"),
        "zero",
    )


def test_strides_of_the_paper_and_of_the_replication():
    assert layer_strides() == (1, 2, 1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
    assert layer_strides("as-replicated") == (1, *[2] * 12, *[1] * 4, *[2] * 4, 1)
    with pytest.raises(ArchitectureError, match=r"no variant 'mine' .* use paper or as-replicated"):
        layer_strides("mine")


def test_channels_scale_with_a_floor():
    assert [scaled(32, width) for width in (1.0, 0.25, 0.05)] == [32, 8, 4]
    assert scaled(320, 0.3) == 96
    for width in (0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ArchitectureError, match=r"the width multiplier is .*; use a positive number"):
            scaled(32, width)


@pytest.mark.parametrize("ask", [lambda: space.enumerate(), lambda: space.index_of(rows([0] * 22))])
def test_a_space_too_large_says_so(ask):
    with pytest.raises(ArchitectureError, match=r"has 664,506,689,423,701,824 architectures, too many .* sample from"):
        ask()


def test_the_command_says_so_too():
    process = [sys.executable, "-m", "neural_predictor", "enumerate", "--space", "proxylessnas"]
    done = subprocess.run(process, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "too many to enumerate" in done.stderr
    assert "Traceback" not in done.stderr


def test_zero_layers_of_a_stage_move_to_its_end():
    assert space.canonical(rows(with_layers(2, 6, 3, 6))).tolist() == [with_layers(2, 3, 6, 6)]
    assert space.canonical(rows(with_layers(2, 6, 5, 3))).tolist() == [with_layers(2, 5, 3, 6)]
    # The first layer of a stage is another kind of layer, and the next stage has other channels.
    assert space.canonical(rows(with_layers(4, 6, 1, 2))).tolist() == [with_layers(4, 6, 1, 2)]


def test_an_architecture_has_one_identity_wherever_its_zero_layers_stand():
    same = [with_layers(2, 3, 0, 6), with_layers(2, 3, 6, 0), with_layers(2, 6, 3, 0)]
    others = [with_layers(2, 0, 3, 6), with_layers(2, 3, 0, 0), with_layers(6, 3, 0, 6)]
    assert len(set(space.identify(rows(*same)))) == 1
    assert len(set(space.identify(rows(same[0], *others)))) == 4
    assert space.identify(rows(same[1])).tolist() == [str((0, 0, 3, 0, 6, *[0] * 17))]
    assert space.identify(rows(*same)[:0]).shape == (0,)


def test_the_number_of_architectures_is_that_of_the_identities():
    stage = np.stack(np.meshgrid(*[np.arange(7)] * 3), axis=-1).reshape(-1, 3)
    everything = np.zeros((343, 22), np.uint8)
    everything[:, 2:5] = stage
    assert len(set(space.identify(everything))) == 259
    assert distinct_architectures() == 3 * (6 * 259) ** 5 * 6


@given(codes)
def test_canonical_form_is_a_fixed_point_with_the_same_chain_of_layers(code):
    once = space.canonical(rows(code))
    assert (space.canonical(once) == once).all()
    for start, end in STAGES_OF_FOUR:
        kept, before = once[0, start : end + 1].tolist(), list(code[start : end + 1])
        assert [op for op in kept if op != ZERO] == [op for op in before if op != ZERO]
        assert kept == sorted(kept, key=lambda op: op == ZERO)


@given(codes, st.integers(0, 2**32))
def test_a_mutation_sets_one_layer_and_makes_another_architecture(code, seed):
    parents = rows(*[code] * 20)
    children = space.mutate(parents, RNG(seed))
    space.check(children)
    assert ((children != parents).sum(axis=1) == 1).all()
    assert (space.identify(children) != space.identify(parents)).all()


def test_mutation_reaches_every_layer_and_value_evenly():
    parent = rows([0] * 22)
    children = space.mutate(np.repeat(parent, 40_000, axis=0), RNG(0))
    layer = (children != 0).argmax(axis=1)
    assert np.bincount(layer).tolist() == pytest.approx([40_000 / 22] * 22, rel=0.12)
    values = [np.unique(children[layer == k, k]).tolist() for k in range(22)]
    assert values == [list(range(1, choices)) for choices in CHOICES]
    assert space.mutate(parent[:0], RNG(0)).shape == (0, 22)


def test_sampling_is_uniform_over_code_rows_distinct_and_seeded():
    drawn = space.sample(20_000, RNG(3))
    space.check(drawn)
    assert len(set(space.identify(drawn))) == 20_000
    for layer, choices in enumerate(CHOICES):
        assert np.bincount(drawn[:, layer]) / 20_000 == pytest.approx([1 / choices] * choices, abs=0.013)
    assert (space.sample(100, RNG(3)) == drawn[:100]).all()
    assert space.sample(0, RNG(0)).shape == (0, 22)
    with pytest.raises(ArchitectureError, match="cannot draw -1 architectures of proxylessnas"):
        space.sample(-1, RNG(0))


def test_stratified_samples_have_every_depth_equally_often():
    drawn = space.sample_stratified(16_000, RNG(0))
    space.check(drawn)
    assert len(set(space.identify(drawn))) == 16_000
    # Few of the 140,000 architectures with 15 zero layers come twice, so that all depths stay near 1,000.
    assert np.bincount((drawn == ZERO).sum(axis=1)).tolist() == pytest.approx([1000] * 16, rel=0.15)
    kept = drawn[:, OPTIONAL]
    assert np.bincount(kept[kept != ZERO]) / (kept != ZERO).sum() == pytest.approx([1 / 6] * 6, abs=0.01)


def test_samples_within_bounds_are():
    bounds = Bounds(
        *(64, 10), width=0.5, min_parameters=5e5, max_parameters=8e5, min_multiply_adds=6e6, max_multiply_adds=8e6
    )
    drawn = space.sample(300, RNG(0), bounds=bounds)
    size, cost = parameters(drawn, 10, 0.5), multiply_adds(drawn, 64, 10, 0.5)
    assert len(set(space.identify(drawn))) == 300
    assert size.min() >= 5e5
    assert size.max() <= 8e5
    assert cost.min() >= 6e6
    assert cost.max() <= 8e6
    # What lies within is drawn as without bounds: the same rows, less those outside.
    free = space.sample(1000, RNG(0))
    assert (free[bounds.admits(free)][:20] == drawn[:20]).all()


def test_bounds_that_nearly_nothing_meets_are_explained():
    with pytest.raises(ArchitectureError) as caught:
        space.sample(7, RNG(0), bounds=Bounds(224, 1000, max_parameters=1_000_000))
    text = str(caught.value)
    assert "cannot draw 7 architectures of proxylessnas within the bounds" in text
    (drawn,) = re.findall(r"of ([0-9,]+) drawn", text)
    assert int(drawn.replace(",", "")) >= GIVE_UP_AFTER_ROWS
    assert "0 (a share of 0) were new and within" in text
    assert "Bounds on parameters: 0 to 1,000,000; the last architectures had 2," in text


def test_encoding_is_the_chain_of_layers():
    graphs = space.encode(rows(with_layers(0, 2, 5, 6), [0] * 22))
    assert graphs.nodes.shape == (2, 22, 7)
    assert graphs.nodes.argmax(axis=2)[0, :4].tolist() == [2, 5, 6, 0]
    assert np.argwhere(graphs.adjacency[1]).tolist() == [[k, k + 1] for k in range(21)]
    assert graphs.mask.all()
    assert len(space.encode(rows([0] * 22)[:0])) == 0


@settings(max_examples=50)
@given(codes, st.sampled_from([str, lambda code: str(list(code)), lambda code: ",".join(map(str, code))]))
def test_text_round_trip(code, written):
    row = rows(code)[0]
    assert space.format(row) == str(code)
    assert space.parse(space.format(row)).tolist() == space.parse(f" {written(code)} ").tolist() == list(code)
    assert space.parse("".join(map(str, code))).tolist() == list(code)
    assert space.from_columns(space.to_columns(rows(code, code))).tolist() == [list(code)] * 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected 22 op codes, .* found 0"),
        (str((0,) * 21), "expected 22 op codes, .* found 21"),
        (str((0,) * 23), "found 23"),
        (str((3, *[0] * 21)), "layer 0 of proxylessnas takes op codes 0 to 2, found '3'"),
        (str(tuple(with_layers(5, 6))), "layer 5 of proxylessnas takes op codes 0 to 5, found '6'"),
        (str(tuple(with_layers(6, 7))), "layer 6 of proxylessnas takes op codes 0 to 6, found '7'"),
        (str(tuple(with_layers(21, -1))), "layer 21 .* found '-1'"),
        (str(tuple(with_layers(2, 256))), "layer 2 .* found '256'"),
        (str(tuple(with_layers(2, 1.0))), "layer 2 .* found '1.0'"),
        (str((0,) * 22)[:-1], r"layer 0 .* found '\(0'"),
        ("0" * 2000, r"'0{100}\.\.' is not .* found 2000"),
    ],
)
def test_text_that_is_no_architecture_is_refused(text, said):
    with pytest.raises(ArchitectureError, match=said):
        space.parse(text)


def test_codes_outside_the_space_are_named():
    good = with_layers(2, 6)
    for layer, value, most in ((0, 3, 2), (9, 6, 5), (10, 7, 6)):
        with pytest.raises(ArchitectureError, match=f"row 1: layer {layer} of .* takes op codes 0 to {most}, found"):
            space.identify(rows(good, with_layers(layer, value)))
    for method in (space.identify, space.encode, lambda part: space.mutate(part, RNG(0))):
        with pytest.raises(ArchitectureError, match=r"takes codes \(n, 22\) uint8; found \(1, 21\)"):
            method(rows(good)[:, :21])
    with pytest.raises(ArchitectureError, match="layer 21"):
        space.format(rows(with_layers(21, 6))[0])


@pytest.mark.shared_data
def test_the_replications_pairs_are_of_the_space(shared_data):
    real = pd.read_csv(shared_data / "proxylessnas_replication.csv.gz", dtype={"arch": str})
    found = space.from_columns([real["arch"].tolist()])
    assert ["".join(map(str, code)) for code in found.tolist()] == real["arch"].tolist()
    assert real["dataset"].value_counts(sort=False).to_dict() == {"cifar100": 86, "caltech": 288, "oxford_pet": 232}


def test_the_registry_knows_the_space():
    assert type(make_space("proxylessnas")) is ProxylessNasSpace
