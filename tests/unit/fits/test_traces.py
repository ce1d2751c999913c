"""Files of searches say what a search was told, and whoever reads them compares it with what the study draws."""

import numpy as np
import pytest

from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.fits.key import SearchKey, parse_run
from neural_predictor.fits.traces import read_searches, run_searches
from support.searches import NAME, make_searchable

SEED = 5


class OfSeed:
    """What of a study a job of searches reads."""

    seed = SEED

    def check_rows(self, name, rows):
        pass


@pytest.fixture(scope="module")
def table():
    return make_searchable()


@pytest.fixture
def write(tmp_path, table):
    def written(key, *parts):
        paths = [tmp_path / f"{repeats.start}-{repeats.stop}.npz" for repeats in parts]
        for path, repeats in zip(paths, parts, strict=True):
            run_searches(OfSeed(), table, key, repeats, path)
        return paths

    return written


KEY = SearchKey("tpe", NAME, 30, 10, 1)


def test_runs_are_read_in_the_order_of_their_repeats_however_they_are_dealt(write, table):
    (whole,) = write(KEY, range(3))
    parts = write(KEY, range(2, 3), range(2))
    (found,) = read_searches([whole], table, SEED, {KEY: 3}).values()
    (dealt,) = read_searches(parts, table, SEED, {KEY: 3}).values()
    assert found.rows.shape == (3, 30)
    np.testing.assert_array_equal(found.rows, dealt.rows)
    assert found.questions[0].tolist() == [0] * 10 + [1] * 10 + [2] * 10
    assert len({tuple(rows) for rows in found.rows.tolist()}) == 3
    assert len(read_searches(parts, table, SEED, {KEY: 2})[KEY].rows) == 2
    with pytest.raises(FormatError, match=r"searches/tpe/.*/30-b10-s1: no file has repeat 2; run the rule"):
        read_searches(parts[1:], table, SEED, {KEY: 3})


def test_the_same_runs_are_the_same_bytes(write):
    (path,) = write(KEY, range(1))
    first = path.read_bytes()
    write(KEY, range(1))
    assert path.read_bytes() == first


def altered(path, **changes):
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files} | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"signals": np.zeros((1, 30))}, "than the study draws today.*raise the version of"),
        ({"seeds": np.array([7], np.uint64)}, "raise the version of"),
        ({"settings": np.array("{}")}, "raise the version of"),
        ({"repeats": np.array([10**9])}, "raise the version of"),
        ({"rows": np.full((1, 30), 10**6)}, "rows that the table .* does not have; delete it"),
        ({"rows": np.zeros((1, 29), int)}, "rows .* of 1 repeats of 30 trainings; delete it"),
        ({"rows": np.zeros(30)}, "rows is float64"),
        ({"questions": np.full((1, 30), 2)}, "questions are not numbered in their order; delete it"),
        ({"questions": None}, "a file of searches without questions; delete it"),
        ({"format": np.array(9)}, "in format 9; this version reads format 1: delete it"),
        ({"search": np.array("annealing")}, "runs annealing/.*which this figure of the study does not read; leave it"),
    ],
)
def test_a_file_that_the_study_would_not_write_today_is_refused(write, table, changes, said):
    (path,) = write(KEY, range(1))
    with pytest.raises(FormatError, match=said):
        read_searches([altered(path, **changes)], table, SEED, {KEY: 1})


def test_another_studys_runs_are_refused(write, table):
    (path,) = write(KEY, range(1))
    with pytest.raises(FormatError, match="raise the version of"):
        read_searches([path], table, SEED + 1, {KEY: 1})
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(FormatError, match="not a file of searches"):
        read_searches([path], table, SEED, {KEY: 1})


def test_the_name_of_a_run_is_read_back():
    assert KEY.folder == f"tpe/{NAME}/30-b10-s1"
    assert parse_run("tpe", NAME, KEY.run) == KEY
    with pytest.raises(ConfigError, match=r"no runs '30-b0-s1'; they are <trainings>-b<batch>-s<setting>, such as"):
        parse_run("tpe", NAME, "30-b0-s1")
