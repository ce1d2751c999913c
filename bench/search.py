"""Time random search and regularized evolution on a table of NAS-Bench-101's size against a plain loop.

    python bench/search.py [--repeats 600] [--samples 5000] [--rounds 3]

The table is SYNTHETIC: all 423,624 cells with three random accuracies each, so that only the speed means anything.
With nothing to select for, the populations drift to cells of four to six vertices, which are quick to prune and hash
one by one; on real accuracies, which favour seven, the straightforward way would be slower.
The straightforward evolution is that of the notebooks: one repeat, one cell at a time, its matrix flipped entry by
entry until the outcome is a cell, the population a list, and the accuracy looked up under the cell's hash in a
dictionary. It is written with plain lists and without copies of objects, which is faster than the official code, and
its dictionary is filled before the clock starts. It is timed on one repeat of the same number of samples, so its time
for all repeats is scaled by their number. Drawing each repeat's signals, which both ways need, is timed apart. All
are timed in turn in one process; on a shared machine, look at the spread.

The last line is a JSON object: `ratio` is the median over rounds of the straightforward way's seconds a sample over
ours, both with the first members.
"""

from __future__ import annotations

import argparse
import json
import random
from statistics import median
from time import perf_counter

import numpy as np

from enumerate_nasbench101 import LABELS, hash_cell
from neural_predictor.search.evolution import evolution_traces
from neural_predictor.search.random_search import random_trace
from neural_predictor.spaces.nasbench101.cells import unpack
from neural_predictor.spaces.nasbench101.space import NasBench101Space
from neural_predictor.tables.table import BenchmarkTable

POPULATION, TOURNAMENT = 100, 10
BLOCK = 300
"""Repeats that our evolution advances together; their signals take 508 MB, and smaller blocks are slower a repeat."""
INPUT, *INTERIOR, OUTPUT = LABELS


def synthetic_table(space: NasBench101Space) -> BenchmarkTable:
    codes = space.enumerate()
    rng = np.random.default_rng(0)
    metrics = {name: rng.random((len(codes), 3), dtype=np.float32) for name in ("validation_accuracy", "test_accuracy")}
    return BenchmarkTable("synthetic", space.name, space.identify(codes), codes, metrics)


def prune(matrix: list[list[int]], labels: list[int]) -> tuple[list[list[int]], list[int]] | None:
    """The cell without its dangling vertices; None if it is no cell of the space."""
    size = range(len(labels))
    ahead, behind = {0}, {len(labels) - 1}
    for v in size:
        if any(matrix[w][v] for w in ahead if w < v):
            ahead.add(v)
    for v in reversed(size):
        if any(matrix[v][w] for w in behind if w > v):
            behind.add(v)
    keep = sorted(ahead & behind)
    pruned = [[matrix[v][w] for w in keep] for v in keep]
    if not keep or sum(map(sum, pruned)) > 9:
        return None
    return pruned, [labels[v] for v in keep]


def mutate(matrix: list[list[int]], labels: list[int]) -> tuple[list[list[int]], list[int], str]:
    """A valid mutated cell of seven vertices, and its hash."""
    while True:
        new_matrix, new_labels = [row[:] for row in matrix], labels[:]
        for v in range(6):
            for w in range(v + 1, 7):
                if random.random() < 1 / 7:
                    new_matrix[v][w] = 1 - new_matrix[v][w]
        for v in range(1, 6):
            if random.random() < 1 / 5:
                new_labels[v] = random.choice([label for label in INTERIOR if label != labels[v]])
        pruned = prune(new_matrix, new_labels)
        if pruned is not None:
            return new_matrix, new_labels, hash_cell(*pruned)


def evolve_plainly(
    first: list[tuple[list[list[int]], list[int], int]], rows: dict[str, int], signal: list[float], samples: int
) -> list[int]:
    """The rows that one repeat trains; its first members are given as matrices, labels and rows."""
    trace = [row for _, _, row in first[:samples]]
    population = [(signal[row], matrix, labels) for matrix, labels, row in first]
    while len(trace) < samples:
        entrants = random.sample(population, TOURNAMENT)
        _, matrix, labels = max(entrants, key=lambda member: member[0])
        matrix, labels, name = mutate(matrix, labels)
        row = rows[name]
        trace.append(row)
        population.append((signal[row], matrix, labels))
        population.pop(0)
    return trace


