"""The paper's cascade (Fig. 5): a classifier for accurate networks before the regressor, N networks in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.predictors.engine import fit_replicates
from neural_predictor.predictors.scoring import MEMORY_MB, make_scorer, score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe import CascadeRecipe, NeuralRecipe
    from neural_predictor.spaces import GraphBatch


@dataclass(frozen=True, eq=False)
class CascadeScores:
    """What R cascades say of n graphs.

    Attributes:
        scores: (R, n) float32, the regressor's prediction, in the labels' unit.
        logits: (R, n) float32, the classifier's; positive where it accepts. All 1 in a repeat of one stage.
        one_stage: (R,) bool, where the N networks did not allow two stages.
    """

    scores: NDArray[np.float32]
    logits: NDArray[np.float32]
    one_stage: NDArray[np.bool_]


def accurate(labels: NDArray[np.float64], recipe: CascadeRecipe, *, maximise: bool) -> NDArray[np.bool_]:
    """Which of the (R, N) training networks are accurate, by the recipe's threshold or quantile of each repeat."""
    return recipe.accurate(labels, recipe.bounds(labels, maximise=maximise), maximise=maximise)


def fit_cascades(
    graphs: GraphBatch,
    labels: NDArray[np.float64],
    recipe: CascadeRecipe,
    seeds: Sequence[int],
    rows: NDArray[np.integer],
    *,
    maximise: bool,
    workers: int = 1,
    memory_mb: int = MEMORY_MB,
    advance: Callable[[int], None] = lambda _: None,
) -> CascadeScores:
    """Fit R cascades to (R, N) labels of the graphs at (R, N) rows, and score all graphs.

    Raises:
        PredictorError: as `engine.fit_replicates`.
    """
    positive = accurate(labels, recipe, maximise=maximise)
    counts = positive.sum(axis=1)
    one_stage = (counts < recipe.min_accepted) | (counts == labels.shape[1])
    logits = np.ones((len(seeds), len(graphs)), np.float32)
    regressor = _with_width(recipe.regressor, labels.shape[1])
    scorer = make_scorer(graphs, regressor, regressor.width_for(labels.shape[1]), memory_mb)
    two = np.flatnonzero(~one_stage).tolist()
    if two:
        classifiers = fit_replicates(
            graphs,
            positive[two].astype(np.float64),
            recipe.classifier,
            [seeds[k] for k in two],
            rows[two],
            workers=workers,
            advance=advance,
        )
        logits[two] = score(classifiers, graphs, memory_mb=memory_mb)
    scores = np.empty_like(logits)
    for k, seed in enumerate(seeds):
        # Accepted networks differ in number from repeat to repeat: one regressor at a time.
        chosen = np.ones(labels.shape[1], np.bool_) if one_stage[k] else positive[k]
        fitted = fit_replicates(
            graphs, labels[k : k + 1, chosen], regressor, [seed + 1], rows[k : k + 1, chosen], advance=advance
        )
        scores[k] = score(fitted, graphs, scorer=scorer)[0]
    return CascadeScores(scores, logits, one_stage)


def _with_width(recipe: NeuralRecipe, train_size: int) -> NeuralRecipe:
    """D of all N networks, though the regressor sees fewer."""
    return recipe.model_copy(update={"width": recipe.width_for(train_size)})
