"""How far labelled directed acyclic graphs are apart: the cost of carrying the nodes of one to those of the other.

Source: Kandasamy et al., "Neural Architecture Search with Bayesian Optimisation and Optimal Transport", NeurIPS 2018
(OTMANN, section 3). Carrying a node costs `MISMATCH` where the operations differ, plus `structure` times the mean
difference of six path lengths: shortest, longest, and of a random walk, from the inputs and to the outputs. A node that
is carried nowhere costs 1. What differs: a node has mass 1, where the source counts a layer's units, so that optimal
transport is an assignment, which scipy solves; and one cost stands for all pairs of different operations, for of a
graph's labels nobody knows which are akin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.gaussian_process.kernels import Hyperparameter, Kernel, NormalizedKernelMixin, StationaryKernelMixin

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.spaces.graphs import GraphBatch

    Floats = NDArray[np.float64]

MISMATCH = 1.0
"""Cost of carrying a node to one of another operation; two nodes that are carried nowhere cost 2."""
_PORTION = 512
"""Graphs whose costs to another are held at once."""


class Distances:
    """Distances between n graphs, found when they are asked for, one graph to all others at a time.

    Args:
        graphs: edges lead from lower to higher numbers.
        structure: weight of path lengths beside operations.
    """

    def __init__(self, graphs: GraphBatch, structure: float) -> None:
        self._structure, self._mask = structure, graphs.mask
        self._operations = np.where(graphs.mask, graphs.nodes.argmax(axis=2), -1)
        self._lengths = path_lengths(graphs)
        self._columns: dict[int, Floats] = {}

    def __deepcopy__(self, memo: Any) -> Distances:
        """Itself: scikit-learn copies a kernel with all that it holds for each setting that it tries."""
        return self

    def between(self, left: Floats, right: Floats, *, normalised: bool) -> Floats:
        """(a, b) distances of graphs by number, (a, 1) and (b, 1); normalised: over the nodes of both."""
        rows, columns = (np.asarray(side[:, 0], np.intp) for side in (left, right))
        found = np.stack([self._column(int(k)) for k in columns], axis=1)[rows]
        if not normalised:
            return found
        nodes = self._mask.sum(axis=1).astype(np.float64)
        return np.asarray(found / (nodes[rows][:, None] + nodes[columns]))

    def _column(self, k: int) -> Floats:
        if k not in self._columns:
            self._columns[k] = np.concatenate(
                [self._to(k, slice(start, start + _PORTION)) for start in range(0, len(self._mask), _PORTION)]
            )
        return self._columns[k]

    def _to(self, k: int, part: slice) -> Floats:
        """Distances of some graphs to graph k."""
        from scipy.optimize import linear_sum_assignment

        differs = self._operations[part][:, :, None] != self._operations[k]
        apart = np.abs(self._lengths[part][:, :, None] - self._lengths[k]).mean(axis=3)
        carried = np.minimum(MISMATCH * differs + self._structure * apart, 2.0)
        real = self._mask[part][:, :, None].astype(np.intp) + self._mask[k]
        costs = np.where(real == 2, carried, real.astype(np.float64))
        return np.array([cost[linear_sum_assignment(cost)].sum() for cost in costs])


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


class TransportKernel(StationaryKernelMixin, NormalizedKernelMixin, Kernel):  # type: ignore[misc]
    """exp(-decay d), or exp(-decay d^2) of normalised distances d; inputs (n, 1) are numbers of graphs.

    Args:
        distances: between the graphs.
        decay: fitted by a Gaussian process, within its bounds.
        decay_bounds: smallest and largest decay.
        normalised: whether distances are taken over the nodes of both graphs, and squared.
    """

    def __init__(
        self,
        distances: Distances,
        decay: float = 0.1,
        decay_bounds: tuple[float, float] = (1e-3, 1e3),
        *,
        normalised: bool = False,
    ) -> None:
        self.distances, self.decay, self.decay_bounds, self.normalised = distances, decay, decay_bounds, normalised

    @property
    def hyperparameter_decay(self) -> Hyperparameter:
        """What scikit-learn fits."""
        return Hyperparameter("decay", "numeric", self.decay_bounds)

    def __call__(self, X: Floats, Y: Floats | None = None, eval_gradient: bool = False) -> Any:  # noqa: N803, FBT001, FBT002
        """(a, b) kernel, and with `eval_gradient` its derivative by the logarithm of the decay, (a, a, 1)."""
        found = self.distances.between(X, X if Y is None else Y, normalised=self.normalised)
        exponent = self.decay * (np.square(found) if self.normalised else found)
        values = np.exp(-exponent)
        return (values, (-exponent * values)[:, :, None]) if eval_gradient else values
