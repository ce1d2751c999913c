"""Trainings that show a label before they end, on NAS-Bench-101's four budgets."""

import numpy as np
import pandas as pd
import pytest

from neural_predictor.errors import SearchError
from neural_predictor.search.curve import Curve
from neural_predictor.search.pool import ListedPool
from neural_predictor.search.run import make_search, replay, run_watched
from neural_predictor.spaces import make_space

BUDGETS = (4, 12, 36, 108)


@pytest.fixture(scope="module")
def cells(shared_data):
    """A pool of 1,500 cells of NAS-Bench-101, and their validation accuracies (1500, 4)."""
    data = pd.read_csv(shared_data / "nasbench101_val_15k.csv.gz", dtype={"adjacency": str}, nrows=1500)
    space = make_space("nasbench101")
    codes = space.from_columns([data["adjacency"].tolist(), data["operations"].tolist()])
    labels = data[["val_acc_4", "val_acc_12", "val_acc_36", "val_acc_108_max3"]].to_numpy(np.float64)
    return ListedPool(space, codes, Curve(BUDGETS, continued=False)), labels


@pytest.mark.shared_data
def test_what_is_stopped_would_not_have_been_the_best_and_saves_trainings(cells):
    pool, labels = cells
    search = make_search("learning-curve", pool, 0)
    spent = run_watched(search, labels, 50, 20)
    best = np.maximum.accumulate(labels[spent.rows, -1])
    assert (labels[spent.stopped, -1] < best[-1]).mean() > 0.95
    assert spent.costs[19] == pytest.approx(20 * 160 / 108)  # the first 20 go through four trainings each
    assert (np.diff(spent.costs) > 0).all()
    assert not np.isin(spent.stopped, spent.rows).any()
    assert not len(search.pending)
    every = run_watched(make_search("random", pool, 0), labels, 50, 20)
    assert not len(every.stopped)
    assert len(spent.rows) + len(spent.stopped) > 1.5 * len(every.rows)


@pytest.mark.shared_data
def test_what_was_watched_is_replayed(cells):
    pool, labels = cells
    search, history = make_search("learning-curve", pool, 1), []
    for _ in range(4):
        rows = search.ask(20)
        going = rows[search.watch(rows, labels[rows, :1])]
        search.tell(going, labels[going, -1])
        history.append((rows.tolist(), going.tolist(), labels[going, -1].tolist(), (rows.tolist(), labels[rows, :1])))
    assert len(search.stopped)
    again = replay(make_search("learning-curve", pool, 1), history)
    assert again.stopped.tolist() == search.stopped.tolist()
    assert again.ask(20).tolist() == search.ask(20).tolist()


def test_a_pool_without_a_curve_is_refused_by_name():
    space = make_space("nasbench101")
    pool = ListedPool(space, space.sample(50, np.random.default_rng(0)))
    with pytest.raises(SearchError, match=r"the search learning-curve stops trainings .* give the pool a `curve`"):
        make_search("learning-curve", pool, 0)
    search = make_search("random", pool, 0)
    rows = search.ask(5)
    with pytest.raises(SearchError, match="the pool's curve has 0 epochs"):
        search.watch(rows, np.ones((5, 1)))
    with pytest.raises(SearchError, match="one is needed for each architecture and epoch"):
        run_watched(search, np.ones((50, 4)), 10, 5)


def test_watched_trainings_are_checked():
    space = make_space("nasbench101")
    pool = ListedPool(space, space.sample(50, np.random.default_rng(0)), Curve(BUDGETS))
    search = make_search("learning-curve", pool, 0)
    rows = search.ask(5)
    assert search.watch(rows, np.ones((5, 3))).all()
    for shape in ((5, 4), (5, 0), (4, 1), (5,)):
        with pytest.raises(SearchError, match="the pool's curve has 4 epochs"):
            search.watch(rows, np.ones(shape))
    with pytest.raises(SearchError, match="finite"):
        search.watch(rows, np.full((5, 1), np.nan))
    with pytest.raises(SearchError, match="pending, once each"):
        search.watch(np.setdiff1d(np.arange(50), rows)[:5], np.ones((5, 1)))


def test_costs_of_one_training_and_of_one_for_each_epoch():
    assert Curve(BUDGETS).costs.tolist() == [4 / 108, 12 / 108, 36 / 108, 1]
    assert Curve(BUDGETS, continued=False).costs.tolist() == [4 / 108, 16 / 108, 52 / 108, 160 / 108]
    for wrong in ((108,), (12, 4), (0, 4)):
        with pytest.raises(SearchError, match="a curve has two or more, ascending"):
            Curve(wrong)
