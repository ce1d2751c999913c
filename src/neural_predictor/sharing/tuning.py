"""Settings of methods that share weights: setting 0 is the study's own recipe, the others are drawn.

A drawn setting is a supernet of its own, with files, seed and weights of its own, named after method and setting, such
as `one-shot~3`. What it chooses is not trained alone.
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


def settings(sharing: Sharing) -> range:
    """Numbers of each method's settings."""
    return range(1 if sharing.tuning is None else sharing.tuning.settings)


def named(sharing: Sharing) -> str:
    """For messages: the methods, and what their drawn settings are called."""
    last = settings(sharing)[-1]
    return ", ".join(sharing.methods) + (f", each with drawn settings, ~1 to ~{last}" if last else "")


def recipes_of(sharing: Sharing, study_seed: int) -> dict[str, Recipe]:
    """Recipes of all supernets that a study trains, by name: its methods, then their drawn settings."""
    found = dict(sharing.methods)
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
