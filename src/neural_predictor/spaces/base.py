"""What a search space is.

A new space is one module with one subclass of `SearchSpace`, and one row in `spaces/registry.py`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, NoReturn

import numpy as np

from neural_predictor.errors import ArchitectureError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from neural_predictor.spaces.graphs import GraphBatch

NEIGHBOUR_DRAWS = 128
"""Mutations drawn for the neighbours of an architecture, where its space does not list them."""


class SearchSpace(ABC):
    """A set of architectures, each a row of `code_length` uint8 codes; every method works on many rows at once.

    Two rows that describe the same architecture (isomorphic graphs, by the rules of the space) have the same
    identity. All randomness comes from the generator that is passed in.
    """

    name: ClassVar[str]
    code_length: ClassVar[int]
    columns: ClassVar[tuple[str, ...]] = ("text",)
    """Columns of a CSV file that say an architecture, as `from_columns` reads them."""
    operations: tuple[str, ...]
    """Names of the node kinds, in the order of the one-hot axis of `encode`."""

    @abstractmethod
    def enumerate(self) -> NDArray[np.uint8]:
        """All architectures, one row a class: (n, code_length) uint8, in a fixed order.

        Raises:
            ArchitectureError: for a space too large to enumerate; it has no indices either, and is sampled instead.
        """

    @abstractmethod
    def identify(self, codes: NDArray[np.uint8]) -> NDArray[np.object_]:
        """Identity of each row, equal for equal architectures: (n,) of str.

        Raises:
            ArchitectureError: for a row outside the space.
        """

    @abstractmethod
    def index_of(self, codes: NDArray[np.uint8]) -> NDArray[np.intp]:
        """Index of each row's class in `enumerate()`: (n,). It leads into arrays over the space, cheaper than a name.

        Raises:
            ArchitectureError: for a row outside the space, for one whose class `enumerate()` leaves out, and for a
                space too large to enumerate.
        """

    @abstractmethod
    def mutate(self, codes: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """One mutated architecture for each row: (n, code_length) uint8.

        It is valid and, in a space that can be enumerated, has an index.
        """

    def filled(self, codes: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Rows of the same classes that hold all that `mutate` acts upon: (n, code_length) uint8.

        A space whose enumerated rows lack some of it, such as unused vertices, draws that here, so that a
        lineage starts from it once instead of anew with every child. Here nothing is missing: the same rows.
        """
        return codes

    def neighbours(self, code: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Architectures one step from another, (m, code_length) uint8; some may come more than once.

        Here `NEIGHBOUR_DRAWS` mutations, drawn; a space that can list its steps lists them.

        Args:
            code: (code_length,) an architecture.
            rng: source of what is drawn.
        """
        return self.mutate(np.repeat(self.filled(code[None], rng), NEIGHBOUR_DRAWS, axis=0), rng)

    @property
    def choices(self) -> NDArray[np.intp] | None:
        """(code_length,) number of values of each code, where every row below them is an architecture; else None."""
        return None

    @abstractmethod
    def encode(self, codes: NDArray[np.uint8]) -> GraphBatch:
        """The rows as graphs.

        Raises:
            ArchitectureError: for a row outside the space.
        """

    @abstractmethod
    def format(self, code: NDArray[np.uint8]) -> str:
        """One architecture as text that a person reads and `parse` takes back."""

    @abstractmethod
    def parse(self, text: str) -> NDArray[np.uint8]:
        """The codes of an architecture that `format` wrote: (code_length,) uint8.

        Raises:
            ArchitectureError: for text that is not an architecture of the space.
        """

    def from_columns(
        self, values: Sequence[Sequence[str]], where: Callable[[int], str] = "row {}".format
    ) -> NDArray[np.uint8]:
        """Architectures from the columns of a file.

        Args:
            values: one sequence of texts for each of `columns`, all of one length.
            where: names a row, counted from 0, in errors.

        Raises:
            ArchitectureError: naming the first row that is not an architecture of the space.
        """
        codes = np.zeros((len(values[0]), self.code_length), np.uint8)
        for row, text in enumerate(values[0]):
            try:
                codes[row] = self.parse(text)
            except ArchitectureError as error:
                raise ArchitectureError(f"{where(row)}: {error}") from error
        return codes

    def to_columns(self, codes: NDArray[np.uint8]) -> list[list[str]]:
        """What `from_columns` takes back: one list of n texts for each of `columns`."""
        return [[self.format(code) for code in codes]]

    def sample(self, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """`count` different architectures, uniform over the classes of the space.

        A space too large to enumerate draws in its own way, and says over what it is uniform.

        Raises:
            ArchitectureError: if the space has fewer.
        """
        codes = self.enumerate()
        if not 0 <= count <= len(codes):
            raise ArchitectureError(
                f"cannot draw {count} different architectures: the space {self.name} has {len(codes)}"
            )
        return codes[rng.choice(len(codes), size=count, replace=False)]

    def check(self, codes: NDArray[np.uint8]) -> None:
        """Raise ArchitectureError unless codes is (n, code_length) uint8."""
        check_form(self.name, self.code_length, codes)


class ProductSpace(SearchSpace):
    """A space whose codes are independent choices: each value of one goes with every value of the others."""

    values: ClassVar[NDArray[np.intp]]
    """(code_length,) how many values each code has."""

    @property
    def choices(self) -> NDArray[np.intp]:
        """(code_length,) values of each code, all independent."""
        return self.values

    def enumerate(self) -> NoReturn:
        """Not possible: the rows are the product of all `values`.

        Raises:
            ArchitectureError: always.
        """
        raise ArchitectureError(
            f"the space {self.name} has {math.prod(self.values.tolist()):,} architectures, too many to enumerate or to "
            "index; sample from it instead"
        )

    def index_of(self, codes: NDArray[np.uint8]) -> NoReturn:
        """Not possible, as `enumerate` is not; `identify` names architectures.

        Raises:
            ArchitectureError: always.
        """
        self.enumerate()

    def mutate(self, codes: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Set one code, drawn uniformly, to another value, drawn uniformly: (n, code_length) uint8.

        Raises:
            ArchitectureError: for a row outside the space.
        """
        self.check(codes)
        mutated, rows = codes.copy(), np.arange(len(codes))
        place = rng.integers(self.code_length, size=len(codes))
        step = rng.integers(1, self.values[place])
        mutated[rows, place] = (codes[rows, place] + step) % self.values[place]
        return mutated

    def neighbours(self, code: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """All architectures with one other value, a row each."""
        self.check(code[None])
        changed = [
            (place, value) for place, own in enumerate(code) for value in range(self.values[place]) if value != own
        ]
        codes = np.repeat(code[None], len(changed), axis=0)
        codes[np.arange(len(changed)), [place for place, _ in changed]] = [value for _, value in changed]
        return codes


def check_form(space: str, code_length: int, codes: NDArray[np.uint8]) -> None:
    """Check the form of rows of codes, not what they say.

    Args:
        space: name of the space, for the message.
        code_length: codes of one architecture.
        codes: to be checked.

    Raises:
        ArchitectureError: unless `codes` is (n, code_length) uint8.
    """
    if codes.ndim != 2 or codes.shape[1] != code_length or codes.dtype != np.uint8:
        raise ArchitectureError(
            f"space {space} takes codes (n, {code_length}) uint8; found {codes.shape} {codes.dtype}"
        )
