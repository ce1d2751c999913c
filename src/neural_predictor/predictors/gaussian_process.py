"""A Gaussian process on standardised graph features."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from neural_predictor.predictors.recipe_base import BaseRecipe, Positive

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.floating]


MAX_DEVIATIONS = 5.0
"""Standardised features of a graph farther out than any of training are held at so many deviations."""
IMPORTANCE_OF_THE_UNUSED = 0.1
"""What features that the forest never asks about count, as a share of an average feature's importance."""
PORTION = 2**13
"""Graphs whose kernel to the training graphs is held at once."""


class GaussianProcessRecipe(BaseRecipe):
    """A Gaussian process on standardised graph features, with normal scores of the labels' ranks.

    Attributes:
        smoothness: nu of the Matern kernel; its length, height and noise are those of highest marginal likelihood.
        relevance: features are scaled by their importance to a forest, to this power; 0 leaves all alike.
        trees: of that forest.
    """

    kind: Literal["gp"] = "gp"
    smoothness: Annotated[float, Field(gt=0)] = 1.5
    relevance: Annotated[float, Field(ge=0, le=1)] = 0.5
    trees: Positive = 300


NAMED = {"gp": GaussianProcessRecipe()}


class GaussianProcess:
    """Mean of the posterior: kernel between new and training features times weights of the latter.

    Args:
        model: scikit-learn's, fitted to scaled features.
        scale: from features (n, F) to scaled ones.
    """

    def __init__(self, model: Any, scale: Callable[[Floats], Floats]) -> None:
        self._model, self._scale = model, scale

    @property
    def learnt(self) -> int:
        """N, the graphs that it was fitted to."""
        return len(self._model.X_train_)

    def predict(self, features: Floats) -> NDArray[np.float64]:
        """(n,) targets of features (n, F)."""
        found = [np.zeros(0)]
        for start in range(0, len(features), PORTION):
            scaled = self._scale(features[start : start + PORTION])
            found.append(self._model.kernel_(scaled, self._model.X_train_) @ self._model.alpha_)
        return np.concatenate(found)

    def moments(self, features: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Means and variances (n,) of targets of features (n, F), without their noise."""
        starts = range(0, len(features), PORTION)
        parts = [self.posterior(features[start : start + PORTION]) for start in starts]
        nothing = [np.zeros(0)]
        means, variances = [part.mean for part in parts], [part.variance for part in parts]
        return np.concatenate(nothing + means), np.concatenate(nothing + variances)

    def posterior(self, features: Floats) -> Posterior:
        """Means and deviations of targets of features (n, F), which further observations narrow."""
        return Posterior(self._model, self._scale(features))


class Posterior:
    """A Gaussian process at n points.

    Args:
        model: scikit-learn's, fitted.
        points: (n, F) scaled features.

    Attributes:
        mean: (n,) of the targets.
        variance: (n,) of the targets without their noise.
    """

    def __init__(self, model: Any, points: Floats) -> None:
        from scipy.linalg import solve_triangular

        self._kernel, self._points = model.kernel_.k1, np.asarray(points)
        self._noise = float(model.kernel_.k2.noise_level)
        parts, means = [], []
        for start in range(0, len(points), PORTION):
            covariance = self._kernel(self._points[start : start + PORTION], model.X_train_)
            means.append(covariance @ model.alpha_)
            parts.append(solve_triangular(model.L_, covariance.T, lower=True).T.astype(np.float32))
        self.mean, self._basis = np.concatenate(means), np.concatenate(parts)
        explained = np.einsum("nk,nk->n", self._basis, self._basis)
        self.variance = np.maximum(self._kernel.diag(self._points) - explained, 1e-9)

    def take(self, places: NDArray[np.intp]) -> Posterior:
        """The same at some of the points."""
        taken = copy(self)
        taken._points, taken._basis = self._points[places], self._basis[places]
        taken.mean, taken.variance = self.mean[places], self.variance[places]
        return taken

    def observe(self, place: int) -> None:
        """Narrow the variances as if the target of a point were known to be its mean; means stay.

        Source: Desautels, Krause and Burdick, "Parallelizing Exploration-Exploitation Tradeoffs in Gaussian Process
        Bandit Optimization", JMLR 2014 (GP-BUCB).
        """
        parts = range(0, len(self._points), PORTION)
        own = self._points[place : place + 1]
        covariance = np.concatenate([self._kernel(self._points[k : k + PORTION], own)[:, 0] for k in parts])
        covariance -= self._basis @ self._basis[place]
        column = covariance / np.sqrt(covariance[place] + self._noise)
        self._basis = np.concatenate([self._basis, column[:, None].astype(np.float32)], axis=1)
        self.variance = np.maximum(self.variance - column**2, 1e-9)


def fit(recipe: GaussianProcessRecipe, features: Floats, targets: Floats, seed: int, workers: int) -> GaussianProcess:
    """Fit to (N, F) features and (N,) targets; the number of workers changes nothing."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, WhiteKernel

    from neural_predictor.predictors.matern import FastMatern

    mean, deviation = features.mean(axis=0), features.std(axis=0)
    factors = _factors(recipe, features, targets, seed, workers)

    def scale(values: Floats) -> Floats:
        scaled: Floats = np.clip((values - mean) / deviation, -MAX_DEVIATIONS, MAX_DEVIATIONS) * factors
        return scaled

    length = float(np.sqrt(np.square(factors).sum()))
    shape = FastMatern(length, (0.1 * length, 100 * length), recipe.smoothness)
    kernel = ConstantKernel(1.0, (1e-2, 1e2)) * shape + WhiteKernel(0.1, (1e-3, 2.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound is an answer
        return GaussianProcess(GaussianProcessRegressor(kernel).fit(scale(features), targets), scale)


def _factors(
    recipe: GaussianProcessRecipe, features: Floats, targets: Floats, seed: int, workers: int
) -> NDArray[np.float64]:
    """(F,) factors of standardised features: a distance counts most in what a forest of random trees asks about.

    One length for each of hundreds of features could not be learnt from as many graphs.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    forest = ExtraTreesRegressor(
        recipe.trees, max_features=0.3, min_samples_leaf=2, n_jobs=workers, random_state=seed % 2**31
    ).fit(features, targets)
    importance = forest.feature_importances_ * features.shape[1]
    return np.asarray((importance + IMPORTANCE_OF_THE_UNUSED) ** recipe.relevance, np.float64)
