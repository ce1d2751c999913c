"""The choice of a predictor that is fitted to a sample of children: the best of many candidates, to be trained next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.children.latencies import load_additive
from neural_predictor.children.plan import ENSEMBLE, ROLE, draw, plan_of
from neural_predictor.errors import ConfigError
from neural_predictor.io.progress import progress
from neural_predictor.predictors.engine import fit_replicates
from neural_predictor.predictors.recipe_base import NeuralRecipe
from neural_predictor.predictors.scoring import score
from neural_predictor.search.fronts.pareto import spread_order
from neural_predictor.seeds import seed_of
from neural_predictor.spaces.proxylessnas.layers import PROXYLESSNAS_MOBILE
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config.sections import ChildSet
    from neural_predictor.config.study import Study
    from neural_predictor.tables.table import BenchmarkTable


def choose(study: Study, table: BenchmarkTable, *, workers: int, profile: Path | None = None) -> pd.DataFrame:
    """The best candidates by the study's first predictor of a set of children, fitted to the whole sample.

    Args:
        study: the study.
        table: the sample (`children.table`), under the name of the set.
        workers: training threads.
        profile: the folder of `measure-children`, for a set whose latencies are measured here.

    Returns:
        `chosen` rows, best first: architecture, and predicted accuracy, the mean of `ENSEMBLE` predictors. Of a set
        with latencies, these and then all other candidates and known networks, with the columns latency_ms and role:
        `chosen`, `candidate`, or the network's name.

    Raises:
        ConfigError: if candidates are fewer than are to be chosen, or a profile is missing.
        PredictorError: if all labels are equal, or a training diverges.
    """
    name, space = table.name, ProxylessNasSpace()
    plan = plan_of(study, name)
    candidates = draw(plan, plan.candidates, seed_of(study.seed, "candidates", name))
    lost = [space.parse(one["architecture"]) for one in table.provenance["left_out"]]
    trained = [*table.architecture, *(space.identify(np.stack(lost)) if lost else ())]
    candidates = candidates[~np.isin(space.identify(candidates), np.array(trained, object))]
    if not 1 <= plan.chosen <= len(candidates):
        raise ConfigError(
            f"children.{name}.chosen is {plan.chosen}; it must be 1 to {len(candidates)}, the candidates that are not "
            "in the sample: change it, or raise candidates"
        )
    known = _known(plan)
    scored = np.concatenate([candidates, *known.values()])
    predicted = _predicted(study, table, scored, workers)
    texts = np.array([space.format(code) for code in scored], object)
    if plan.latency is None:
        best = np.argsort(-predicted, kind="stable")[: plan.chosen]
        return pd.DataFrame({"architecture": texts[best], "predicted": predicted[best]})
    latency = load_additive(plan.latency, profile).latency_ms(scored)
    best = _best(plan, predicted[: len(candidates)], latency[: len(candidates)], seed_of(study.seed, "front", name))
    role = np.array(["candidate"] * len(candidates) + list(known), object)
    role[best] = ROLE
    order = np.concatenate([best, np.setdiff1d(np.arange(len(scored)), best)])
    columns = {"architecture": texts, "predicted": predicted, "latency_ms": latency, "role": role}
    return pd.DataFrame({key: values[order] for key, values in columns.items()})


def _known(plan: ChildSet) -> dict[str, NDArray[np.uint8]]:
    """Name -> codes (1, 22) of networks that pictures of a set with latencies mark."""
    return {} if plan.latency is None else {"ProxylessNAS-mobile": np.array([PROXYLESSNAS_MOBILE], np.uint8)}


def _best(plan: ChildSet, predicted: NDArray[np.float64], latency: NDArray[np.float64], seed: int) -> NDArray[np.intp]:
    """Places of the K that are chosen, the first first."""
    assert plan.latency is not None
    if plan.latency.choose == "best":
        return np.argsort(-predicted, kind="stable")[: plan.chosen]
    points = np.stack([predicted, -latency], axis=1)
    return spread_order(points, np.random.default_rng(seed), plan.chosen)[: plan.chosen]


def _predicted(study: Study, table: BenchmarkTable, codes: NDArray[np.uint8], workers: int) -> NDArray[np.float64]:
    """(n,) accuracies of codes (n, 22), the mean of `ENSEMBLE` predictors fitted to the whole sample."""
    name, space = table.name, ProxylessNasSpace()
    predictor = plan_of(study, name).predictors[0]
    recipe = study.predictors[predictor]
    assert isinstance(recipe, NeuralRecipe)  # the study was validated
    seeds = [seed_of(study.seed, "children", name, "choice", member) for member in range(ENSEMBLE)]
    rows, label = np.tile(np.arange(len(table)), (ENSEMBLE, 1)), table.mean(table.signal)
    with progress(f"fit {predictor} to all of {name}", recipe.epochs * ENSEMBLE, "epochs") as advance:
        graphs = space.encode(table.encoding)
        fitted = fit_replicates(graphs, label[rows], recipe, seeds, rows, workers=workers, advance=advance)
    with progress("score candidates", ENSEMBLE * len(codes), "architectures") as advance:
        scores = score(fitted, space.encode(space.canonical(codes)), advance=advance)
    return np.asarray(scores.mean(axis=0, dtype=np.float64))
