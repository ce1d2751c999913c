"""Random search: different architectures, uniform over the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.search.base import Search, Traces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.base import Problem


def traces(problem: Problem) -> Traces:
    """The traces of all repeats."""
    size, repeats = len(problem.table), range(problem.repeats)
    return Traces(np.stack([random_trace(size, problem.budget, problem.draw(repeat)[0]) for repeat in repeats]))


def random_trace(size: int, budget: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """(budget,) different rows of a table of `size`, uniform."""
    return rng.choice(size, size=budget, replace=False)


class Random(Search):
    """Asks for architectures that were never asked for, uniform over a listed pool."""

    def _propose(self, count: int) -> NDArray[np.intp]:
        return self.random(count)
