"""The supernet: the weights of every choice of every layer of the ProxylessNAS space, in one flat vector.

An architecture is a path through it: its choice of each layer, between the stem and the head that all share. The vector
is laid out as that of one long architecture that holds all choices (`children.layout.Layout`).

One graph computes every path, since a path is data. The graph is that of the widest architecture: kernel 7 and
expansion 6 in each layer. `Supernet.places` says where its weights lie in the supernet's vector. A smaller choice
leaves the rest of the widest block zero: its kernel lies in the middle, where "same" padding puts it, and spare
channels have neither scale nor offset, so that they are zero. A zero layer is zero throughout, and its residual block
passes its input on.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow as tf

from neural_predictor.children.architecture import Block, blocks
from neural_predictor.children.forward import Forward, Pass
from neural_predictor.children.layout import Layout
from neural_predictor.errors import ChildError
from neural_predictor.spaces.proxylessnas.layers import BLOCKS, CHOICES, LAYERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.children.architecture import Convolution
    from neural_predictor.config.child_recipes import NetworkRecipe

    Layers = tuple[tuple[Block, ...], ...]

WIDEST = np.array([len(layer.blocks) - 1 for layer in LAYERS], np.uint8)
"""(22,) op codes of the largest kernels and expansions."""


class _Places(NamedTuple):
    """Where a convolution's kernel, and scale and offset of its normalisation, lie in the vector."""

    kernel: NDArray[np.int32]
    scale: NDArray[np.int32]
    offset: NDArray[np.int32]


