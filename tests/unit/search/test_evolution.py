"""Regularized evolution: its rules on a space whose mutation is known, its distribution beside a plain loop's."""

from importlib.util import find_spec
from math import comb
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare

from neural_predictor.errors import ConfigError, TableError, UserError
from neural_predictor.search.base import best_so_far
from neural_predictor.search.evolution import evolution_traces
from neural_predictor.search.pool import MAX_MUTATIONS
from neural_predictor.spaces import SearchSpace
from neural_predictor.spaces.nasbench101.space import NasBench101Space
from neural_predictor.spaces.nasbench_graph import PROTEINS_OPERATIONS, NasBenchGraphSpace
from neural_predictor.tables.nasbench_graph import read
from neural_predictor.tables.table import BenchmarkTable

RNG = np.random.default_rng
LIGHT = Path(find_spec("nas_bench_graph").submodule_search_locations[0]) / "light"


class Circle(SearchSpace):
    """Numbers 0..size - 1 in two codes; the mutation adds `step`, so that every child tells its parent."""

    name = "circle"
    code_length = 2
    operations = ()
    encode = format = parse = None

    def __init__(self, size, step=1):
        self.size, self.step, self.mutations = size, step, 0

    def enumerate(self):
        return self._codes(np.arange(self.size))

    def index_of(self, codes):
        return (codes @ [256, 1]).astype(np.intp)

    def identify(self, codes):
        return self.index_of(codes).astype(str).astype(object)

    def mutate(self, codes, rng):
        self.mutations += len(codes)
        return self._codes((self.index_of(codes) + self.step) % self.size)

    def _codes(self, numbers):
        return np.stack([numbers // 256, numbers % 256], axis=1).astype(np.uint8)


def table_of(space, rows=None, signal="validation_accuracy"):
    codes = space.enumerate() if rows is None else space.enumerate()[rows]
    metrics = {name: np.full((len(codes), 1), 0.5) for name in (signal, "test_accuracy")}
    return BenchmarkTable("t", space.name, space.identify(codes), codes, metrics, signal=signal)


def tournaments_won(tournament):
    """(3000,) age of the first child's parent among ten members, and how many members were better than it."""
    space = Circle(1000)
    signals = RNG(2).random((3000, 1000))
    rows = evolution_traces(table_of(space), space, signals, 11, RNG(3), population=10, tournament=tournament).rows
    members = rows[:, 9::-1]
    seen = np.take_along_axis(signals, members, axis=1)
    ages = np.argmax(members == (rows[:, 10:] - 1) % 1000, axis=1)
    return ages, (seen > seen[np.arange(3000), ages][:, None]).sum(axis=1)


@pytest.fixture(scope="module")
def proteins():
    return read("nasbench-graph-proteins", LIGHT / "proteins.bench"), NasBenchGraphSpace(PROTEINS_OPERATIONS)


def test_the_best_member_is_the_parent_and_the_oldest_dies():
    # All members compete: each child follows from the trace, and shows which members were alive.
    space = Circle(1000)
    signals = RNG(0).random((20, 1000))
    traces = evolution_traces(table_of(space), space, signals, 300, RNG(1), population=10, tournament=10)
    for row, signal in zip(traces.rows, signals, strict=True):
        assert len(set(row[:10])) == 10
        for i in range(10, 300):
            alive = row[i - 10 : i]
            assert row[i] == (alive[np.argmax(signal[alive])] + 1) % 1000
    assert not traces.redrawn.any()
    # The oldest died even where it was the best: some repeat once lost its best member.
    records = [np.maximum.accumulate(signal[row]) for row, signal in zip(traces.rows, signals, strict=True)]
    assert any(
        signal[row[-10:]].max() < record[-1] for row, signal, record in zip(traces.rows, signals, records, strict=True)
    )


def test_the_youngest_wins_among_equals():
    space = Circle(1000)
    traces = evolution_traces(table_of(space), space, np.ones((5, 1000)), 50, RNG(0), population=10, tournament=10)
    for row in traces.rows:
        assert row[10:].tolist() == [(row[9] + k) % 1000 for k in range(1, 41)]


def test_tournaments_are_drawn_without_replacement():
    ages, better = tournaments_won(3)
    # Three different members: at least two others are worse than the winner.
    expected = np.array([comb(9 - rank, 2) / comb(10, 3) for rank in range(8)])
    assert better.max() == 7
    assert chisquare(np.bincount(better), 3000 * expected).pvalue > 1e-3
    assert chisquare(np.bincount(ages, minlength=10)).pvalue > 1e-3


def test_a_tournament_of_one_takes_every_member_alike():
    for counted in tournaments_won(1):
        assert chisquare(np.bincount(counted, minlength=10)).pvalue > 1e-3


def test_lower_is_better_where_the_table_says_so(proteins):
    table, space = proteins
    signals = np.tile(-table.metrics["validation_accuracy"][:, 0], (10, 1))
    latencies = BenchmarkTable(
        table.name, table.space, table.architecture, table.encoding, dict(table.metrics), signal="latency_ms"
    )
    up, down = (
        evolution_traces(bench, space, seen, 200, RNG(6), population=50)
        for bench, seen in ((table, -signals), (latencies, signals))
    )
    assert not latencies.maximise
    np.testing.assert_array_equal(up.rows, down.rows)
    seen = np.take_along_axis(signals, down.rows, axis=1)
    assert seen[:, 150:].mean() < seen[:, :50].mean() - signals.std() / 2


def plain_evolution(table, space, signal, budget, population, tournament, rng):
    """One repeat as the official notebook writes it: a list of (signal, row), one child at a time."""
    row_of = {name: row for row, name in enumerate(table.architecture)}
    trace = rng.choice(len(table), population, replace=False).tolist()
    members = [(signal[row], row) for row in trace]
    while len(trace) < budget:
        drawn = [members[k] for k in sorted(rng.choice(population, tournament, replace=False))]
        parent = sorted(drawn, key=lambda member: member[0])[-1][1]
        child = row_of[space.identify(space.mutate(table.encoding[[parent]], rng))[0]]
        trace.append(child)
        members.append((signal[child], child))
        members.pop(0)
    return trace


def test_best_so_far_is_distributed_as_that_of_a_plain_loop(proteins):
    table, space = proteins
    signal = table.metrics["validation_accuracy"][:, 0]
    size = {"population": 20, "tournament": 5}
    ours = evolution_traces(table, space, np.broadcast_to(signal, (2000, len(signal))), 120, RNG(7), **size).rows
    plain = np.array([plain_evolution(table, space, signal, 120, **size, rng=RNG(k)) for k in range(120)])
    best = [
        signal[np.take_along_axis(rows, best_so_far(signal[rows], maximise=True), axis=1)] for rows in (ours, plain)
    ]
    distinct = [np.array([len(set(row)) for row in rows.tolist()], float)[:, None] for rows in (ours, plain)]
    for one, other in (best, [signal[rows] for rows in (ours, plain)], distinct):
        error = np.sqrt(sum(part.var(axis=0, ddof=1) / len(part) for part in (one, other)))
        points = slice(None) if one.shape[1] == 1 else [9, 19, 29, 49, 79, 119]
        assert (np.abs(one.mean(axis=0) - other.mean(axis=0)) < 4 * error)[points].all()
    # Evolution pays here: without selection the late samples would be no better than the first ones.
    assert signal[ours[:, 100:]].mean() > signal[ours[:, :20]].mean() + 3 * signal.std() / np.sqrt(len(ours))


def test_first_members_are_uniform_and_different(proteins):
    table, space = proteins
    rows = evolution_traces(table, space, np.zeros((1000, len(table))), 100, RNG(8)).rows
    assert all(len(set(row)) == 100 for row in rows.tolist())
    assert chisquare(np.bincount(rows.ravel() * 100 // len(table), minlength=100)).pvalue > 1e-3
    assert abs(rows[:, 0].mean() / len(table) - 0.5) < 4 * np.sqrt(1 / 12 / 1000)


def test_draws_follow_from_the_generator_and_a_smaller_budget_is_the_beginning(proteins):
    table, space = proteins
    signals = RNG(9).random((7, len(table))).astype(np.float32)
    before = signals.copy()
    whole, again, part, other = (
        evolution_traces(table, space, signals, budget, RNG(seed)).rows
        for budget, seed in ((250, 1), (250, 1), (30, 1), (250, 2))
    )
    np.testing.assert_array_equal(whole, again)
    np.testing.assert_array_equal(whole[:, :30], part)
    assert whole.dtype == np.intp
    assert part.shape == (7, 30)
    assert (whole != other).mean() > 0.9
    np.testing.assert_array_equal(signals, before)


def test_children_outside_the_table_are_mutated_again():
    space = NasBench101Space()
    small = np.flatnonzero(space.enumerate()[:, 0] <= 5)
    table = table_of(space, small)
    traces = evolution_traces(table, space, RNG(0).random((20, len(small))), 150, RNG(1))
    assert len(small) == 2_532
    assert traces.rows.min() >= 0
    assert traces.rows.max() < len(small)
    assert not traces.redrawn.any()


def test_a_random_row_takes_the_place_of_a_child_that_cannot_be():
    # Every number is odd, every child even: no mutation is ever in the table.
    space = Circle(1000)
    table = table_of(space, np.arange(1, 1000, 2))
    traces = evolution_traces(table, space, RNG(0).random((40, 500)), 60, RNG(1), population=10, tournament=2)
    assert traces.redrawn.tolist() == [50] * 40
    assert space.mutations == 40 * 50 * MAX_MUTATIONS
    assert chisquare(np.bincount(traces.rows[:, 10:].ravel() // 50, minlength=10)).pvalue > 1e-3


def test_lineages_keep_the_codes_that_mutation_made():
    class Raw(Circle):
        """The second code's high bit takes no part in the identity; only rows that have it mutate to others."""

        def index_of(self, codes):
            return (codes[:, 1] & 127).astype(np.intp)

        def filled(self, codes, rng):
            return codes | np.array([0, 128], np.uint8)

        def mutate(self, codes, rng):
            assert (codes[:, 1] >= 128).all()
            return (codes + np.array([0, 1], np.uint8)) | np.array([0, 128], np.uint8)

    space = Raw(128)
    traces = evolution_traces(table_of(space), space, np.ones((3, 128)), 40, RNG(0), population=5, tournament=5)
    assert (np.diff(traces.rows[:, 4:], axis=1) % 128 == 1).all()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"budget": 0}, ConfigError, "budget 0; expected at least 1"),
        ({"population": 101}, ConfigError, "population 101; expected 1 to 100, the rows of table t"),
        ({"population": 0}, ConfigError, "population 0; expected 1 to 100"),
        ({"tournament": 0}, ConfigError, "tournament 0; expected 1 to 20, the population"),
        ({"tournament": 21}, ConfigError, "tournament 21; expected 1 to 20, the population"),
        ({"space": NasBenchGraphSpace()}, TableError, "table t is of the space circle, not of nasbench-graph"),
        ({"signals": np.ones(100)}, TableError, r"signals \(100,\); expected \(repeats, 100\)"),
        ({"signals": np.ones((0, 100))}, TableError, r"signals \(0, 100\); expected \(repeats, 100\), one repeat"),
        ({"signals": np.diag(np.full(100, np.nan))}, TableError, "row 0: the signal of repeat 0 is nan"),
        ({"signals": np.diag([1.0] * 99 + [np.inf])}, TableError, "row 99: the signal of repeat 99 is inf"),
    ],
)
def test_bad_arguments_are_named(change, error, message):
    space = Circle(100)
    arguments = {"table": table_of(space), "space": space, "signals": np.ones((2, 100)), "budget": 30}
    arguments |= {"rng": RNG(0), "population": 20, "tournament": 5}
    assert issubclass(error, UserError)
    with pytest.raises(error, match=message):
        evolution_traces(**(arguments | change))
