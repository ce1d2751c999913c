import numpy as np
import pytest

from neural_predictor.search.base import best_so_far, oracle
from neural_predictor.search.draws import draw_repeat
from neural_predictor.search.guided import guided_trace
from neural_predictor.search.random_search import random_trace
from neural_predictor.seeds import seed_of
from neural_predictor.tables.table import BenchmarkTable

RNG = np.random.default_rng


@pytest.fixture
def table():
    n = 50
    metrics = {"validation_accuracy": RNG(0).random((n, 3)), "test_accuracy": RNG(1).random((n, 3))}
    names = np.array([f"a{k}" for k in range(n)], object)
    return BenchmarkTable("t", "s", names, np.zeros((n, 1), np.uint8), metrics)


def test_best_so_far_is_the_running_maximum_and_the_first_of_equals():
    signal = np.array([3.0, 1.0, 3.0, 5.0, 4.0, 5.0])
    assert best_so_far(signal, maximise=True).tolist() == [0, 0, 0, 3, 3, 3]
    assert best_so_far(signal, maximise=False).tolist() == [0, 1, 1, 1, 1, 1]
    both = np.stack([signal, -signal])
    assert best_so_far(both, maximise=True).tolist() == [[0, 0, 0, 3, 3, 3], [0, 1, 1, 1, 1, 1]]


def test_best_so_far_agrees_with_a_loop():
    signal = RNG(0).integers(0, 20, (5, 200)).astype(float)
    expected = [[int(np.argmax(row[: k + 1])) for k in range(200)] for row in signal]
    assert best_so_far(signal, maximise=True).tolist() == expected


def test_random_search_never_trains_a_network_twice():
    trace = random_trace(100, 100, RNG(0))
    assert sorted(trace) == list(range(100))


def test_the_guided_search_trains_n_then_the_best_of_the_rest_by_score():
    scores = np.array([0.1, 0.9, 0.5, 0.7, 0.3, 0.8])
    trace = guided_trace(scores, np.array([1, 4]), 5, RNG(0), maximise=True)
    assert trace.tolist() == [1, 4, 5, 3, 2]
    assert guided_trace(scores, np.array([1, 4]), 5, RNG(0), maximise=False).tolist() == [1, 4, 0, 2, 3]


def test_ties_are_broken_at_random_so_a_constant_predictor_is_random_search():
    first = [guided_trace(np.zeros(20), np.array([0]), 2, RNG(seed), maximise=True)[1] for seed in range(2000)]
    counts = np.bincount(first, minlength=20)
    assert counts[0] == 0
    assert counts[1:].min() > 60  # 105 expected, standard deviation 10


def test_the_oracle_is_the_best_signal():
    assert oracle(np.array([1.0, 3.0, 2.0]), maximise=True) == 1
    assert oracle(np.array([1.0, 3.0, 0.5]), maximise=False) == 2


def test_draws_follow_from_seed_and_name_alone(table):
    one, again = (draw_repeat(table, 7, 10, 3) for _ in range(2))
    assert (one.train_rows == again.train_rows).all()
    assert (one.runs == again.runs).all()
    assert one.seed == again.seed
    others = [draw_repeat(table, *other) for other in ((8, 10, 3), (7, 11, 3), (7, 10, 4))]
    assert all(other.seed != one.seed for other in others)
    assert all(not np.array_equal(other.train_rows[:10], one.train_rows) for other in others)


def test_training_networks_are_drawn_uniformly_without_replacement(table):
    rows = np.stack([draw_repeat(table, 0, 10, repeat).train_rows for repeat in range(1000)])
    assert all(len(set(row)) == 10 for row in rows)
    counts = np.bincount(rows.ravel(), minlength=50)
    assert counts.min() > 150  # 200 expected, standard deviation 13
    assert counts.max() < 250


def test_the_signal_is_one_run_of_the_three(table):
    seen = draw_repeat(table, 0, 10, 0)
    values = table.metrics["validation_accuracy"]
    assert (seen.signal == values[np.arange(50), seen.runs]).all()
    assert set(seen.runs) == {0, 1, 2}


def test_seeds_of_different_names_differ():
    assert len({seed_of(0, "a", k) for k in range(1000)} | {seed_of(1, "a", k) for k in range(1000)}) == 2000
    assert 0 <= seed_of(0, "fit", 1) < 2**64
