"""NASBOT: Bayesian optimisation whose Gaussian process compares architectures by optimal transport.

Source: Kandasamy et al., "Neural Architecture Search with Bayesian Optimisation and Optimal Transport", NeurIPS 2018.
The kernel is the source's sum of two: of distances, and of squared distances over the size of both graphs;
`transport` says how these differ. There both are of four weights of the structure, with a length each; here of one
weight, with one length. Nothing makes such a kernel positive definite: as in the source, the matrix of all that is
trained or offered is projected. As there, expected improvement is sought among mutations of the best, here beside as
many random architectures; within a batch, and for the rest, it is the project's `bayesian`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.predictors.gaussian_process import Posterior
from neural_predictor.search.base import Settings
from neural_predictor.search.bayesian import Bayesian
from neural_predictor.search.ranges import INITIAL, PARENTS, Range
from neural_predictor.search.transport import distances

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.gaussian_process import GaussianProcessRegressor

    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

LENGTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Lengths of the kernel that are tried, in mean distances; the one of highest marginal likelihood counts."""


class NasbotSettings(Settings):
    """Settings of NASBOT.

    Attributes:
        initial: random architectures before the first fit.
        candidates: whose expected improvement is computed for each batch.
        parents: best architectures whose mutations are half of these.
        structure: weight of path lengths beside operations in the distance.
    """

    initial: Annotated[int, Field(ge=2)] = 20
    candidates: Annotated[int, Field(ge=10)] = 400
    parents: Annotated[int, Field(ge=1)] = 20
    structure: Annotated[float, Field(ge=0)] = 0.4

    ranges: ClassVar[Ranges] = {
        "initial": INITIAL,
        "candidates": Range(100, 600, log=True, whole=True),
        "parents": PARENTS,
        "structure": Range(0.1, 1.6, log=True),
    }


class Nasbot(Bayesian):
    """See the module."""

    settings_class = NasbotSettings

    def _offered(self) -> Rows:
        """Mutations of the best where the pool has a space, and random architectures."""
        half, found = self.settings.candidates // 2, np.zeros(0, np.intp)
        if self.pool.space is not None:
            found = self.mutated(self.settings.parents, half)
        return np.concatenate([found, self.random(self.settings.candidates - len(found), besides=found)])

    def _posterior(self, points: Rows) -> Posterior:
        graphs = self.pool.graphs(np.concatenate([points, self.rows]))
        apart = distances(graphs, self.settings.structure)
        nodes = graphs.mask.sum(axis=1)
        relative, told = apart / (nodes[:, None] + nodes), slice(len(points), None)
        tried = [_kernel(apart[told, told], relative[told, told], length) for length in LENGTHS]
        likelihoods = [_fit(_factor(kernel), self.targets).log_marginal_likelihood_value_ for kernel in tried]
        factor = _factor(_kernel(apart, relative, LENGTHS[int(np.argmax(likelihoods))], told))
        return Posterior(_fit(factor[told], self.targets), factor[: len(points)])


def _kernel(apart: Floats, relative: Floats, length: float, told: slice = slice(None)) -> Floats:
    """(n, n) half of each of the two kernels; lengths are in mean distances of what was told."""
    first, second = (max(length * float(values[told, told].mean()), 1e-9) for values in (apart, relative))
    return np.asarray(0.5 * np.exp(-apart / first) + 0.5 * np.exp(-np.square(relative / second)), np.float64)


def _factor(kernel: Floats) -> Floats:
    """(n, n) rows whose products are the nearest positive semidefinite matrix to a symmetric one."""
    values, vectors = np.linalg.eigh(kernel)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)), np.float64)


def _fit(factor: Floats, targets: Floats) -> GaussianProcessRegressor:
    """A Gaussian process of rows (N, n) whose products are their kernel; its height and noise are fitted."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, WhiteKernel

    kernel = ConstantKernel(1.0, (1e-2, 1e2)) * DotProduct(0.0, "fixed") + WhiteKernel(0.1, (1e-3, 2.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a noise at its bound is an answer
        return GaussianProcessRegressor(kernel).fit(factor, targets)
