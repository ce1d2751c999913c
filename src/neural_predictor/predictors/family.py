"""All predictors of one stage behind one interface: fit, predict, and what cross-validation says of them.

`make_predictor` takes a recipe; `PREDICTORS` are the recipes that have a name. A predictor is a weighted mean of
members: a single recipe has one member, a blend several, with weights by cross-validation on its training graphs.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any, Protocol, Self, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from neural_predictor.errors import PredictorError
from neural_predictor.io.files import atomic
from neural_predictor.io.untrusted import parse_json, read_npz, shown
from neural_predictor.predictors.blending import Units, blend_weights
from neural_predictor.predictors.features import FeatureMap
from neural_predictor.predictors.last_batch import LastBatch
from neural_predictor.predictors.members import Fitted, FittedNetworks, fit_member, member_from_arrays
from neural_predictor.predictors.recipe import (
    DAGNN,
    DAGNN_HINGE,
    HINGE,
    HINGE_REACH,
    SEQUENCE,
    BlendRecipe,
    BoostedTreesRecipe,
    CascadeRecipe,
    ForestRecipe,
    GaussianProcessRecipe,
    NeuralRecipe,
    Recipe,
    SingleRecipe,
)
from neural_predictor.predictors.replicates import Replicates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.spaces import GraphBatch

Member = TypeVar("Member")
Result = TypeVar("Result")
FOLDS = 5
"""Of the cross-validation of a predictor that is no blend."""
SMALLEST = 10
"""Training graphs that a predictor takes at least."""

PREDICTORS: dict[str, Recipe] = {
    "best": BlendRecipe(),
    "paper": NeuralRecipe(),
    "mlp": NeuralRecipe(kind="mlp"),
    "cnn": NeuralRecipe(kind="cnn"),
    "dagnn": DAGNN,
    "dagnn-hinge": DAGNN_HINGE,
    "gcn-hinge": HINGE,
    "gcn-reach": HINGE_REACH,
    "gcn-logistic": HINGE.model_copy(update={"loss": "pairwise-logistic"}),
    "gcn-listwise": HINGE.model_copy(update={"loss": "listwise"}),
    "gcn-squared": HINGE.model_copy(update={"loss": "squared"}),
    "xgboost": BoostedTreesRecipe(),
    "forest": ForestRecipe(),
    "gp": GaussianProcessRecipe(),
    "assessor": SEQUENCE,
    "nao": SEQUENCE.model_copy(update={"kind": "nao", "width": 96}),
    "pnas": SEQUENCE.model_copy(update={"kind": "pnas"}),
}
"""Recipes by name: `paper` is that of Wen et al., one stage; `best` blends five of the others; the last three are of
others (module `sequences`). PNAS averages five such LSTMs, each fitted to four fifths of the networks; this is one."""


class Predictor(Protocol):
    """What ranks networks after it was fitted to some."""

    def fit(self, graphs: GraphBatch, labels: NDArray[np.float64]) -> Self:
        """Fit to N graphs and their labels (N,) in any unit.

        Raises:
            PredictorError: for fewer than `SMALLEST` graphs, labels that are not finite or all equal.
        """

    def predict(self, graphs: GraphBatch) -> NDArray[np.float64]:
        """(n,) in the labels' unit."""

    def members(self, graphs: GraphBatch) -> NDArray[np.float64]:
        """(m, n) what each member predicts."""

    def cross_predict(self) -> NDArray[np.float64]:
        """(N,) predictions of the training graphs, each by a fit, and weights, that did not see its label."""

    def cross_members(self) -> NDArray[np.float64]:
        """(m, N) the same of each member."""

    def sub_predict(self, rows: Sequence[NDArray[np.intp]]) -> NDArray[np.float64]:
        """(S, N) predictions of the training graphs by fits to each of S subsets of them alone.

        Args:
            rows: the graphs of each subset, `SMALLEST` at least, whose labels are not all equal.
        """

    def save(self, path: Path) -> None:
        """Write an .npz file that `load_predictor` reads."""


