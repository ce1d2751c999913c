from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.proxylessnas.cost import Bounds, map_sizes, multiply_adds, parameters
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

RNG = np.random.default_rng
space = ProxylessNasSpace()
SHALLOW = [0] + [0, 6, 6, 6] * 5 + [0]
"""Every layer that can be zero is; all others have kernel 3, expansion 3."""
CHANNELS = [32, 16, 32, 40, 80, 96, 192, 320]


def rows(*codes):
    return np.array(codes, np.uint8)


def block_weights(inputs, outputs, kernel, expansion):
    """Weights of one inverted bottleneck, convolution by convolution, each with its batch normalisation."""
    inner = inputs * expansion
    expand = inputs * inner + 2 * inner
    return (expand if expansion > 1 else 0) + (kernel * kernel * inner + 2 * inner) + (inner * outputs + 2 * outputs)


def test_parameters_of_the_shallowest_architecture():
    stem, head, dense = 3 * 3 * 3 * 32 + 2 * 32, 320 * 1280 + 2 * 1280, 1280 * 10 + 10
    blocks = [block_weights(32, 16, 3, 1)] + [
        block_weights(inputs, outputs, 3, 3) for inputs, outputs in pairwise(CHANNELS[1:])
    ]
    # MobileNetV2's first block by hand: depthwise 3 x 3 of 32, 32 to 16 channels, two batch normalisations.
    assert blocks[0] == 288 + 64 + 512 + 32
    assert parameters(rows(SHALLOW), 10).tolist() == [stem + sum(blocks) + head + dense]


def test_one_more_layer_costs_its_convolutions():
    deeper = [*SHALLOW]
    deeper[10] = 5  # 80 channels, kernel 7, expansion 6, 14 x 14 pixels at 224
    one, two = parameters(rows(SHALLOW, deeper), 1000)
    assert two - one == (80 * 480 + 960) + (49 * 480 + 960) + (480 * 80 + 160)
    one, two = multiply_adds(rows(SHALLOW, deeper), 224, 1000)
    assert two - one == 14 * 14 * (80 * 480 + 49 * 480 + 480 * 80)


def test_multiply_adds_of_the_shallowest_architecture():
    # 32 pixels: 16 after the stem, then 16, 8, 4, 2, 2, 1, 1; an expansion works on what comes in.
    sides = [16, 16, 8, 4, 2, 2, 1, 1]
    expected = 16 * 16 * 27 * 32 + 16 * 16 * (9 * 32 + 32 * 16)
    for k in range(1, 7):
        inputs, inner, outputs = CHANNELS[k], 3 * CHANNELS[k], CHANNELS[k + 1]
        expected += sides[k] ** 2 * inputs * inner + sides[k + 1] ** 2 * (9 * inner + inner * outputs)
    expected += 320 * 1280 + 1280 * 7
    assert map_sizes(rows(SHALLOW), 32)[0, [0, 1, 2, 6, 10, 14, 18, 22]].tolist() == sides
    assert multiply_adds(rows(SHALLOW), 32, 7).tolist() == [expected]


