"""The convolutions that an architecture stands for, in order: what both forms of the network are built from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from neural_predictor.spaces.proxylessnas.layers import HEAD, LAYERS, STEM, STEM_KERNEL, ZERO, layer_strides, scaled
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neural_predictor.config.child_recipes import NetworkRecipe

_SPACE = ProxylessNasSpace()
OUTPUT_DEVIATION = 0.01
"""Standard deviation of the dense layer's initial kernel (the replication's)."""


class Convolution(NamedTuple):
    """A convolution without bias, padded to "same", and the batch normalisation that follows it.

    Attributes:
        name: such as `stem`, `layer_07_depthwise`, `head`.
        kernel: height and width of the kernel in pixels.
        stride: in pixels.
        inputs: channels that come in.
        outputs: channels that go out; as many as come in if it is depthwise.
        depthwise: whether each channel has a kernel of its own.
        activation: whether ReLU6 follows.
    """

    name: str
    kernel: int
    stride: int
    inputs: int
    outputs: int
    depthwise: bool = False
    activation: bool = True

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of the kernel, as Keras has it."""
        return (self.kernel, self.kernel, self.inputs, 1 if self.depthwise else self.outputs)


class Block(NamedTuple):
    """Convolutions one after another; if `residual`, their input is added to their output."""

    convolutions: tuple[Convolution, ...]
    residual: bool = False


def blocks(code: NDArray[np.uint8], recipe: NetworkRecipe, channels: int) -> tuple[Block, ...]:
    """Stem, layers that are not zero, and head.

    A block is residual where its stride is 1 and as many channels come in as go out, counted after the width
    multiplier: at small widths that can hold where it does not at width 1.

    Args:
        code: (22,) op codes.
        recipe: variant, width and stem stride.
        channels: of an image.

    Raises:
        ArchitectureError: for a code outside the space.
    """
    _SPACE.check(code[None])
    stem = Convolution("stem", STEM_KERNEL, recipe.stem_stride, channels, scaled(STEM, recipe.width))
    found = [Block((stem,))]
    for k, (layer, op, stride) in enumerate(zip(LAYERS, code.tolist(), layer_strides(recipe.variant), strict=True)):
        if op == ZERO:
            continue
        inputs, outputs = scaled(layer.inputs, recipe.width), scaled(layer.outputs, recipe.width)
        kernel, expansion = layer.blocks[op]
        inner, name = inputs * expansion, f"layer_{k:02d}"
        expand = (Convolution(f"{name}_expand", 1, 1, inputs, inner),) if expansion > 1 else ()
        depthwise = Convolution(f"{name}_depthwise", kernel, stride, inner, inner, depthwise=True)
        project = Convolution(f"{name}_project", 1, 1, inner, outputs, activation=False)
        found.append(Block((*expand, depthwise, project), residual=stride == 1 and inputs == outputs))
    last = found[-1].convolutions[-1].outputs
    return (*found, Block((Convolution("head", 1, 1, last, scaled(HEAD, recipe.width)),)))
