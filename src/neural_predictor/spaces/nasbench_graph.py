"""The search space of NAS-Bench-Graph: four computing nodes in a tree, nine operations.

Source: Qin et al., "NAS-Bench-Graph: Benchmarking Graph Neural Architecture Search", NeurIPS 2022 (datasets
and benchmarks), section 3, and the key of its tables: the digits of (macro, op 1, .., op 4) in base ten.

An architecture is a macro, which says where each of four computing nodes takes its one input from (0 is the raw
input, k the k-th computing node), and an operation for each node; the output concatenates all
nodes that nobody reads. Two architectures are the same when their trees are isomorphic, and when they differ by
skips that pass their input on to a successor or straight to the output: the benchmark moves such skips to the
front of a chain. A skip beside other readers of the same node is a residual connection and stays.
"""

from __future__ import annotations

from functools import cache, cached_property
from itertools import permutations
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.base import SearchSpace
from neural_predictor.spaces.graphs import GraphBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

OPERATIONS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip")
PROTEINS_OPERATIONS = ("gcn", "sage", "arma", "fc", "skip")
MACROS = (
    (0, 0, 0, 0),
    (0, 0, 0, 1),
    (0, 0, 1, 1),
    (0, 0, 1, 2),
    (0, 0, 1, 3),
    (0, 1, 1, 1),
    (0, 1, 1, 2),
    (0, 1, 2, 2),
    (0, 1, 2, 3),
)
SKIP = OPERATIONS.index("skip")
NODES = 4


def _without_idle_skips(parents: Sequence[int], skips: Sequence[bool]) -> tuple[list[int], list[int]]:
    """Move every skip that only passes its input on to a chain at the front.

    Args:
        parents: input of each computing node, 0 for the raw input.
        skips: whether each node is a skip.

    Returns:
        The new parents, and the old index of the node that now stands at each place.
    """
    parent = {k + 1: p for k, p in enumerate(parents)}
    idle: list[int] = []
    for node in range(1, NODES + 1):
        if not skips[node - 1]:
            continue
        has_reader = node in parent.values()
        has_sibling = sum(p == parent[node] for p in parent.values()) > 1
        if has_reader or not has_sibling or parent[node] == 0:
            for other, p in parent.items():
                if p == node:
                    parent[other] = parent[node]
            del parent[node]
            idle.append(node)
    order = [*idle, *parent]
    place = {node: k + 1 for k, node in enumerate(order)} | {0: len(idle)}
    chain = list(range(len(idle)))
    return chain + [place[parent[node]] for node in parent], [node - 1 for node in order]


def _orders_to_macro(parents: Sequence[int]) -> tuple[int, list[tuple[int, ...]]]:
    """The macro that a tree is isomorphic to, and all node orders that bring it there."""
    found: dict[int, list[tuple[int, ...]]] = {}
    for order in permutations(range(NODES)):
        place = {0: 0} | {node + 1: k + 1 for k, node in enumerate(order)}
        relabelled = tuple(place[parents[node]] for node in order)
        if relabelled in MACROS:
            found.setdefault(MACROS.index(relabelled), []).append(order)
    (macro, orders), *_ = found.items()
    return macro, orders


@cache
def _rules() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For each macro and pattern of skips: the canonical macro (9, 16) and its node orders (9, 16, 24, 4).

    Trees with fewer than 24 orders repeat the first.
    """
    macro = np.zeros((len(MACROS), 2**NODES), np.intp)
    orders = np.zeros((len(MACROS), 2**NODES, 24, NODES), np.intp)
    for m, parents in enumerate(MACROS):
        for pattern in range(2**NODES):
            skips = [bool(pattern >> k & 1) for k in range(NODES)]
            moved, old = _without_idle_skips(parents, skips)
            macro[m, pattern], found = _orders_to_macro(moved)
            table = [[old[k] for k in order] for order in found]
            orders[m, pattern] = table + table[:1] * (24 - len(table))
    return macro, orders


def _number(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(n,) number of each row in the order of (macro, op 1, .., op 4) over all operations."""
    digits = codes.astype(np.int64)
    return np.asarray(digits @ (len(OPERATIONS) ** np.arange(NODES + 1)[::-1]), np.int64)


