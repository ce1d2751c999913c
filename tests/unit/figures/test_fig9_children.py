"""Predictors of trained children in cross-validation, on architectures whose right answer can be said."""

import numpy as np
import pytest

from neural_predictor.children.imported import SAMPLING, import_children
from neural_predictor.children.plan import SAMPLINGS, sample
from neural_predictor.children.table import children_table
from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.figures.results import caption
from neural_predictor.fits.files import draw_fits, write_scores
from neural_predictor.fits.job import fit_predictor
from neural_predictor.fits.key import FitKey
from neural_predictor.search.draws import FOLDS
from support.children import by_depth, trainings
from support.figures import numbers_of, page_of


@pytest.fixture
def table_of():
    """The table of a study's sample, labelled (n, r); NaN where a training diverged."""

    def make(study, validation, name="digits", **columns):
        codes = sample(study, name)[: len(validation)]
        return children_table(trainings(codes, validation, **columns), name, SAMPLINGS["stratified"])

    return make


def write_folds(folder, study, table, predictor, predict):
    """Files of a predictor's folds, whose predictions are told: (n,) from the draw of each."""
    key = FitKey(predictor, table.name, None)
    draws = draw_fits(table, study.seed, key, range(study.children[table.name].repeats))
    scores = np.stack([predict(draw) for draw in draws]).astype(np.float32)
    path = folder / f"{predictor}.scores.npz"
    write_scores(path, folder / f"{predictor}.seconds.json", key, draws, {"scores": scores}, {"seconds": 1.0})
    return path


def metric(frame, kind, name, predictor="tiny"):
    own = (frame["kind"] == kind) & (frame["set"] == name) & (frame["predictor"] == predictor)
    (row,) = frame[own].to_dict("records")
    return row


def number(frame, kind):
    (row,) = frame[frame["kind"] == kind].to_dict("records")
    return row


def test_a_predictor_learns_depth_and_the_held_out_architectures_show_it(tmp_path, with_children, table_of):
    study = with_children()
    validation = by_depth(sample(study, "digits"))
    table, files = table_of(study, validation), []
    for attempt in ("a", "b"):
        files.append(tmp_path / f"{attempt}.scores.npz")
        times = tmp_path / f"{attempt}.seconds.json"
        fit_predictor(
            study, table, FitKey("tiny", "digits", None), range(2), files[-1], times, workers=1, memory_mb=256
        )
    assert files[0].read_bytes() == files[1].read_bytes()
    frame, protocol = numbers_of("fig9-digits", study, table, scores=files[:1])
    assert metric(frame, "kendall_tau", "test")["value"] > 0.8
    assert metric(frame, "r2", "test")["low"] > 0.5
    assert number(frame, "depth_tau")["value"] == pytest.approx(1)
    assert number(frame, "variance")["value"] == pytest.approx(1e4 * validation.var())
    points = frame[frame["kind"] == "network"]
    assert points["set"].value_counts().to_dict() == {"test": 40, "training": 32}
    assert np.corrcoef(points["predicted"], points["observed"])[0, 1] > 0.9
    assert "number of zero layers uniform over 0 to 15" in caption(protocol)
    assert "fitted to 32 architectures, and 8 are held out" in caption(protocol)
    assert "Trained for 7 epochs." in protocol.notes
    assert not any("no better" in note for note in protocol.notes)


def test_a_constant_predictor_has_no_tau_and_is_said_to_be_no_better_than_the_mean(tmp_path, with_children, table_of):
    study = with_children()
    table = table_of(study, by_depth(sample(study, "digits")))
    path = write_folds(tmp_path, study, table, "tiny", lambda draw: np.full(len(table), draw.labels.mean()))
    frame, protocol = numbers_of("fig9-digits", study, table, scores=[path])
    row = metric(frame, "kendall_tau", "test")
    assert (row["value"], row["low"], row["high"]) == (0, 0, 0)  # though the folds' constants rank backwards
    assert metric(frame, "r2", "test")["value"] < 0
    assert metric(frame, "mse", "training")["value"] == pytest.approx(number(frame, "variance")["value"], rel=0.1)
    assert "In 10 of 10 fits tiny predicts one value for all architectures." in protocol.notes
    assert "tiny is no better than the mean: its R2 on held-out architectures may be 0 or below." in protocol.notes


def test_fits_see_neither_held_out_nor_validation_labels(tmp_path, with_children, table_of):
    def remember(draw):
        known = np.full(len(draw.signal), draw.signal.mean())
        known[draw.train_rows] = draw.labels
        return known

    study = with_children(networks=100)
    table = table_of(study, by_depth(sample(study, "digits")))
    path = write_folds(tmp_path, study, table, "tiny", remember)
    frame, _ = numbers_of("fig9-digits", study, table, scores=[path])
    assert metric(frame, "r2", "training")["value"] == pytest.approx(1)
    for name, size in (("validation", 10), ("test", 100)):
        assert metric(frame, "kendall_tau", name)["value"] == pytest.approx(0, abs=0.05)
        assert (frame[frame["kind"] == "network"]["set"] == name).sum() == size


