"""The choice of a predictor that is fitted to a sample of children: the best of many candidates, to be trained next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.children.plan import ENSEMBLE, draw, plan_of
from neural_predictor.errors import ConfigError
from neural_predictor.io.progress import progress
from neural_predictor.predictors.engine import fit_replicates
from neural_predictor.predictors.recipe_base import NeuralRecipe
from neural_predictor.predictors.scoring import score
from neural_predictor.seeds import seed_of
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from neural_predictor.config.study import Study
    from neural_predictor.tables.table import BenchmarkTable


def choose(study: Study, table: BenchmarkTable, *, workers: int) -> pd.DataFrame:
    """The best candidates by the study's first predictor of a set of children, fitted to the whole sample.

    Args:
        study: the study.
        table: the sample (`children.table`), under the name of the set.
        workers: training threads.

    Returns:
        `chosen` rows, best first: architecture, and predicted accuracy, the mean of `ENSEMBLE` predictors.

    Raises:
        ConfigError: if candidates are fewer than are to be chosen.
        PredictorError: if all labels are equal, or a training diverges.
    """
    name, space = table.name, ProxylessNasSpace()
    plan = plan_of(study, name)
    predictor = plan.predictors[0]
    recipe = study.predictors[predictor]
    assert isinstance(recipe, NeuralRecipe)  # the study was validated
    candidates = draw(plan, plan.candidates, seed_of(study.seed, "candidates", name))
    lost = [space.parse(one["architecture"]) for one in table.provenance["left_out"]]
    trained = [*table.architecture, *(space.identify(np.stack(lost)) if lost else ())]
    candidates = candidates[~np.isin(space.identify(candidates), np.array(trained, object))]
    if not 1 <= plan.chosen <= len(candidates):
        raise ConfigError(
            f"children.{name}.chosen is {plan.chosen}; it must be 1 to {len(candidates)}, the candidates that are not "
            "in the sample: change it, or raise candidates"
        )
    seeds = [seed_of(study.seed, "children", name, "choice", member) for member in range(ENSEMBLE)]
    rows, label = np.tile(np.arange(len(table)), (ENSEMBLE, 1)), table.mean(table.signal)
    with progress(f"fit {predictor} to all of {name}", recipe.epochs * ENSEMBLE, "epochs") as advance:
        graphs = space.encode(table.encoding)
        fitted = fit_replicates(graphs, label[rows], recipe, seeds, rows, workers=workers, advance=advance)
    with progress("score candidates", ENSEMBLE * len(candidates), "architectures") as advance:
        scores = score(fitted, space.encode(space.canonical(candidates)), advance=advance)
    predicted = scores.mean(axis=0, dtype=np.float64)
    best = np.argsort(-predicted, kind="stable")[: plan.chosen]
    texts = [space.format(code) for code in candidates[best]]
    return pd.DataFrame({"architecture": texts, "predicted": predicted[best]})
