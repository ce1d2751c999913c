"""NASBOT: Bayesian optimisation whose Gaussian process compares architectures by optimal transport.

Source: Kandasamy et al., "Neural Architecture Search with Bayesian Optimisation and Optimal Transport", NeurIPS 2018.
The kernel is the source's sum of two: of distances, and of squared distances over the size of both graphs;
`transport` says how these differ. There both are of four weights of the structure, here of one. Nothing makes such a
kernel positive definite: the source projects it, here the noise is given a lower bound that makes up for it. As there,
expected improvement is sought among mutations of the best, here beside as many random architectures; within a batch,
and for the rest, it is the project's `bayesian`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from neural_predictor.predictors.gaussian_process import Posterior
from neural_predictor.search.base import Settings
from neural_predictor.search.bayesian import Bayesian

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.transport import Distances

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

DIAGONAL = (1e-10, 1e-2, 1e-1, 1.0)
"""What is added to the kernel's diagonal, the first with which it is positive definite."""


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
        from neural_predictor.search.transport import Distances

        numbers = np.arange(len(points) + len(self.rows), dtype=np.float64)[:, None]
        distances = Distances(self.pool.graphs(np.concatenate([points, self.rows])), self.settings.structure)
        return Posterior(_fit(distances, numbers[len(points) :], self.targets), numbers[: len(points)])


def _fit(distances: Distances, numbers: Floats, targets: Floats) -> Any:
    """scikit-learn's Gaussian process, fitted to graphs by number (N, 1) and targets (N,)."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, WhiteKernel

    from neural_predictor.search.transport import TransportKernel

    kernel = ConstantKernel(1.0, (1e-2, 1e2)) * TransportKernel(distances)
    kernel += ConstantKernel(1.0, (1e-2, 1e2)) * TransportKernel(distances, 10.0, normalised=True)
    kernel += WhiteKernel(0.1, (1e-2, 2.0))
    for diagonal in DIAGONAL:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # a decay at its bound is an answer
                return GaussianProcessRegressor(kernel, alpha=diagonal).fit(numbers, targets)
        except np.linalg.LinAlgError:
            if diagonal == DIAGONAL[-1]:
                raise
    raise AssertionError
