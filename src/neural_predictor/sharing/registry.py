"""The methods that share weights. A method is one row here, one file beside this one, and a recipe in `config`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neural_predictor.records import by_name, load_entry

if TYPE_CHECKING:
    from neural_predictor.children.feeds import Feed
    from neural_predictor.config.child_recipes import NetworkRecipe
    from neural_predictor.config.sharing_recipes import Recipe
    from neural_predictor.sharing.base import Method

_FILE = "sharing/registry.py"


@dataclass(frozen=True)
class MethodRow:
    """A method.

    Attributes:
        name: the `kind` of its recipe.
        source: where it comes from.
        method: entry point `module:class` below `neural_predictor.sharing`, a `base.Method`.
    """

    name: str
    source: str
    method: str


METHODS = by_name(
    _FILE,
    [
        MethodRow("one-shot", "Bender et al. 2018; Guo et al. 2020; Chu et al. 2021", "one_shot:OneShot"),
        MethodRow("darts", "Liu et al. 2019, first order", "darts:Darts"),
        MethodRow("proxylessnas", "Cai et al. 2019", "proxyless:Proxyless"),
        MethodRow("enas", "Pham et al. 2018", "enas:Enas"),
        MethodRow("smash", "Brock et al. 2018", "smash:Smash"),
    ],
)


def make_method(recipe: Recipe, network: NetworkRecipe, feed: Feed, seed: int) -> Method[Any]:
    """The method of a recipe, before its first epoch."""
    row = METHODS[recipe.kind]
    found: Method[Any] = load_entry(_FILE, row.name, "neural_predictor.sharing", row.method)(
        recipe, network, feed, seed
    )
    return found
