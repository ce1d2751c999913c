"""Fits of predictors to trained networks of the ProxylessNAS space, chains of 22 layers, and their partitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.figures.published import TEST, TRAINING, VALIDATION
from neural_predictor.io.progress import progress
from neural_predictor.predictors.engine import fit_replicates
from neural_predictor.predictors.recipe_base import NeuralRecipe
from neural_predictor.predictors.scoring import PlainScorer, score
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from neural_predictor.config.study import Study
    from neural_predictor.predictors.replicates import Replicates
    from neural_predictor.spaces import GraphBatch

FOLDS = 5
VALIDATED_FROM, VALIDATION_SHARE = 100, 8
"""With this many networks or more, one in so many of those that are not held out validates."""


@dataclass(frozen=True, eq=False)
class Partitions:
    """R random partitions of n networks into folds; each fit belongs to one partition and fold.

    Attributes:
        training: (R, FOLDS, N) networks that the predictor is fitted to.
        validation: (R, FOLDS, v), v may be 0.
        test: (R, FOLDS, n // FOLDS) the fold.
    """

    training: NDArray[np.intp]
    validation: NDArray[np.intp]
    test: NDArray[np.intp]

    def groups(self, name: str) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.intp]]]:
        """What the metrics of a set are taken on, one by one: repeat, folds (k,) and networks (k,).

        Networks of training and validation by fit; those of test by repeat, since a fold alone would be small. The
        fits of a repeat differ by a constant too: the higher the labels of a fold, the lower the mean of the others.
        Networks of two folds must not be compared by rank, or a predictor that knows nothing ranks them backwards.
        """
        sets = {TRAINING: self.training, VALIDATION: self.validation, TEST: self.test}[name]
        repeats, folds, size = sets.shape
        for repeat in range(repeats):
            if name == TEST:
                yield repeat, np.repeat(np.arange(folds), size), sets[repeat].ravel()
            elif size:
                for fold in range(folds):
                    yield repeat, np.full(size, fold), sets[repeat, fold]


def partition(networks: int, repeats: int, seed: int) -> Partitions:
    """Random partitions of n networks; the n % FOLDS last of a permutation are in no fold, but in all trainings.

    Args:
        networks: n.
        repeats: R.
        seed: of the permutations.
    """
    rng = np.random.default_rng(seed)
    held = networks // FOLDS
    validated = (networks - held) // VALIDATION_SHARE if networks >= VALIDATED_FROM else 0
    orders = np.stack([rng.permutation(networks) for _ in range(repeats)])
    folds = np.stack([np.roll(orders, -fold * held, axis=1) for fold in range(FOLDS)], axis=1)
    test, validation, training = np.split(folds, [held, held + validated], axis=2)
    return Partitions(training, validation, test)


def chain_graphs(codes: NDArray[np.uint8]) -> GraphBatch:
    """Networks (n, 22) as chains; equal networks, whose rows may differ, are equal graphs."""
    space = ProxylessNasSpace()
    return space.encode(space.canonical(codes))


def chain_recipe(study: Study, predictor: str) -> NeuralRecipe:
    """The recipe of a predictor of children; it has one stage, the study was checked for it."""
    recipe = study.predictors[predictor]
    assert isinstance(recipe, NeuralRecipe)
    return recipe


def fit_chains(
    recipe: NeuralRecipe,
    what: str,
    graphs: GraphBatch,
    label: NDArray[np.float64],
    rows: NDArray[np.intp],
    seeds: Sequence[int],
    workers: int,
) -> Replicates:
    """Fit a predictor to each row of networks (R, N), with a label (n,) for all of `graphs`."""
    with progress(f"fit {what}", recipe.epochs * len(seeds), "epochs") as advance:
        return fit_replicates(graphs, label[rows], recipe, seeds, rows, workers=workers, advance=advance)


def score_chains(replicates: Replicates, graphs: GraphBatch) -> NDArray[np.float32]:
    """(R, n) predicted labels. In long chains hardly two surroundings are alike, so each graph is computed whole."""
    with progress("score", len(replicates) * len(graphs), "networks") as advance:
        return score(replicates, graphs, scorer=PlainScorer(graphs, replicates.recipe), advance=advance)
