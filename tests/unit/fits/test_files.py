"""Files of scores say what a fit has seen, and whoever reads them compares it with what the study draws."""

import json

import numpy as np
import pytest

from neural_predictor.errors import ConfigError, FormatError, TableError
from neural_predictor.fits.files import draw_fits, group_fits, read_fits, require_fits, write_scores
from neural_predictor.fits.key import FitKey, parse_sample, sample_name
from neural_predictor.search.draws import FOLDS
from neural_predictor.tables.table import BenchmarkTable

SEED = 5
RANDOM, FOLDED = FitKey("one-stage", "small", 20), FitKey("one-stage", "small", None)


def make_table(size=40, name="small"):
    rng = np.random.default_rng(0)
    metrics = {metric: rng.random((size, 3)) for metric in ("validation_accuracy", "test_accuracy")}
    architecture = np.array([f"a{k}" for k in range(size)], object)
    return BenchmarkTable(name, "nasbench-graph", architecture, np.zeros((size, 5), np.uint8), metrics)


def write(folder, table, key=RANDOM, repeats=range(2), seed=SEED, **more):
    draws = draw_fits(table, seed, key, repeats)
    found = {"scores": np.arange(len(draws) * len(table), dtype=np.float32).reshape(len(draws), -1), **more}
    write_scores(folder / "0.npz", folder / "0.json", key, draws, found, {"seconds": 1.5, "repeats": len(repeats)})
    return folder / "0.npz"


def altered(path, **changes):
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files} | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def test_a_fit_is_read_with_what_it_has_seen(tmp_path):
    table = make_table()
    path = write(tmp_path, table)
    assert group_fits([path]) == {RANDOM: [path]}
    first, second = read_fits([path], table, SEED)
    (drawn,) = draw_fits(table, SEED, RANDOM, [1])
    assert second.draw.repeat == 1
    np.testing.assert_array_equal(second.draw.train_rows, drawn.train_rows)
    np.testing.assert_array_equal(second.draw.labels, drawn.signal[drawn.train_rows])
    assert second.draw.seed == drawn.seed != first.draw.seed
    assert first.scores.tolist() == list(range(40))
    assert len(list(read_fits([path], table, SEED, 1))) == 1
    assert json.loads((tmp_path / "0.json").read_text()) == {"seconds": 1.5, "repeats": 2}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({RANDOM: 3}, "fits/one-stage/small/n20: no file of scores that was given has repeat 2 of 3"),
        (
            {RANDOM: 2, FOLDED: 1},
            "fits/one-stage/small/folds: .* has repeat 0 of 1; give all of them, or let Snakemake",
        ),
    ],
)
def test_scores_that_are_not_given_are_missed(tmp_path, wanted, message):
    path = write(tmp_path, make_table())
    require_fits([path], {RANDOM: 2})
    require_fits([path], {})
    with pytest.raises(FormatError, match=message):
        require_fits([path], wanted)


