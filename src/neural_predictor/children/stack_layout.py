"""Networks on small maps as data: where the weights of a stack of trainings lie, and what a graph must know of them.

In a stack the weights of each layer, of all trainings, lie together: (trainings, size), one layer after another in the
order of `Layout`, as one vector. The first kernel of a block lies transposed, (trainings, outputs, inputs).

A network is a list of blocks of one form: a pointwise convolution, a depthwise one and a pointwise one, each
normalised. The stem, whose images come as patches, is the first convolution of block 0. So a block is a row of
numbers: where its weights begin, and its shapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neural_predictor.children.architecture import Convolution
    from neural_predictor.children.layout import Layout
    from neural_predictor.config.child_recipes import NetworkRecipe

LARGEST_SIDE = 8
"""Pixels of a side, after the stem, up to which maps are small: a depthwise matrix grows with its fourth power."""


def small_maps(network: NetworkRecipe) -> bool:
    """Whether trainings of an architecture run in a stack, where they are computed in float32 without XLA."""
    return -(-network.resolution // network.stem_stride) <= LARGEST_SIDE


PIECES = {
    "kernels": 2,
    "kernel_sizes": 3,
    "norms": 2,
    "norm_sizes": 6,
    "expand": 3,
    "taps": 3,
    "project": 3,
    "pattern": 2,
    "pattern_shape": 2,
    "matrix": 3,
    "inner_before": 3,
    "inner_after": 3,
    "inner_rows": 2,
    "inner": 3,
    "outer_rows": 2,
    "outer": 3,
    "residual": 1,
}
"""What a row says of a block, in how many numbers: begin and size of its kernels, the size of each, likewise of its
normalisations; the shapes of its kernels; begin, size and shape of its depthwise `pattern`; the shape of the matrices
that it makes; and the shapes of maps: inner channels with their pixels before and after the depthwise convolution, as
rows, and by training; outer channels likewise; whether its input is added to its output."""

HEAD_PIECES = {"kernel": 2, "norm": 2, "dense": 2, "bias": 2, "channels": 2}
"""Begin and size of the head's weights in the vector; how many channels come in and go out."""


class Tables(NamedTuple):
    """An architecture as data, for a number of trainings.

    Attributes:
        rows: (blocks, numbers) int32, see `PIECES`.
        many: () int32, how many blocks, from the first on, take maps of more than one pixel; at least 1 for block 0.
        patterns: (..,) float32, the patterns of all depthwise kernels one after another.
        head: (numbers,) int32, see `HEAD_PIECES`.
        trainings: () int32, how many.
        regularised: () int32, length of the part of the vector that the L2 term takes: all kernels.
    """

    rows: NDArray[np.int32]
    many: NDArray[np.int32]
    patterns: NDArray[np.float32]
    head: NDArray[np.int32]
    trainings: NDArray[np.int32]
    regularised: NDArray[np.int32]


