"""How far labelled directed acyclic graphs are apart: the cost of carrying the nodes of one to those of the other.

Source: Kandasamy et al., "Neural Architecture Search with Bayesian Optimisation and Optimal Transport", NeurIPS 2018
(OTMANN, section 3). Carrying a node costs `MISMATCH` where the operations differ, plus `structure` times the mean
difference of six path lengths: shortest, longest, and of a random walk, from the inputs and to the outputs. A node that
is carried nowhere costs 1. What differs: a node has mass 1, where the source counts a layer's units, so that optimal
transport is an assignment, which scipy solves; and one cost stands for all pairs of different operations, for of a
graph's labels nobody knows which are akin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.spaces.graphs import GraphBatch

    Floats = NDArray[np.float64]

MISMATCH = 1.0
"""Cost of carrying a node to one of another operation; two nodes that are carried nowhere cost 2."""


def distances(graphs: GraphBatch, structure: float) -> Floats:
    """(n, n) distances between n graphs.

    Args:
        graphs: edges lead from lower to higher numbers.
        structure: weight of path lengths beside operations.
    """
    from scipy.optimize import linear_sum_assignment

    found, lengths = np.zeros((len(graphs), len(graphs))), path_lengths(graphs)
    operations = np.where(graphs.mask, graphs.nodes.argmax(axis=2), -1)
    for k in range(1, len(graphs)):
        differs = operations[:k, :, None] != operations[k]
        apart = np.abs(lengths[:k, :, None] - lengths[k]).mean(axis=3)
        carried = np.minimum(MISMATCH * differs + structure * apart, 2.0)
        real = graphs.mask[:k, :, None].astype(np.intp) + graphs.mask[k]
        costs = np.where(real == 2, carried, real)  # 2: both are nodes; 1: one is padding, so the other stays
        found[k, :k] = found[:k, k] = [cost[linear_sum_assignment(cost)].sum() for cost in costs]
    return found


def path_lengths(graphs: GraphBatch) -> Floats:
    """(n, v, 6) lengths from the inputs and to the outputs: shortest, longest, mean of random walks."""
    edges = graphs.adjacency.astype(np.bool_)
    backwards = _from_inputs(edges[:, ::-1, ::-1].swapaxes(1, 2))
    return np.concatenate([_from_inputs(edges), backwards[:, ::-1]], axis=2)


def _from_inputs(edges: NDArray[np.bool_]) -> Floats:
    """(n, v, 3) lengths from nodes without incoming edges, of graphs (n, v, v) in topological order."""
    found = np.zeros((*edges.shape[:2], 3))
    for j in range(1, edges.shape[1]):
        before, past = edges[:, :j, j], found[:, :j] + 1
        some = before.any(axis=1)
        found[:, j, 0] = np.where(some, np.where(before, past[..., 0], np.inf).min(axis=1), 0)
        found[:, j, 1] = np.where(before, past[..., 1], 0).max(axis=1)
        found[:, j, 2] = (before * past[..., 2]).sum(axis=1) / np.maximum(before.sum(axis=1), 1)
    return found