def time_plainly(
    table: BenchmarkTable, space: NasBench101Space, rows: dict[str, int], samples: int, seed: int
) -> float:
    """Seconds of one repeat."""
    random.seed(seed)
    rng = np.random.default_rng(seed)
    signal = table.at(table.signal, table.draw_runs(rng)).tolist()
    start = perf_counter()
    drawn = random_trace(len(table), POPULATION, rng)
    _, matrices, kinds = unpack(space.filled(table.encoding[drawn], rng))
    labels = np.array(LABELS)[kinds]
    first = list(zip(matrices.tolist(), labels.tolist(), drawn.tolist(), strict=True))
    trace = evolve_plainly(first, rows, signal, samples)
    seconds = perf_counter() - start
    assert len(trace) == samples
    return seconds


def time_ours(table: BenchmarkTable, space: NasBench101Space, repeats: int, samples: int, seed: int) -> list[float]:
    """Seconds of all repeats: evolution, random search, and the signals that evolution sees."""
    rng = np.random.default_rng(seed)
    evolution_s = signals_s = 0.0
    for first in range(0, repeats, BLOCK):
        start = perf_counter()
        signals = np.empty((min(BLOCK, repeats - first), len(table)), np.float32)
        for row in signals:
            row[:] = table.at(table.signal, table.draw_runs(rng))
        middle = perf_counter()
        traces = evolution_traces(table, space, signals, samples, rng, population=POPULATION, tournament=TOURNAMENT)
        evolution_s += perf_counter() - middle
        signals_s += middle - start
        assert traces.rows.shape == (len(signals), samples)
        assert not traces.redrawn.any()
    start = perf_counter()
    np.stack([random_trace(len(table), samples, rng) for _ in range(repeats)])
    return [evolution_s, perf_counter() - start, signals_s]


def main() -> None:
    parser = argparse.ArgumentParser(description="Time searches on a synthetic table of NAS-Bench-101's size.")
    parser.add_argument("--repeats", type=int, default=600, help="repeats of each search")
    parser.add_argument("--samples", type=int, default=5000, help="architectures that a repeat trains, over 100")
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds")
    arguments = parser.parse_args()
    repeats, samples = arguments.repeats, arguments.samples
    space = NasBench101Space()
    table = synthetic_table(space)
    rows = {name: row for row, name in enumerate(table.architecture)}
    times: dict[str, list[float]] = {"evolution_s": [], "random_s": [], "signals_s": [], "plain_one_repeat_s": []}
    for seed in range(arguments.rounds):
        seconds = [
            *time_ours(table, space, repeats, samples, seed),
            time_plainly(table, space, rows, samples, seed),
        ]
        for values, value in zip(times.values(), seconds, strict=True):
            values.append(value)
        print(f"round {seed + 1}: " + ", ".join(f"{name} {values[-1]:.2f}" for name, values in times.items()))
    pairs = list(zip(times["plain_one_repeat_s"], times["evolution_s"], strict=True))
    ratios = [plain / (ours / repeats) for plain, ours in pairs]
    ours_us, plain_us = (
        1e6 * median(values) / samples
        for values in ([ours / repeats for _, ours in pairs], times["plain_one_repeat_s"])
    )
    print(f"synthetic table of {len(table)} cells, {repeats} repeats of {samples} samples, blocks of {BLOCK} repeats")
    print(f"a sample takes {ours_us:.1f} microseconds, {plain_us:.0f} straightforwardly (one repeat timed)")
    print(f"straightforward evolution of all repeats, extrapolated: {plain_us * repeats * samples / 1e6:.0f} s")
    about = {"repeats": repeats, "samples": samples, "block": BLOCK, "table": "synthetic"}
    print(json.dumps({"ratio": median(ratios), "ratios": ratios} | about | times))


if __name__ == "__main__":
    main()
