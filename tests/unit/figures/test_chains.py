"""Cross-validated predictors of children, and what one chooses, on networks whose right answer can be said."""

import numpy as np
import pandas as pd
import pytest
from neural_predictor.fits.chains import FOLDS, chain_graphs, fit_chains, partition, score_chains
from neural_predictor.predictors.recipe import NeuralRecipe

from neural_predictor.children.imported import import_children
from neural_predictor.children.plan import sample
from neural_predictor.children.table import checked, networks_of
from neural_predictor.config.sections import ChildSet
from neural_predictor.errors import ConfigError, TableError
from neural_predictor.figures.fig9_children import numbers as chains
from neural_predictor.figures.results import caption
from neural_predictor.predictors.scoring import score
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

SPACE = ProxylessNasSpace()
TINY = NeuralRecipe(layers=1, width=16, hidden=(16,), epochs=40, learning_rate=1e-2)


@pytest.fixture
def with_children(study):
    """The study with a set of children, whose plan takes changes."""

    def make(predictors=("tiny",), **changes):
        plan = {
            "images": "digits",
            "sampling": "stratified",
            "networks": 40,
            "seeds": 1,
            "networks_per_shard": 10,
            "network": {},
            "training": {"epochs": 7},
            "predictors": predictors,
            "repeats": 2,
            "candidates": 300,
            "chosen": 5,
        }
        known = study.predictors | {"tiny": TINY, "flat": TINY}
        children = {"digits": ChildSet.model_validate(plan | changes)}
        return study.model_copy(update={"children": children, "predictors": known})

    return make


def table(codes, validation, test=None, predicted=None, **columns):
    """A table of trainings (n, r); NaN where one diverged."""
    test = validation - 0.05 if test is None else test
    rows = []
    for network, code in enumerate(codes):
        for training in range(validation.shape[1]):
            value = validation[network, training]
            rows.append(
                {"architecture": SPACE.format(code), "network": network, "training": training}
                | {"status": "diverged" if np.isnan(value) else "ok", "validation_accuracy": value}
                | {"test_accuracy": np.nan if np.isnan(value) else test[network, training], "epochs": 7}
                | {"trainable_parameters": 1000, "multiply_adds": 10**6, "training_time_s": 2.0, "seed": 5}
                | {"recipe": "d1e5", "variant": "paper", "images": "digits"}
                | {"predicted": np.nan if predicted is None else predicted[network]}
            )
    return checked(pd.DataFrame(rows).assign(**columns), "x")


def by_depth(codes, trainings=1, noise=0.0):
    """Each zero layer costs a point."""
    zeros = (codes == 6).sum(axis=1, keepdims=True)
    return 0.9 - 0.01 * zeros + noise * np.random.default_rng(0).normal(size=(len(codes), trainings))


@pytest.fixture
def told(monkeypatch):
    """Replace fitting by predictions that are told: (R, n) of each fit, from the label and the training rows."""

    def tell(predict):
        monkeypatch.setattr(chains, "fit_chains", lambda _r, _w, _g, label, rows, *_: (label, rows))
        monkeypatch.setattr(chains, "score_chains", lambda fitted, _: predict(*fitted))

    return tell


def measure(study, frame):
    return chains.run_fig9_children("fig9-digits", study, "digits", frame, workers=1)


def metric(frame, kind, name, predictor="tiny"):
    own = (frame["kind"] == kind) & (frame["set"] == name) & (frame["predictor"] == predictor)
    (row,) = frame[own].to_dict("records")
    return row


def number(frame, kind):
    (row,) = frame[frame["kind"] == kind].to_dict("records")
    return row


