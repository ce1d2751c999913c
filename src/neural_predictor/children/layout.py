"""All weights of a network in one flat vector, and its moving statistics in another.

One vector makes one update of the optimizer out of two hundred small ones, and one array out of a checkpoint. Kernels
come first, so that what is regularised is a prefix: kernels of the convolutions in their order, the dense kernel; then
scale and offset of each batch normalisation; the dense bias. The statistics are the moving means of all batch
normalisations in their order, then the moving variances.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.children.architecture import OUTPUT_DEVIATION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import keras
    from numpy.typing import NDArray

    from neural_predictor.children.architecture import Block, Convolution


@dataclass(frozen=True)
class Layout:
    """Where each weight of a network lies.

    Attributes:
        blocks: of the network.
        classes: outputs of the dense layer.
    """

    blocks: tuple[Block, ...]
    classes: int

    @cached_property
    def convolutions(self) -> tuple[Convolution, ...]:
        """Of all blocks, in order."""
        return tuple(convolution for block in self.blocks for convolution in block.convolutions)

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of the weights, in the order of the vector, as Keras has them."""
        kernels = [convolution.shape for convolution in self.convolutions]
        norms = [(convolution.outputs,) for convolution in self.convolutions for _ in ("scale", "offset")]
        return (*kernels, (self.convolutions[-1].outputs, self.classes), *norms, (self.classes,))

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of values of the weights."""
        return tuple(map(prod, self.shapes))

    @property
    def parameters(self) -> int:
        """Length of the vector of weights."""
        return sum(self.sizes)

    @property
    def regularised(self) -> int:
        """Length of its part that the L2 term takes: all kernels."""
        return sum(self.sizes[: len(self.convolutions) + 1])

    @cached_property
    def channels(self) -> tuple[int, ...]:
        """Of each batch normalisation."""
        return tuple(convolution.outputs for convolution in self.convolutions)

    def initial(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weights and statistics before training, by NumPy: the same on every device.

        He-uniform kernels of convolutions with the inputs as Keras counts them (height x width x channels, for
        depthwise ones too), N(0, .01) for the dense kernel, scale 1, offset and bias 0; means 0, variances 1.

        Args:
            rng: where they come from.
        """
        weights = [rng.uniform(-1, 1, shape) * np.sqrt(6 / prod(shape[:3])) for shape in self.shapes if len(shape) == 4]
        weights.append(rng.normal(0, OUTPUT_DEVIATION, self.shapes[len(weights)]))
        weights += [np.full(channels, value) for channels in self.channels for value in (1.0, 0.0)]
        weights.append(np.zeros(self.classes))
        total = sum(self.channels)
        flat = np.concatenate([weight.ravel() for weight in weights]).astype(np.float32)
        return flat, np.repeat(np.array([0, 1], np.float32), total)

    def to_keras(self, model: keras.Model, weights: NDArray[np.float32], statistics: NDArray[np.float32]) -> None:
        """Set the weights and statistics of the plain model of the same network."""
        for layer, parts in zip(_layers(model, self), self._parts(weights, statistics), strict=True):
            layer.set_weights(parts)

    def from_keras(self, model: keras.Model) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weights and statistics of the plain model of the same network."""
        found = [layer.get_weights() for layer in _layers(model, self)]
        count = len(self.convolutions)
        kernels, norms, (dense, bias) = found[:count], found[count:-1], found[-1]
        weights = [
            *(kernel for (kernel,) in kernels),
            dense,
            *(part for norm in norms for part in norm[:2]),
            bias,
        ]
        statistics = [norm[place] for place in (2, 3) for norm in norms]
        flat = [np.concatenate([part.ravel() for part in parts]) for parts in (weights, statistics)]
        return flat[0], flat[1]

    def _parts(
        self, weights: NDArray[np.float32], statistics: NDArray[np.float32]
    ) -> Iterator[Sequence[NDArray[np.float32]]]:
        """What Keras stores in each layer, in the order of `_layers`."""
        pieces = np.split(weights, np.cumsum(self.sizes)[:-1])
        shaped = [piece.reshape(shape) for piece, shape in zip(pieces, self.shapes, strict=True)]
        moments = np.split(statistics, np.cumsum(self.channels * 2)[:-1])
        count = len(self.convolutions)
        yield from ([kernel] for kernel in shaped[:count])
        for k in range(count):
            scale, offset = shaped[count + 1 + 2 * k : count + 3 + 2 * k]
            yield [scale, offset, moments[k], moments[count + k]]
        yield [shaped[count], shaped[-1]]


def _layers(model: keras.Model, layout: Layout) -> list[keras.layers.Layer]:
    """The layers with weights: convolutions, their batch normalisations, the dense layer."""
    names = [convolution.name for convolution in layout.convolutions]
    return [model.get_layer(name) for name in (*names, *(f"{name}_norm" for name in names), "logits")]
