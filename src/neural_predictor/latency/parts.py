"""What is measured: whole networks of the ProxylessNAS space, and the different blocks that they are made of.

Weights are random and batch normalisation is folded into biases, as it is once a network is deployed: neither changes
what a device has to do.
"""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from neural_predictor.children.architecture import blocks
from neural_predictor.spaces.proxylessnas.cost import map_sizes
from neural_predictor.spaces.proxylessnas.layers import LAYERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.children.architecture import Block, Convolution
    from neural_predictor.config.child_recipes import NetworkRecipe

STEM, HEAD = "stem", "head"
"""Names of the first convolution, and of what follows the last layer: convolution, pooling, dense layer."""


class Part(NamedTuple):
    """Something that a device runs.

    Attributes:
        name: what the journal and messages call it.
        blocks: its convolutions.
        side: height and width in pixels of what comes in, one image.
        channels: of what comes in.
        classes: outputs of pooling and a dense layer at its end; 0 without these.
    """

    name: str
    blocks: tuple[Block, ...]
    side: int
    channels: int
    classes: int = 0


def shape_of_layer(layer: int) -> int:
    """The first layer of the same shape: the layers of a stage after its first are alike."""
    return min(k for k, other in enumerate(LAYERS) if (other.stage, other.optional) == _kind(layer))


def _kind(layer: int) -> tuple[int, bool]:
    return LAYERS[layer].stage, LAYERS[layer].optional


SHAPES = tuple(shape_of_layer(k) for k in range(len(LAYERS)))
"""(22,) of each layer the first one of its shape."""


def block_name(layer: int, op: int) -> str:
    """What the block of a layer is called, such as `layer 2, kernel 5, expansion 3`; layers of one shape share it."""
    kernel, expansion = LAYERS[layer].blocks[op]
    return f"layer {SHAPES[layer]}, kernel {kernel}, expansion {expansion}"


def network(code: NDArray[np.uint8], recipe: NetworkRecipe, name: str, channels: int = 3, classes: int = 1000) -> Part:
    """A whole network for images of `recipe.resolution` pixels, by default coloured ones of 1,000 classes.

    Raises:
        ArchitectureError: for a code outside the space.
    """
    return Part(name, blocks(code, recipe, channels), recipe.resolution, channels, classes)


def distinct_blocks(recipe: NetworkRecipe, channels: int = 3, classes: int = 1000) -> list[Part]:
    """Stem, head, and each block of the space once for all layers of its shape: 71 parts.

    A zero layer is none: it costs nothing.
    """
    first = np.zeros(len(LAYERS), np.uint8)
    sides = map_sizes(first[None], recipe.resolution, recipe.stem_stride, recipe.variant)[0]
    stem, *_, head = blocks(first, recipe, channels)
    found = [Part(STEM, (stem,), recipe.resolution, channels)]
    for layer in sorted(set(SHAPES)):
        for op in range(len(LAYERS[layer].blocks)):
            code = first.copy()
            code[layer] = op
            block = blocks(code, recipe, channels)[layer + 1]
            found.append(Part(block_name(layer, op), (block,), int(sides[layer]), block.convolutions[0].inputs))
    last = head.convolutions[0].inputs
    return [*found, Part(HEAD, (head,), int(sides[-1]), last, classes)]


def multiply_adds(part: Part) -> int:
    """Multiply-adds of one image's pass through its convolutions and its dense layer."""
    side, found = part.side, 0
    for convolution in chain.from_iterable(block.convolutions for block in part.blocks):
        side = -(-side // convolution.stride)
        found += math.prod(convolution.shape) * side**2
    return found + part.blocks[-1].convolutions[-1].outputs * part.classes


def concrete_function(part: Part, seed: int = 0) -> Any:
    """The part as a TensorFlow function of one image (1, side, side, channels) float32, weights as constants."""
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    weights = [[_weights(rng, convolution) for convolution in block.convolutions] for block in part.blocks]
    inner = part.blocks[-1].convolutions[-1].outputs
    dense = rng.normal(0, 0.01, (inner, part.classes)).astype(np.float32)

    def run(hidden: Any) -> Any:
        for block, arrays in zip(part.blocks, weights, strict=True):
            before = hidden
            for convolution, (kernel, bias) in zip(block.convolutions, arrays, strict=True):
                hidden = _convolved(tf, hidden, convolution, kernel) + bias
                hidden = tf.nn.relu6(hidden) if convolution.activation else hidden
            hidden = hidden + before if block.residual else hidden
        return tf.matmul(tf.reduce_mean(hidden, (1, 2)), dense) if part.classes else hidden

    shape = (1, part.side, part.side, part.channels)
    return tf.function(run, input_signature=[tf.TensorSpec(shape, tf.float32)]).get_concrete_function()


def _weights(rng: np.random.Generator, convolution: Convolution) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    kernel = rng.normal(0, 0.05, convolution.shape).astype(np.float32)
    return kernel, rng.normal(0, 0.05, convolution.outputs).astype(np.float32)


def _convolved(tf: Any, hidden: Any, convolution: Convolution, kernel: NDArray[np.float32]) -> Any:
    stride = convolution.stride
    if convolution.depthwise:
        return tf.nn.depthwise_conv2d(hidden, kernel, (1, stride, stride, 1), "SAME")
    return tf.nn.conv2d(hidden, kernel, stride, "SAME")


def counts(codes: NDArray[np.uint8]) -> tuple[list[str], NDArray[np.float64]]:
    """How often each distinct block stands in each architecture: names (b,), counts (n, b)."""
    names = [block_name(k, op) for k in sorted(set(SHAPES)) for op in range(len(LAYERS[k].blocks))]
    found = np.zeros((len(codes), len(names)))
    for layer, column in enumerate(codes.T):
        for op in range(len(LAYERS[layer].blocks)):
            found[:, names.index(block_name(layer, op))] += column == op
    return names, found
