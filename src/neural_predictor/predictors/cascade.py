"""The paper's cascade (Fig. 5): a classifier for accurate architectures before the regressor, N in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from neural_predictor.predictors.engine import fit_replicates
from neural_predictor.predictors.recipe_base import BaseRecipe, NeuralRecipe
from neural_predictor.predictors.registry import KINDS, NeuralKind, recipe_union
from neural_predictor.predictors.scoring import MEMORY_MB, make_scorer, score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from neural_predictor.spaces import GraphBatch

    StageRecipe = NeuralRecipe
else:
    StageRecipe = recipe_union(row for row in KINDS if isinstance(row, NeuralKind))


class CascadeRecipe(BaseRecipe):
    """The paper's two stages (Fig. 5): a classifier drops inaccurate architectures, a regressor ranks the rest.

    Both learn from the same N architectures: the classifier from all, with label 1 where the signal is better than a
    threshold; the regressor from those of label 1. D follows from N in both.

    Attributes:
        classifier: its recipe (loss `logistic`).
        regressor: its recipe.
        threshold: signal above which an architecture is accurate (the paper: 91 % on NAS-Bench-101), or
        quantile: share of a repeat's N architectures that are not (for tables of another range).
        min_accepted: with fewer accurate architectures among the N, or with none that is not, one stage must do: the
            regressor is fitted to all N and ranks everything; the protocol counts how often.
    """

    kind: Literal["cascade"] = "cascade"
    classifier: StageRecipe
    regressor: StageRecipe
    threshold: float | None = None
    quantile: Annotated[float, Field(gt=0, lt=1)] | None = None
    min_accepted: Annotated[int, Field(ge=10)] = 10

    def bounds(self, labels: NDArray[np.floating], *, maximise: bool) -> NDArray[np.float64]:
        """(R, 1) signal that an accurate architecture must be better than, for (R, N) training labels."""
        if self.threshold is not None:
            return np.full((len(labels), 1), self.threshold)
        share = self.quantile or 0.5
        found = np.quantile(labels, share if maximise else 1 - share, axis=1, keepdims=True)
        return np.asarray(found, np.float64)

    @staticmethod
    def accurate(
        signal: NDArray[np.floating], bound: NDArray[np.floating] | float, *, maximise: bool
    ) -> NDArray[np.bool_]:
        """Which signals are better than a bound, of any shapes that broadcast; equal is not better."""
        return np.asarray(signal > bound if maximise else signal < bound)

    @model_validator(mode="after")
    def _consistent(self) -> CascadeRecipe:
        if (self.threshold is None) == (self.quantile is None):
            raise ValueError("a cascade takes either a threshold or a quantile")
        if self.classifier.loss != "logistic" or self.regressor.loss == "logistic":
            raise ValueError("classifier.loss must be logistic, and regressor.loss another one")
        return self


@dataclass(frozen=True, eq=False)
class CascadeScores:
    """What R cascades say of n graphs.

    Attributes:
        scores: (R, n) float32, the regressor's prediction, in the labels' unit.
        logits: (R, n) float32, the classifier's; positive where it accepts. All 1 in a repeat of one stage.
        one_stage: (R,) bool, where the N architectures did not allow two stages.
    """

    scores: NDArray[np.float32]
    logits: NDArray[np.float32]
    one_stage: NDArray[np.bool_]


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
    positive = recipe.accurate(labels, recipe.bounds(labels, maximise=maximise), maximise=maximise)
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
        # Accepted architectures differ in number from repeat to repeat: one regressor at a time.
        chosen = np.ones(labels.shape[1], np.bool_) if one_stage[k] else positive[k]
        fitted = fit_replicates(
            graphs, labels[k : k + 1, chosen], regressor, [seed + 1], rows[k : k + 1, chosen], advance=advance
        )
        scores[k] = score(fitted, graphs, scorer=scorer)[0]
    return CascadeScores(scores, logits, one_stage)


def _with_width(recipe: NeuralRecipe, train_size: int) -> NeuralRecipe:
    """D of all N architectures, though the regressor sees fewer."""
    return recipe.model_copy(update={"width": recipe.width_for(train_size)})
