"""Parameters and multiply-adds of architectures of the ProxylessNAS space, in closed form and for many rows at once.

What is counted: a 3 x 3 convolution (stem); 22 layers, each zero (the identity) or an inverted bottleneck; a 1 x 1
convolution (head), global average pooling, a dense layer with softmax. A bottleneck is a 1 x 1 expansion, left out
at expansion 1, a depthwise convolution that carries the stride, and a 1 x 1 projection. No convolution has biases;
batch normalisation follows each one, ReLU6 all but projections. Padding is "same": a stride s makes a side of n
pixels ceil(n / s). A residual sum costs nothing here.

Sources: Wen et al., ECCV 2020, Fig. 8, for the stages; Sandler et al., "MobileNetV2", CVPR 2018, for the block.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.proxylessnas.layers import (
    HEAD,
    LAYERS,
    STAGES,
    STEM,
    STEM_KERNEL,
    STEM_STRIDE,
    ZERO,
    Variant,
    check_codes,
    layer_strides,
    scaled,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from neural_predictor.spaces.proxylessnas.layers import Block, Layer

_EVERY_LAYER = np.arange(len(LAYERS))


def _positive(**values: int) -> None:
    for name, value in values.items():
        if value < 1:
            raise ArchitectureError(f"{name.replace('_', ' ')} is {value}; it must be 1 or more")


def _table(cost: Callable[[Layer, Block], int]) -> NDArray[np.int64]:
    """(22, 7) the cost of each layer at each op code; a zero layer costs nothing."""
    table = np.zeros((len(LAYERS), ZERO + 1), np.int64)
    for row, layer in zip(table, LAYERS, strict=True):
        row[: len(layer.blocks)] = [cost(layer, block) for block in layer.blocks]
    return table


def parameters(
    codes: NDArray[np.uint8], classes: int, width: float = 1.0, image_channels: int = 3
) -> NDArray[np.int64]:
    """Trainable weights, as Keras counts them: (n,).

    Kernels of the convolutions, scale and offset of batch normalisation, kernel and bias of the dense layer; not
    the moving means and variances, which are not trained.

    Args:
        codes: (n, 22) op codes.
        classes: outputs of the dense layer.
        width: multiplier of all channels, by `scaled`.
        image_channels: channels of an image.

    Raises:
        ArchitectureError: for a row outside the space, or a number that is not positive.
    """
    check_codes(codes)
    _positive(classes=classes, image_channels=image_channels)

    def block_parameters(layer: Layer, block: Block) -> int:
        inputs, outputs = scaled(layer.inputs, width), scaled(layer.outputs, width)
        inner = inputs * block.expansion
        expand = inputs * inner + 2 * inner if block.expansion > 1 else 0
        return expand + block.kernel**2 * inner + 2 * inner + inner * outputs + 2 * outputs

    stem, last, head = (scaled(channels, width) for channels in (STEM, STAGES[-1].channels, HEAD))
    fixed = (STEM_KERNEL**2 * image_channels + 2) * stem + (last + 2) * head + (head + 1) * classes
    found: NDArray[np.int64] = fixed + _table(block_parameters)[_EVERY_LAYER, codes].sum(axis=1)
    return found


def map_sizes(
    codes: NDArray[np.uint8], resolution: int, stem_stride: int = STEM_STRIDE, variant: Variant = "paper"
) -> NDArray[np.int64]:
    """Side of the feature map in pixels, after the stem and after each layer: (n, 23).

    Args:
        codes: (n, 22) op codes.
        resolution: side of the square image in pixels.
        stem_stride: stride of the stem.
        variant: whose strides, see `layer_strides`.

    Raises:
        ArchitectureError: for a row outside the space, a number that is not positive, or an unknown variant.
    """
    check_codes(codes)
    _positive(resolution=resolution, stem_stride=stem_stride)
    sizes = np.empty((len(codes), len(LAYERS) + 1), np.int64)
    sizes[:, 0] = -(-resolution // stem_stride)
    for k, stride in enumerate(layer_strides(variant)):
        sizes[:, k + 1] = np.where(codes[:, k] == ZERO, sizes[:, k], -(-sizes[:, k] // stride))
    return sizes


def multiply_adds(
    codes: NDArray[np.uint8],
    resolution: int,
    classes: int,
    width: float = 1.0,
    stem_stride: int = STEM_STRIDE,
    variant: Variant = "paper",
    image_channels: int = 3,
) -> NDArray[np.int64]:
    """Multiply-adds of one image's pass through all convolutions and the dense layer: (n,).

    Batch normalisation, activations, biases, sums and pooling are not counted.

    Args:
        codes: (n, 22) op codes.
        resolution: side of the square image in pixels.
        classes: outputs of the dense layer.
        width: multiplier of all channels, by `scaled`.
        stem_stride: stride of the stem.
        variant: whose strides, see `layer_strides`.
        image_channels: channels of an image.

    Raises:
        ArchitectureError: for a row outside the space, a number that is not positive, or an unknown variant.
    """
    sizes = map_sizes(codes, resolution, stem_stride, variant)
    _positive(classes=classes, image_channels=image_channels)

    def at_input(layer: Layer, block: Block) -> int:
        return block.expansion * scaled(layer.inputs, width) ** 2 if block.expansion > 1 else 0

    def at_output(layer: Layer, block: Block) -> int:
        return block.expansion * scaled(layer.inputs, width) * (block.kernel**2 + scaled(layer.outputs, width))

    stem, last, head = (scaled(channels, width) for channels in (STEM, STAGES[-1].channels, HEAD))
    pixels = sizes**2
    found: NDArray[np.int64] = (
        _table(at_input)[_EVERY_LAYER, codes] * pixels[:, :-1] + _table(at_output)[_EVERY_LAYER, codes] * pixels[:, 1:]
    ).sum(axis=1)
    stem_cost = STEM_KERNEL**2 * image_channels * stem
    return found + stem_cost * pixels[:, 0] + last * head * pixels[:, -1] + head * classes


@dataclass(frozen=True)
class Bounds:
    """Limits, both ends included, on what an architecture may cost; for `ProxylessNasSpace.sample`.

    Attributes:
        resolution: of the images, as `classes`, `width`, `stem_stride` and `image_channels` an argument of
            `parameters` and `multiply_adds`.

    Raises:
        ArchitectureError: if a minimum is above its maximum.
    """

    resolution: int
    classes: int
    width: float = 1.0
    stem_stride: int = STEM_STRIDE
    image_channels: int = 3
    min_parameters: float = 0
    max_parameters: float = math.inf
    min_multiply_adds: float = 0
    max_multiply_adds: float = math.inf

    def __post_init__(self) -> None:
        for name, low, high in self._limits():
            if not low <= high:
                raise ArchitectureError(
                    f"bounds on {name} from {low:,} to {high:,}; the minimum must not be above the maximum"
                )

    def _limits(self) -> tuple[tuple[str, float, float], tuple[str, float, float]]:
        return (
            ("parameters", self.min_parameters, self.max_parameters),
            ("multiply-adds", self.min_multiply_adds, self.max_multiply_adds),
        )

    def _costs(self, codes: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return (
            parameters(codes, self.classes, self.width, self.image_channels),
            multiply_adds(
                codes, self.resolution, self.classes, self.width, self.stem_stride, image_channels=self.image_channels
            ),
        )

    def admits(self, codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Whether each row is within: (n,) bool."""
        within = np.ones(len(codes), np.bool_)
        for (_, low, high), cost in zip(self._limits(), self._costs(codes), strict=True):
            within &= (low <= cost) & (cost <= high)
        return within

    def compare(self, codes: NDArray[np.uint8]) -> str:
        """For errors: the bounds, and the range of these rows' costs."""
        return " ".join(
            f"Bounds on {name}: {low:,.0f} to {high:,.0f}; the last architectures had {cost.min():,} to {cost.max():,}."
            for (name, low, high), cost in zip(self._limits(), self._costs(codes), strict=True)
        )
