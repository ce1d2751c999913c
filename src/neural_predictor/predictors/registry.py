"""The predictors that exist, a row each; the type of recipes, training, scoring and named recipes follow from it.

To add a predictor, write one file with its recipe and what its row names, and add the row. Entry points are written
`module:attribute`, in this package, and are imported when they are needed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import Field

from neural_predictor.errors import ConfigError, PredictorError
from neural_predictor.records import by_name, load_entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from neural_predictor.predictors.recipe_base import BaseRecipe

Row = TypeVar("Row", bound="Kind")
_FILE = "predictors/registry.py"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of predictor. Its subclasses say what a kind does beside having a recipe.

    Attributes:
        name: `kind` of its recipes.
        recipe: entry point of the recipe's class, a `recipe_base.BaseRecipe` whose `kind` is the name.
        named: entry point of its recipes that have a name, a dictionary; None where none has.
    """

    name: str
    recipe: str
    named: str | None = None

    def load(self, field: str) -> Any:
        """What one of the row's entry points names.

        Raises:
            ConfigError: if there is nothing of that name.
        """
        return load_entry(_FILE, self.name, __package__ or "", getattr(self, field))

    def load_recipe(self) -> type[BaseRecipe]:
        """The recipe's class.

        Raises:
            ConfigError: if it does not exist, or is of another kind.
        """
        found: type[BaseRecipe] = self.load("recipe")
        if (kind := found.model_fields["kind"].default) != self.name:
            raise ConfigError(
                f"{_FILE}, row {self.name!r}: the recipe {self.recipe!r} is of kind {kind!r}; they must be equal"
            )
        return found


@dataclass(frozen=True, kw_only=True)
class NeuralKind(Kind):
    """A neural predictor: its recipe is a `recipe_base.NeuralRecipe`; `engine` trains it, `scoring` scores by it.

    Attributes:
        initial_weights: entry point of a function (recipe, width, places, features, rng) -> kernel and bias of each of
            the recipe's layers in turn, float32 arrays; `network.initial_weights` says what the arguments are.
        embed: entry point of a function (weights, graphs, recipe) -> (R, b, E), one vector a graph, E as
            `NeuralRecipe.embedding_size` has it; `network.forward` says what the arguments are.
    """

    initial_weights: str
    embed: str


@dataclass(frozen=True, kw_only=True)
class EstimatorKind(Kind):
    """A regressor on rows of graph features.

    Attributes:
        fit: entry point of a function (recipe, features, targets, seed, workers) -> an object whose `predict` takes
            features (n, F) to targets (n,); `members.fit_member` says what the arguments are.
    """

    fit: str


@dataclass(frozen=True, kw_only=True)
class CompositeKind(Kind):
    """A predictor that is made of others."""


KINDS: tuple[Kind, ...] = (
    CompositeKind(name="ensemble", recipe="ensemble:EnsembleRecipe", named="ensemble:NAMED"),
    NeuralKind(
        name="gcn",
        recipe="gcn:GcnRecipe",
        initial_weights="gcn:initial_weights",
        embed="gcn:embed",
        named="gcn:NAMED",
    ),
    NeuralKind(
        name="dagnn",
        recipe="dagnn:DagnnRecipe",
        initial_weights="dagnn:initial_weights",
        embed="dagnn:embed",
        named="dagnn:NAMED",
    ),
    NeuralKind(
        name="mlp",
        recipe="mlp:MlpRecipe",
        initial_weights="mlp:initial_weights",
        embed="mlp:embed",
        named="mlp:NAMED",
    ),
    NeuralKind(
        name="cnn",
        recipe="cnn:CnnRecipe",
        initial_weights="cnn:initial_weights",
        embed="cnn:embed",
        named="cnn:NAMED",
    ),
    NeuralKind(
        name="assessor",
        recipe="assessor:AssessorRecipe",
        initial_weights="lstm:initial_weights",
        embed="assessor:embed",
        named="assessor:NAMED",
    ),
    NeuralKind(
        name="nao",
        recipe="nao:NaoRecipe",
        initial_weights="lstm:initial_weights",
        embed="nao:embed",
        named="nao:NAMED",
    ),
    NeuralKind(
        name="pnas",
        recipe="pnas:PnasRecipe",
        initial_weights="lstm:initial_weights",
        embed="pnas:embed",
        named="pnas:NAMED",
    ),
    EstimatorKind(
        name="xgboost",
        recipe="boosted_trees:BoostedTreesRecipe",
        fit="boosted_trees:fit",
        named="boosted_trees:NAMED",
    ),
    EstimatorKind(name="forest", recipe="forest:ForestRecipe", fit="forest:fit", named="forest:NAMED"),
    EstimatorKind(
        name="gp",
        recipe="gaussian_process:GaussianProcessRecipe",
        fit="gaussian_process:fit",
        named="gaussian_process:NAMED",
    ),
    CompositeKind(name="cascade", recipe="cascade:CascadeRecipe"),
)


def row_of(kind: str, of: type[Row]) -> Row:
    """The row of a kind of predictor.

    Raises:
        PredictorError: if there is none, or it is of another class than `of`.
    """
    found = {row.name: row for row in KINDS if isinstance(row, of)}
    if kind not in found:
        raise PredictorError(f"no {of.__name__} is named {kind!r}; known are {', '.join(found)}")
    return found[kind]


def check_entry_points(kinds: Iterable[Kind]) -> None:
    """Load all that the rows name.

    Raises:
        ConfigError: naming the row, for an entry point that does not exist.
    """
    for row in kinds:
        for field in fields(row):
            if field.name != "name" and getattr(row, field.name) is not None:
                row.load(field.name)


def recipe_union(kinds: Iterable[Kind]) -> Any:
    """The type of the recipes of these rows, told apart by their `kind`.

    Raises:
        ConfigError: naming the row, for a recipe that does not exist or a name that is used twice.
    """
    recipes = [row.load_recipe() for row in by_name(_FILE, kinds).values()]
    return Annotated[reduce(or_, recipes), Field(discriminator="kind")]


def named_recipes(kinds: Iterable[Kind]) -> dict[str, BaseRecipe]:
    """The recipes that have a name, in the order of the rows.

    Raises:
        ConfigError: naming the row, for an entry point that does not exist or a name that is used twice.
    """
    found: dict[str, BaseRecipe] = {}
    for row in kinds:
        for name, recipe in (row.load("named") if row.named is not None else {}).items():
            if name in found:
                raise ConfigError(
                    f"{_FILE}: the rows {found[name].kind!r} and {row.name!r} both name a recipe {name!r}; rename one"
                )
            found[name] = recipe
    return found
