"""The supernets of a study: each method's by the study's own recipe, once or with several seeds, and by drawn settings.

Every supernet has files, seed and weights of its own, and a name: `one-shot`; `one-shot~seed1`, the same recipe with
another seed; `one-shot~3`, a drawn setting (setting 0 is the study's own). What a drawn setting chooses is not trained
alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.search.ranges import drawn
from neural_predictor.seeds import seed_of

if TYPE_CHECKING:
    from neural_predictor.config.sharing_recipes import Recipe, Sharing, Tuning

CANDIDATES = 10
"""Paths among which a drawn setting chooses at most."""


def name_of(method: str, setting: int) -> str:
    """What the supernet of a setting is called, in which no name of a method has a tilde."""
    return f"{method}~{setting}" if setting else method


def searches_of(sharing: Sharing) -> dict[str, list[str]]:
    """Method -> names of its supernets by the study's own recipe, one a seed."""
    return {
        method: [method, *(f"{method}~seed{number}" for number in range(1, sharing.seeds))]
        for method in sharing.methods
    }


def every_search(sharing: Sharing) -> list[str]:
    """Names of the supernets of all methods by the study's own recipes."""
    return [name for names in searches_of(sharing).values() for name in names]


def method_of(name: str) -> str:
    """The method of a supernet's name."""
    return name.partition("~")[0]


def settings(sharing: Sharing) -> range:
    """Numbers of each method's settings."""
    return range(1 if sharing.tuning is None else sharing.tuning.settings)


def named(sharing: Sharing) -> str:
    """For messages: the methods, and what their other seeds and their drawn settings are called."""
    parts, last = [", ".join(sharing.methods)], settings(sharing)[-1]
    if sharing.seeds > 1:
        parts.append(f"each with other seeds, ~seed1 to ~seed{sharing.seeds - 1}")
    if last:
        parts.append(f"each with drawn settings, ~1 to ~{last}")
    return ", ".join(parts)


def recipes_of(sharing: Sharing, study_seed: int) -> dict[str, Recipe]:
    """Recipes of all supernets that a study trains, by name: of each method its own, then their drawn settings."""
    found = {name: sharing.methods[method_of(name)] for name in every_search(sharing)}
    if sharing.tuning is not None:
        for method, recipe in sharing.methods.items():
            for setting in settings(sharing)[1:]:
                rng = np.random.default_rng(seed_of(study_seed, "sharing", "settings", method, setting))
                found[name_of(method, setting)] = _drawn(recipe, sharing.tuning, rng)
    return found


def _drawn(recipe: Recipe, tuning: Tuning, rng: np.random.Generator) -> Recipe:
    values = drawn(recipe.model_dump(), recipe.ranges, rng)
    epochs = max(1, round(values["training"]["epochs"] * tuning.epochs_at_most * recipe.training.epochs))
    values["training"]["epochs"] = epochs
    if "warm_up" in values:
        values["warm_up"] = round(values["warm_up"] * epochs)
    if "candidates" in values:
        values["candidates"] = min(values["candidates"], CANDIDATES)
    return type(recipe).model_validate(values)
