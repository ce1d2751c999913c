"""Fronts against brute force, and all searches for one: on tables, on a space without end, and by their history."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import nas_bench_graph
import numpy as np
import pytest

from neural_predictor.errors import ConfigError, SearchError
from neural_predictor.latency import load_latency
from neural_predictor.predictors.boosted_trees import BoostedTreesRecipe
from neural_predictor.search.fronts.pareto import (
    crowding,
    front,
    growing_hypervolume,
    hypervolume,
    layers,
    nadir,
    oriented,
    spread_order,
)
from neural_predictor.search.fronts.registry import FRONT_SEARCHES
from neural_predictor.search.fronts.run import FrontProblem, make_front_search, run_front
from neural_predictor.search.pool import EndlessPool, GraphPool, ListedPool
from neural_predictor.search.run import replay
from neural_predictor.spaces import make_space
from neural_predictor.tables.accel_nasbench import read as read_chains
from neural_predictor.tables.nasbench_graph import read
from support.accel_nasbench import archive, record

RNG = np.random.default_rng
GRAPHS = make_space("nasbench-graph", allowed=("gcn", "sage", "arma", "fc", "skip"))
QUICK = {"trees": BoostedTreesRecipe(trees=10, learning_rate=0.3, ensembles=1)}
SMALL = {
    "front": QUICK | {"initial": 20},
    "front-rounds": QUICK | {"initial": 20},
    "windows": QUICK | {"initial": 20},
    "chamnet": QUICK | {"initial": 20, "population": 10, "generations": 3},
    "nsga2": {"population": 10},
}


@pytest.fixture(scope="module")
def proteins():
    """300 rows of the real table."""
    whole = read("nasbench-graph-proteins", Path(nas_bench_graph.__file__).parent / "light/proteins.bench")
    rows = RNG(0).permutation(len(whole))[:300]
    metrics = {name: values[rows] for name, values in whole.metrics.items()}
    return replace(whole, architecture=whole.architecture[rows], encoding=whole.encoding[rows], metrics=metrics)


@pytest.fixture(scope="module")
def problem(proteins):
    bounds = np.quantile(proteins.mean("latency_ms"), (0.2, 0.6)).tolist()
    return FrontProblem(proteins, "latency_ms", tuple(bounds), 3, 2, 40)


@pytest.fixture(scope="module")
def chains(tmp_path_factory):
    path = tmp_path_factory.mktemp("chains") / "a.tar.gz"
    path.write_bytes(archive([record(number) for number in range(30)]))
    return read_chains("accel-nasbench", path)


def points_of(seed):
    """Points with many ties and copies for even seeds, without for odd ones."""
    rng = RNG(seed)
    return rng.integers(0, 6, (30, 2)).astype(float) if seed % 2 == 0 else rng.random((40, 2))


def dominated(points):
    """(n, n) whether the column's point dominates the row's."""
    least = (points[None] >= points[:, None]).all(axis=2)
    return least & (points[None] > points[:, None]).any(axis=2)


@pytest.mark.parametrize("seed", range(8))
def test_layers_and_front_are_those_of_all_pairs(seed):
    points, left = points_of(seed), np.arange(len(points_of(seed)))
    expected = np.empty(len(points), int)
    for number in range(len(points)):
        best = ~dominated(points[left]).any(axis=1)
        expected[left[best]] = number
        left = left[~best]
    assert layers(points).tolist() == expected.tolist()
    found = front(points)
    assert {tuple(point) for point in points[found]} == {tuple(point) for point in points[expected == 0]}
    assert len(np.unique(points[found], axis=0)) == len(found)
    assert (np.diff(points[found, 0]) < 0).all()


@pytest.mark.parametrize("seed", range(8))
def test_hypervolume_is_the_area_of_the_dominated_cells(seed):
    points, reference = points_of(seed), np.array([0.2, 0.1]) if seed % 2 else np.array([1.0, 2.0])
    xs, ys = (np.unique(np.append(np.maximum(points[:, k], reference[k]), reference[k])) for k in (0, 1))
    area = sum(
        (high_x - low_x) * (high_y - low_y)
        for low_x, high_x in pairwise(xs)
        for low_y, high_y in pairwise(ys)
        if ((points[:, 0] >= high_x) & (points[:, 1] >= high_y)).any()
    )
    assert hypervolume(points, reference) == pytest.approx(area)
    grown = growing_hypervolume(points, reference)
    assert grown == pytest.approx([hypervolume(points[: k + 1], reference) for k in range(len(points))])
    assert growing_hypervolume(points, nadir(points))[-1] == pytest.approx(hypervolume(points, nadir(points)))


def test_nothing_is_above_a_reference_that_all_points_lie_on():
    assert hypervolume(np.ones((3, 2)), np.ones(2)) == 0
    assert hypervolume(np.zeros((0, 2)), np.zeros(2)) == 0
    assert layers(np.ones((3, 2))).tolist() == [0, 0, 0]


def test_what_has_no_direction_is_a_cost():
    assert oriented(np.array([1.0, 2.0]), maximise=True).tolist() == [1, 2]
    assert oriented(np.array([1.0, 2.0]), maximise=None).tolist() == [-1, -2]


def test_crowding_is_the_distance_between_neighbours():
    points = np.array([[0.0, 10.0], [1.0, 8.0], [2.0, 6.0], [10.0, 0.0]])
    assert crowding(points).tolist() == pytest.approx([np.inf, 0.2 + 0.4, 0.9 + 0.8, np.inf])


def test_a_spread_order_goes_by_layers_and_begins_with_the_ends_of_each():
    line = np.stack([np.linspace(0, 1, 11), np.linspace(1, 0, 11)], axis=1)
    points = np.concatenate([line - 5, line])
    order = spread_order(points, RNG(0))
    assert sorted(order) == list(range(22))
    assert set(order[:2]) == {11, 21}
    assert order[2] == 16  # the middle
    assert set(order[11:13]) == {0, 10}
    assert spread_order(points[:0], RNG(0)).tolist() == []


@pytest.mark.parametrize("name", FRONT_SEARCHES)
def test_every_search_trains_its_budget_once_each_and_its_history_is_its_state(name, problem):
    traces = run_front(name, problem, **SMALL.get(name, {}))
    assert traces.shape == (2, 40)
    assert all(len(np.unique(trace)) == 40 for trace in traces)
    pool = ListedPool(GRAPHS, problem.table.encoding)
    first, again = (make_front_search(name, pool, problem, 7, **SMALL.get(name, {})) for _ in range(2))
    labels, history = problem.table.mean(problem.table.signal), []
    for _ in range(3):
        rows = first.ask(10)
        first.tell(rows, labels[rows])
        history.append((rows.tolist(), rows.tolist(), labels[rows].tolist()))
    assert first.ask(10).tolist() == replay(again, history).ask(10).tolist()


def test_searches_that_begin_at_random_begin_alike(problem):
    begun = [run_front(name, problem, **SMALL[name])[:, :20] for name in ("front", "front-rounds", "chamnet")]
    assert (begun[0] == begun[1]).all()
    assert (begun[0] == begun[2]).all()


def test_a_front_search_trains_the_true_front_where_it_can_be_predicted(problem):
    rounds = run_front("front-rounds", problem, initial=20)
    random = run_front("random", problem)
    shares = [np.mean([problem.share(trace)[-1] for trace in traces]) for traces in (rounds, random)]
    assert shares[0] > shares[1]
    assert problem.share(problem.true_front)[-1] == pytest.approx(1)
    assert (np.diff(problem.share(random[0])) >= 0).all()


def test_windows_train_candidates_of_each_window_in_turn(problem):
    trace = run_front("windows", problem, **SMALL["windows"])[0]
    low, high = sorted(problem.bounds)
    cost = problem.costs[trace]
    assert (cost <= high).all()
    assert (cost[20::2] <= low).all()
    assert (cost[21::2] >= low).all()


def test_nsga2_takes_the_nearest_rows_where_a_mutant_is_not_in_the_table(chains):
    few = FrontProblem(chains, "latency_zcu102_ms", (), 0, 1, 25)
    pool = ListedPool(make_space("mnasnet"), chains.encoding)
    search = make_front_search("nsga2", pool, few, 0, population=5)
    rows = search.ask(5)
    search.tell(rows, chains.mean(chains.signal)[rows])
    parents = search.rows[:3]
    children = search.offspring(parents, search.asked)
    assert not np.isin(children, rows).any()
    assert len(np.unique(run_front("nsga2", few, population=5)[0])) == 25


def test_a_front_of_a_space_without_end_under_a_latency_model(problem):
    pool, pixel = EndlessPool(make_space("proxylessnas")), load_latency("pixel1")
    for name in FRONT_SEARCHES:
        kind = FRONT_SEARCHES[name].load("search")
        few = {"candidates": 50} if name in ("front", "front-rounds", "windows", "chamnet") else {}
        given = {"edges": (75.0, 120.0)} if name == "windows" else {}
        given |= {"bounds": (110.0,)} if name in ("chamnet", "constrained") else {}
        settings = kind.settings_class.model_validate(SMALL.get(name, {}) | few | given)
        search = kind(pool, lambda rows: pixel.latency_ms(pool.codes(rows)), 0, settings=settings)
        for _ in range(3):
            rows = search.ask(10)
            search.tell(rows, search.cost(rows) % 7)
        assert len(np.unique(search.rows)) == 30


def test_the_constrained_search_heeds_the_bound_in_hand(proteins):
    cost = proteins.mean("latency_ms")
    tight, loose = np.quantile(cost, (0.2, 0.8))
    alone = FrontProblem(proteins, "latency_ms", (tight,), 3, 4, 80)
    met = [alone.within(tight)[run_front(name, alone)].mean() for name in ("constrained", "random")]
    assert met[0] > 1.5 * met[1]
    both = replace(alone, bounds=(tight, loose))
    traces = run_front("constrained", both)
    in_turn = [both.within(tight)[traces[:, place::2]].mean() for place in (0, 1)]
    assert in_turn[0] > 1.5 * in_turn[1]


@pytest.mark.parametrize(
    ("costs", "bound"),
    [([2.0, 4.0, 8.0], 4.0), ([-1 / 2, -1 / 4, -1 / 8], -1 / 4)],
    ids=["latency", "throughput"],  # of which more is better, so that it is negated
)
def test_a_reward_is_accuracy_by_a_power_of_cost_over_bound(problem, costs, bound):
    pool, rows = ListedPool(GRAPHS, problem.table.encoding[:3]), np.arange(3)
    kind = FRONT_SEARCHES["constrained"].load("search")
    settings = kind.settings_class(bounds=(bound,), exponent=-0.5)
    search = kind(pool, lambda rows: np.array(costs)[rows], 0, settings=settings)
    assert search.reward(rows, np.full(3, 0.6), bound) == pytest.approx([0.6, 0.6, 0.6 / 2**0.5])
    assert search.reward(rows, np.full(3, -0.6), bound) == pytest.approx([-0.6, -0.6, -0.6 * 2**0.5])
    assert search.reward(rows, np.full(3, 0.6), np.inf) == pytest.approx([0.6] * 3)
    with pytest.raises(SearchError, match=r"the ratio of costs to their bound .*; these costs go from"):
        kind(pool, lambda rows: rows * bound, 0, settings=settings)


def test_regret_is_of_the_choice_within_the_bound(problem):
    table, bound = problem.table, problem.bounds[0]
    signal, target = table.mean(table.signal), table.mean(table.target)
    within = np.flatnonzero(table.mean("latency_ms") <= bound)
    beyond = np.flatnonzero(table.mean("latency_ms") > bound)
    trace = np.concatenate([beyond[:2], within[:3]])
    best = target[within].max()
    expected = [best - target[within].min()] * 2
    expected += [best - target[within[signal[within[: k + 1]].argmax()]] for k in range(3)]
    assert problem.regret(trace, signal, bound) == pytest.approx(expected)


def test_a_throughput_is_bounded_from_below(chains):
    name = "throughput_zcu102_per_s"
    values = chains.mean(name)
    bound = float(np.median(values))
    assert FrontProblem(chains, name, (bound,), 0, 1, 5).within(bound).tolist() == (values >= bound).tolist()


def test_faults_are_named(problem, proteins):
    with pytest.raises(ConfigError, match="'width' is no cost of the table nasbench-graph-proteins; it has latency_ms"):
        FrontProblem(proteins, "width", (), 0, 1, 5)
    with pytest.raises(ConfigError, match="is no cost of the table"):
        FrontProblem(proteins, proteins.signal, (), 0, 1, 5)
    with pytest.raises(ConfigError, match=r"the bound 0.001 of latency_ms leaves no architecture .* they have"):
        FrontProblem(proteins, "latency_ms", (0.001,), 0, 1, 5)
    with pytest.raises(SearchError, match="unknown search 'rounds' for a front; known are random, front"):
        run_front("rounds", problem)
    graphs = GraphPool(make_space("nasbench-graph").encode(proteins.encoding[:30]))
    search = make_front_search("nsga2", graphs, problem, 0, population=5)
    rows = search.ask(5)
    search.tell(rows, np.arange(5.0))
    with pytest.raises(SearchError, match="graphs without a search space"):
        search.ask(1)
    with pytest.raises(SearchError, match="reads their decisions, and these are graphs without a search space"):
        make_front_search("constrained", graphs, problem, 0)
    nowhere = FRONT_SEARCHES["random"].load("search")(graphs, lambda rows: np.full(len(rows), np.nan), 0)
    with pytest.raises(SearchError, match="one finite number each"):
        nowhere.cost(np.arange(3))