class NasBenchGraphSpace(SearchSpace):
    """Codes are (macro, op 1, .., op 4): the index in `MACROS`, then indices in `OPERATIONS`.

    Args:
        allowed: operations of the data set at hand (`PROTEINS_OPERATIONS` on proteins).
    """

    name: ClassVar[str] = "nasbench-graph"
    code_length: ClassVar[int] = 1 + NODES
    operations = ("input", *OPERATIONS, "output")

    def __init__(self, allowed: Sequence[str] = OPERATIONS) -> None:
        self.allowed = np.array([OPERATIONS.index(operation) for operation in allowed], np.uint8)

    def check(self, codes: NDArray[np.uint8]) -> None:  # noqa: D102
        super().check(codes)
        wrong = (codes[:, 0] >= len(MACROS)) | ~np.isin(codes[:, 1:], self.allowed).all(axis=1)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ArchitectureError(
                f"row {row}: codes {codes[row].tolist()} are outside the space {self.name}: "
                f"a macro 0..{len(MACROS) - 1}, then four operations of {self.allowed.tolist()}"
            )

    def canonical(self, codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The representative of each row's class, as the benchmark's tables name it."""
        self.check(codes)
        macros, orders = _rules()
        operations = codes[:, 1:]
        pattern = (operations == SKIP) @ (1 << np.arange(NODES))
        candidates = np.take_along_axis(operations[:, None, :], orders[codes[:, 0], pattern], axis=2)
        best = np.argmin(candidates.astype(np.int64) @ (10 ** np.arange(NODES)[::-1]), axis=1)
        chosen = candidates[np.arange(len(codes)), best]
        return np.concatenate([macros[codes[:, 0], pattern, None].astype(np.uint8), chosen], axis=1)

    def enumerate(self) -> NDArray[np.uint8]:
        """All classes but that of four skips, which the benchmark leaves out: 26,206; 2,021 on proteins."""
        codes = np.unique(self.canonical(self._all_codes()), axis=0)
        return np.asarray(codes[(codes[:, 1:] != SKIP).any(axis=1)])

    def _all_codes(self) -> NDArray[np.uint8]:
        """All rows that `check` accepts, several a class: (9 * a ** 4, code_length) for a allowed operations."""
        choices = [np.arange(len(MACROS), dtype=np.uint8), *[self.allowed] * NODES]
        return np.stack(np.meshgrid(*choices, indexing="ij"), axis=-1).reshape(-1, self.code_length)

    @cached_property
    def _places(self) -> NDArray[np.intp]:
        """(9 * 9 ** 4,) place in `enumerate()` of the row of codes with each `_number`; -1 where there is none."""
        classes, everything = self.enumerate(), self._all_codes()
        places = np.full(len(MACROS) * len(OPERATIONS) ** NODES, -1, np.intp)
        places[_number(classes)] = np.arange(len(classes))
        places[_number(everything)] = places[_number(self.canonical(everything))]
        return places

    def index_of(self, codes: NDArray[np.uint8]) -> NDArray[np.intp]:
        """Index of each row's class in `enumerate()`: (n,).

        Raises:
            ArchitectureError: for a row outside the space, and for the architecture of four skips: `identify` names
                it, but it has no index in `enumerate()`.
        """
        self.check(codes)
        places = self._places[_number(codes)]
        if (places < 0).any():
            row = int(np.argmin(places))
            raise ArchitectureError(
                f"row {row}: codes {codes[row].tolist()} are the architecture of four skips, "
                "which enumerate() leaves out"
            )
        return places

    def identify(self, codes: NDArray[np.uint8]) -> NDArray[np.object_]:
        """The benchmark's own key: the decimal number with digits (macro, op 1, .., op 4), without leading zeros."""
        keys = self.canonical(codes).astype(np.int64) @ (10 ** np.arange(self.code_length)[::-1])
        return keys.astype(str).astype(object)

    def mutate(self, codes: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Set one of the five choices, drawn uniformly, to another value; again where that is the same architecture."""
        mutated = self.canonical(codes)
        before = mutated.copy()
        left = np.arange(len(codes))
        while len(left):
            trial = before[left]
            rows = np.arange(len(left))
            place = rng.integers(self.code_length, size=len(left))
            macro = rng.integers(len(MACROS), size=len(left))
            trial[rows, place] = np.where(place == 0, macro, rng.choice(self.allowed, size=len(left)))
            trial = self.canonical(trial)
            mutated[left] = trial
            same = (trial == before[left]).all(axis=1) | (trial[:, 1:] == SKIP).all(axis=1)
            left = left[same]
        return mutated

    def neighbours(self, code: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """All rows with one other choice that are no four skips; some may be the architecture itself."""
        self.check(code[None])
        macros = np.repeat(code[None], len(MACROS), axis=0)
        macros[:, 0] = np.arange(len(MACROS))
        others = np.repeat(code[None], NODES * len(self.allowed), axis=0)
        others[np.arange(len(others)), 1 + np.repeat(np.arange(NODES), len(self.allowed))] = np.tile(
            self.allowed, NODES
        )
        codes = np.concatenate([macros, others])
        return np.asarray(codes[(codes[:, 1:] != SKIP).any(axis=1)])

    def encode(self, codes: NDArray[np.uint8]) -> GraphBatch:
        """Six nodes: input, four computing nodes, output; an edge from each node that nobody reads to the output."""
        self.check(codes)
        n, v = len(codes), NODES + 2
        kinds = np.zeros((n, v), np.intp)
        kinds[:, 1:-1] = codes[:, 1:].astype(np.intp) + 1
        kinds[:, -1] = len(self.operations) - 1
        shapes = np.zeros((len(MACROS), v, v), np.uint8)
        for macro, parents in zip(shapes, MACROS, strict=True):
            macro[list(parents), np.arange(1, v - 1)] = 1
            macro[[k for k in range(1, v - 1) if k not in parents], -1] = 1
        nodes = np.eye(len(self.operations), dtype=np.float32)[kinds]
        return GraphBatch(nodes, shapes[codes[:, 0]], np.ones((n, v), np.bool_))

    def format(self, code: NDArray[np.uint8]) -> str:
        """For example `0,0,1,3 gcn,gat,fc,skip`: inputs of the four nodes, then their operations."""
        self.check(code[None])
        inputs = ",".join(str(parent) for parent in MACROS[code[0]])
        return f"{inputs} {','.join(OPERATIONS[k] for k in code[1:])}"

    def parse(self, text: str) -> NDArray[np.uint8]:  # noqa: D102
        try:
            inputs, names = text.split()
            macro = MACROS.index(tuple(int(parent) for parent in inputs.split(",")))
            code = np.array([macro, *(OPERATIONS.index(name) for name in names.split(","))], np.uint8)
            self.check(code[None])
        except ValueError as error:
            raise ArchitectureError(
                f"{text!r} is not an architecture of {self.name}: expected inputs and operations such as "
                f"'0,0,1,3 gcn,gat,fc,skip', operations of {', '.join(OPERATIONS[k] for k in self.allowed)}"
            ) from error
        return code
