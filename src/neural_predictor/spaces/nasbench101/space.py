"""The search space of NAS-Bench-101: cells of 2 to 7 vertices and at most 9 edges, three operations.

Source: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019, and its
code, google-research/nasbench (Apache-2.0): `ModelSpec` for dangling vertices, `hash_module` for the
identity, `NASBench.ipynb` for random cells and mutations.

A vertex that lies on no path from input to output dangles: it changes nothing in what the cell computes, and the
benchmark removes it before it hashes or counts edges. Here a row may have dangling vertices, as a `ModelSpec`
keeps its original matrix: `mutate` sees them, and everything else sees the cell without them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.base import SearchSpace
from neural_predictor.spaces.graphs import GraphBatch
from neural_predictor.spaces.nasbench101 import cells
from neural_predictor.spaces.nasbench101.enumeration import enumeration
from neural_predictor.spaces.nasbench101.graph_hash import module_hashes
from neural_predictor.spaces.nasbench101.text import briefly, codes_of, row_name, texts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

_HASH_LABELS = np.array([-1, 1, 0, 2, -2], np.int8)
"""The label that the benchmark's hash takes for each of `OPERATIONS`."""
_MUTATIONS_PER_TRY = 8
"""Mutations tried at once for each row; the first valid one counts."""
_EDGES = slice(1, 1 + cells.EDGE_PLACES)
_INTERIOR = slice(1 + cells.EDGE_PLACES, cells.CODE_LENGTH)


def prune(matrix: ArrayLike, operations: Sequence[str]) -> tuple[NDArray[np.uint8], list[str]]:
    """A cell without its dangling vertices, as the benchmark's `ModelSpec` makes it.

    Args:
        matrix: (v, v) of 0 and 1, upper triangular; any number of vertices.
        operations: one for each vertex; what they are does not matter here.

    Raises:
        ArchitectureError: if the matrix is not of that form, the numbers of vertices and operations differ,
            or no path leads from the first vertex to the last.
    """
    entries = np.asarray(matrix)
    if entries.ndim != 2 or entries.shape[0] != entries.shape[1] or len(entries) < cells.MIN_VERTICES:
        raise ArchitectureError(f"expected a square adjacency matrix of two vertices or more; found {entries.shape}")
    if not np.isin(entries, (0, 1)).all() or np.tril(entries).any():
        raise ArchitectureError("expected an upper triangular adjacency matrix of 0 and 1")
    if len(operations) != len(entries):
        raise ArchitectureError(f"{len(operations)} operations for {len(entries)} vertices; expected one each")
    adjacency = entries.astype(np.uint8)
    keep = cells.on_path(adjacency[None], np.array([len(adjacency)]))[0]
    if not keep.any():
        raise ArchitectureError("no path leads from the input to the output")
    return adjacency[np.ix_(keep, keep)], [name for name, kept in zip(operations, keep, strict=True) if kept]


