import numpy as np
import pytest

from neural_predictor.tables.nasbench101.run_columns import RunColumns, grown


def test_grown_arrays_keep_what_they_have_and_go_on_with_zeros():
    array = np.ones((2, 3), np.float32)
    assert grown(array, (2, 3), 100) is array
    assert grown(array, (1, 2), 100) is array
    more = grown(array, (3, 4), 100)
    assert more.shape == (3, 12)
    assert more.dtype == np.float32
    assert more.sum() == 6
    assert (more[:2, :3] == 1).all()
    assert grown(array, (3, 3), 100).shape == (3, 3)
    assert grown(array, (2, 4), 10).shape == (2, 10)
    assert grown(array, (2, 50), 100).shape == (2, 50)


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_runs_in_any_order_are_repeats_in_their_order(batch):
    rng = np.random.default_rng(batch)
    cell = rng.integers(40, size=200)
    values = np.column_stack([rng.random(200), np.arange(200)]).astype(np.float32)
    columns = RunColumns(2, 41)
    for start in range(0, 200, batch):
        columns.add(cell[start : start + batch], values[start : start + batch])
    expected = [values[cell == k] for k in range(41)]
    assert columns.runs(41).tolist() == [len(runs) for runs in expected]
    for place in range(2):
        found = columns.get(place, 41)
        assert found.shape == (41, max(map(len, expected)))
        for row, runs in zip(found, expected, strict=True):
            assert row[: len(runs)].tolist() == runs[:, place].tolist()
            assert np.isnan(row[len(runs) :]).all()
    assert columns.find_copy(41) is None


def test_a_copy_is_found_wherever_it_is():
    rng = np.random.default_rng(0)
    cell = np.repeat(np.arange(30), 4)
    values = rng.random((120, 3)).astype(np.float32)
    values[:, 2] = 5  # all equal in the value that is compared first
    columns = RunColumns(3, 30)
    columns.add(cell, values)
    assert columns.find_copy(30) is None
    values[4 * 17 + 3] = values[4 * 17 + 1]
    columns = RunColumns(3, 30)
    columns.add(cell, values)
    assert columns.find_copy(30) == (17, 1, 3)


def test_one_cell_of_very_many_repeats_takes_no_more_than_its_share():
    columns = RunColumns(1, 4)
    for k in range(500):
        columns.add(np.array([0, 0, 1 + k % 3]), np.arange(3, dtype=np.float32)[:, None])
    assert columns.runs(4).tolist() == [1000, 167, 167, 166]
    assert columns.get(0, 4).shape == (4, 1000)
