"""Numbers that describe a labelled directed acyclic graph, for predictors that take a row of numbers.

They follow Kadlecova et al., "Surprisingly Strong Performance Prediction with Neural Graph Features" (ICML 2024):
operation counts, degrees, edges by the operations at their ends, and for subsets of operations the shortest and
longest input-output path of these operations alone, the number of such paths, and the least and largest count of them
on any path. Ours are the operations among all that an end is made of, pairs by reachability, the share of paths that
run through an operation, and operations by depth. Nothing here knows a search space: inputs and outputs are the nodes
without incoming and without outgoing edges.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import PredictorError
from neural_predictor.predictors.last_batch import LastBatch
from neural_predictor.predictors.paths import Paths, transitive_closure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from neural_predictor.spaces import GraphBatch

    Floats = NDArray[np.float32]

MAX_KINDS_IN_SUBSETS, MAX_KINDS_IN_PAIRS = 6, 12
"""Up to so many operations all their subsets have features (63 subsets of 6), and up to so many all pairs (66 of 12);
beyond, single operations and all together. The number of subsets doubles with each operation; features that
outnumber the training graphs by far cost time and give trees chances to be wrong."""
DEPTHS_FROM_INPUT, DEPTHS_FROM_OUTPUT = 24, 6
"""Distances, from 0, at which operations are counted."""
NO_PATH = 1e3
"""Length of a path that there is not, before it is replaced."""
_MAX_ELEMENTS = 2**24
"""Numbers that an intermediate array may hold: graphs are described in portions."""


def operation_subsets(graphs: GraphBatch) -> list[tuple[int, ...]]:
    """Subsets of the operations that stand between inputs and outputs somewhere, up to the limits above."""
    inner = (graphs.adjacency.any(axis=1) & graphs.adjacency.any(axis=2)).astype(np.float32)
    kinds = np.flatnonzero(np.einsum("nv,nvf->f", inner, graphs.nodes)).tolist()
    if len(kinds) <= MAX_KINDS_IN_SUBSETS:
        return [subset for size in range(1, len(kinds) + 1) for subset in combinations(kinds, size)]
    pairs = list(combinations(kinds, 2)) if len(kinds) <= MAX_KINDS_IN_PAIRS else []
    return [*((kind,) for kind in kinds), *pairs, tuple(kinds)]


def varying(features: NDArray[np.floating]) -> NDArray[np.intp]:
    """Columns of features (n, F) that differ between graphs: others say nothing, and have no deviation to divide by."""
    return np.flatnonzero(np.ptp(features, axis=0) > 0)


class FeatureMap:
    """From graphs to rows of numbers; which numbers is fixed by the graphs that it is made for.

    Args:
        graphs: the training graphs. Edges lead from lower to higher node numbers.
    """

    def __init__(self, graphs: GraphBatch) -> None:
        self.kinds = graphs.features
        self.subsets = operation_subsets(graphs)
        self._described = LastBatch(self._describe)

    def __call__(self, graphs: GraphBatch) -> Floats:
        """(n, F) float32. The features of the batch that was asked for last are kept while it lives.

        Raises:
            PredictorError: for another number of kinds of operation, or an edge to a lower node number.
        """
        return self._described(graphs)

    def _describe(self, graphs: GraphBatch) -> Floats:
        if graphs.features != self.kinds:
            raise PredictorError(
                f"features are of {self.kinds} kinds of operation, these graphs have {graphs.features}"
            )
        v = graphs.mask.shape[1]
        backwards = np.tril(np.ones((v, v), np.bool_))
        if (graphs.adjacency.astype(np.bool_) & backwards).any():
            raise PredictorError("features take graphs in topological order: every edge to a higher node number")
        portion = max(_MAX_ELEMENTS // (v * max(v * len(self.subsets), self.kinds**2, 1)), 16)
        parts = [self._describe_portion(graphs.take(slice(k, k + portion))) for k in range(0, len(graphs), portion)]
        return np.concatenate(parts)

    def _describe_portion(self, graphs: GraphBatch) -> Floats:
        paths = Paths(graphs)
        blocks = [*_counts(graphs, paths), *_reach(graphs, paths), *_depths(graphs, paths), *_paths(graphs, paths)]
        blocks += _subset_paths(graphs, paths, self.subsets)
        return np.concatenate([np.asarray(block, np.float32).reshape(len(graphs), -1) for block in blocks], axis=1)


def _by_kind(graphs: GraphBatch, values: Any) -> Floats:
    """Sum over nodes of a value (n, v), by kind of operation: (n, f)."""
    return np.asarray(np.matmul(values.astype(np.float32)[:, None], graphs.nodes)[:, 0])


def _pairs(graphs: GraphBatch, links: NDArray[np.generic]) -> Floats:
    """Number of links (n, v, v) by the kinds at their ends: (n, f, f)."""
    sums = np.matmul(links.astype(np.float32), graphs.nodes)
    return np.asarray(np.matmul(graphs.nodes.swapaxes(1, 2), sums))


def _counts(graphs: GraphBatch, paths: Paths) -> Iterator[NDArray[np.generic]]:
    yield graphs.nodes.sum(axis=1)
    yield np.stack([graphs.mask.sum(1), paths.edges.sum((1, 2)), paths.inputs.sum(1), paths.outputs.sum(1)], axis=1)
    yield _by_kind(graphs, paths.edges.sum(axis=2))
    yield _by_kind(graphs, paths.edges.sum(axis=1))
    yield _pairs(graphs, paths.edges)
    single = graphs.adjacency.astype(np.float32)
    yield _pairs(graphs, np.matmul(single, single))


def _reach(graphs: GraphBatch, paths: Paths) -> Iterator[NDArray[np.generic]]:
    """Pairs by reachability; operations among all that outputs of a kind are made of, and that read inputs of one."""
    reach = transitive_closure(graphs)
    yield _pairs(graphs, reach)
    of_kind = graphs.nodes.astype(np.bool_)
    for kind in range(graphs.features):
        yield _by_kind(graphs, (reach & (of_kind[..., kind] & paths.outputs)[:, None]).any(axis=2))
        yield _by_kind(graphs, (reach & (of_kind[..., kind] & paths.inputs)[:, :, None]).any(axis=1))


def _depths(graphs: GraphBatch, paths: Paths) -> Iterator[NDArray[np.generic]]:
    """Longest distance from an input and to an output: means by kind, and how many of a kind are at each."""
    counts = np.maximum(graphs.nodes.sum(axis=1), 1)
    for distance, largest in ((paths.depth, DEPTHS_FROM_INPUT), (paths.height, DEPTHS_FROM_OUTPUT)):
        yield _by_kind(graphs, distance) / counts
        for level in range(largest):
            yield _by_kind(graphs, graphs.mask & (distance == level))


def _paths(graphs: GraphBatch, paths: Paths) -> Iterator[NDArray[np.generic]]:
    """Number of input-output paths, shortest and longest; mean number of operations of each kind on one."""
    short = np.zeros(graphs.mask.shape, np.float32)
    for j, before in paths.forwards():
        nearest = np.where(before, short[:, :j] + 1, NO_PATH).min(axis=1, initial=NO_PATH)
        short[:, j] = np.where(paths.inputs[:, j], 0, nearest)
    yield np.log1p(paths.total)
    yield np.where(paths.outputs, short, NO_PATH).min(axis=1)
    yield np.where(paths.outputs, paths.depth, 0).max(axis=1)
    yield _by_kind(graphs, paths.share)


def _subset_paths(graphs: GraphBatch, paths: Paths, subsets: list[tuple[int, ...]]) -> list[NDArray[np.generic]]:
    """For each subset: least and largest count of it on a path; paths of it alone: shortest, longest, number."""
    if not subsets:
        return []
    member = np.stack([graphs.nodes[:, :, list(subset)].sum(axis=2) for subset in subsets], axis=2)
    least, most, shortest, longest, number = (np.zeros(member.shape, np.float32) for _ in range(5))
    allowed = (member > 0) | (paths.inputs | paths.outputs)[..., None]
    for j, predecessors in paths.forwards():
        before, first = predecessors[..., None], paths.inputs[:, j, None]
        few = np.where(before, least[:, :j], NO_PATH).min(axis=1, initial=NO_PATH)
        many = np.where(before, most[:, :j], 0).max(axis=1, initial=0)
        least[:, j] = np.where(first, 0, few) + member[:, j]
        most[:, j] = np.where(first, 0, many) + member[:, j]
        near = np.where(before, shortest[:, :j], NO_PATH).min(axis=1, initial=NO_PATH) + 1
        far = np.where(before, longest[:, :j], -NO_PATH).max(axis=1, initial=-NO_PATH) + 1
        shortest[:, j] = np.where(allowed[:, j], np.where(first, 0, near), NO_PATH)
        longest[:, j] = np.where(allowed[:, j], np.where(first, 0, far), -NO_PATH)
        number[:, j] = np.where(allowed[:, j], np.where(first, 1, (before * number[:, :j]).sum(axis=1)), 0)
    last = paths.outputs[..., None]
    found = np.where(last, shortest, NO_PATH).min(axis=1), np.where(last, longest, -NO_PATH).max(axis=1)
    return [
        np.where(last, least, NO_PATH).min(axis=1),
        np.where(last, most, 0).max(axis=1),
        np.where(found[0] >= NO_PATH / 2, graphs.mask.sum(axis=1, keepdims=True) + 1, found[0]),
        np.where(found[1] < 0, -1, found[1]),
        np.log1p(np.where(last, number, 0).sum(axis=1, dtype=np.float64)),
    ]