@pytest.mark.parametrize(("networks", "held", "validated"), [(30, 6, 0), (99, 19, 0), (100, 20, 10), (288, 57, 28)])
def test_partitions_hold_out_every_network_once_but_a_rest(networks, held, validated):
    parts = partition(networks, 3, 0)
    assert parts.test.shape == (3, FOLDS, held)
    assert parts.validation.shape == (3, FOLDS, validated)
    everything = np.concatenate([parts.training, parts.validation, parts.test], axis=2)
    assert (np.sort(everything, axis=2) == np.arange(networks)).all()
    for repeat in parts.test:
        assert len(np.unique(repeat)) == FOLDS * held
    assert (parts.test[0] != parts.test[1]).any()
    assert (parts.test == partition(networks, 3, 0).test).all()
    assert (parts.test != partition(networks, 3, 1).test).any()


def test_rows_of_one_network_are_one_graph():
    codes = SPACE.sample(2, np.random.default_rng(0))
    codes[:, 2:5] = [[6, 1, 6], [1, 6, 6]]
    codes[1, :2] = codes[0, :2]
    codes[1, 5:] = codes[0, 5:]
    assert (codes[0] != codes[1]).any()
    nodes = chain_graphs(codes).nodes
    assert (nodes[0] == nodes[1]).all()


def test_chains_are_scored_with_what_the_recipe_sees():
    """A recipe with structure and reachability takes more of a graph than its operations and edges."""
    codes = ProxylessNasSpace().sample(12, np.random.default_rng(0))
    graphs, label = chain_graphs(codes), np.arange(12.0)
    recipe = NeuralRecipe(width=8, epochs=2, reach=True, structure=True)
    fitted = fit_chains(recipe, "chains", graphs, label, np.arange(12)[None], [0], workers=1)
    np.testing.assert_allclose(score_chains(fitted, graphs), score(fitted, graphs), rtol=1e-5)


def test_a_predictor_learns_depth_and_the_held_out_networks_show_it(with_children):
    study = with_children()
    codes = sample(study, "digits")
    frame, protocol = measure(study, table(codes, by_depth(codes)))
    assert metric(frame, "kendall_tau", "test")["value"] > 0.8
    assert metric(frame, "r2", "test")["low"] > 0.5
    assert number(frame, "depth_tau")["value"] == pytest.approx(1)
    assert number(frame, "variance")["value"] == pytest.approx(1e4 * by_depth(codes).var())
    points = frame[frame["kind"] == "network"]
    assert points["set"].value_counts().to_dict() == {"test": 40, "training": 32}
    assert np.corrcoef(points["predicted"], points["observed"])[0, 1] > 0.9
    again, _ = measure(study, table(codes, by_depth(codes)))
    pd.testing.assert_frame_equal(frame, again)
    assert "number of zero layers uniform over 0 to 15" in caption(protocol)
    assert "fitted to 32 networks, and 8 are held out" in caption(protocol)
    assert "Trained for 7 epochs." in protocol.notes
    assert not any("no better" in note for note in protocol.notes)


def test_a_constant_predictor_has_no_tau_and_is_said_to_be_no_better_than_the_mean(with_children, told):
    told(lambda label, rows: np.repeat(label[rows].mean(axis=1)[:, None], len(label), axis=1))
    study = with_children()
    codes = sample(study, "digits")
    frame, protocol = measure(study, table(codes, by_depth(codes)))
    row = metric(frame, "kendall_tau", "test")
    assert (row["value"], row["low"], row["high"]) == (0, 0, 0)  # though the folds' constants rank backwards
    assert metric(frame, "r2", "test")["value"] < 0
    assert metric(frame, "mse", "training")["value"] == pytest.approx(number(frame, "variance")["value"], rel=0.1)
    assert "In 10 of 10 fits tiny predicts one value for all networks." in protocol.notes
    assert "tiny is no better than the mean: its R2 on held-out networks may be 0 or below." in protocol.notes


