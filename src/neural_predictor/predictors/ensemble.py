"""All predictors of one stage behind one interface: fit, predict, and what out-of-fold predictions say of them.

`make_predictor` takes a recipe; `recipes.PREDICTORS` are the recipes that have a name. A predictor is a weighted mean
of members: a single recipe has one member, an ensemble several, with weights by stacking: least squares on the
members' out-of-fold predictions of the training graphs.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, Self, TypeVar

import numpy as np
from pydantic import Field, model_validator

from neural_predictor.errors import PredictorError
from neural_predictor.io.progress import progress
from neural_predictor.predictors import dagnn
from neural_predictor.predictors.boosted_trees import BoostedTreesRecipe
from neural_predictor.predictors.features import FeatureMap
from neural_predictor.predictors.forest import ForestRecipe
from neural_predictor.predictors.gaussian_process import GaussianProcessRecipe
from neural_predictor.predictors.label_units import LabelUnits
from neural_predictor.predictors.last_batch import LastBatch
from neural_predictor.predictors.lazy import load_tensorflow
from neural_predictor.predictors.members import Fitted, FittedReplicates, fit_member, work_of
from neural_predictor.predictors.recipe_base import BaseRecipe, NeuralRecipe, Positive
from neural_predictor.predictors.registry import KINDS, CompositeKind, Kind, recipe_union, row_of
from neural_predictor.predictors.replicates import Replicates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from neural_predictor.io.progress import Progress
    from neural_predictor.spaces import GraphBatch

    MemberRecipe = BaseRecipe
else:
    MemberRecipe = recipe_union(row for row in KINDS if not isinstance(row, CompositeKind))

Member = TypeVar("Member")
Result = TypeVar("Result")
FOLDS = 5
"""Of the cross-validation of a predictor with one member."""
MIN_TRAINING_GRAPHS = 10
"""Training graphs that a predictor takes at least."""
_BEST_PRIOR = {"dagnn": 10.0, "dagnn-hinge": 6.0}


def _best_members() -> dict[str, BaseRecipe]:
    """Members in the order in which they are fitted: the last scores by what was compiled for the first, meanwhile."""
    return {
        "dagnn": dagnn.NAMED["dagnn"],
        "xgboost": BoostedTreesRecipe(),
        "forest": ForestRecipe(),
        "gp": GaussianProcessRecipe(),
        "dagnn-hinge": dagnn.NAMED["dagnn-hinge"],
    }


class EnsembleRecipe(BaseRecipe):
    """A weighted mean of predictors, with weights chosen by cross-validation on the N training graphs alone.

    The default is the project's best predictor, the same for every search space.

    Attributes:
        members: their recipes by name.
        folds: of the cross-validation.
        seeds: fits of each neural member to all N graphs, whose mean is its prediction.
        shrinkage: how strongly weights are drawn to those of the prior, as a share of N.
        prior: weights by member, up to a factor; 1 of those that are not named. Of the default members the two DAGNNs
            have most of it: docs/predictors.md says why.
    """

    kind: Literal["ensemble"] = "ensemble"
    members: Annotated[dict[str, MemberRecipe], Field(min_length=2)] = Field(default_factory=_best_members)
    folds: Annotated[int, Field(ge=2)] = 5
    seeds: Positive = 3
    shrinkage: Annotated[float, Field(ge=0)] = 0.5
    prior: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _prior_of_the_default(cls, values: Any) -> Any:
        if not isinstance(values, dict) or "members" in values:
            return values
        return {"prior": _BEST_PRIOR, **values}

    @model_validator(mode="after")
    def _prior_of_members(self) -> EnsembleRecipe:
        if unknown := sorted(set(self.prior) - set(self.members)):
            raise ValueError(f"prior names {', '.join(unknown)}; the members are {', '.join(self.members)}")
        return self


NAMED = {"best": EnsembleRecipe()}


class Predictor(Protocol):
    """What ranks architectures after it was fitted to some."""

    def fit(self, graphs: GraphBatch, labels: NDArray[np.float64]) -> Self:
        """Fit to N graphs and their labels (N,) in any unit.

        Raises:
            PredictorError: for fewer than `MIN_TRAINING_GRAPHS` graphs, labels that are not finite or all equal.
        """

    def predict(self, graphs: GraphBatch) -> NDArray[np.float64]:
        """(n,) predicted labels of n graphs, in the labels' unit."""

    def members(self, graphs: GraphBatch) -> NDArray[np.float64]:
        """(m, n) what each of m members predicts, in the labels' unit."""

    def predict_out_of_fold(self) -> NDArray[np.float64]:
        """(N,) predictions of the training graphs, each by a fit, and weights, that did not see its label."""

    def predict_members_out_of_fold(self) -> NDArray[np.float64]:
        """(m, N) the same of each of m members."""

    def predict_from_subsets(self, rows: Sequence[NDArray[np.intp]]) -> NDArray[np.float64]:
        """(S, N) predictions of the training graphs by fits to each of S subsets of them alone.

        Args:
            rows: the graphs of each subset, `MIN_TRAINING_GRAPHS` at least, whose labels are not all equal.
        """


