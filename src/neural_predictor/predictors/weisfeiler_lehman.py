"""Nodes whose surroundings are alike have the same embedding: each is computed once for a whole space.

After k graph convolutions a node's embedding depends on its k-hop neighbourhood alone. Of the 2,898,195 nodes of
NAS-Bench-101's 423,624 cells 1,594 are distinct after one convolution and 902,935 after two, so that of three
convolutions the second is almost free and the third needs a third of its matrix product. This holds for any space and
any weights, and is exact: nodes are told apart by 128-bit sums of random numbers, one for each kind of neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.predictors.propagation import pooling_weights, propagation_matrices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.spaces import GraphBatch


@dataclass(frozen=True, eq=False)
class Level:
    """The distinct nodes after one more convolution.

    Attributes:
        members: (m, v) int32, the classes one level below of all nodes of a graph that holds such a node.
        rows: (m, 2, v) float32, that node's rows of A_hat along and against the edges.
    """

    members: NDArray[np.int32]
    rows: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Neighbourhoods:
    """What scoring with L convolutions needs of n graphs.

    Attributes:
        levels: the distinct nodes after 1, .., L - 1 convolutions. Before the first, a class is a kind of operation.
        classes: (n, v) int32, class of every node after L - 1 convolutions.
        propagation: (n, v, 2, v) float32, every node's rows of A_hat.
        pooling: (n, v) float32, weights of the mean over nodes.
    """

    levels: tuple[Level, ...]
    classes: NDArray[np.int32]
    propagation: NDArray[np.float32]
    pooling: NDArray[np.float32]


def find_neighbourhoods(graphs: GraphBatch, layers: int) -> Neighbourhoods:
    """The distinct k-hop neighbourhoods of all nodes, k up to `layers` - 1.

    Padding nodes are a kind of their own that no real node sees.
    """
    n, v = graphs.mask.shape
    linked = graphs.adjacency.copy()
    places = np.arange(v)
    linked[:, places, places] = graphs.mask
    propagation = np.ascontiguousarray(propagation_matrices(graphs).swapaxes(1, 2))
    rng = np.random.default_rng(0)
    classes = np.where(graphs.mask, graphs.nodes.argmax(axis=2), 0).astype(np.int32)
    count, levels = graphs.features, []
    for _ in range(layers - 1):
        keys, checks = (_neighbour_sums(linked, classes, count, rng) for _ in range(2))
        codes, distinct = pd.factorize(keys.ravel())
        first = np.empty(len(distinct), np.intp)
        first[codes[::-1]] = np.arange(n * v)[::-1]  # the first node of each class is written last
        if not np.array_equal(checks.ravel()[first][codes], checks.ravel()):
            raise AssertionError("two kinds of node share a 64-bit sum, which chance makes once in 4 million spaces")
        graph, node = first // v, first % v
        levels.append(Level(classes[graph], propagation[graph, node]))
        classes, count = codes.reshape(n, v).astype(np.int32), len(distinct)
    return Neighbourhoods(tuple(levels), classes, propagation, pooling_weights(graphs))


def _neighbour_sums(
    linked: NDArray[np.uint8], classes: NDArray[np.int32], count: int, rng: np.random.Generator
) -> NDArray[np.uint64]:
    """(n, v) sums, one random number for each class among a node's out-neighbours and in-neighbours, itself in both."""
    out, into = rng.integers(2**64, size=(2, count), dtype=np.uint64)
    sums = np.zeros(classes.shape, np.uint64)
    for j in range(classes.shape[1]):
        sums += linked[:, :, j] * out[classes[:, j]][:, None]
        sums += linked[:, j, :] * into[classes[:, j]][:, None]
    return sums