def test_fits_see_neither_held_out_nor_validation_labels(with_children, told):
    def remember(label, rows):
        known = np.full((len(rows), len(label)), label.mean())
        np.put_along_axis(known, rows, label[rows], axis=1)
        return known

    told(remember)
    study = with_children(networks=100)
    codes = sample(study, "digits")
    frame, _ = measure(study, table(codes, by_depth(codes)))
    assert metric(frame, "r2", "training")["value"] == pytest.approx(1)
    for name, size in (("validation", 10), ("test", 100)):
        assert metric(frame, "kendall_tau", name)["value"] == 0
        assert (frame[frame["kind"] == "network"]["set"] == name).sum() == size


def test_labels_are_means_and_trainings_bound_what_can_be_reached(with_children, told):
    told(lambda label, rows: np.repeat(label[None], len(rows), axis=0))
    study = with_children(seeds=3)
    codes = sample(study, "digits")
    validation = by_depth(codes, 3, noise=0.02)
    validation[0, 1] = validation[3] = np.nan
    frame, protocol = measure(study, table(codes, validation))
    observed = frame[(frame["kind"] == "network") & (frame["set"] == "test")]["observed"]
    labels = np.nanmean(np.delete(validation, 3, axis=0), axis=1)
    assert set(observed.round(12)) <= set(labels.round(12))
    assert len(observed) == 35  # five folds of 39 // 5
    one, mean = number(frame, "reliability_one"), number(frame, "reliability_mean")
    assert 0 < one["low"] < one["value"] < mean["value"] < 1
    assert number(frame, "sd_within")["value"] == pytest.approx(2, rel=0.25)
    assert "4 of 120 trainings diverged; networks left out, which have no other: 1." in protocol.notes
    assert protocol.label == "validation accuracy, mean of 3 trainings"


def test_intervals_are_over_networks_and_not_over_partitions(with_children, told):
    noise = np.random.default_rng(1).normal(scale=0.03, size=400)
    told(lambda label, rows: np.repeat((label + noise[: len(label)])[None], len(rows), axis=0))
    widths = []
    for networks in (40, 400):
        study = with_children(networks=networks, repeats=4)
        codes = sample(study, "digits")
        frame, _ = measure(study, table(codes, by_depth(codes)))
        row = metric(frame, "mse", "test")
        assert row["low"] < row["value"] < row["high"]  # all partitions agree, yet the interval is there
        widths.append(row["high"] - row["low"])
    assert widths[1] < 0.6 * widths[0]


def test_every_predictor_is_measured_and_the_first_is_drawn(with_children, told):
    answers = iter([1.0, -1.0])
    told(lambda label, rows: np.repeat(next(answers) * label[None], len(rows), axis=0))
    study = with_children(("tiny", "flat"))
    codes = sample(study, "digits")
    frame, _ = measure(study, table(codes, by_depth(codes)))
    assert metric(frame, "kendall_tau", "test", "tiny")["value"] == 1
    assert metric(frame, "kendall_tau", "test", "flat")["value"] == -1
    points = frame[frame["kind"] == "network"]
    assert (points["predicted"] == points["observed"]).all()