class Supernet:
    """Where the weights of all choices lie.

    Args:
        network: what architectures are built as.
        channels: of an image.
        classes: outputs of the dense layer.

    Attributes:
        layers: of each of the 22 layers, the blocks of its choices but the zero layer.
        layout: of the vector of weights.

    Raises:
        ChildError: for another variant than `paper`: there a layer that is not zero changes the size of its map.
    """

    def __init__(self, network: NetworkRecipe, channels: int, classes: int) -> None:
        if network.variant != "paper":
            raise ChildError(
                f"network.variant is {network.variant!r}; weights can be shared in the variant paper alone, where a "
                "layer may be zero without another size of map: set it to paper"
            )
        self._classes = classes
        each = [blocks(np.minimum(op, WIDEST).astype(np.uint8), network, channels) for op in range(len(BLOCKS))]
        self._ends, self._widest = (each[0][0], each[0][-1]), each[-1][1:-1]
        self.layers: Layers = tuple(
            tuple(_marked(each[op][1 + k], f"op{op}") for op in range(len(layer.blocks)))
            for k, layer in enumerate(LAYERS)
        )
        self.layout = self.layout_of(self.layers)
        found, zero = _places_of(self.layout), self.layout.parameters
        self._tables = [
            _tables(self._widest[k], self.layers[k], int(CHOICES[k]), found, zero) for k in range(len(LAYERS))
        ]
        self._stem, self._head = (found[end.convolutions[0].name] for end in self._ends)
        last, end = self.layout.regularised, self.layout.parameters
        self._dense = np.arange(last - self.layout.sizes[len(self.layout.convolutions)], last, dtype=np.int32)
        self._bias = np.arange(end - classes, end, dtype=np.int32)

    def layout_of(self, layers: Layers) -> Layout:
        """The layout of the branches of each layer, between stem and head."""
        stem, head = self._ends
        return Layout((stem, *chain(*layers), head), self._classes)

    def widest(self, branches: int) -> Layers:
        """The widest block of each layer, `branches` times side by side."""
        return tuple(tuple(_marked(block, f"branch{k}") for k in range(branches)) for block in self._widest)

    def alike(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Weights from which all choices of a layer start alike: a smaller kernel is the middle of the largest.

        Residual blocks start with a last scale of 0 and add nothing, so that paths differ by the other layers alone.

        Args:
            weights: (parameters,) as `Layout.initial` gives them.
        """
        found = np.append(weights, np.float32(0))
        for k, tables in enumerate(self._tables):
            kernels, norms = (table.numpy()[: len(self.layers[k])] for table in tables)
            for row in kernels:
                own = row < self.layout.parameters
                found[row[own]] = found[kernels[-1][own]]
            if self._widest[k].residual:
                last = self._widest[k].convolutions[-1].outputs
                found[norms[:, -2 * last : -last]] = 0
        return found[:-1]

    def places(self, codes: Any) -> Any:
        """Where the weights of paths lie, in the graph.

        Args:
            codes: (22, branches) int32, the choice of each layer in each branch.

        Returns:
            (p,) int32, in the order of `layout_of(widest(branches))`; the place after the vector's last stands for 0.
        """
        found = [[tf.gather(table, codes[k]) for table in tables] for k, tables in enumerate(self._tables)]
        kernels, norms = ([tf.reshape(pair[part], (-1,)) for pair in found] for part in (0, 1))
        return tf.concat(
            [
                self._stem.kernel.ravel(),
                *kernels,
                self._head.kernel.ravel(),
                self._dense,
                *self._stem[1:],
                *norms,
                *self._head[1:],
                self._bias,
            ],
            axis=0,
        )


def _marked(block: Block, mark: str) -> Block:
    """A block whose convolutions have names of their own."""
    return block._replace(convolutions=tuple(one._replace(name=f"{one.name}_{mark}") for one in block.convolutions))


def _places_of(layout: Layout) -> dict[str, _Places]:
    """Name of a convolution -> its places in the vector."""
    begins = np.cumsum([0, *layout.sizes])
    each = [
        np.arange(begin, begin + size, dtype=np.int32).reshape(shape)
        for begin, size, shape in zip(begins[:-1].tolist(), layout.sizes, layout.shapes, strict=True)
    ]
    count = len(layout.convolutions)
    norms = zip(each[count + 1 : -1 : 2], each[count + 2 : -1 : 2], strict=True)
    pairs = zip(layout.convolutions, each[:count], norms, strict=True)
    return {convolution.name: _Places(kernel, *norm) for convolution, kernel, norm in pairs}


def _tables(
    widest: Block, own: tuple[Block, ...], choices: int, places: dict[str, _Places], zero: int
) -> tuple[Any, Any]:
    """Of a layer's widest block the places of kernels, and of scales and offsets, by choice: (choices, ..) int32.

    Args:
        widest: the block.
        own: those of the choices but the zero layer.
        choices: number of choices.
        places: of all convolutions.
        zero: the place that stands for 0.
    """
    kernels, norms = [], []
    for op in range(choices):
        found = [places[one.name] for one in own[op].convolutions] if op < len(own) else [None] * 3
        pairs = list(zip(widest.convolutions, found, strict=False))
        kernels.append(np.concatenate([_placed(wide, one, zero) for wide, one in pairs]))
        sides = [part for wide, one in pairs for part in _norms(wide, one, zero)]
        norms.append(np.concatenate(sides))
    return tf.constant(np.stack(kernels)), tf.constant(np.stack(norms))


def _placed(wide: Convolution, own: _Places | None, zero: int) -> NDArray[np.int32]:
    """The places of a kernel within the widest one, flat."""
    found = np.full(wide.shape, zero, np.int32)
    if own is not None:
        side, _, inputs, outputs = own.kernel.shape
        margin = (wide.kernel - side) // 2
        found[margin : margin + side, margin : margin + side, :inputs, :outputs] = own.kernel
    return found.ravel()


def _norms(wide: Convolution, own: _Places | None, zero: int) -> list[NDArray[np.int32]]:
    """Those of scale and offset of its normalisation."""
    found = [np.full(wide.outputs, zero, np.int32) for _ in range(2)]
    if own is not None:
        for part, places in zip(found, own[1:], strict=True):
            part[: len(places)] = places
    return found


def mixed_forward(
    layout: Layout,
    layers: Layers,
    weights: Any,
    gates: Any,
    images: Any,
    statistics: Any,
    epsilon: float,
    dtype: Any,
    depthwise: str = "standard",
) -> Forward:
    """Logits of images through several branches of each layer, weighted by gates.

    A layer gives its input, where its block is residual, and the sum of its branches times their gates. Gates of a
    layer, with that of the zero layer, are thought to add up to 1.

    Args:
        layout: `Supernet.layout_of(layers)`.
        layers: branches of each layer.
        weights: (parameters,) the flat vector, float32.
        gates: (22, branches) float32; None: all 1.
        images: (b, height, width, channels) float32 in [-1, 1]; height and width known when traced.
        statistics: moving means and variances for inference; None in training.
        epsilon: of batch normalisation.
        dtype: in which convolutions are computed.
        depthwise: how depthwise ones are, see `children.forward.forward`.
    """
    run = Pass(layout, weights, statistics, epsilon, dtype, depthwise)
    hidden = tf.cast(images, dtype)
    (stem,), (head,) = layout.blocks[0].convolutions, layout.blocks[-1].convolutions
    hidden = run.convolve(hidden, stem)
    for k, branches in enumerate(layers):
        outputs = []
        for branch, block in enumerate(branches):
            output = hidden
            for convolution in block.convolutions:
                output = run.convolve(output, convolution)
            outputs.append(output if gates is None else output * tf.cast(gates[k, branch], dtype))
        hidden = tf.add_n([hidden, *outputs] if branches[0].residual else outputs)
    hidden = run.convolve(hidden, head)
    pooled = tf.reduce_mean(tf.cast(hidden, tf.float32), axis=(1, 2))
    logits = tf.matmul(pooled, run.dense) + run.bias
    return Forward(logits, run.moments(tf.shape(images)[0]) if run.training else None)