@dataclass(frozen=True)
class StackLayout:
    """The layout of a stack.

    Attributes:
        layout: of one training.
        side: height and width of the images.
        trainings: in the stack.
    """

    layout: Layout
    side: int
    trainings: int

    def bytes_needed(self, images: int) -> int:
        """About what a step on so many images holds at once: maps in both directions, and depthwise matrices."""
        side, floats = self.side, 0
        for convolution in self.layout.convolutions:
            before, side = side, -(-side // convolution.stride)
            floats += 3 * images * side**2 * convolution.outputs
            if convolution.depthwise:
                floats += 2 * (before * side) ** 2 * convolution.outputs
        return 4 * self.trainings * floats

    def join(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(trainings, parameters) vectors of `Layout` as the vector of the stack."""
        parts = np.split(vectors, np.cumsum(self.layout.sizes)[:-1], axis=1)
        for k in self._transposed:
            parts[k] = parts[k].reshape(self.trainings, -1, self.layout.shapes[k][-1]).swapaxes(1, 2)
        return np.concatenate([part.ravel() for part in parts])

    def part(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """The inverse of `join`."""
        parts = _parts(vector, self.layout.sizes, self.trainings)
        for k in self._transposed:
            parts[k] = parts[k].reshape(self.trainings, self.layout.shapes[k][-1], -1).swapaxes(1, 2)
        return np.concatenate([part.reshape(self.trainings, -1) for part in parts], axis=1)

    def join_statistics(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(trainings, statistics) vectors of `Layout` as the vector of the stack."""
        bounds = np.cumsum(self.layout.channels * 2)[:-1]
        return np.concatenate([part.ravel() for part in np.split(vectors, bounds, axis=1)])

    def part_statistics(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """The inverse of `join_statistics`."""
        return np.concatenate(_parts(vector, self.layout.channels * 2, self.trainings), axis=1)

    def infer(
        self, vectors: NDArray[np.float32], statistics: NDArray[np.float32], epsilon: float
    ) -> NDArray[np.float32]:
        """The vector of the stack for inference: scales and offsets such that rows x scale + offset are normalised.

        Args:
            vectors: (trainings, parameters).
            statistics: (trainings, statistics), moving means and variances.
            epsilon: of batch normalisation.
        """
        parts = np.split(vectors, np.cumsum(self.layout.sizes)[:-1], axis=1)
        moments = np.split(statistics, np.cumsum(self.layout.channels * 2)[:-1], axis=1)
        count = len(self.layout.convolutions)
        for k in range(count):
            at = count + 1 + 2 * k
            parts[at] = parts[at] / np.sqrt(moments[count + k] + np.float32(epsilon))
            parts[at + 1] = parts[at + 1] - moments[k] * parts[at]
        return self.join(np.concatenate(parts, axis=1))

    @cached_property
    def _transposed(self) -> range:
        """Numbers of the first kernels of the blocks; the head, which is the last convolution, is none."""
        return range(0, len(self.layout.convolutions) - 1, 3)

    def tables(self) -> Tables:
        """The architecture as data."""
        convolutions = self.layout.convolutions
        kernels, norms = self._begins(convolutions)
        residual = [block.residual for block in self.layout.blocks[1:-1]]
        side = -(-self.side // convolutions[0].stride)
        rows, patterns, many, at = [], [], 0, 0
        for k, first in enumerate(self._transposed):
            triple = convolutions[first : first + 3]
            after = -(-side // triple[1].stride)
            taps = pattern(side, triple[1].kernel, triple[1].stride)
            begins = {"kernels": kernels[first], "norms": norms[first], "pattern": at}
            rows.append(_row(self.trainings, triple, (side**2, after**2), begins, residual=residual[k]))
            patterns.append(taps.ravel())
            many, at, side = many + (side > 1 or k == 0), at + taps.size, after
        return Tables(
            np.array(rows, np.int32),
            np.array(many, np.int32),
            np.concatenate(patterns),
            self._head(kernels, norms),
            np.array(self.trainings, np.int32),
            np.array(self.trainings * self.layout.regularised, np.int32),
        )

    def _begins(self, convolutions: Sequence[Convolution]) -> tuple[list[int], list[int]]:
        """Where each kernel, the dense one last, begins in the vector, and each normalisation, the bias last."""
        begins = [self.trainings * begin for begin in np.cumsum((0, *self.layout.sizes[:-1])).tolist()]
        count = len(convolutions) + 1
        return begins[:count], begins[count::2]

    def _head(self, kernels: list[int], norms: list[int]) -> NDArray[np.int32]:
        head, classes = self.layout.convolutions[-1], self.layout.classes
        sizes = (head.inputs * head.outputs, 2 * head.outputs, head.outputs * classes, classes)
        begins = (kernels[-2], norms[-2], kernels[-1], norms[-1])
        places = [
            number for begin, size in zip(begins, sizes, strict=True) for number in (begin, self.trainings * size)
        ]
        return np.array([*places, head.inputs, head.outputs], np.int32)


def _row(
    trainings: int,
    convolutions: Sequence[Convolution],
    pixels: tuple[int, int],
    begins: dict[str, int],
    *,
    residual: bool,
) -> list[int]:
    """The numbers of a block, in the order of `PIECES`."""
    expand, depthwise, project = convolutions
    kernels = [trainings * prod(convolution.shape) for convolution in convolutions]
    norms = [trainings * convolution.outputs for convolution in convolutions for _ in ("scale", "offset")]
    inner, outer, taps, (before, after) = expand.outputs, project.outputs, depthwise.kernel**2, pixels
    pieces = {
        "kernels": (begins["kernels"], sum(kernels)),
        "kernel_sizes": kernels,
        "norms": (begins["norms"], sum(norms)),
        "norm_sizes": norms,
        "expand": (trainings, inner, prod(expand.shape[:3])),
        "taps": (trainings, taps, inner),
        "project": (trainings, inner, outer),
        "pattern": (begins["pattern"], taps * after * before),
        "pattern_shape": (taps, after * before),
        "matrix": (trainings * inner, after, before),
        "inner_before": (trainings * inner, before, -1),
        "inner_after": (trainings * inner, after, -1),
        "inner_rows": (trainings * inner, -1),
        "inner": (trainings, inner, -1),
        "outer_rows": (trainings * outer, -1),
        "outer": (trainings, outer, -1),
        "residual": (int(residual),),
    }
    return [number for name in PIECES for number in pieces[name]]


def _parts(vector: NDArray[np.float32], sizes: Sequence[int], trainings: int) -> list[NDArray[np.float32]]:
    bounds = trainings * np.cumsum((0, *sizes))
    return [vector[begin:end].reshape(trainings, -1) for begin, end in pairwise(bounds.tolist())]


@cache
def pattern(side: int, kernel: int, stride: int) -> NDArray[np.float32]:
    """(kernel^2, outputs^2 x side^2) of 0 and 1: which tap leads to a pixel from which, padded to "same".

    With it a depthwise convolution is a product with a matrix for each channel: (taps x pattern) as (outputs^2,
    side^2).
    """
    outputs, before = _same(side, kernel, stride)
    offset = np.arange(side) - (np.arange(outputs) * stride - before)[:, None]
    line = offset[None] == np.arange(kernel)[:, None, None]  # (kernel, outputs, side)
    both = line[:, None, :, None, :, None] & line[None, :, None, :, None, :]
    found: NDArray[np.float32] = both.reshape(kernel**2, -1).astype(np.float32)
    return found


def patches(side: int, kernel: int, stride: int, channels: int) -> NDArray[np.int32]:
    """(kernel^2 x channels x outputs^2,) places in an image (side, side, channels) that a kernel meets.

    Where it meets padding, the place is the one after the image's last.
    """
    outputs, before = _same(side, kernel, stride)
    line = np.arange(kernel)[:, None] + np.arange(outputs) * stride - before  # (kernel, outputs)
    rows, columns = line[:, None, :, None], line[None, :, None, :]
    inside = (rows >= 0) & (rows < side) & (columns >= 0) & (columns < side)
    pixels = np.where(inside, rows * side + columns, -1)[:, :, None]
    places = pixels * channels + np.arange(channels)[:, None, None]
    found: NDArray[np.int32] = np.where(pixels < 0, side**2 * channels, places).ravel().astype(np.int32)
    return found


def _same(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """Outputs of a convolution padded to "same", and the padding before."""
    outputs = -(-side // stride)
    return outputs, max((outputs - 1) * stride + kernel - side, 0) // 2
