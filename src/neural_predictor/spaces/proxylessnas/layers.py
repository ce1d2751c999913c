"""The definition of the ProxylessNAS space: 22 layers of inverted bottlenecks in seven stages, and their op codes.

Source: Cai et al., "ProxylessNAS: Direct Neural Architecture Search on Target Task and Hardware", ICLR 2019, in the
form of Wen et al., ECCV 2020, Fig. 8 (whose first stage of four layers has 32 channels, where the former has 24).
Codes are those of the 2021 replication: 0 to 5 are (kernel, expansion) (3, 3), (5, 3), (7, 3), (3, 6), (5, 6),
(7, 6); 6 is the zero layer. Layer 0 always has expansion 1, and its codes 0 to 2 are kernels alone.

A zero layer passes its input on. It may stand wherever a layer keeps stride and channels: everywhere but in layer 0
and the first layer of each later stage. So rows that differ only by where the zero layers of one stage stand are
the same architecture.

`STAGES`, `STEM`, `HEAD`, `KERNELS` and `EXPANSIONS` say all there is to know; whatever builds, counts or draws these
architectures reads `LAYERS`, which follows from them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.base import check_form

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAME = "proxylessnas"
Variant = Literal["paper", "as-replicated"]


class Stage(NamedTuple):
    """Layers of equal output channels; `stride` is the first one's, all others have stride 1."""

    channels: int
    layers: int
    stride: int


class Block(NamedTuple):
    """An inverted bottleneck: depthwise kernel x kernel among `expansion` times as many channels as come in."""

    kernel: int
    expansion: int


class Layer(NamedTuple):
    """One of the 22 places of an architecture.

    Attributes:
        stage: index in `STAGES`.
        inputs: channels that come in, and `outputs`, that go out, at width 1.
        stride: in the paper's architecture; see `layer_strides`.
        blocks: what op codes 0, 1, .. stand for in this layer.
        optional: whether the zero layer, op code `ZERO`, may stand here.
    """

    stage: int
    inputs: int
    outputs: int
    stride: int
    blocks: tuple[Block, ...]
    optional: bool


STAGES = (
    Stage(16, 1, 1),
    Stage(32, 4, 2),
    Stage(40, 4, 2),
    Stage(80, 4, 2),
    Stage(96, 4, 1),
    Stage(192, 4, 2),
    Stage(320, 1, 1),
)
STEM, STEM_KERNEL, STEM_STRIDE = 32, 3, 2
"""Channels, kernel and stride of the convolution before layer 0."""
HEAD = 1280
"""Channels of the 1 x 1 convolution after the last layer."""
KERNELS, EXPANSIONS = (3, 5, 7), (3, 6)
MIN_CHANNELS = 4
"""Fewest channels that a width multiplier leaves."""
BLOCKS = tuple(Block(kernel, expansion) for expansion in EXPANSIONS for kernel in KERNELS)
ZERO = len(BLOCKS)
"""Op code of the zero layer."""


def _layers() -> tuple[Layer, ...]:
    layers: list[Layer] = []
    inputs = STEM
    for stage, (channels, count, stride) in enumerate(STAGES):
        for place in range(count):
            blocks = BLOCKS if layers else tuple(Block(kernel, 1) for kernel in KERNELS)
            layers.append(Layer(stage, inputs, channels, stride if place == 0 else 1, blocks, place > 0))
            inputs = channels
    return tuple(layers)


LAYERS = _layers()
CHOICES = np.array([len(layer.blocks) + layer.optional for layer in LAYERS])
"""(22,) how many op codes each layer takes: 0 to `CHOICES - 1`."""
PROXYLESSNAS_MOBILE = (0, 1, 0, 6, 6, 2, 0, 1, 1, 5, 1, 1, 1, 4, 1, 1, 1, 5, 5, 2, 2, 5)
"""Op codes of the network that its authors published for mobile devices, as TuNAS's archive of models has it."""
OPTIONAL = np.array([layer.optional for layer in LAYERS])
"""(22,) bool, layers that may be zero."""
OPTIONAL_LAYERS = tuple(
    [k for k, layer in enumerate(LAYERS) if layer.stage == stage and layer.optional] for stage in range(len(STAGES))
)
"""Of each stage, the layers that may be zero."""


def rule_of(layer: int, found: str) -> str:
    """For errors: which op codes a layer takes, and what was found."""
    return f"layer {layer} of {NAME} takes op codes 0 to {CHOICES[layer] - 1}, found {found}"


def check_codes(codes: NDArray[np.uint8]) -> None:
    """Check rows of op codes.

    Args:
        codes: (n, 22) uint8.

    Raises:
        ArchitectureError: for another form, or naming the first row and layer whose op code is out of range.
    """
    check_form(NAME, len(LAYERS), codes)
    wrong = codes >= CHOICES
    if wrong.any():
        row, layer = (int(k) for k in np.argwhere(wrong)[0])
        raise ArchitectureError(f"row {row}: {rule_of(layer, str(codes[row, layer]))}")


def cardinality() -> int:
    """Number of code rows, 3 x 6^6 x 7^15: exact, as the paper counts the space (6.64 x 10^17)."""
    rows: int = math.prod(CHOICES.tolist())
    return rows


def distinct_architectures() -> int:
    """Number of identities: rows that differ only by where a stage's zero layers stand count once."""
    fixed = math.prod(len(layer.blocks) for layer in LAYERS if not layer.optional)
    chains: list[int] = [sum(len(BLOCKS) ** length for length in range(len(layers) + 1)) for layers in OPTIONAL_LAYERS]
    return fixed * math.prod(chains)


def layer_strides(variant: Variant = "paper") -> tuple[int, ...]:
    """Stride of each of the 22 layers, if it is not zero.

    Args:
        variant: `paper`: a stage's stride is its first layer's alone. `as-replicated`: the 2021 replication gave
            it to all layers of the stage, so that images end as one pixel; a zero layer still is the identity.

    Raises:
        ArchitectureError: for another variant.
    """
    if variant not in get_args(Variant):
        raise ArchitectureError(
            f"no variant {variant!r} of the ProxylessNAS space; use {' or '.join(get_args(Variant))}"
        )
    return tuple(layer.stride if variant == "paper" else STAGES[layer.stage].stride for layer in LAYERS)


def scaled(channels: int, width: float) -> int:
    """Channels at a width multiplier, of stem, stages and head alike: nearest integer, at least `MIN_CHANNELS`.

    Halves go to the even neighbour. Unlike MobileNetV2, no multiple of 8 is asked for: small images want small widths.

    Raises:
        ArchitectureError: for a width that is not a positive number.
    """
    if not 0 < width < math.inf:
        raise ArchitectureError(f"the width multiplier is {width}; use a positive number, 1 for the paper's channels")
    return max(MIN_CHANNELS, round(channels * width))
