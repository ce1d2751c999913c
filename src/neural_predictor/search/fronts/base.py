"""What a search for a front is: a search whose architectures also have a cost, which is known before training.

The setting is a latency model, or any cost that takes no training: the cost of every architecture can be asked for at
once. Its accuracy is known once it was trained, and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.errors import SearchError
from neural_predictor.predictors.boosted_trees import BoostedTreesRecipe, fit
from neural_predictor.predictors.features import varying
from neural_predictor.search.base import Search, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from neural_predictor.search.pool import Pool

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]
    Costs = Callable[[Rows], Floats]
    Predict = Callable[[Rows], Floats]


class FrontSearch(Search):
    """A search for architectures that are accurate and cheap.

    Args:
        pool: where architectures come from.
        costs: gives the costs (k,) of architectures (k,) of the pool; lower is better.
        seed: of every draw.
        maximise: whether a higher label is better.
        settings: hyper-parameters; the class's defaults for None.
    """

    def __init__(
        self, pool: Pool, costs: Costs, seed: int, *, maximise: bool = True, settings: Settings | None = None
    ) -> None:
        self._costs = costs
        super().__init__(pool, seed, maximise=maximise, settings=settings)

    def cost(self, rows: Rows) -> Floats:
        """(k,) costs of architectures.

        Raises:
            SearchError: for a cost that is not finite.
        """
        found = np.asarray(self._costs(rows), np.float64)
        if found.shape != rows.shape or not np.isfinite(found).all():
            raise SearchError(f"costs {found.shape} of architectures {rows.shape}: one finite number each is needed")
        return found

    def offspring(self, parents: Rows, taken: Rows) -> Rows:
        """One mutation of each parent (k,): (k,) numbers.

        A listed pool may lack a mutant, as a table does that is a sample of its space. Then the architecture takes its
        place that differs from it in the fewest codes, of those that are not in `taken`; of several one is drawn.
        """
        space = self.pool.space
        if space is None:
            raise SearchError(
                "this search mutates architectures, and these are graphs without a search space: give one"
            )
        codes = space.mutate(self.pool.filled(parents, self.rng), self.rng)
        found = self.pool.find(codes)
        lost = np.flatnonzero(found < 0)
        if len(lost):
            left = np.setdiff1d(np.arange(len(self.pool)), taken)
            listed = self.pool.codes(left)
            for place in lost:
                different = (listed != codes[place]).sum(axis=1)
                found[place] = self.rng.choice(left[different == different.min()])
        return found


class PredictedSettings(Settings):
    """Settings of a search for a front that predicts accuracies.

    Attributes:
        initial: random architectures before the first fit.
        trees: the predictor, on graph features.
        candidates: drawn for each fit from a pool without end; a listed pool is scored whole.
        parents: architectures of the front so far whose mutations are half of these.
    """

    initial: Annotated[int, Field(ge=10)] = 100
    trees: BoostedTreesRecipe = BoostedTreesRecipe(trees=100, learning_rate=0.1, ensembles=1)
    candidates: Annotated[int, Field(ge=10)] = 10_000
    parents: Annotated[int, Field(ge=1)] = 20


class OneOrder(FrontSearch):
    """N architectures at random, then the others in an order that one fit gives; it is made anew when it is used up."""

    settings_class: ClassVar[type[Settings]] = PredictedSettings

    def _begin(self) -> None:
        self._order: Rows = np.zeros(0, np.intp)

    @property
    def ready(self) -> int | None:
        """What is left of the N; then any number."""
        initial = int(self.settings.initial)
        return None if len(self.rows) >= initial else max(initial - len(self.asked), 0)

    def _propose(self, count: int) -> Rows:
        if len(self.asked) < self.settings.initial:
            return self._first(count)
        if not len(self.fresh(self._order, 1)):
            self._order = self._ordered()
        found = self.fresh(self._order, count)
        return np.concatenate([found, self.random(count - len(found), besides=found)]) if len(found) < count else found

    def _first(self, count: int) -> Rows:
        return self.random(count)

    def _ordered(self) -> Rows:
        """Architectures in the order in which they are to be trained, by a fit to all that was told."""
        raise NotImplementedError

    def offered(self) -> Rows:
        """Candidates that were never asked for."""
        found = self.pool.candidates(self.best(int(self.settings.parents)), self.settings.candidates, self.rng)
        return self.fresh(found, len(found))

    def fitted(self, targets: Floats | None = None) -> Predict:
        """What predicts (k,) of architectures (k,), fitted to all that was told: goodness, or other targets (N,)."""
        trees, described = self.settings.trees, self.pool.features(self.rows)
        targets, vary = self.targets if targets is None else targets, varying(described)
        recipe, seeds = trees.model_copy(update={"ensembles": 1}), self.rng.integers(2**31, size=trees.ensembles)
        fits = [fit(recipe, described[:, vary], targets, seed, workers=1) for seed in seeds.tolist()]

        def predict(rows: Rows) -> Floats:
            asked = self.pool.features(rows)[:, vary]
            return np.asarray(np.mean([each.predict(asked) for each in fits], axis=0), np.float64)

        return predict
