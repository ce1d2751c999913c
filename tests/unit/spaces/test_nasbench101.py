from __future__ import annotations

import base64
import hashlib
import json
import struct
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces import make_space
from neural_predictor.spaces.nasbench101.space import NasBench101Space, prune

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SPACE = NasBench101Space()
SIZE = 423_624
COUNTS = {2: 1, 3: 6, 4: 84, 5: 2_441, 6: 62_010, 7: 359_082}
LABELS = {"input": -1, "output": -2, "conv3x3-bn-relu": 0, "conv1x1-bn-relu": 1, "maxpool3x3": 2}
NAMES = ("conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3")
CELL = "0110001000010000 input,conv1x1-bn-relu,maxpool3x3,output"

classes = st.integers(0, SIZE - 1).map(lambda place: SPACE.enumerate()[place])
seeds = st.integers(0, 2**32 - 1)


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def graph_hash(matrix: NDArray[np.integer], operations: list[str]) -> str:
    """The benchmark's hash, written once more from its description and in the plainest way."""
    size = len(matrix)
    state = {v: md5(str((int(matrix[v].sum()), int(matrix[:, v].sum()), LABELS[operations[v]]))) for v in range(size)}
    for _ in range(size):
        state = {
            v: md5(
                "|".join(
                    (
                        "".join(sorted(state[w] for w in range(size) if matrix[w, v])),
                        "".join(sorted(state[w] for w in range(size) if matrix[v, w])),
                        state[v],
                    )
                )
            )
            for v in range(size)
        }
    return md5(str(sorted(state.values())))


def arrays(code: NDArray[np.uint8]) -> tuple[NDArray[np.integer], list[str]]:
    """Matrix and operations of a row, taken apart without the package."""
    v = int(code[0])
    matrix = np.zeros((7, 7), int)
    matrix[np.triu_indices(7, 1)] = code[1:22]
    return matrix[:v, :v], ["input", *(NAMES[kind - 1] for kind in code[22 : 20 + v]), "output"]


def row(matrix: NDArray[np.integer], operations: list[str]) -> NDArray[np.uint8]:
    """The reverse of `arrays`."""
    whole = np.zeros((7, 7), np.uint8)
    whole[: len(matrix), : len(matrix)] = matrix
    kinds = [NAMES.index(name) + 1 for name in operations[1:-1]]
    return np.array([len(matrix), *whole[np.triu_indices(7, 1)], *kinds, *[0] * (5 - len(kinds))], np.uint8)