class StackedEnsemble:
    """A `Predictor`: the weighted mean of its members, in standard units of their out-of-fold predictions.

    Args:
        members: recipes by name.
        folds: of the cross-validation.
        seeds: fits of a neural member to all training graphs.
        shrinkage: as in `EnsembleRecipe`; of one member it has no effect.
        prior: likewise.
        seed: of every random draw.
        workers: CPU threads.
    """

    def __init__(
        self,
        members: dict[str, BaseRecipe],
        *,
        folds: int = FOLDS,
        seeds: int = 1,
        shrinkage: float = 0.0,
        prior: dict[str, float] | None = None,
        seed: int = 0,
        workers: int = 1,
    ) -> None:
        self._recipes, self._folds, self._seeds, self._shrinkage = members, folds, seeds, shrinkage
        self._prior = prior or {}
        self._seed, self._workers = seed, workers
        self._held_out: NDArray[np.float64] | None = None
        self._raw = LastBatch(self._predict_members)

    @property
    def _ranks(self) -> bool:
        """Labels go in as normal scores, but for one member that asks for their own unit, as the paper's does."""
        single = next(iter(self._recipes.values()))
        return not (len(self._recipes) == 1 and isinstance(single, NeuralRecipe) and not single.ranks)

    def fit(self, graphs: GraphBatch, labels: NDArray[np.float64]) -> Self:
        """As `Predictor.fit`."""
        labels = np.asarray(labels, np.float64)
        if labels.shape != (len(graphs),) or len(graphs) < MIN_TRAINING_GRAPHS:
            raise PredictorError(
                f"{len(graphs)} graphs and labels {labels.shape}: at least {MIN_TRAINING_GRAPHS} of each"
            )
        if not np.isfinite(labels).all() or (labels == labels[0]).all():
            raise PredictorError("labels must be finite and not all equal")
        self._graphs, self._units, self._held_out = graphs, LabelUnits(labels, ranks=self._ranks), None
        self._raw = LastBatch(self._predict_members)
        self._features = FeatureMap(graphs)
        stacked = len(self._recipes) > 1
        if any(isinstance(recipe, NeuralRecipe) for recipe in self._recipes.values()):
            load_tensorflow()  # with a progress of its own
        with self._progress("fit", lambda recipe: self._copies(recipe) + stacked * len(self._parts())) as advance:
            fits = self._side_by_side(
                lambda recipe: self._fit(recipe, self._copies(recipe), folds=stacked, advance=advance),
                self._recipes.values(),
            )
        copies = map(self._copies, self._recipes.values())
        self._fitted = [_mean_of(found[:count]) for found, count in zip(fits, copies, strict=True)]
        self._means, self._deviations = np.zeros(len(fits)), np.ones(len(fits))
        self._weights = np.ones(1)
        if stacked:
            self._held_out = out_of_fold = np.stack(self._side_by_side(self._predict_held_out, fits))
            self._means, self._deviations = out_of_fold.mean(axis=1), np.maximum(out_of_fold.std(axis=1), 1e-12)
            self._weights = self._choose(self._standard(out_of_fold), self._units.targets)
        return self

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each member's prediction in standard units."""
        return dict(zip(self._recipes, self._weights.tolist(), strict=True))

    def predict(self, graphs: GraphBatch) -> NDArray[np.float64]:
        """As `Predictor.predict`."""
        return self._units.back(self._weights @ self._standard(self._raw(graphs)))

    def members(self, graphs: GraphBatch) -> NDArray[np.float64]:
        """As `Predictor.members`; each in the scale that the weighted mean has."""
        return self._units.back(self._weights.sum() * self._standard(self._raw(graphs)))

    def predict_out_of_fold(self) -> NDArray[np.float64]:
        """As `Predictor.predict_out_of_fold`."""
        out_of_fold = self._standard(self._out_of_fold())
        if len(out_of_fold) == 1:
            return self._units.back(out_of_fold[0])
        found = np.empty(out_of_fold.shape[1])
        for held in self._parts():
            rest = np.setdiff1d(np.arange(len(found)), held)
            found[held] = self._choose(out_of_fold[:, rest], self._units.targets[rest]) @ out_of_fold[:, held]
        return self._units.back(found)

    def predict_members_out_of_fold(self) -> NDArray[np.float64]:
        """As `Predictor.predict_members_out_of_fold`."""
        return self._units.back(self._weights.sum() * self._standard(self._out_of_fold()))

    def predict_from_subsets(self, rows: Sequence[NDArray[np.intp]]) -> NDArray[np.float64]:
        """As `Predictor.predict_from_subsets`; weights by the out-of-fold predictions of a subset, each member one fit.

        Neural members are fitted to all subsets at once, for equally many steps: smaller ones are gone through more
        often. Half of the threads fit each member: for four subsets a stack of replicates is then as large as for three
        seeds and five folds, so that what was compiled for these serves here too.
        """
        seeds, workers = [self._seed + 2000 + k for k in range(len(rows))], max(self._workers // 2, 1)
        with self._progress("fit to parts of the architectures", lambda _: len(rows)) as advance:
            about = (self._graphs, self._features, self._units.targets, rows, seeds, workers, advance)
            fits = self._side_by_side(lambda recipe: fit_member(recipe, *about), self._recipes.values())
        out_of_fold, found = self._standard(self._out_of_fold()), np.empty((len(rows), len(self._graphs)))
        for k, (own, members) in enumerate(zip(rows, zip(*fits, strict=True), strict=True)):
            weights = (
                self._weights if len(members) == 1 else self._choose(out_of_fold[:, own], self._units.targets[own])
            )
            found[k] = weights @ self._standard(np.stack([member.predict(self._graphs) for member in members]))
        return self._units.back(found)

    def _choose(self, out_of_fold: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """(m,) weights of the members' standardised predictions (m, N)."""
        prior = np.array([self._prior.get(name, 1.0) for name in self._recipes])
        return stacking_weights(out_of_fold, targets, self._shrinkage, prior / prior.sum())

    def _standard(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """(m, n) predicted targets of each member in units of its out-of-fold predictions: mean 0, deviation 1."""
        return np.asarray((targets - self._means[:, None]) / self._deviations[:, None])

    def _predict_members(self, graphs: GraphBatch) -> NDArray[np.float64]:
        """(m, n) targets; `_raw` keeps those of the last batch."""
        return np.stack(self._side_by_side(lambda member: member.predict(graphs), self._fitted))

    def _side_by_side(self, work: Callable[[Member], Result], members: Iterable[Member]) -> list[Result]:
        """Work on each member; one compiles or waits for the interpreter while another computes."""
        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(work, members))

    def _parts(self) -> list[NDArray[np.intp]]:
        """The training graphs of each fold."""
        order = np.random.default_rng([self._seed, 1]).permutation(len(self._graphs))
        return np.array_split(order, min(self._folds, len(order)))

    def _copies(self, recipe: BaseRecipe) -> int:
        """Fits of a member to all training graphs."""
        return self._seeds if isinstance(recipe, NeuralRecipe) else 1

    def _progress(self, what: str, fits: Callable[[BaseRecipe], int]) -> AbstractContextManager[Progress]:
        """The progress of so many fits of each member."""
        return progress(what, sum(work_of(recipe) * fits(recipe) for recipe in self._recipes.values()), "epochs")

    def _fit(self, recipe: BaseRecipe, copies: int, *, folds: bool, advance: Callable[[int], None]) -> list[Fitted]:
        """A member fitted to all training graphs so many times and, if asked, to all but each fold."""
        everything, parts = np.arange(len(self._graphs)), self._parts() if folds else []
        rows = [everything] * copies + [np.setdiff1d(everything, part) for part in parts]
        seeds = [self._seed + k for k in range(copies)] + [self._seed + 1000 + k for k in range(len(parts))]
        return fit_member(
            recipe, self._graphs, self._features, self._units.targets, rows, seeds, self._workers, advance
        )

    def _predict_held_out(self, fits: list[Fitted]) -> NDArray[np.float64]:
        """(N,) targets of each fold by the fit that did not see it; the fits of the folds are the last."""
        found, parts = np.empty(len(self._graphs)), self._parts()
        for part, fitted in zip(parts, fits[-len(parts) :], strict=True):
            found[part] = fitted.predict(self._graphs.take(part))
        return found

    def _out_of_fold(self) -> NDArray[np.float64]:
        """(m, N) targets by members that were fitted to the other folds."""
        if self._held_out is None:
            with self._progress("cross-validate", lambda _: len(self._parts())) as advance:
                fits = [self._fit(recipe, 0, folds=True, advance=advance) for recipe in self._recipes.values()]
            self._held_out = np.stack([self._predict_held_out(found) for found in fits])
        return self._held_out


def _mean_of(fits: list[Fitted]) -> Fitted:
    """The mean of a member's fits to one training set: of neural ones all, of others there is one."""
    neural = [fitted for fitted in fits if isinstance(fitted, FittedReplicates)]
    if not neural:
        return fits[0]
    return FittedReplicates(Replicates.together([one.replicates for one in neural]), neural[0].places)


def stacking_weights(
    out_of_fold: NDArray[np.float64], targets: NDArray[np.float64], shrinkage: float, prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights (m,) of least squared error of (m, N) out-of-fold predictions: none negative, drawn to a prior.

    The prior (m,) sums to one; weights are drawn to the multiple of it that has the least error.
    """
    from scipy.optimize import nnls  # here, since it takes a second to load, and most predictors are no ensembles

    m, n = out_of_fold.shape
    mean = prior @ out_of_fold
    factor = max(float(mean @ targets) / float(mean @ mean), 0) if mean.any() else 1
    pull = np.sqrt(shrinkage * n)
    rows = np.concatenate([out_of_fold.T, pull * np.eye(m)])
    weights, _ = nnls(rows, np.concatenate([targets, pull * factor * prior]))
    return weights if weights.any() else prior


def make_predictor(recipe: BaseRecipe, seed: int = 0, workers: int = 1) -> StackedEnsemble:
    """The predictor of a recipe, not fitted yet; of a single kind, an ensemble of one member.

    Raises:
        PredictorError: for a cascade, which has two stages, and a classifier.
    """
    if isinstance(recipe, EnsembleRecipe):
        options = recipe.model_dump(include={"folds", "seeds", "shrinkage", "prior"})
        return StackedEnsemble(recipe.members, seed=seed, workers=workers, **options)
    two_stages = isinstance(row_of(recipe.kind, Kind), CompositeKind)
    if two_stages or (isinstance(recipe, NeuralRecipe) and recipe.targets == "classes"):
        raise PredictorError(f"a predictor of one stage is a regressor, not a {recipe.kind} of accurate architectures")
    return StackedEnsemble({recipe.kind: recipe}, seed=seed, workers=workers)
