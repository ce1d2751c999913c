"""The search space of NAS-Bench-NLP: recurrent cells, given as recipes.

Source: Klyuchnikov et al., "NAS-Bench-NLP: Neural Architecture Search Benchmark for Natural Language Processing",
2020, arXiv 2006.07116; recipes, their meaning and their random generator as in fmsnew/nas-bench-nlp-release
(`custom_rnn.py`, `search_space.py`; Apache-2.0).

A cell reads x and one to three hidden states, and makes each state anew; state 0 is also what it passes to the next
layer. Its nodes are of seven operations: three activations of one input, `linear` of two or three (one matrix for
each, and a bias), `elementwise_prod` and `elementwise_sum` of two, `blend` of three. Valid is a recipe without cycle
and with these numbers of inputs, those of a node all different; that makes states 0, or 0 and 1, or all three, each by
a node of its own; that reads x, and these states and no others; of whose nodes each leads to a new state; and that
has at most 24 nodes. The release's generator keeps further rules (`cells.departures`), which its own RNN,
LSTM and GRU break in part: `sample` keeps them, `mutate` breaks no more of them than the parent does.

Beside this module: `cells` (codes), `identity`, `text` (recipes), `graphs` and `random_cells`.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, ClassVar, NoReturn

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.base import SearchSpace
from neural_predictor.spaces.nasbench_nlp.cells import CODE_LENGTH, Cells, faults
from neural_predictor.spaces.nasbench_nlp.graphs import KINDS, from_graphs, to_graphs
from neural_predictor.spaces.nasbench_nlp.identity import canonical_codes
from neural_predictor.spaces.nasbench_nlp.random_cells import generate, mutated
from neural_predictor.spaces.nasbench_nlp.text import parse_recipe, recipe_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.spaces.graphs import GraphBatch

_CELLS_PER_BATCH = 2**10
"""Cells drawn at once. The same for any count, so that a smaller sample begins a larger one of the same seed."""


class NasBenchNlpSpace(SearchSpace):
    """Codes: operation and inputs of up to 24 nodes, then the nodes that make the states (`cells`)."""

    name: ClassVar[str] = "nasbench-nlp"
    code_length: ClassVar[int] = CODE_LENGTH
    columns: ClassVar[tuple[str, ...]] = ("recepie",)
    """Spelt as in the release."""
    operations = KINDS

    def check(self, codes: NDArray[np.uint8]) -> None:
        """Raise ArchitectureError, naming the row and the rule, unless every row describes a cell."""
        super().check(codes)
        for rule, broken in faults(Cells.from_codes(codes)).items():
            if broken.any():
                row = int(np.argmax(broken))
                raise ArchitectureError(
                    f"row {row}: codes {codes[row].tolist()} are outside the space {self.name}: expected {rule}"
                )

    def enumerate(self) -> NoReturn:
        """Not possible.

        Raises:
            ArchitectureError: always; recipes of 24 nodes are too many to count.
        """
        raise ArchitectureError(
            f"the space {self.name} has too many architectures to enumerate or to index; sample from it instead"
        )

    def index_of(self, codes: NDArray[np.uint8]) -> NoReturn:
        """Not possible, as `enumerate` is not; `identify` names architectures.

        Raises:
            ArchitectureError: always.
        """
        self.enumerate()

    def canonical(self, codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The representative of each row's cell: rows are of one cell exactly if this gives equal rows for them.

        Equal are recipes that differ by names and order of nodes, by the order of inputs of any operation but
        `blend`, and by which hidden state is called 1 and which 2.

        Raises:
            ArchitectureError: for a row outside the space.
        """
        self.check(codes)
        return canonical_codes(codes)

    def identify(self, codes: NDArray[np.uint8]) -> NDArray[np.object_]:
        """32 hexadecimal digits: BLAKE2b of the canonical row. (n,) of str.

        Raises:
            ArchitectureError: for a row outside the space.
        """
        names = np.empty(len(codes), np.object_)
        names[:] = [hashlib.blake2b(row.tobytes(), digest_size=16).hexdigest() for row in self.canonical(codes)]
        return names

    def sample(self, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """`count` different cells, drawn as the release drew its list: (count, code_length), canonical.

        Hidden states 1 to 3 and 7, 14 or 21 further nodes, each alike; then the release's random generator, and no
        cell twice. That favours small cells, and is uniform over nothing simpler than these draws. With the same
        state of `rng`, a smaller sample begins a larger one.

        Raises:
            ArchitectureError: for a negative count.
        """
        if count < 0:
            raise ArchitectureError(f"cannot draw {count} architectures of {self.name}; ask for 0 or more")
        found: dict[bytes, NDArray[np.uint8]] = {}
        while len(found) < count:
            for row in canonical_codes(generate(_CELLS_PER_BATCH, rng)):
                found.setdefault(row.tobytes(), row)
        return np.array(list(found.values())[:count], np.uint8).reshape(count, self.code_length)

    def mutate(self, codes: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Another cell for each, by one step: an operation, an input, a node more or less, or the node of a state.

        Rows are canonical, and the number of hidden states stays. See `random_cells.mutated`.

        Raises:
            ArchitectureError: for a row outside the space.
        """
        self.check(codes)
        return mutated(codes, rng)

    def encode(self, codes: NDArray[np.uint8]) -> GraphBatch:
        """The graph of data flow of each cell, from which `decode` reads the row again; see `graphs`.

        Rows are encoded as they stand: for equal cells to be equal graphs, encode `canonical` rows. A batch is as
        wide as its largest graph.

        Raises:
            ArchitectureError: for a row outside the space.
        """
        self.check(codes)
        return to_graphs(Cells.from_codes(codes))

    def decode(self, graphs: GraphBatch) -> NDArray[np.uint8]:
        """The rows of graphs that `encode` made; with nodes in another order, rows of the same cells.

        Raises:
            ArchitectureError: for a graph of another form, or of no cell of the space.
        """
        codes = from_graphs(graphs)
        again = self.encode(codes)
        strange = again.mask.sum(axis=1) != graphs.mask.sum(axis=1)
        strange |= again.adjacency.sum(axis=(1, 2)) != graphs.adjacency.sum(axis=(1, 2))
        if strange.any():
            raise ArchitectureError(
                f"graph {int(np.argmax(strange))} of the batch is no recurrent cell: it has nodes or edges besides "
                f"those of {self.format(codes[np.argmax(strange)])}"
            )
        return codes

    def format(self, code: NDArray[np.uint8]) -> str:
        """The recipe as JSON, as the release writes it."""
        self.check(code[None])
        return json.dumps(recipe_of(code))

    def parse(self, text: str) -> NDArray[np.uint8]:
        """The codes of a recipe in JSON.

        Raises:
            ArchitectureError: naming the node, what was found, and what is allowed.
        """
        return parse_recipe(text)
