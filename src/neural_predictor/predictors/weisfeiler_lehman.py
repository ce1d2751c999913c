"""Colours of nodes by Weisfeiler and Lehman: nodes of one colour have the same embedding, computed once for a space.

After k graph convolutions a node's embedding depends on its k-hop neighbourhood alone, which k rounds of colour
refinement tell apart. Of the 2,898,195 nodes of NAS-Bench-101's 423,624 cells 1,594 are distinct after one convolution
and 902,935 after two, so that of three convolutions the second is almost free and the third needs a third of its matrix
product. This holds for any space and any weights, and is exact: nodes are told apart by 128-bit sums of random numbers,
one for each colour of neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.predictors.propagation import pooling_weights, propagation_matrices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.spaces import GraphBatch


@dataclass(frozen=True, eq=False)
class Round:
    """One node of each colour after one more round.

    Attributes:
        members: (m, v) int32, the colours before this round of all nodes of the graph that holds the node.
        rows: (m, 2, v) float32, the node's rows of A_hat along and against the edges.
    """

    members: NDArray[np.int32]
    rows: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Colouring:
    """What scoring with graph convolutions needs of n graphs.

    Attributes:
        rounds: one after another. Before the first, a colour is a kind of operation.
        colours: (n, v) int32, colour of every node after the last round.
        propagation: (n, v, 2, v) float32, every node's rows of A_hat.
        pooling: (n, v) float32, weights of the mean over nodes.
    """

    rounds: tuple[Round, ...]
    colours: NDArray[np.int32]
    propagation: NDArray[np.float32]
    pooling: NDArray[np.float32]


def refine_colours(graphs: GraphBatch, rounds: int) -> Colouring:
    """Colour all nodes by their k-hop neighbourhoods, k = `rounds`: one less than the convolutions of the scorer.

    Padding nodes have a colour of their own that no real node sees.
    """
    import pandas as pd  # here, since a plan reads recipes and must not wait for it

    n, v = graphs.mask.shape
    linked = graphs.adjacency.copy()
    places = np.arange(v)
    linked[:, places, places] = graphs.mask
    propagation = np.ascontiguousarray(propagation_matrices(graphs).swapaxes(1, 2))
    rng = np.random.default_rng(0)
    colours = np.where(graphs.mask, graphs.nodes.argmax(axis=2), 0).astype(np.int32)
    count, refined = graphs.features, []
    for _ in range(rounds):
        keys, checks = (_neighbour_sums(linked, colours, count, rng) for _ in range(2))
        codes, distinct = pd.factorize(keys.ravel())
        first = np.empty(len(distinct), np.intp)
        first[codes[::-1]] = np.arange(n * v)[::-1]  # the first node of each colour is written last
        if not np.array_equal(checks.ravel()[first][codes], checks.ravel()):
            raise AssertionError("two kinds of node share a 64-bit sum, which chance makes once in 4 million spaces")
        graph, node = first // v, first % v
        refined.append(Round(colours[graph], propagation[graph, node]))
        colours, count = codes.reshape(n, v).astype(np.int32), len(distinct)
    return Colouring(tuple(refined), colours, propagation, pooling_weights(graphs))


def _neighbour_sums(
    linked: NDArray[np.uint8], colours: NDArray[np.int32], count: int, rng: np.random.Generator
) -> NDArray[np.uint64]:
    """(n, v) sums: a random number for each colour among a node's out-neighbours and in-neighbours, itself in both."""
    out, into = rng.integers(2**64, size=(2, count), dtype=np.uint64)
    sums = np.zeros(colours.shape, np.uint64)
    for j in range(colours.shape[1]):
        sums += linked[:, :, j] * out[colours[:, j]][:, None]
        sums += linked[:, j, :] * into[colours[:, j]][:, None]
    return sums
