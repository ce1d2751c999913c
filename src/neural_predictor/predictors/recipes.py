"""All recipes, as the registry has them: the type of any recipe, and the recipes that have a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.predictors.registry import KINDS, check_entry_points, named_recipes, recipe_union

check_entry_points(KINDS)
if TYPE_CHECKING:
    from neural_predictor.predictors.recipe_base import BaseRecipe

    Recipe = BaseRecipe
else:
    Recipe = recipe_union(KINDS)
    """Any recipe, told apart by its `kind`."""

PREDICTORS = named_recipes(KINDS)
"""Recipes by name: `best` is the project's best predictor, an ensemble of five of the others; `paper` is that of Wen et
al., one stage; `assessor`, `nao` and `pnas` are of others."""
