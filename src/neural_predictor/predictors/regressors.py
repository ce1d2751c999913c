"""Regressors on rows of graph features: boosted trees, a forest, a Gaussian process.

Each keeps what it learnt as arrays; a file of theirs is these alone, so that loading one runs no code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from neural_predictor.predictors.boosted_documents import checked_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe import BoostedTreesRecipe, ForestRecipe, GaussianProcessRecipe

    Floats = NDArray[np.floating]
    Arrays = dict[str, NDArray[Any]]

CLIP = 5.0
"""Standardised features of a network farther out than any of training are held at so many deviations."""


LEAST_SHARE = 0.1
"""Of an average feature's importance, that a Gaussian process gives to features that a forest never asks about."""


class Regressor(Protocol):
    """A model of targets (N,) by features (N, F)."""

    def predict(self, features: Floats) -> NDArray[np.float64]:
        """(n,) targets of features (n, F)."""

    def arrays(self) -> Arrays:
        """What `from_arrays` takes."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model that gave these arrays."""


class BoostedTrees:
    """Ensembles of XGBoost, by their documents in its JSON."""

    def __init__(self, documents: list[bytes]) -> None:
        import xgboost

        self._documents = documents
        self._boosters = [xgboost.Booster({"nthread": 1}, model_file=bytearray(text)) for text in documents]

    @classmethod
    def fit(
        cls, recipe: BoostedTreesRecipe, features: Floats, targets: Floats, seed: int, workers: int
    ) -> BoostedTrees:
        """Fit to (N, F) features and (N,) targets; the number of workers changes nothing."""
        import xgboost

        documents = []
        for k in range(recipe.ensembles):
            model = xgboost.XGBRegressor(
                n_estimators=recipe.trees,
                max_depth=recipe.depth,
                learning_rate=recipe.learning_rate,
                subsample=recipe.rows,
                colsample_bytree=recipe.columns,
                min_child_weight=recipe.min_child_weight,
                n_jobs=1,  # hundreds of networks are too few to share out: threads wait for each other
                random_state=(seed + k) % 2**31,
            )
            model.fit(features, targets)
            documents.append(bytes(model.get_booster().save_raw("json")))
        return cls(documents)

    def predict(self, features: Floats) -> NDArray[np.float64]:
        """Mean of the ensembles, (n,)."""
        found = [booster.inplace_predict(np.asarray(features, np.float32)) for booster in self._boosters]
        return np.asarray(np.mean(found, axis=0), np.float64)

    def arrays(self) -> Arrays:
        """The documents as bytes."""
        return {f"document_{k}": np.frombuffer(text, np.uint8) for k, text in enumerate(self._documents)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> BoostedTrees:
        """The model that gave these arrays.

        Raises:
            ValueError: if one is no document of trees.
        """
        if not arrays:
            raise ValueError("no document of boosted trees")
        return cls([checked_document(arrays[name].tobytes()) for name in sorted(arrays)])


class Forest:
    """Trees as arrays of nodes: feature (-1: a leaf), threshold, children, value; the roots are where each begins."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = dict(arrays)

    @classmethod
    def fit(cls, recipe: ForestRecipe, features: Floats, targets: Floats, seed: int, workers: int) -> Forest:
        """Fit to (N, F) features and (N,) targets."""
        from sklearn.ensemble import ExtraTreesRegressor

        model = ExtraTreesRegressor(
            n_estimators=recipe.trees, max_features=recipe.columns, n_jobs=workers, random_state=seed % 2**31
        ).fit(features, targets)
        trees = [tree.tree_ for tree in model.estimators_]
        roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
        leaf = [tree.children_left < 0 for tree in trees]
        # A leaf leads to itself, so that a walk may go on until the deepest has ended.
        itself = [root + np.arange(tree.node_count) for root, tree in zip(roots, trees, strict=True)]
        sides = {
            side: np.concatenate(
                [
                    np.where(end, own, getattr(tree, f"children_{side}") + root)
                    for root, tree, end, own in zip(roots, trees, leaf, itself, strict=True)
                ]
            )
            for side in ("left", "right")
        }
        feature = np.concatenate([np.where(end, 0, tree.feature) for tree, end in zip(trees, leaf, strict=True)])
        return cls(
            {
                "roots": roots,
                "feature": feature.astype(np.int32),
                "threshold": np.concatenate([tree.threshold for tree in trees]).astype(np.float32),
                "left": sides["left"].astype(np.int32),
                "right": sides["right"].astype(np.int32),
                "value": np.concatenate([tree.value[:, 0, 0] for tree in trees]),
                "depth": np.array(max(tree.max_depth for tree in trees)),
            }
        )

    def predict(self, features: Floats) -> NDArray[np.float64]:
        """Mean of the trees, (n,)."""
        parts, rows, values = self._arrays, np.arange(len(features)), np.asarray(features, np.float32)
        total = np.zeros(len(features))
        for root in parts["roots"].tolist():
            place = np.full(len(features), root, np.int32)
            for _ in range(int(parts["depth"])):
                low = values[rows, parts["feature"][place]] <= parts["threshold"][place]
                step = np.where(low, parts["left"][place], parts["right"][place])
                if np.array_equal(step, place):
                    break
                place = step
            total += parts["value"][place]
        return total / len(parts["roots"])

    def arrays(self) -> Arrays:
        """The nodes."""
        return self._arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Forest:
        """The model that gave these arrays.

        Raises:
            ValueError: if they are no trees, in which every way from a root ends.
        """
        roots, nodes = arrays["roots"], len(arrays["feature"])
        if roots.dtype.kind != "i" or nodes == 0 or roots[0] != 0 or (np.diff(roots) <= 0).any() or roots[-1] >= nodes:
            raise ValueError("the roots are not places of nodes in order")
        own = np.arange(nodes)
        end = np.append(roots[1:], nodes)[np.searchsorted(roots, own, side="right") - 1]
        for side in (arrays["left"], arrays["right"]):
            if side.dtype.kind != "i" or side.shape != (nodes,) or (side < own).any() or (side >= end).any():
                raise ValueError("a node leads out of its tree, or back")
        return cls(arrays)


class GaussianProcess:
    """Mean of the posterior: kernel between new and training features times weights of the latter."""

    PORTION = 2**13

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = dict(arrays)

    @staticmethod
    def _kernel(smoothness: float, scales: Floats) -> Any:
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

        length = float(np.sqrt(np.square(scales).sum()))
        shape = Matern(length, (0.1 * length, 100 * length), smoothness)
        return ConstantKernel(1.0, (1e-2, 1e2)) * shape + WhiteKernel(0.1, (1e-3, 2.0))

    @classmethod
    def fit(
        cls, recipe: GaussianProcessRecipe, features: Floats, targets: Floats, seed: int, workers: int
    ) -> GaussianProcess:
        """Fit to (N, F) features and (N,) targets; the number of workers changes nothing."""
        import warnings

        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor

        mean, deviation = features.mean(axis=0), features.std(axis=0)
        scales = _scales(recipe, features, targets, seed, workers)
        scaled = np.clip((features - mean) / deviation, -CLIP, CLIP) * scales
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound is an answer
            model = GaussianProcessRegressor(cls._kernel(recipe.smoothness, scales)).fit(scaled, targets)
        return cls(
            {
                "mean": mean,
                "deviation": deviation,
                "scales": scales,
                "training": scaled,
                "weights": model.alpha_,
                "theta": model.kernel_.theta,
                "smoothness": np.array(recipe.smoothness),
            }
        )

    def predict(self, features: Floats) -> NDArray[np.float64]:
        """The posterior's mean, (n,)."""
        parts = self._arrays
        kernel = self._kernel(float(parts["smoothness"]), parts["scales"]).clone_with_theta(parts["theta"])
        found = [np.zeros(0)]
        for start in range(0, len(features), self.PORTION):
            scaled = (features[start : start + self.PORTION] - parts["mean"]) / parts["deviation"]
            found.append(kernel(np.clip(scaled, -CLIP, CLIP) * parts["scales"], parts["training"]) @ parts["weights"])
        return np.concatenate(found)

    def arrays(self) -> Arrays:
        """Scales, training features, weights and the kernel's logarithmic parameters."""
        return self._arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> GaussianProcess:
        """The model that gave these arrays."""
        return cls(arrays)


def _scales(
    recipe: GaussianProcessRecipe, features: Floats, targets: Floats, seed: int, workers: int
) -> NDArray[np.float64]:
    """(F,) factors of standardised features: a distance counts most in what a forest of random trees asks about.

    One length for each of hundreds of features could not be learnt from as many networks.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    forest = ExtraTreesRegressor(
        recipe.trees, max_features=0.3, min_samples_leaf=2, n_jobs=workers, random_state=seed % 2**31
    ).fit(features, targets)
    share = forest.feature_importances_ * features.shape[1]
    return np.asarray((share + LEAST_SHARE) ** recipe.relevance, np.float64)


REGRESSORS: dict[str, Any] = {"xgboost": BoostedTrees, "forest": Forest, "gp": GaussianProcess}
"""Kind of recipe -> its model."""