def test_labels_are_means_and_trainings_bound_what_can_be_reached(tmp_path, with_children, table_of):
    study = with_children(seeds=3)
    validation = by_depth(sample(study, "digits"), 3, noise=0.02)
    validation[0, 1] = validation[3] = np.nan
    table = table_of(study, validation)
    path = write_folds(tmp_path, study, table, "tiny", lambda draw: draw.signal)
    frame, protocol = numbers_of("fig9-digits", study, table, scores=[path])
    observed = frame[(frame["kind"] == "network") & (frame["set"] == "test")]["observed"]
    labels = np.nanmean(np.delete(validation, 3, axis=0), axis=1)
    assert set(observed.round(12)) <= set(labels.round(12))
    assert len(observed) == 35  # five folds of 39 // 5
    one, mean = number(frame, "reliability_one"), number(frame, "reliability_mean")
    assert 0 < one["low"] < one["value"] < mean["value"] < 1
    assert number(frame, "sd_within")["value"] == pytest.approx(2, rel=0.25)
    assert "4 of 120 trainings diverged; architectures left out, which have no other: 1." in protocol.notes
    assert protocol.label == "validation accuracy, mean of 3 trainings"


def test_intervals_are_over_architectures_and_not_over_partitions(tmp_path, with_children, table_of):
    noise = np.random.default_rng(1).normal(scale=0.03, size=400)
    widths = []
    for networks in (40, 400):
        study = with_children(networks=networks, repeats=4)
        table = table_of(study, by_depth(sample(study, "digits")))
        path = write_folds(tmp_path, study, table, "tiny", lambda draw: draw.signal + noise[: len(draw.signal)])
        frame, _ = numbers_of("fig9-digits", study, table, scores=[path])
        row = metric(frame, "mse", "test")
        assert row["low"] < row["value"] < row["high"]  # all partitions agree, yet the interval is there
        widths.append(row["high"] - row["low"])
    assert widths[1] < 0.6 * widths[0]


def test_every_predictor_is_measured_and_the_first_is_drawn(tmp_path, with_children, table_of):
    study = with_children(("tiny", "flat"))
    table = table_of(study, by_depth(sample(study, "digits")))
    paths = [write_folds(tmp_path, study, table, "flat", lambda draw: -draw.signal)]
    paths.append(write_folds(tmp_path, study, table, "tiny", lambda draw: draw.signal))
    frame, _ = numbers_of("fig9-digits", study, table, scores=paths)
    assert metric(frame, "kendall_tau", "test", "tiny")["value"] == 1
    assert metric(frame, "kendall_tau", "test", "flat")["value"] == -1
    points = frame[frame["kind"] == "network"]
    np.testing.assert_allclose(points["predicted"], points["observed"], rtol=1e-6)


def test_what_cannot_be_measured_is_refused(tmp_path, with_children, table_of):
    study = with_children()
    validation = by_depth(sample(study, "digits"))
    table = table_of(study, validation)
    with pytest.raises(FormatError, match="no files: not the folds of 2 repeats of tiny"):
        numbers_of("fig9-digits", study, table)
    path = write_folds(tmp_path, study, table, "tiny", lambda draw: draw.signal)
    with pytest.raises(FormatError, match=r"scores .* for a table of 39"):
        numbers_of("fig9-digits", study, table_of(study, validation[:39]), scores=[path])
    with pytest.raises(ConfigError, match=r"study t-v1 has no section `children\.cifar100`, which fig9-cifar100 needs"):
        numbers_of("fig9-cifar100", study, table)
    few = table_of(study, validation[:12])
    path = write_folds(tmp_path, study, few, "tiny", lambda draw: draw.signal)
    _, protocol = numbers_of("fig9-digits", study, few, scores=[path])
    assert "Only 10 architectures are held out: these numbers are not for quoting." in protocol.notes


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "size", "depth_tau"), [("cifar100", 86, 0.51), ("caltech101", 288, 0.34), ("oxford_pet", 232, 0.24)]
)
def test_fig9_of_the_replications_pairs(tmp_path, shared_data, with_children, name, size, depth_tau):
    pairs = import_children(shared_data / "proxylessnas_replication.csv.gz")
    study = with_children()
    plan = study.children["digits"].model_copy(update={"images": name, "sampling": "uniform"})
    study = study.model_copy(update={"children": {name: plan}})
    table = children_table(pairs[pairs["images"] == name], name, SAMPLING)
    files = tmp_path / "0.scores.npz", tmp_path / "0.seconds.json"
    fit_predictor(study, table, FitKey("tiny", name, None), range(2), *files, workers=1, memory_mb=256)
    frame, protocol = numbers_of(f"fig9-{name}", study, table, scores=files[:1])
    assert number(frame, "depth_tau")["value"] == pytest.approx(depth_tau, abs=0.006)
    sets = {"training", "test"} if size < 100 else {"training", "validation", "test"}
    assert set(frame["set"].dropna()) == sets
    assert metric(frame, "kendall_tau", "training")["low"] > 0
    assert metric(frame, "kendall_tau", "test")["high"] < 0.7
    assert "reliability_one" not in set(frame["kind"])
    assert "which end as one pixel" in caption(protocol)
    figure = page_of("fig9-digits", frame, protocol)
    held_out = size // FOLDS * FOLDS
    assert figure.axes[len(sets) - 1].get_title(loc="left")[3:] == f"held out, {held_out} architectures"