class NasBench101Space(SearchSpace):
    """Codes are (vertices, 21 entries above the diagonal, 5 interior operations); see `cells`."""

    name: ClassVar[str] = "nasbench101"
    code_length: ClassVar[int] = cells.CODE_LENGTH
    columns: ClassVar[tuple[str, ...]] = ("adjacency", "operations")
    operations = cells.OPERATIONS

    def check(self, codes: NDArray[np.uint8]) -> None:  # noqa: D102
        self._examine(codes)

    def _examine(self, codes: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
        """Adjacency (n, 7, 7), operations (n, 7), and which vertices lie on a path (n, 7).

        Raises:
            ArchitectureError: for a row outside the space.
        """
        super().check(codes)
        size = codes[:, 0]
        rule = f"the number of vertices comes first, {cells.MIN_VERTICES} to {cells.MAX_VERTICES}"
        self._refuse(codes, np.logical_or(size < cells.MIN_VERTICES, size > cells.MAX_VERTICES), rule)
        inside = size[:, None] > cells.TARGETS
        self._refuse(codes, (codes[:, _EDGES] > inside).any(axis=1), "entries are 0 or 1, and 0 past the vertices")
        kinds, used = codes[:, _INTERIOR], size[:, None] > np.arange(cells.INTERIOR) + 2
        unknown = np.logical_or(kinds > cells.INTERIOR_OPERATIONS, (kinds > 0) != used)
        rule = f"operations are 1 to {cells.INTERIOR_OPERATIONS}, and 0 past the vertices"
        self._refuse(codes, unknown.any(axis=1), rule)
        vertices, adjacency, kinds = cells.unpack(codes)
        keep = cells.on_path(adjacency, vertices)
        self._refuse(codes, ~keep.any(axis=1), "no path leads from the input to the output")
        rule = f"more than {cells.MAX_EDGES} edges lie on paths from the input to the output"
        self._refuse(codes, cells.edges_between(adjacency, keep) > cells.MAX_EDGES, rule)
        return adjacency, kinds, keep

    def _refuse(self, codes: NDArray[np.uint8], wrong: NDArray[np.bool_] | np.bool_, rule: str) -> None:
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ArchitectureError(f"row {row}: codes {codes[row].tolist()} are outside the space {self.name}: {rule}")

    def pruned(self, codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The rows without their dangling vertices: (n, code_length) uint8.

        Raises:
            ArchitectureError: for a row outside the space.
        """
        return cells.pack(*cells.compress(*self._examine(codes)))

    def enumerate(self) -> NDArray[np.uint8]:
        """All 423,624 classes, by vertices, then graph, then operations. Read-only; made once a process."""
        return enumeration().codes

    def index_of(self, codes: NDArray[np.uint8]) -> NDArray[np.intp]:
        """Index of each row's class in `enumerate()`: (n,); every cell of the space has one.

        Raises:
            ArchitectureError: for a row outside the space.
        """
        return enumeration().index_of(self.pruned(codes))

    def identify(self, codes: NDArray[np.uint8]) -> NDArray[np.object_]:
        """The benchmark's own graph hash, 32 hexadecimal digits; a process hashes each class at most once."""
        indices = self.index_of(codes)
        known = known_hashes()
        new = np.unique(indices[known[indices] == ""])
        vertices, adjacency, kinds = cells.unpack(enumeration().codes[new])
        for v in np.unique(vertices):
            part = vertices == v
            known[new[part]] = module_hashes(adjacency[part, :v, :v], _HASH_LABELS[kinds[part, :v]])
        return np.asarray(known[indices], np.object_)

    def sample_matrices(self, count: int, rng: np.random.Generator, *, pruned: bool = True) -> NDArray[np.uint8]:
        """`count` cells drawn as the benchmark's `random_spec` draws them: BIASED, for comparisons only.

        Every entry of a 7 x 7 matrix is 1 with probability 1/2, every operation uniform, and what is no cell
        of the space is drawn again. Cells come up more than once; small ones are far too frequent, and so are
        those with little symmetry. `sample` draws uniformly over the space.

        Args:
            count: number of rows.
            rng: source of the draws.
            pruned: whether to remove dangling vertices; with them, rows are parents for `mutate` as the
                benchmark's evolution starts from.
        """
        found = [np.empty((0, self.code_length), np.uint8)]
        left = count
        while left > 0:
            trial = np.empty((4 * left + 64, self.code_length), np.uint8)
            trial[:, 0] = cells.MAX_VERTICES
            trial[:, _EDGES] = rng.integers(2, size=(len(trial), cells.EDGE_PLACES))
            trial[:, _INTERIOR] = rng.integers(1, cells.INTERIOR_OPERATIONS + 1, size=(len(trial), cells.INTERIOR))
            found.append(trial[_is_cell(trial)][:left])
            left -= len(found[-1])
        codes: NDArray[np.uint8] = np.concatenate(found)
        return self.pruned(codes) if pruned else codes

    def mutate(self, codes: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """One mutation of each row, as in the benchmark's regularized evolution; rows of seven vertices.

        Each of the 21 entries flips with probability 1/7, each of the five operations becomes another one
        with probability 1/5, and all is drawn again until the outcome is a cell of the space. Like there, the
        outcome can be the same cell as before, since only validity is asked for.

        Mutations act on seven vertices, dangling ones included, and the outcome keeps its dangling vertices,
        so that a lineage goes on as in the benchmark's code. Parents with fewer than seven vertices are
        `filled` first.
        """
        parents = self.filled(codes, rng)
        mutated = np.empty_like(parents)
        left = np.arange(len(parents))
        while len(left):
            trials = np.repeat(parents[left], _MUTATIONS_PER_TRY, axis=0)
            shape = (len(trials), cells.EDGE_PLACES)
            trials[:, _EDGES] ^= (rng.random(shape) < 1 / cells.MAX_VERTICES).astype(np.uint8)
            shape = (len(trials), cells.INTERIOR)
            step = rng.integers(1, cells.INTERIOR_OPERATIONS, size=shape, dtype=np.uint8)
            step[rng.random(shape) >= 1 / cells.INTERIOR] = 0
            trials[:, _INTERIOR] = (trials[:, _INTERIOR] - 1 + step) % cells.INTERIOR_OPERATIONS + 1
            valid = _is_cell(trials).reshape(-1, _MUTATIONS_PER_TRY)
            done = valid.any(axis=1)
            first = valid.argmax(axis=1)[done] + np.flatnonzero(done) * _MUTATIONS_PER_TRY
            mutated[left[done]] = trials[first]
            left = left[~done]
        return mutated

    def neighbours(self, code: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """All cells with one entry flipped or one operation changed, after `filled`, as local search moves.

        Source: White et al., "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021, section 4.
        """
        (parent,) = self.filled(code[None], rng)
        flips = np.repeat(parent[None], cells.EDGE_PLACES, axis=0)
        flips[:, _EDGES] ^= np.eye(cells.EDGE_PLACES, dtype=np.uint8)
        other = np.repeat(parent[None], cells.INTERIOR * (cells.INTERIOR_OPERATIONS - 1), axis=0)
        place, step = np.divmod(np.arange(len(other)), cells.INTERIOR_OPERATIONS - 1)
        rows, place = np.arange(len(other)), place + _INTERIOR.start
        other[rows, place] = (other[rows, place] + step) % cells.INTERIOR_OPERATIONS + 1
        codes = np.concatenate([flips, other])
        return np.asarray(codes[_is_cell(codes)])

    def filled(self, codes: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Rows of seven vertices that prune to the given ones; those that have seven stay as they are.

        A smaller cell does not say what was removed from it. Here it is drawn uniformly from all matrices and
        operations of seven vertices that prune to the row: what `sample_matrices` has before it prunes.

        Raises:
            ArchitectureError: for a row outside the space.
        """
        adjacency, kinds, keep = self._examine(codes)
        filled = codes.copy()
        left = np.flatnonzero(codes[:, 0] < cells.MAX_VERTICES)
        vertices, adjacency, kinds = cells.compress(adjacency, kinds, keep)
        while len(left):
            trial, places = _scattered(vertices[left], adjacency[left], kinds[left], rng)
            _, trial_adjacency, _ = cells.unpack(trial)
            seven = np.full(len(left), cells.MAX_VERTICES)
            same = (cells.on_path(trial_adjacency, seven) == places).all(axis=1)
            filled[left[same]] = trial[same]
            left = left[~same]
        return filled

    def encode(self, codes: NDArray[np.uint8]) -> GraphBatch:
        """Seven places: the vertices that lie on a path, input first and output last, then padding."""
        vertices, adjacency, kinds = cells.compress(*self._examine(codes))
        mask = np.arange(cells.MAX_VERTICES) < vertices[:, None]
        nodes = np.eye(len(self.operations), dtype=np.float32)[kinds]
        return GraphBatch(nodes * mask[:, :, None].astype(np.float32), adjacency, mask)

    def format(self, code: NDArray[np.uint8]) -> str:
        """For example `010001000 input,maxpool3x3,output`: the matrix row by row, then the operations."""
        (adjacency,), (operations,) = self.to_columns(code[None])
        return f"{adjacency} {operations}"

    def parse(self, text: str) -> NDArray[np.uint8]:
        """The codes of a cell in the form of `format`; the short names of `from_matrices` are understood."""
        matrix, _, operations = text.strip().partition(" ")
        if not operations:
            raise ArchitectureError(
                f"{briefly(text)} is not an architecture of {self.name}: expected a matrix row by row, a space, "
                "and the operations, such as '010001000 input,conv3x3-bn-relu,output'"
            )
        code: NDArray[np.uint8] = codes_of([matrix], [operations], lambda _: briefly(text))[0]
        return code

    def from_columns(  # noqa: D102
        self, values: Sequence[Sequence[str]], where: Callable[[int], str] = row_name
    ) -> NDArray[np.uint8]:
        adjacency, operations = values
        return self.from_matrices(adjacency, operations, where)

    def to_columns(self, codes: NDArray[np.uint8]) -> list[list[str]]:
        """The matrices row by row, and the lists of operations, of the pruned cells."""
        return list(texts_of(self.pruned(codes)))

    def from_matrices(
        self, adjacency: Iterable[str], operations: Iterable[str], where: Callable[[int], str] = row_name
    ) -> NDArray[np.uint8]:
        """Codes of many cells in text form, such as two columns of a CSV, without dangling vertices.

        Args:
            adjacency: for each cell the 0/1 entries of its matrix, row by row, 2 to 7 vertices.
            operations: for each cell the operations of all its vertices, separated by commas; besides the
                names in `operations`, `conv1x1` or `1x1`, `conv3x3` or `3x3`, and `mp3x3` or `pool` are
                understood.
            where: gives the words by which an error names a row; by default `row 0`, `row 1`, ...

        Raises:
            ArchitectureError: names the first row that is not a cell of the space, and what is wrong with it.
        """
        return codes_of(adjacency, operations, where)


@cache
def known_hashes() -> NDArray[np.object_]:
    """(423624,) the hash of each class, in the order of `enumerate`; empty where it was not asked for yet."""
    return np.full(len(enumeration().codes), "", np.object_)


def _is_cell(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether each row of well-formed codes has a path and few enough edges: (n,) bool."""
    vertices, adjacency, _ = cells.unpack(codes)
    keep = cells.on_path(adjacency, vertices)
    return keep.any(axis=1) & (cells.edges_between(adjacency, keep) <= cells.MAX_EDGES)


def _scattered(
    vertices: NDArray[np.intp],
    adjacency: NDArray[np.uint8],
    kinds: NDArray[np.uint8],
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Cells with their interior at random places among five, and random edges and operations around them.

    Returns:
        Rows of seven vertices (n, code_length), and where the vertices of the cell stand in them (n, 7) bool.
    """
    n, rows = len(vertices), np.arange(len(vertices))[:, None]
    order = rng.random((n, cells.INTERIOR)).argsort(axis=1).argsort(axis=1)
    places = np.ones((n, cells.MAX_VERTICES), np.bool_)
    places[:, 1:-1] = order < vertices[:, None] - 2
    vertex = places.cumsum(axis=1) - 1
    moved = adjacency[rows[:, :, None], vertex[:, :, None], vertex[:, None, :]]
    noise = rng.integers(2, size=moved.shape, dtype=np.uint8)
    within = places[:, :, None] & places[:, None, :]
    some = rng.integers(1, cells.INTERIOR_OPERATIONS + 1, size=places.shape, dtype=np.uint8)
    mixed = np.where(places, kinds[rows, vertex], some)
    seven = np.full(n, cells.MAX_VERTICES)
    return cells.pack(seven, np.where(within, moved, noise), mixed), places
