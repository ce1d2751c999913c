"""Time the classes of NAS-Bench-101 and their hashes against the straightforward way.

    python bench/enumerate_nasbench101.py [--repeats 3]

The straightforward way is the official generator's: every upper triangular matrix, every labelling, one hash
each, and a dictionary that keeps the first of each hash. It is timed on a part, every `MATRIX_STRIDE`-th matrix of each
size, and scaled: looking at matrices by the stride, hashing by the known number of matrices without dangling
vertices. It is written with plain lists, which is faster than the official code's NumPy scalars. Both ways are
timed in turn on the machine as it is, each in one thread; on a shared machine, look at the spread.

The last line is a JSON object: `ratio` is the straightforward way's time for all classes with their hashes over
ours (median of the repeats), `ratio_enumerate` leaves out our hashes, which the classes do not need, and
`ratio_identify` is that of hashing given cells.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from itertools import combinations, islice, product
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.spaces.nasbench101.cells import unpack
from neural_predictor.spaces.nasbench101.enumeration import enumeration
from neural_predictor.spaces.nasbench101.space import NasBench101Space, known_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence

MATRIX_STRIDE = {2: 1, 3: 1, 4: 1, 5: 1, 6: 17, 7: 127}
"""Part of the matrices of each number of vertices that the straightforward enumeration is timed on: one in so many."""
MATRICES_WITHOUT_DANGLING = {2: 1, 3: 2, 4: 10, 5: 121, 6: 1545, 7: 4793}
"""Number of matrices of each number of vertices with at most 9 edges and no dangling vertex."""
HASHED_CELLS = 2000
"""Cells of the whole space that the straightforward hash is timed on."""
LABELS = (-1, 1, 0, 2, -2)
"""Label in the official hash of input, convolution 1x1, convolution 3x3, max pooling 3x3, output."""


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def hash_cell(matrix: Sequence[Sequence[int]], labels: Sequence[int]) -> str:
    """The official hash of one cell."""
    size = range(len(labels))
    hashes = [md5(str((sum(matrix[v]), sum(matrix[w][v] for w in size), labels[v]))) for v in size]
    for _ in size:
        following = []
        for v in size:
            sources = sorted(hashes[w] for w in size if matrix[w][v])
            readers = sorted(hashes[w] for w in size if matrix[v][w])
            following.append(md5("".join(sources) + "|" + "".join(readers) + "|" + hashes[v]))
        hashes = following
    return md5(str(sorted(hashes)))


def whole_matrices(v: int) -> list[list[list[int]]]:
    """The matrices of the part that have at most 9 edges and no dangling vertex, looked at one by one."""
    found = []
    places = list(combinations(range(v), 2))
    for bits in islice(product((0, 1), repeat=len(places)), 0, None, MATRIX_STRIDE[v]):
        matrix = [[0] * v for _ in range(v)]
        for (i, j), bit in zip(places, bits, strict=True):
            matrix[i][j] = bit
        whole = all(map(any, matrix[:-1])) and all(any(row[j] for row in matrix) for j in range(1, v))
        if whole and sum(bits) <= 9:
            found.append(matrix)
    return found


def time_enumeration_plainly() -> tuple[float, set[str]]:
    """Seconds of the straightforward enumeration, scaled to the whole, and the hashes that its part gave."""
    seconds = 0.0
    classes: dict[str, tuple[list[list[int]], list[int]]] = {}
    for v, stride in MATRIX_STRIDE.items():
        start = perf_counter()
        matrices = whole_matrices(v)
        seconds += stride * (perf_counter() - start)
        start = perf_counter()
        for matrix in matrices:
            for interior in product((0, 1, 2), repeat=v - 2):
                labels = [-1, *interior, -2]
                classes.setdefault(hash_cell(matrix, labels), (matrix, labels))
        seconds += MATRICES_WITHOUT_DANGLING[v] / len(matrices) * (perf_counter() - start)
    return seconds, set(classes)


def time_ours() -> tuple[float, float]:
    """Seconds for all classes, and for all their hashes, from nothing."""
    space = NasBench101Space()
    known_hashes.cache_clear()
    enumeration.cache_clear()
    start = perf_counter()
    codes = space.enumerate()
    middle = perf_counter()
    hashes = space.identify(codes)
    end = perf_counter()
    assert len(set(hashes)) == len(codes)
    return middle - start, end - middle


def time_hashes_plainly() -> float:
    """Seconds of the straightforward hashes of all classes, scaled from a random sample."""
    space = NasBench101Space()
    codes = space.sample(HASHED_CELLS, np.random.default_rng(0))
    vertices, adjacency, kinds = unpack(codes)
    cells = [
        (matrix[:v, :v].tolist(), [LABELS[kind] for kind in row[:v]])
        for v, matrix, row in zip(vertices, adjacency, kinds, strict=True)
    ]
    start = perf_counter()
    hashes = [hash_cell(*cell) for cell in cells]
    seconds = perf_counter() - start
    assert hashes == space.identify(codes).tolist()
    return seconds * len(space.enumerate()) / len(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the enumeration and the hashes of NAS-Bench-101.")
    parser.add_argument("--repeats", type=int, default=3, help="alternating repeats")
    repeats = parser.parse_args().repeats
    space = NasBench101Space()
    times: dict[str, list[float]] = {
        "enumerate_s": [],
        "identify_s": [],
        "straightforward_enumerate_s": [],
        "straightforward_identify_s": [],
    }
    for repeat in range(1, repeats + 1):
        ours = time_ours()
        plain, found = time_enumeration_plainly()
        assert found <= set(space.identify(space.enumerate()))
        for values, seconds in zip(times.values(), (*ours, plain, time_hashes_plainly()), strict=True):
            values.append(seconds)
        print(f"repeat {repeat}: " + ", ".join(f"{name} {values[-1]:.2f}" for name, values in times.items()))
    enumerate_s, identify_s, plain_s, plain_identify_s = times.values()
    whole = zip(plain_s, enumerate_s, identify_s, strict=True)
    ratios = {
        "ratio": median(plain / (classes + hashes) for plain, classes, hashes in whole),
        "ratio_enumerate": median(plain / ours for plain, ours in zip(plain_s, enumerate_s, strict=True)),
        "ratio_identify": median(plain / ours for plain, ours in zip(plain_identify_s, identify_s, strict=True)),
    }
    print(f"all classes {median(enumerate_s):.2f} s, their hashes {median(identify_s):.1f} s")
    print(f"straightforward, scaled from a part: {median(plain_s):.0f} s, since hashing is how it finds the classes")
    print(
        f"{ratios['ratio']:.1f} times as fast with hashes, {ratios['ratio_enumerate']:.0f} times where the classes "
        f"are enough, {ratios['ratio_identify']:.1f} times for the hashes of given cells"
    )
    print(json.dumps(ratios | times))


if __name__ == "__main__":
    main()
