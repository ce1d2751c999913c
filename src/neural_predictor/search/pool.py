"""Where a search's architectures come from: the rows of a table, the graphs of a user, or a space without end.

A search speaks of architectures by number. In a pool that is listed these are its rows; in an endless one each new
architecture gets the next number, and the same architecture always the same one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import ArchitectureError, SearchError
from neural_predictor.predictors.features import FeatureMap

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from neural_predictor.search.curve import Curve
    from neural_predictor.spaces.base import SearchSpace
    from neural_predictor.spaces.graphs import GraphBatch

    Rows = NDArray[np.intp]

FEATURE_GRAPHS = 200
"""Graphs of a pool, evenly spread over it, that say which features there are (see `FeatureMap`)."""
_TRIES = (1, 3, 12, 48)
"""Mutations tried in each round for the parents that are left; the first that is in the pool counts."""
MAX_MUTATIONS = sum(_TRIES)
"""Mutations of one parent, 64, before it is given up."""


class Pool(ABC):
    """Architectures that can be trained, by number.

    Attributes:
        space: their search space; None for graphs alone, which can be neither mutated nor read as decisions.
        curve: when their trainings show a label; None where they do so at their end alone.
    """

    space: SearchSpace | None = None
    curve: Curve | None = None

    @abstractmethod
    def __len__(self) -> int:
        """Architectures that have a number."""

    @property
    def endless(self) -> bool:
        """Whether there are more architectures than have a number."""
        return False

    @abstractmethod
    def sample(self, count: int, rng: np.random.Generator) -> Rows:
        """(count,) different architectures, uniform over a listed pool, or drawn as the space draws."""

    @abstractmethod
    def graphs(self, rows: Rows) -> GraphBatch:
        """Architectures as graphs."""

    def candidates(self, near: Rows, count: int, rng: np.random.Generator) -> Rows:
        """What a model can choose from: all of a listed pool; else `count`, half of them mutations of `near`."""
        return np.arange(len(self))

    @cached_property
    def _feature_map(self) -> FeatureMap:
        spread = np.unique(np.linspace(0, len(self) - 1, FEATURE_GRAPHS).astype(np.intp))
        return FeatureMap(self.graphs(spread))

    def features(self, rows: Rows) -> NDArray[np.float32]:
        """(k, F) graph features of architectures."""
        return self._feature_map(self.graphs(rows))

    def codes(self, rows: Rows) -> NDArray[np.uint8]:
        """(k, code_length) codes of architectures.

        Raises:
            SearchError: for a pool of graphs alone.
        """
        raise self._of_graphs_alone()

    def filled(self, rows: Rows, rng: np.random.Generator) -> NDArray[np.uint8]:
        """(k, code_length) codes of architectures with all that mutations act upon (see `SearchSpace.filled`)."""
        return self._space.filled(self.codes(rows), rng)

    def find(self, codes: NDArray[np.uint8]) -> Rows:
        """(k,) numbers of codes, -1 for an architecture that is not in the pool.

        Raises:
            SearchError: for a pool of graphs alone.
        """
        raise self._of_graphs_alone()

    def mutate(self, codes: NDArray[np.uint8], rng: np.random.Generator) -> tuple[Rows, NDArray[np.uint8]]:
        """One mutation in the pool of each of k codes: numbers and codes, as `mutations` gives them.

        Raises:
            SearchError: for a pool of graphs alone.
        """
        return mutations(self._space, self.find, codes, rng)

    def neighbours(self, row: int, rng: np.random.Generator) -> Rows:
        """Different architectures of the pool that are one step of the space from another, in random order.

        Raises:
            SearchError: for a pool of graphs alone.
        """
        found = self.find(self._space.neighbours(self.codes(np.array([row]))[0], rng))
        different = np.unique(found[(found >= 0) & (found != row)])
        return rng.permutation(different)

    @property
    def _space(self) -> SearchSpace:
        if self.space is None:
            raise self._of_graphs_alone()
        return self.space

    def _of_graphs_alone(self) -> SearchError:
        return SearchError(
            "this search mutates architectures or reads their decisions, and these are graphs without a search space: "
            "take a search that works on graphs (rounds, bayesian, nasbot, nao, peephole, semi-supervised, predictor, "
            "random), or give a space"
        )


class GraphPool(Pool):
    """Architectures that a user lists as graphs.

    Args:
        graphs: of n architectures.
        curve: as in `Pool`.
    """

    def __init__(self, graphs: GraphBatch, curve: Curve | None = None) -> None:
        self._graphs, self.curve = graphs, curve

    def __len__(self) -> int:
        return len(self._graphs)

    def sample(self, count: int, rng: np.random.Generator) -> Rows:  # noqa: D102
        return rng.choice(len(self), size=count, replace=False)

    def graphs(self, rows: Rows) -> GraphBatch:  # noqa: D102
        return self._graphs.take(rows)

    @cached_property
    def _described(self) -> NDArray[np.float32]:
        return self._feature_map(self._graphs)

    def features(self, rows: Rows) -> NDArray[np.float32]:
        """(k, F) graph features of architectures; those of the whole pool are computed once."""
        return self._described[rows]


class ListedPool(GraphPool):
    """Architectures of a space that are listed, such as the rows of a table.

    Args:
        space: their search space.
        codes: (n, code_length) uint8, a row an architecture; no two are equal.
        curve: as in `Pool`.
    """

    def __init__(self, space: SearchSpace, codes: NDArray[np.uint8], curve: Curve | None = None) -> None:
        super().__init__(space.encode(codes), curve)
        self.space, self._codes = space, codes

    def codes(self, rows: Rows) -> NDArray[np.uint8]:  # noqa: D102
        return self._codes[rows]

    def find(self, codes: NDArray[np.uint8]) -> Rows:  # noqa: D102
        return self._find(codes)

    @cached_property
    def _find(self) -> Callable[[NDArray[np.uint8]], Rows]:
        return row_finder(self._space, self._codes)


class EndlessPool(Pool):
    """All architectures of a space that is too large to list; an architecture has a number from when it is first met.

    Args:
        space: which gives samples and mutations.
        curve: as in `Pool`.
    """

    def __init__(self, space: SearchSpace, curve: Curve | None = None) -> None:
        self.space, self.curve = space, curve
        self._number: dict[str, int] = {}
        self._codes: list[NDArray[np.uint8]] = []

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def endless(self) -> bool:
        """Always."""
        return True

    def codes(self, rows: Rows) -> NDArray[np.uint8]:  # noqa: D102
        return np.array([self._codes[row] for row in rows], np.uint8).reshape(len(rows), self._space.code_length)

    def find(self, codes: NDArray[np.uint8]) -> Rows:
        """(k,) numbers of codes; an architecture that has none gets the next."""
        rows = np.empty(len(codes), np.intp)
        for place, (name, code) in enumerate(zip(self._space.identify(codes), codes, strict=True)):
            rows[place] = self._number.setdefault(name, len(self._codes))
            if rows[place] == len(self._codes):
                self._codes.append(code)
        return rows

    def sample(self, count: int, rng: np.random.Generator) -> Rows:  # noqa: D102
        return self.find(self._space.sample(count, rng))

    def graphs(self, rows: Rows) -> GraphBatch:  # noqa: D102
        return self._space.encode(self.codes(rows))

    def candidates(self, near: Rows, count: int, rng: np.random.Generator) -> Rows:  # noqa: D102
        random = self.sample(count - count // 2 if len(near) else count, rng)
        if not len(near):
            return random
        parents = self._space.filled(self.codes(near), rng)
        rows, _ = self.mutate(parents[rng.integers(len(parents), size=count // 2)], rng)
        return np.unique(np.concatenate([random, rows[rows >= 0]]))


def row_finder(space: SearchSpace, listed: NDArray[np.uint8]) -> Callable[[NDArray[np.uint8]], Rows]:
    """What gives the row among listed codes of each architecture, (k, code_length) to (k,), and -1 where it has none.

    Architectures are found by their place in the space, or by name where the space is too large to have places.
    """
    try:
        row_of = np.full(len(space.enumerate()), -1, np.intp)
    except ArchitectureError:
        row_of_name = {name: row for row, name in enumerate(space.identify(listed))}
        return lambda codes: np.array([row_of_name.get(name, -1) for name in space.identify(codes)], np.intp)
    row_of[space.index_of(listed)] = np.arange(len(listed))
    return lambda codes: row_of[space.index_of(codes)]


def mutations(
    space: SearchSpace, find: Callable[[NDArray[np.uint8]], Rows], codes: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[Rows, NDArray[np.uint8]]:
    """One mutation of each of k codes that `find` has a number for.

    Args:
        space: mutates.
        find: gives the number of each architecture, -1 where it has none.
        codes: (k, code_length) the parents.
        rng: source of the mutations.

    Returns:
        Numbers (k,), -1 where none of `MAX_MUTATIONS` has one, and codes (k, code_length), there the parent's.
    """
    rows, mutated = np.full(len(codes), -1, np.intp), codes.copy()
    left = np.arange(len(codes))
    for tries in _TRIES:
        trials = space.mutate(np.repeat(codes[left], tries, axis=0), rng)
        found = find(trials).reshape(-1, tries)
        inside = found >= 0
        done = inside.any(axis=1)
        chosen = np.flatnonzero(done) * tries + inside.argmax(axis=1)[done]
        rows[left[done]], mutated[left[done]] = found.ravel()[chosen], trials[chosen]
        left = left[~done]
        if not len(left):
            break
    return rows, mutated