def renumbered(code: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The same cell with its interior in another order, drawn at random, in which edges still lead onwards."""
    matrix, operations = arrays(code)
    order: list[int] = []
    while len(order) < len(matrix):
        ready = [v for v in range(len(matrix)) if v not in order and set(np.flatnonzero(matrix[:, v])) <= set(order)]
        order.append(int(rng.choice(ready)))
    return row(matrix[np.ix_(order, order)], [operations[v] for v in order])


# Enumeration and identity


def test_space_is_registered() -> None:
    assert type(make_space("nasbench101")) is NasBench101Space


def test_classes_by_vertices() -> None:
    codes = SPACE.enumerate()
    assert codes.shape == (SIZE, SPACE.code_length)
    assert codes.dtype == np.uint8
    assert dict(zip(*(part.tolist() for part in np.unique(codes[:, 0], return_counts=True)), strict=True)) == COUNTS


def test_enumeration_is_the_same_array_each_time_and_read_only() -> None:
    assert SPACE.enumerate() is NasBench101Space().enumerate()
    with pytest.raises(ValueError, match="read-only"):
        SPACE.enumerate()[0, 0] = 7


def test_small_cells_are_those_of_the_official_generator() -> None:
    found: set[str] = set()
    for v in range(2, 6):
        places = np.triu_indices(v, 1)
        for bits in product((0, 1), repeat=len(places[0])):
            matrix = np.zeros((v, v), int)
            matrix[places] = bits
            if sum(bits) > 9 or not matrix[:-1].any(axis=1).all() or not matrix[:, 1:].any(axis=0).all():
                continue
            found.update(graph_hash(matrix, ["input", *names, "output"]) for names in product(NAMES, repeat=v - 2))
    codes = SPACE.enumerate()
    assert set(SPACE.identify(codes[codes[:, 0] <= 5])) == found


@pytest.mark.parametrize("count", [1, 40, 900])
def test_identity_is_the_official_hash(count: int) -> None:
    codes = SPACE.sample(count, np.random.default_rng(count))
    assert SPACE.identify(codes).tolist() == [graph_hash(*arrays(code)) for code in codes]


def test_identity_of_rows_of_all_sizes_at_once_and_of_none() -> None:
    codes = SPACE.enumerate()[[0, 3, 60, 2000, 50_000, 400_000, 3]]
    assert SPACE.identify(codes).tolist() == [graph_hash(*arrays(code)) for code in codes]
    assert SPACE.identify(codes[:0]).shape == (0,)


@given(code=classes, seed=seeds)
def test_identity_does_not_depend_on_numbering(code: NDArray[np.uint8], seed: int) -> None:
    other = renumbered(code, np.random.default_rng(seed))
    assert SPACE.index_of(other[None]) == SPACE.index_of(code[None])
    assert SPACE.identify(other[None])[0] == graph_hash(*arrays(other))


def test_rank_is_the_place_in_the_enumeration() -> None:
    np.testing.assert_array_equal(SPACE.index_of(SPACE.enumerate()), np.arange(SIZE))


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["nasbench101_val_15k", "nasbench101_le5v_mean3"])
def test_hashes_of_real_cells(shared_data: Path, name: str) -> None:
    table = pd.read_csv(shared_data / f"{name}.csv.gz", dtype={"adjacency": str})
    codes = SPACE.from_matrices(table["adjacency"], table["operations"])
    np.testing.assert_array_equal(SPACE.identify(codes), table["module_hash"])


@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "cells"), [("nasbench101_4v_full", 91), ("nasbench101_5v_4epochs", 2532)])
def test_hashes_of_the_official_format(shared_data: Path, name: str, cells: int) -> None:
    data = (shared_data / f"{name}.tfrecord").read_bytes()
    found, start = {}, 0
    while start < len(data):
        (length,) = struct.unpack_from("<Q", data, start)
        digest, _, adjacency, operations, metrics = json.loads(data[start + 12 : start + 12 + length])
        assert base64.b64decode(metrics)
        found[digest] = adjacency, operations
        start += 16 + length
    matrices, lists = zip(*found.values(), strict=True)
    codes = SPACE.from_matrices(matrices, lists)
    assert len(found) == cells
    assert SPACE.identify(codes).tolist() == list(found)


# Dangling vertices


@given(seed=seeds)
def test_dangling_vertices_change_nothing_but_mutations(seed: int) -> None:
    whole = SPACE.sample_matrices(3, np.random.default_rng(seed), pruned=False)
    small = SPACE.pruned(whole)
    for code, cell in zip(whole, small, strict=True):
        matrix, operations = prune(*arrays(code))
        np.testing.assert_array_equal(cell, row(matrix, operations))
    np.testing.assert_array_equal(SPACE.pruned(small), small)
    np.testing.assert_array_equal(SPACE.identify(whole), SPACE.identify(small))
    np.testing.assert_array_equal(SPACE.encode(whole).adjacency, SPACE.encode(small).adjacency)
    assert [SPACE.format(code) for code in whole] == [SPACE.format(code) for code in small]


# Draws


def test_sample_draws_each_class_at_most_once() -> None:
    indices = SPACE.index_of(SPACE.sample(20_000, np.random.default_rng(0)))
    assert len(set(indices.tolist())) == 20_000


def test_sample_of_everything_is_the_space() -> None:
    codes = SPACE.sample(SIZE, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(SPACE.index_of(codes)), np.arange(SIZE))


def test_sample_is_uniform_over_classes() -> None:
    indices = SPACE.index_of(SPACE.sample(50_000, np.random.default_rng(1)))
    assert chisquare(np.bincount(indices * 100 // SIZE, minlength=100)).pvalue > 1e-3


def test_sample_refuses_more_than_there_are() -> None:
    with pytest.raises(ArchitectureError, match=r"cannot draw 423625 .* nasbench101 has 423624"):
        SPACE.sample(SIZE + 1, np.random.default_rng(0))


def test_random_matrices_are_biased_towards_small_cells() -> None:
    codes = SPACE.sample_matrices(20_000, np.random.default_rng(2))
    assert len(codes) == 20_000
    shares = np.bincount(codes[:, 0], minlength=8)[2:] / len(codes)
    # Twenty thousand draws of the official random_spec gave these; uniform draws have .848 at 7 vertices.
    np.testing.assert_allclose(shares, [0.097, 0.203, 0.278, 0.303, 0.116, 0.003], atol=0.012)


def test_random_matrices_of_none() -> None:
    assert SPACE.sample_matrices(0, np.random.default_rng(0)).shape == (0, SPACE.code_length)


# Mutation


def official_mutation(code: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A mutation of a row of seven vertices, one number at a time as the benchmark's notebook does it."""
    parent_matrix, parent_operations = arrays(code)
    while True:
        matrix, operations = parent_matrix.copy(), list(parent_operations)
        for i in range(6):
            for j in range(i + 1, 7):
                if rng.random() < 1 / 7:
                    matrix[i, j] = 1 - matrix[i, j]
        for v in range(1, 6):
            if rng.random() < 1 / 5:
                operations[v] = rng.choice([name for name in NAMES if name != operations[v]])
        try:
            pruned, _ = prune(matrix, operations)
        except ArchitectureError:
            continue
        if pruned.sum() <= 9:
            return row(matrix, operations)


def test_mutations_are_cells_of_seven_vertices() -> None:
    parents = np.concatenate([SPACE.enumerate()[:3000], SPACE.sample(3000, np.random.default_rng(3))])
    mutated = SPACE.mutate(parents, np.random.default_rng(4))
    SPACE.check(mutated)
    assert (mutated[:, 0] == 7).all()
    assert (SPACE.index_of(mutated) != SPACE.index_of(parents)).mean() > 0.8


def test_mutations_are_distributed_as_the_official_ones() -> None:
    rng = np.random.default_rng(5)
    parent = SPACE.enumerate()[400_000]
    ours = SPACE.mutate(np.tile(parent, (20_000, 1)), rng)
    theirs = np.stack([official_mutation(parent, rng) for _ in range(3_000)])
    for part in (slice(1, 22), slice(22, 27)):
        changed = [(codes[:, part] != parent[part]).mean(axis=0) for codes in (ours, theirs)]
        np.testing.assert_allclose(changed[0], changed[1], atol=0.04)
    sizes = [np.bincount(SPACE.pruned(codes)[:, 0], minlength=8)[2:] for codes in (ours, theirs)]
    assert chi2_contingency(np.array(sizes)).pvalue > 1e-3
    distances = [np.minimum((codes[:, 1:22] != parent[1:22]).sum(axis=1), 7) for codes in (ours, theirs)]
    counts = [np.bincount(distance, minlength=8) for distance in distances]
    assert chi2_contingency(np.array(counts)).pvalue > 1e-3


def test_mutation_leaves_the_parents_and_is_repeatable() -> None:
    parents = SPACE.sample(200, np.random.default_rng(6))
    before = parents.copy()
    first, second = (SPACE.mutate(parents, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(parents, before)
    np.testing.assert_array_equal(first, second)
    assert SPACE.mutate(parents[:0], np.random.default_rng(7)).shape == (0, SPACE.code_length)


def test_filled_rows_prune_to_the_row() -> None:
    codes = SPACE.sample_matrices(2_000, np.random.default_rng(8))
    filled = SPACE.filled(codes, np.random.default_rng(9))
    assert (filled[:, 0] == 7).all()
    np.testing.assert_array_equal(SPACE.pruned(filled), codes)
    np.testing.assert_array_equal(SPACE.filled(filled, np.random.default_rng(0)), filled)


def test_filled_rows_are_uniform_over_all_that_prune_to_the_row() -> None:
    matrix = np.zeros((6, 6), int)
    matrix[[0, 0, 1, 2, 3, 4], [1, 2, 3, 4, 5, 5]] = 1
    names = ["input", *NAMES, NAMES[0], "output"]
    cell = row(matrix, names)
    possible: dict[bytes, int] = {}
    for spare, edges, name in product(range(1, 6), product((0, 1), repeat=6), NAMES):
        others = [v for v in range(7) if v != spare]
        whole = np.zeros((7, 7), int)
        whole[np.ix_(others, others)] = matrix
        whole[:spare, spare], whole[spare, spare + 1 :] = edges[:spare], edges[spare:]
        operations = [*names[:spare], name, *names[spare:]]
        if (row(*prune(whole, operations)) == cell).all():
            possible[row(whole, operations).tobytes()] = len(possible)
    drawn = SPACE.filled(np.tile(cell, (60_000, 1)), np.random.default_rng(10))
    counts = np.bincount([possible[code.tobytes()] for code in drawn], minlength=len(possible))
    assert chisquare(counts).pvalue > 1e-3


# Encoding


@given(code=classes)
def test_encoding_is_the_cell(code: NDArray[np.uint8]) -> None:
    batch = SPACE.encode(code[None])
    matrix, operations = arrays(code)
    v = len(matrix)
    assert batch.mask[0].tolist() == [True] * v + [False] * (7 - v)
    np.testing.assert_array_equal(batch.adjacency[0, :v, :v], matrix)
    assert [SPACE.operations[kind] for kind in batch.nodes[0, :v].argmax(axis=1)] == operations
    assert batch.nodes.sum() == v
    assert batch.adjacency.sum() == matrix.sum()


def test_encoding_of_the_whole_space() -> None:
    batch = SPACE.encode(SPACE.enumerate())
    assert len(batch) == SIZE
    assert batch.mask.sum() == sum(v * count for v, count in COUNTS.items())
    assert batch.features == 5


# Rows outside the space


@pytest.mark.parametrize(
    ("place", "value", "rule"),
    [
        (0, 1, "the number of vertices comes first, 2 to 7"),
        (0, 8, "the number of vertices comes first, 2 to 7"),
        (1, 2, "entries are 0 or 1"),
        (21, 1, "0 past the vertices"),
        (22, 4, "operations are 1 to 3"),
        (22, 0, "operations are 1 to 3"),
        (26, 1, "operations are 1 to 3, and 0 past the vertices"),
    ],
)
@pytest.mark.parametrize("method", ["check", "identify", "encode", "pruned", "index_of"])
def test_rows_outside_the_space(method: str, place: int, value: int, rule: str) -> None:
    codes = np.stack([SPACE.parse(CELL)] * 3)
    codes[1, place] = value
    with pytest.raises(ArchitectureError, match=rf"^row 1: codes .* are outside the space nasbench101: .*{rule}"):
        getattr(SPACE, method)(codes)


def test_rows_without_path_or_with_too_many_edges() -> None:
    code = SPACE.parse(CELL)
    lost, crowded = code.copy(), SPACE.enumerate()[-1].copy()
    lost[1:22] = 0
    crowded[1:22] = 1
    with pytest.raises(ArchitectureError, match=r"row 1: .* no path leads from the input to the output"):
        SPACE.check(np.stack([code, lost]))
    with pytest.raises(ArchitectureError, match=r"row 0: .* more than 9 edges"):
        SPACE.check(crowded[None])


def test_codes_of_another_shape() -> None:
    with pytest.raises(ArchitectureError, match=r"space nasbench101 takes codes \(n, 27\) uint8; found \(3, 5\)"):
        SPACE.check(np.zeros((3, 5), np.uint8))


@settings(max_examples=200)
@given(code=st.lists(st.integers(0, 7), min_size=27, max_size=27))
def test_any_row_is_a_cell_or_refused(code: list[int]) -> None:
    codes = np.array([code], np.uint8)
    try:
        SPACE.check(codes)
    except ArchitectureError:
        return
    assert SPACE.enumerate()[SPACE.index_of(codes)].shape == codes.shape
