"""A path through the supernet is the stand-alone network with the same weights."""

import numpy as np
import pytest
import tensorflow as tf

from neural_predictor.children.architecture import blocks
from neural_predictor.children.forward import forward
from neural_predictor.children.layout import Layout
from neural_predictor.config.child_recipes import NetworkRecipe
from neural_predictor.errors import ChildError
from neural_predictor.sharing.supernet import Supernet, mixed_forward
from neural_predictor.spaces.proxylessnas.layers import OPTIONAL, ZERO
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

CLASSES, CHANNELS = 3, 1
NETWORKS = {
    "odd sides": NetworkRecipe(width=0.1, resolution=11, stem_stride=1),
    "even sides": NetworkRecipe(width=0.2, resolution=16),
}


def named_parts(layout, vector):
    """Name of a convolution -> kernel, scale, offset; and the dense kernel and bias."""
    pieces = np.split(vector, np.cumsum(layout.sizes)[:-1])
    count = len(layout.convolutions)
    norms = zip(pieces[count + 1 : -1 : 2], pieces[count + 2 : -1 : 2], strict=True)
    triples = zip(layout.convolutions, pieces[:count], norms, strict=True)
    return {one.name: (kernel, *norm) for one, kernel, norm in triples}, pieces[count], pieces[-1]


def alone(supernet, weights, code, network):
    """Layout of the stand-alone network, and its vector, put together by name."""
    layout = Layout(blocks(code, network, CHANNELS), CLASSES)
    parts, dense, bias = named_parts(supernet.layout, weights)
    chosen = []
    for one in layout.convolutions:
        layer = one.name.removeprefix("layer_")[:2]
        chosen.append(parts[one.name if one.name in parts else f"{one.name}_op{code[int(layer)]}"])
    norms = [part for _, *norm in chosen for part in norm]
    return layout, np.concatenate([*(kernel for kernel, *_ in chosen), dense, *norms, bias])


@pytest.mark.parametrize("name", NETWORKS)
def test_a_path_equals_the_stand_alone_network(name):
    network, rng = NETWORKS[name], np.random.default_rng(0)
    supernet = Supernet(network, CHANNELS, CLASSES)
    weights = rng.normal(size=supernet.layout.parameters).astype(np.float32) / 2
    side, layers = network.resolution, supernet.widest(1)
    images = tf.constant(rng.uniform(-1, 1, (6, side, side, CHANNELS)), tf.float32)
    for code in ProxylessNasSpace().sample_stratified(2, rng):
        path = tf.gather(tf.pad(weights, ((0, 1),)), supernet.places(tf.constant(code[:, None], tf.int32)))
        found = mixed_forward(supernet.layout_of(layers), layers, path, None, images, None, 1e-3, tf.float32)
        layout, own = alone(supernet, weights, code, network)
        expected = forward(layout, tf.constant(own), images, None, 1e-3, tf.float32)
        np.testing.assert_allclose(found.logits, expected.logits, rtol=2e-3, atol=2e-3 * np.abs(expected.logits).max())
        assert np.abs(expected.logits).max() > 0.1


def test_all_choices_at_once_with_one_gate_open_are_that_path():
    network, rng = NETWORKS["even sides"], np.random.default_rng(1)
    supernet = Supernet(network, CHANNELS, CLASSES)
    weights, _ = supernet.layout.initial(rng)
    images = tf.constant(rng.uniform(-1, 1, (4, 16, 16, CHANNELS)), tf.float32)
    (code,) = ProxylessNasSpace().sample_stratified(1, rng)
    gates = tf.one_hot(np.where(code == ZERO, -1, code.astype(np.intp)), 6)
    found = mixed_forward(supernet.layout, supernet.layers, tf.constant(weights), gates, images, None, 1e-3, tf.float32)
    layout, own = alone(supernet, weights, code, network)
    expected = forward(layout, tf.constant(own), images, None, 1e-3, tf.float32)
    np.testing.assert_allclose(found.logits, expected.logits, rtol=1e-3, atol=1e-4)


def test_choices_that_start_alike_give_paths_that_do():
    network, rng = NETWORKS["even sides"], np.random.default_rng(1)
    supernet, layers = Supernet(network, CHANNELS, CLASSES), Supernet(network, CHANNELS, CLASSES).widest(1)
    weights, _ = supernet.layout.initial(rng)
    images = tf.constant(rng.uniform(-1, 1, (4, 16, 16, CHANNELS)), tf.float32)
    one, other, third = ProxylessNasSpace().sample(3, rng)
    other[~OPTIONAL] = one[~OPTIONAL]
    logits = []
    for code in (one, other, third):
        places = supernet.places(tf.constant(code[:, None], tf.int32))
        path = tf.gather(tf.pad(supernet.alike(weights), ((0, 1),)), places)
        found = mixed_forward(supernet.layout_of(layers), layers, path, None, images, None, 1e-3, tf.float32)
        logits.append(found.logits.numpy())
    np.testing.assert_array_equal(logits[0], logits[1])
    assert np.abs(logits[0] - logits[2]).max() > 1e-3


def test_layers_that_stride_where_another_is_zero_share_nothing():
    with pytest.raises(ChildError, match=r"network\.variant is 'as-replicated'; .*set it to paper"):
        Supernet(NetworkRecipe(variant="as-replicated"), CHANNELS, CLASSES)