class Blend:
    """A `Predictor`: the weighted mean of its members, in standard units of their cross-validated predictions.

    Args:
        members: recipes by name.
        folds: of the cross-validation.
        seeds: fits of a neural member to all training graphs.
        shrinkage: as in `BlendRecipe`; of one member it has no effect.
        prior: likewise.
        seed: of every random draw.
        workers: CPU threads.
    """

    def __init__(
        self,
        members: dict[str, SingleRecipe],
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
        self._crossed: NDArray[np.float64] | None = None
        self._raw = LastBatch(self._predict_members)

    @property
    def _ranks(self) -> bool:
        """Labels go in as normal scores, but for one member that asks for their own unit, as the paper's does."""
        single = next(iter(self._recipes.values()))
        return not (len(self._recipes) == 1 and isinstance(single, NeuralRecipe) and not single.ranks)

    def fit(self, graphs: GraphBatch, labels: NDArray[np.float64]) -> Self:
        """As `Predictor.fit`."""
        labels = np.asarray(labels, np.float64)
        if labels.shape != (len(graphs),) or len(graphs) < SMALLEST:
            raise PredictorError(f"{len(graphs)} graphs and labels {labels.shape}: at least {SMALLEST} of each")
        if not np.isfinite(labels).all() or (labels == labels[0]).all():
            raise PredictorError("labels must be finite and not all equal")
        self._graphs, self._units, self._crossed = graphs, Units(labels, ranks=self._ranks), None
        self._raw = LastBatch(self._predict_members)
        self._features = FeatureMap(graphs)
        blend = len(self._recipes) > 1
        fits = self._side_by_side(
            lambda recipe: self._fit(recipe, self._copies(recipe), folds=blend), self._recipes.values()
        )
        copies = map(self._copies, self._recipes.values())
        self._fitted = [_mean_of(found[:count]) for found, count in zip(fits, copies, strict=True)]
        self._means, self._deviations = np.zeros(len(fits)), np.ones(len(fits))
        self._weights = np.ones(1)
        if blend:
            self._crossed = crossed = np.stack(self._side_by_side(self._held_out, fits))
            self._means, self._deviations = crossed.mean(axis=1), np.maximum(crossed.std(axis=1), 1e-12)
            self._weights = self._choose(self._standard(crossed), self._units.targets)
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

    def cross_predict(self) -> NDArray[np.float64]:
        """As `Predictor.cross_predict`."""
        crossed = self._standard(self._cross())
        if len(crossed) == 1:
            return self._units.back(crossed[0])
        found = np.empty(crossed.shape[1])
        for held in self._parts():
            rest = np.setdiff1d(np.arange(len(found)), held)
            found[held] = self._choose(crossed[:, rest], self._units.targets[rest]) @ crossed[:, held]
        return self._units.back(found)

    def cross_members(self) -> NDArray[np.float64]:
        """As `Predictor.cross_members`."""
        return self._units.back(self._weights.sum() * self._standard(self._cross()))

    def sub_predict(self, rows: Sequence[NDArray[np.intp]]) -> NDArray[np.float64]:
        """As `Predictor.sub_predict`; weights by the cross-validated predictions of a subset, each member one fit.

        Neural members are fitted to all subsets at once, for equally many steps: smaller ones are gone through more
        often. Half of the threads fit each member: for four subsets a stack of replicates is then as large as for three
        seeds and five folds, so that what was compiled for these serves here too.
        """
        seeds, workers = [self._seed + 2000 + k for k in range(len(rows))], max(self._workers // 2, 1)
        fits = self._side_by_side(
            lambda recipe: fit_member(recipe, self._graphs, self._features, self._units.targets, rows, seeds, workers),
            self._recipes.values(),
        )
        crossed, found = self._standard(self._cross()), np.empty((len(rows), len(self._graphs)))
        for k, (own, members) in enumerate(zip(rows, zip(*fits, strict=True), strict=True)):
            weights = self._weights if len(members) == 1 else self._choose(crossed[:, own], self._units.targets[own])
            found[k] = weights @ self._standard(np.stack([member.predict(self._graphs) for member in members]))
        return self._units.back(found)

    def _choose(self, crossed: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """(m,) weights of the members' standardised predictions (m, N)."""
        prior = np.array([self._prior.get(name, 1.0) for name in self._recipes])
        return blend_weights(crossed, targets, self._shrinkage, prior / prior.sum())

    def _standard(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((targets - self._means[:, None]) / self._deviations[:, None])

    def _predict_members(self, graphs: GraphBatch) -> NDArray[np.float64]:
        """(m, n) targets; `_raw` keeps those of the last batch."""
        return np.stack(self._side_by_side(lambda member: member.predict(graphs), self._fitted))

    def _side_by_side(self, work: Callable[[Member], Result], members: Iterable[Member]) -> list[Result]:
        """Work on each member; one compiles or waits for the interpreter while another computes."""
        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(work, members))

    def _parts(self) -> list[NDArray[np.intp]]:
        order = np.random.default_rng([self._seed, 1]).permutation(len(self._graphs))
        return np.array_split(order, min(self._folds, len(order)))

    def _copies(self, recipe: SingleRecipe) -> int:
        """Fits of a member to all training graphs."""
        return self._seeds if isinstance(recipe, NeuralRecipe) else 1

    def _fit(self, recipe: SingleRecipe, copies: int, *, folds: bool) -> list[Fitted]:
        """A member fitted to all training graphs so many times and, if asked, to all but each fold."""
        everything, parts = np.arange(len(self._graphs)), self._parts() if folds else []
        rows = [everything] * copies + [np.setdiff1d(everything, part) for part in parts]
        seeds = [self._seed + k for k in range(copies)] + [self._seed + 1000 + k for k in range(len(parts))]
        return fit_member(recipe, self._graphs, self._features, self._units.targets, rows, seeds, self._workers)

    def _held_out(self, fits: list[Fitted]) -> NDArray[np.float64]:
        """(N,) targets of each fold by the fit that did not see it; the fits of the folds are the last."""
        found, parts = np.empty(len(self._graphs)), self._parts()
        for part, fitted in zip(parts, fits[-len(parts) :], strict=True):
            found[part] = fitted.predict(self._graphs.take(part))
        return found

    def _cross(self) -> NDArray[np.float64]:
        """(m, N) targets by members that were fitted to the other folds."""
        if self._crossed is None:
            recipes = self._recipes.values()
            self._crossed = np.stack([self._held_out(self._fit(recipe, 0, folds=True)) for recipe in recipes])
        return self._crossed

    def save(self, path: Path) -> None:
        """Write an .npz file: recipes, training graphs and labels, each member's arrays, weights."""
        about = {
            "members": {name: recipe.model_dump(mode="json") for name, recipe in self._recipes.items()},
            "options": {
                "folds": self._folds,
                "seeds": self._seeds,
                "shrinkage": self._shrinkage,
                "prior": self._prior,
                "seed": self._seed,
            },
        }
        arrays: Any = {
            "about": np.array(json.dumps(about)),
            "nodes": self._graphs.nodes,
            "adjacency": self._graphs.adjacency,
            "mask": self._graphs.mask,
            "labels": self._units.labels,
            "units": np.stack([self._means, self._deviations, self._weights]),
        }
        for k, member in enumerate(self._fitted):
            arrays |= {f"member_{k}_{name}": part for name, part in member.arrays().items()}
        if self._crossed is not None:
            arrays["crossed"] = self._crossed
        with atomic(path) as part, part.open("wb") as file:
            np.savez(file, **arrays)

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> Self:
        from neural_predictor.spaces import GraphBatch

        self._graphs = GraphBatch(arrays["nodes"], arrays["adjacency"], arrays["mask"])
        self._units, self._features = Units(arrays["labels"], ranks=self._ranks), FeatureMap(self._graphs)
        self._means, self._deviations, self._weights = arrays["units"]
        self._crossed = arrays.get("crossed")
        self._fitted = []
        for k, recipe in enumerate(self._recipes.values()):
            start = f"member_{k}_"
            own = {name.removeprefix(start): part for name, part in arrays.items() if name.startswith(start)}
            self._fitted.append(member_from_arrays(recipe, self._features, own))
        return self

    def _tried(self) -> Self:
        """This predictor, after it has predicted the first of its training graphs.

        Raises:
            ValueError: if that is no number.
        """
        found = self.predict(self._graphs.take(slice(0, 1)))
        if found.shape != (1,) or not np.isfinite(found).all():
            raise ValueError(f"it predicts {found}")
        return self


class _Options(BaseModel):
    """What a `Blend` was made with, in its file."""

    model_config = ConfigDict(extra="forbid")

    folds: Annotated[int, Field(ge=2)]
    seeds: Annotated[int, Field(ge=1)]
    shrinkage: Annotated[float, Field(ge=0)]
    prior: dict[str, Annotated[float, Field(gt=0)]]
    seed: int


def _mean_of(fits: list[Fitted]) -> Fitted:
    networks = [fitted for fitted in fits if isinstance(fitted, FittedNetworks)]
    if not networks:
        return fits[0]
    return FittedNetworks(Replicates.together([one.replicates for one in networks]), networks[0].places)


def make_predictor(recipe: Recipe, seed: int = 0, workers: int = 1) -> Blend:
    """The predictor of a recipe, not fitted yet.

    Raises:
        PredictorError: for a cascade, which has two stages, and a classifier.
    """
    if isinstance(recipe, BlendRecipe):
        options = recipe.model_dump(include={"folds", "seeds", "shrinkage", "prior"})
        return Blend(recipe.members, seed=seed, workers=workers, **options)
    if isinstance(recipe, CascadeRecipe) or (isinstance(recipe, NeuralRecipe) and recipe.loss == "logistic"):
        raise PredictorError(f"a predictor of one stage is a regressor, not a {recipe.kind} of accurate networks")
    return Blend({recipe.kind: recipe}, seed=seed, workers=workers)


def load_predictor(path: Path, workers: int = 1) -> Blend:
    """Read what `Predictor.save` wrote; nothing is unpickled.

    Raises:
        PredictorError: if the file is missing, damaged, or something else.
    """
    try:
        arrays = read_npz(path)
        about = parse_json(str(arrays.pop("about")))
        members = TypeAdapter(dict[str, SingleRecipe]).validate_python(about["members"])
        blend = Blend(members, workers=workers, **_Options.model_validate(about["options"]).model_dump())
        return blend._restore(arrays)._tried()
    except Exception as error:  # of arrays that do not fit together, the libraries that predict raise nearly anything
        told = shown(str(error), 500)
        raise PredictorError(f"{path}: not a file of a predictor ({type(error).__name__}: {told})") from error