def test_what_cannot_be_measured_is_refused(with_children, told):
    told(lambda label, rows: np.repeat(label[None], len(rows), axis=0))
    study = with_children()
    codes = sample(study, "digits")
    frame = table(codes, by_depth(codes))
    with pytest.raises(TableError, match=r"children\.digits of the study are of digits, the table's are of cifar100"):
        measure(study, frame.assign(images="cifar100"))
    with pytest.raises(TableError, match=r"children\.digits: 9 networks were trained to an end; 10 are needed"):
        measure(study, frame[:9])
    with pytest.raises(ConfigError, match="the study has no children 'cifar100'"):
        chains.run_fig9_children("f", study, "cifar100", frame, workers=1)
    _, protocol = measure(study, frame[:12])
    assert "Only 10 networks are held out: these numbers are not for quoting." in protocol.notes


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "images", "networks", "depth_tau"),
    [
        ("cifar100", "cifar100", 86, 0.51),
        ("caltech101", "caltech101", 288, 0.34),
        ("oxford_pet", "oxford_pet", 232, 0.24),
    ],
)
def test_fig9_of_the_replications_pairs(shared_data, with_children, name, images, networks, depth_tau):
    pairs = import_children(shared_data / "proxylessnas_replication.csv.gz")
    study = with_children()
    plan = study.children["digits"].model_copy(update={"images": images, "sampling": "uniform"})
    study = study.model_copy(update={"children": {name: plan}})
    own = pairs[pairs["images"] == images]
    frame, protocol = chains.run_fig9_children(f"fig9-{name}", study, name, own, workers=1)
    assert number(frame, "depth_tau")["value"] == pytest.approx(depth_tau, abs=0.006)
    sets = {"training", "test"} if networks < 100 else {"training", "validation", "test"}
    assert set(frame["set"].dropna()) == sets
    assert metric(frame, "kendall_tau", "training")["low"] > 0
    assert metric(frame, "kendall_tau", "test")["high"] < 0.7
    assert "reliability_one" not in set(frame["kind"])
    assert "which end as one pixel" in caption(protocol)
    figure = page_of("fig9-digits", frame, protocol)
    held_out = networks // FOLDS * FOLDS
    assert figure.axes[len(sets) - 1].get_title(loc="left")[3:] == f"held out, {held_out} networks"


def test_the_choice_is_the_best_of_unseen_candidates(with_children):
    study = with_children()
    codes = sample(study, "digits")
    frame = table(codes, by_depth(codes))
    found = chains.choose(study, "digits", frame, workers=1)
    chosen = np.stack([SPACE.parse(text) for text in found["architecture"]])
    assert len(chosen) == 5
    assert found["predicted"].is_monotonic_decreasing
    assert (chosen == 6).sum(axis=1).max() <= 3  # the fewest of 0 to 15
    assert not np.isin(SPACE.identify(chosen), SPACE.identify(codes)).any()
    pd.testing.assert_frame_equal(found, chains.choose(study, "digits", frame, workers=1))


def test_candidates_are_never_networks_of_the_sample_not_even_diverged_ones(with_children, told, monkeypatch):
    told(lambda label, rows: np.arange(len(label), dtype=float)[None])
    study = with_children(candidates=8, chosen=3)
    codes = sample(study, "digits")
    moved = codes[:5].copy()
    moved[:, [2, 3, 4]] = [6, 1, 6]
    same = moved.copy()
    same[:, [2, 3, 4]] = [1, 6, 6]  # the same networks, written otherwise
    monkeypatch.setattr(chains, "draw", lambda *_: np.concatenate([same, codes[30:33]]))
    monkeypatch.setattr(chains, "score_chains", lambda _, graphs: np.arange(len(graphs), dtype=float)[None])
    validation = by_depth(codes[:30])
    validation[2] = np.nan
    frame = table(np.concatenate([moved, codes[5:30]]), validation)
    found = chains.choose(study, "digits", frame, workers=1)
    assert found["architecture"].tolist() == [SPACE.format(code) for code in codes[32:29:-1]]
    with pytest.raises(ConfigError, match=r"children\.digits\.chosen is 4; it must be 1 to 3"):
        chains.choose(with_children(candidates=8, chosen=4), "digits", frame, workers=1)


def search(with_children, sample_frame, chosen_frame):
    frame, protocol = chains.run_fig4_children("fig4-digits", with_children(), "digits", sample_frame, chosen_frame)
    curves = {key: part.set_index("x")["mean"] for key, part in frame.groupby(["panel", "method"])}
    return frame, curves, protocol