def test_the_folds_of_a_repeat_are_fits_of_its_partition(tmp_path):
    table = make_table(43)
    path = write(tmp_path, table, FOLDED)
    assert group_fits([path]) == {FOLDED: [path]}
    fits = list(read_fits([path], table, SEED))
    assert [(fit.draw.repeat, fit.draw.fold) for fit in fits] == [(k // FOLDS, k % FOLDS) for k in range(2 * FOLDS)]
    for fit in fits:
        assert np.intersect1d(fit.draw.train_rows, fit.draw.test_rows).size == 0
        np.testing.assert_array_equal(fit.draw.signal, table.mean("validation_accuracy"))


@pytest.mark.parametrize(("size", "held", "validated"), [(30, 6, 0), (99, 19, 0), (100, 20, 10), (288, 57, 28)])
def test_partitions_hold_out_every_architecture_once_but_a_rest(size, held, validated):
    table = make_table(size)
    draws = draw_fits(table, SEED, FOLDED, range(3))
    for draw in draws:
        assert (len(draw.test_rows), len(draw.validation_rows)) == (held, validated)
        everything = np.concatenate([draw.train_rows, draw.validation_rows, draw.test_rows])
        assert (np.sort(everything) == np.arange(size)).all()
    for repeat in range(3):
        tested = np.concatenate([draw.test_rows for draw in draws if draw.repeat == repeat])
        assert len(np.unique(tested)) == FOLDS * held
    assert (draws[0].test_rows != draws[FOLDS].test_rows).any()
    again = draw_fits(table, SEED, FitKey("other", "small", None), [2])
    assert (again[0].test_rows == draws[2 * FOLDS].test_rows).all()  # the same for every predictor
    assert again[0].seed != draws[2 * FOLDS].seed


@pytest.mark.parametrize("key", [RANDOM, FOLDED])
@pytest.mark.parametrize("change", ["train_rows", "train_labels", "seeds"])
def test_a_stored_draw_that_the_study_does_not_draw_stops_the_job_and_says_which_version_to_raise(
    tmp_path, key, change
):
    table = make_table()
    path = write(tmp_path, table, key)
    with np.load(path) as file:
        array = file[change].copy()
    array.flat[-1] = array.flat[-1] + 1
    with pytest.raises(
        FormatError, match=r"0\.npz: repeat 1 was fitted to other rows.*raise FIT_STAGE_VERSION in .*py"
    ):
        list(read_fits([altered(path, **{change: array})], table, SEED))


def test_another_seed_of_the_study_or_another_table_is_another_draw(tmp_path):
    table = make_table()
    path = write(tmp_path, table)
    with pytest.raises(FormatError, match="other rows, labels or a seed than the study draws"):
        list(read_fits([path], table, SEED + 1))
    with pytest.raises(FormatError, match=r"scores \(2, 40\) for a table of 41"):
        list(read_fits([path], make_table(41), SEED))
    with pytest.raises(FormatError, match="other rows, labels"):
        list(read_fits([path], make_table(name="other"), SEED))


def test_files_of_the_former_format_say_so(tmp_path):
    path = altered(write(tmp_path, make_table()), format=None)
    with pytest.raises(FormatError, match=r"a file of scores in format 1; this version reads format 2.*run the same"):
        group_fits([path])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scores": None}, "without scores"),
        ({"train_rows": np.zeros((1, 20), int)}, "is missing"),
        ({"scores": np.full((2, 40), np.nan, np.float32)}, "a score that is no number"),
        ({"folds": np.zeros(2, int)}, "folds belong to a train_size of 0"),
        ({"train_size": np.array(41)}, "fits to 41 architectures of a table of 40"),
        ({"scores": np.zeros((2, 40), int)}, "scores is int64"),
        ({"logits": np.zeros((1, 40), np.float32)}, "scores .* for a table of 40"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, changes, message):
    path = altered(write(tmp_path, make_table()), **changes)
    with pytest.raises(FormatError, match=rf"0\.npz: .*{message}.*delete it and run the same command again"):
        list(read_fits([path], make_table(), SEED))


def test_too_few_architectures_are_not_folded():
    with pytest.raises(TableError, match="table small: 9 architectures; cross-validation takes 10 or more"):
        draw_fits(make_table(9), SEED, FOLDED, [0])


@pytest.mark.parametrize("name", ["172", "n0", "n-1", "fold", "n1e3"])
def test_another_name_of_a_sample_says_what_is_allowed(name):
    with pytest.raises(ConfigError, match=f"no sample '{name}'; it is n with a number .* such as n172, or folds"):
        parse_sample(name)


def test_names_of_samples_come_back():
    for size in (43, None):
        assert parse_sample(sample_name(size)) == size
    assert FOLDED.folder == "one-stage/small/folds"
    assert RANDOM.folder == "one-stage/small/n20"
