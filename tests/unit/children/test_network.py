"""The plain Keras model: shapes, strides, and costs against the closed forms."""

import keras
import numpy as np
import pytest

from neural_predictor.children.architecture import blocks
from neural_predictor.children.layout import Layout
from neural_predictor.children.network import build_network
from neural_predictor.config.child_recipes import NetworkRecipe
from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.proxylessnas.cost import map_sizes, multiply_adds, parameters
from neural_predictor.spaces.proxylessnas.layers import ZERO
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

SPACE = ProxylessNasSpace()


def sample(count, seed=0):
    return SPACE.sample_stratified(count, np.random.default_rng(seed))


def counted_multiply_adds(model):
    """Walked over the layers of the model: pixels that go out x weights of the kernel that each of them meets."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D | keras.layers.Conv2D | keras.layers.Dense):
            pixels = np.prod(layer.output.shape[1:-1], dtype=int)
            total += int(pixels * np.prod(layer.kernel.shape))
    return total


@pytest.mark.parametrize(("variant", "side"), [("paper", 7), ("as-replicated", 1)])
def test_at_224_pixels_the_last_map_has_7_pixels_a_side_and_in_the_replication_one(variant, side):
    code = np.zeros(22, np.uint8)
    model = build_network(code, NetworkRecipe(width=0.1, variant=variant), 5, 3)
    assert model.get_layer("head").output.shape == (None, side, side, 128)
    assert model.output.shape == (None, 5)
    assert map_sizes(code[None], 224, variant=variant)[0, -1] == side


@pytest.mark.parametrize(
    ("width", "classes", "channels", "resolution", "stem_stride", "variant"),
    [
        (1.0, 1000, 3, 224, 2, "paper"),
        (0.1, 10, 1, 14, 1, "paper"),
        (0.35, 37, 3, 65, 2, "as-replicated"),
    ],
)
def test_parameters_and_multiply_adds_are_those_of_the_closed_forms(
    width, classes, channels, resolution, stem_stride, variant
):
    recipe = NetworkRecipe(width=width, resolution=resolution, stem_stride=stem_stride, variant=variant)
    for code in sample(2, seed=classes):
        model = build_network(code, recipe, classes, channels)
        trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
        assert trainable == parameters(code[None], classes, width, channels)[0]
        expected = multiply_adds(code[None], resolution, classes, width, stem_stride, variant, channels)[0]
        assert counted_multiply_adds(model) == expected


def test_the_flat_vector_holds_as_many_parameters():
    codes = sample(100)
    for width in (0.1, 0.5, 1.0):
        layouts = [Layout(blocks(code, NetworkRecipe(width=width), 3), 37) for code in codes]
        assert [layout.parameters for layout in layouts] == parameters(codes, 37, width).tolist()


def test_the_papers_strides_are_in_the_first_block_of_a_stage_and_its_other_blocks_are_residual():
    code = np.full(22, 4, np.uint8)
    code[0] = 1
    found = blocks(code, NetworkRecipe(), 3)
    strides = [max(convolution.stride for convolution in block.convolutions) for block in found]
    assert strides == [2, 1, *(2, 1, 1, 1) * 3, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1]
    residual = [block.residual for block in found]
    assert residual == [False, False, *(False, True, True, True) * 5, False, False]
    replicated = blocks(code, NetworkRecipe(variant="as-replicated"), 3)
    strides = [max(convolution.stride for convolution in block.convolutions) for block in replicated]
    assert strides == [2, 1, *(2,) * 12, *(1,) * 4, *(2,) * 4, 1, 1]
    assert [block.residual for block in replicated] == [False] * 15 + [True] * 3 + [False] * 6


def test_a_zero_layer_is_the_identity(small_code, small_network):
    """Nothing is built for it, and its place among a stage's layers changes nothing but names."""
    moved = small_code.copy()
    moved[[2, 4]] = moved[[4, 2]]
    assert len(blocks(small_code, small_network, 3)) == 2 + np.count_nonzero(small_code != ZERO)

    def nameless(code):
        return [
            (block.residual, [convolution._replace(name="") for convolution in block.convolutions])
            for block in blocks(code, small_network, 3)
        ]

    assert nameless(moved) == nameless(small_code)


def test_kernels_start_as_keras_starts_them(small_code, small_network):
    """The ranges of He-uniform kernels, and N(0, .01) of the dense one, by NumPy and by Keras."""
    keras.utils.set_random_seed(0)
    layout = Layout(blocks(small_code, small_network.model_copy(update={"width": 1.0}), 3), 50)
    model = build_network(small_code, small_network.model_copy(update={"width": 1.0}), 50, 3)
    ours, statistics = layout.initial(np.random.default_rng(0))
    theirs, expected = layout.from_keras(model)
    np.testing.assert_array_equal(statistics, expected)
    ends = np.cumsum(layout.sizes)[:-1]
    for mine, keras_s, shape in zip(np.split(ours, ends), np.split(theirs, ends), layout.shapes, strict=True):
        assert mine.size == np.prod(shape)
        if len(shape) == 4 and mine.size > 200:
            np.testing.assert_allclose(np.abs(mine).max(), np.abs(keras_s).max(), rtol=0.03)
        np.testing.assert_allclose(mine.std(), keras_s.std(), rtol=0.12)


def test_weights_go_to_keras_and_back(small_code, small_network):
    layout = Layout(blocks(small_code, small_network, 3), 4)
    model = build_network(small_code, small_network, 4, 3)
    rng = np.random.default_rng(0)
    weights = rng.normal(size=layout.parameters).astype(np.float32)
    statistics = rng.uniform(1, 2, 2 * sum(layout.channels)).astype(np.float32)
    layout.to_keras(model, weights, statistics)
    for ours, back in zip((weights, statistics), layout.from_keras(model), strict=True):
        np.testing.assert_array_equal(ours, back)


@pytest.mark.parametrize("code", [np.zeros(21, np.uint8), np.full(22, 6, np.uint8), np.full(22, 9, np.uint8)])
def test_codes_outside_the_space_are_refused(code, small_network):
    with pytest.raises(ArchitectureError):
        build_network(code, small_network, 10, 3)