def test_the_choice_is_followed_in_the_order_of_predictions_and_made_by_validation(with_children):
    codes = sample(with_children(), "digits")
    validation = np.array([[0.8, 0.9], [0.7, 0.7], [0.95, 0.85], [0.6, 0.6]])
    test = np.array([[0.5, 0.7], [0.9, 0.9], [0.4, 0.4], [0.99, 0.99]])
    chosen = table(codes[:4], validation, test, predicted=[0.2, 0.4, 0.1, 0.3])
    pool = table(codes[10:30], by_depth(codes[10:30]))
    frame, curves, protocol = search(with_children, pool, chosen)
    np.testing.assert_allclose(curves["validation_by_networks", "chosen"], [0.7, 0.7, 0.85, 0.9])
    np.testing.assert_allclose(curves["test_by_networks", "chosen"], [0.9, 0.9, 0.6, 0.4])  # the best test is 0.99
    own = frame[frame["method"] == "chosen"].dropna()
    assert (own["mean"] == own["low"]).all()
    assert frame[frame["panel"] == "network"]["method"].value_counts().to_dict() == {"random": 20, "chosen": 4}
    assert any("chose the best 4 of 300 candidates" in note for note in protocol.notes)


def test_random_search_is_the_best_so_far_of_random_orders(with_children):
    codes = sample(with_children(), "digits")
    pool = table(codes[:20], np.linspace(0.5, 0.69, 20)[:, None])
    chosen = table(codes[20:25], np.full((5, 1), 0.6), predicted=np.arange(5) / 10)
    frame, curves, protocol = search(with_children, pool, chosen)
    mean = curves["validation_by_networks", "random"]
    assert len(mean) == 5
    expected = [np.mean([max(rng) for rng in orders(k)]) for k in (1, 5)]
    np.testing.assert_allclose(mean[[1, 5]], expected, atol=0.006)
    np.testing.assert_allclose(curves["test_by_networks", "random"], mean - 0.05)
    band = frame[(frame["panel"] == "validation_by_networks") & (frame["method"] == "random")]
    assert ((band["low"] < band["mean"]) & (band["mean"] < band["high"])).all()
    (note,) = (note for note in protocol.notes if "higher test accuracy" in note)
    share = np.mean([np.mean((orders(5).max(axis=1) < 0.6) + 0.5 * (orders(5).max(axis=1) == 0.6))])
    assert abs(float(note.split("%")[0].split()[-1]) / 100 - share) < 0.04


def orders(count):
    rng = np.random.default_rng(0)
    return np.stack([rng.permutation(np.linspace(0.5, 0.69, 20))[:count] for _ in range(4000)])


def test_diverged_networks_count_as_trained_and_are_never_chosen(with_children):
    codes = sample(with_children(), "digits")
    validation = np.array([[np.nan], [0.7], [np.nan], [0.8]])
    chosen = table(codes[:4], validation, predicted=[0.4, 0.3, 0.2, 0.1])
    failing = by_depth(codes[10:30])
    failing[::2] = np.nan
    _, curves, protocol = search(with_children, table(codes[10:30], failing), chosen)
    found = curves["validation_by_networks", "chosen"]
    assert found.to_dict() == {2: 0.7, 3: 0.7, 4: 0.8}  # nothing to show after the first
    assert np.isfinite(curves["validation_by_networks", "random"]).all()
    assert "Networks all of whose trainings diverged count as trained and are never chosen: 12." in protocol.notes


def test_without_test_accuracies_there_is_no_such_panel(with_children):
    codes = sample(with_children(), "digits")
    nothing = {"test_accuracy": np.nan}
    chosen = table(codes[:4], by_depth(codes[:4]), predicted=np.arange(4) / 10, **nothing)
    frame, curves, protocol = search(with_children, table(codes[10:30], by_depth(codes[10:30]), **nothing), chosen)
    assert {panel for panel, _ in curves} == {"validation_by_networks", "network"}
    assert not any("higher test accuracy" in note for note in protocol.notes)
    assert networks_of(chosen).label.max() == frame[frame["method"] == "chosen"]["x"][frame["panel"] == "network"].max()