def test_width_stem_stride_and_image_channels():
    narrow = rows(SHALLOW)
    # A quarter of 32, 16, 32, .., 1280 channels, one image channel.
    channels = [channels // 4 for channels in CHANNELS]
    expected = 9 * 8 + 16 + block_weights(8, 4, 3, 1) + 80 * 320 + 640 + 320 * 10 + 10
    expected += sum(block_weights(a, b, 3, 3) for a, b in pairwise(channels[1:]))
    assert parameters(narrow, 10, width=0.25, image_channels=1).tolist() == [expected]
    assert map_sizes(narrow, 28, stem_stride=1)[0, [0, 1, 2, 5, 6, 22]].tolist() == [28, 28, 14, 14, 7, 2]
    one, three = (multiply_adds(narrow, 28, 10, 0.25, 1, image_channels=count)[0] for count in (1, 3))
    assert three - one == 28 * 28 * 9 * 2 * 8


def test_many_rows_cost_what_each_does():
    drawn = space.sample_stratified(40, RNG(0))
    for variant in ("paper", "as-replicated"):
        whole = multiply_adds(drawn, 96, 10, variant=variant)
        assert whole.tolist() == [multiply_adds(drawn[[k]], 96, 10, variant=variant)[0] for k in range(40)]
    assert parameters(drawn, 10).tolist() == [parameters(drawn[[k]], 10)[0] for k in range(40)]
    empty = drawn[:0]
    assert parameters(empty, 10).shape == multiply_adds(empty, 96, 10).shape == (0,)


def test_where_zero_layers_of_a_stage_stand_costs_nothing():
    drawn = space.sample(200, RNG(1))
    moved = space.canonical(drawn)
    assert (drawn != moved).any()
    assert (parameters(drawn, 10) == parameters(moved, 10)).all()
    for variant in ("paper", "as-replicated"):
        assert (multiply_adds(drawn, 64, 10, variant=variant) == multiply_adds(moved, 64, 10, variant=variant)).all()


def test_zero_layers_save_the_replications_strides():
    deep, half = [0] * 22, [0] + [0, 0, 6, 6] + [0] * 17
    assert map_sizes(rows(deep, half), 224, variant="as-replicated")[:, [0, 1, 5]].tolist() == [
        [112, 112, 7],
        [112, 112, 28],
    ]
    # Two strides by 2 less in stage 2: its two last layers gone, and what follows works on sixteen times the pixels.
    one, two = multiply_adds(rows(deep, half), 224, 1000, variant="as-replicated")
    assert two > one
    # Layer 2 alone: 32 channels, 56 to 28 pixels a side.
    deeper = [*SHALLOW]
    deeper[2] = 0
    sizes = map_sizes(rows(SHALLOW, deeper), 224, variant="as-replicated")
    assert sizes[:, 3].tolist() == [56, 28]


@pytest.mark.shared_data
def test_the_replications_architectures_end_at_one_pixel(shared_data):
    real = pd.read_csv(shared_data / "proxylessnas_replication.csv.gz", dtype={"arch": str})
    codes = space.from_columns([real["arch"].tolist()])
    assert set(map_sizes(codes, 224)[:, -1]) == {7}
    assert set(map_sizes(codes, 224, variant="as-replicated")[:, -1]) == {1}
    saved = multiply_adds(codes, 224, 100, variant="as-replicated") / multiply_adds(codes, 224, 100)
    assert 0.1 < saved.min() < saved.max() < 0.6


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda codes: parameters(codes, 0), "classes is 0; it must be 1 or more"),
        (lambda codes: parameters(codes, 10, image_channels=0), "image channels is 0"),
        (lambda codes: parameters(codes, 10, width=0), "width multiplier is 0"),
        (lambda codes: multiply_adds(codes, 0, 10), "resolution is 0"),
        (lambda codes: multiply_adds(codes, 32, 10, stem_stride=0), "stem stride is 0"),
        (lambda codes: multiply_adds(codes, 32, 10, variant="other"), "no variant 'other'"),
        (lambda codes: parameters(codes[:, 1:], 10), r"takes codes \(n, 22\)"),
        (lambda codes: map_sizes(codes + np.uint8(7), 32), "row 0: layer 0"),
        (lambda _: Bounds(32, 10, min_parameters=2, max_parameters=1), "bounds on parameters from 2 to 1"),
        (lambda _: Bounds(32, 10, max_multiply_adds=-1), "bounds on multiply-adds from 0 to -1"),
    ],
)
def test_faults_are_named(call, said):
    with pytest.raises(ArchitectureError, match=said):
        call(rows(SHALLOW))


def test_bounds_include_their_ends():
    codes = rows(SHALLOW, [0] * 22)
    size, cost = parameters(codes, 10), multiply_adds(codes, 32, 10)
    assert Bounds(32, 10).admits(codes).all()
    assert Bounds(32, 10, max_parameters=size[0], max_multiply_adds=cost[0]).admits(codes).tolist() == [True, False]
    assert Bounds(32, 10, min_parameters=size[1], min_multiply_adds=cost[1]).admits(codes).tolist() == [False, True]
    assert not Bounds(32, 10, max_parameters=size[0] - 1).admits(codes).any()
    assert not Bounds(32, 10, min_multiply_adds=cost[1] + 1).admits(codes).any()


def test_bounds_count_the_architecture_that_they_are_asked_about():
    size, cost = parameters(rows(SHALLOW), 7, 0.25, 1), multiply_adds(rows(SHALLOW), 28, 7, 0.25, 1, image_channels=1)
    exact = {"min_parameters": size[0], "max_parameters": size[0]}
    exact |= {"min_multiply_adds": cost[0], "max_multiply_adds": cost[0]}
    assert Bounds(28, 7, 0.25, 1, 1, **exact).admits(rows(SHALLOW, [0] * 22)).tolist() == [True, False]
