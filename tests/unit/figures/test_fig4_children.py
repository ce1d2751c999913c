"""What a predictor chose, trained, against random orders of the sample."""

import numpy as np

from neural_predictor.children.plan import sample
from neural_predictor.children.table import children_table
from support.children import by_depth, trainings
from support.figures import numbers_of


def search(study, pool, chosen):
    """Numbers of fig4-digits, their curves and protocol, from trainings of the sample and of the choice."""
    tables = children_table(pool, "digits", "uniform"), children_table(chosen, "digits-chosen", "uniform")
    frame, protocol = numbers_of("fig4-digits", study, *tables)
    curves = {key: part.set_index("x")["mean"] for key, part in frame.groupby(["panel", "method"])}
    return frame, curves, protocol


def test_the_choice_is_followed_in_the_order_of_predictions_and_made_by_validation(with_children):
    study = with_children()
    codes = sample(study, "digits")
    validation = np.array([[0.7, 0.7], [0.6, 0.6], [0.8, 0.9], [0.95, 0.85]])
    test = np.array([[0.9, 0.9], [0.99, 0.99], [0.5, 0.7], [0.4, 0.4]])
    chosen = trainings(codes[:4], validation, test, predicted=[0.4, 0.3, 0.2, 0.1])
    frame, curves, protocol = search(study, trainings(codes[10:30], by_depth(codes[10:30])), chosen)
    np.testing.assert_allclose(curves["validation_by_networks", "chosen"], [0.7, 0.7, 0.85, 0.9])
    np.testing.assert_allclose(curves["test_by_networks", "chosen"], [0.9, 0.9, 0.6, 0.4])  # the best test is 0.99
    own = frame[frame["method"] == "chosen"].dropna()
    assert (own["mean"] == own["low"]).all()
    assert frame[frame["panel"] == "network"]["method"].value_counts().to_dict() == {"random": 20, "chosen": 4}
    assert any("chose the best 4 of 300 candidates" in note for note in protocol.notes)


def test_random_search_is_the_best_so_far_of_random_orders(with_children):
    study = with_children()
    codes = sample(study, "digits")
    pool = trainings(codes[:20], np.linspace(0.5, 0.69, 20)[:, None])
    chosen = trainings(codes[20:25], np.full((5, 1), 0.6), predicted=np.arange(5)[::-1] / 10)
    frame, curves, protocol = search(study, pool, chosen)
    mean = curves["validation_by_networks", "random"]
    assert len(mean) == 5
    expected = [np.mean([max(order) for order in orders(k)]) for k in (1, 5)]
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


def test_diverged_architectures_count_as_trained_and_are_never_chosen(with_children):
    study = with_children()
    codes = sample(study, "digits")
    validation = np.array([[np.nan], [0.7], [np.nan], [0.8]])
    chosen = trainings(codes[:4], validation, predicted=[0.4, 0.3, 0.2, 0.1])
    failing = by_depth(codes[10:30])
    failing[::2] = np.nan
    _, curves, protocol = search(study, trainings(codes[10:30], failing), chosen)
    found = curves["validation_by_networks", "chosen"]
    assert found.to_dict() == {2: 0.7, 3: 0.7, 4: 0.8}  # nothing to show after the first
    assert np.isfinite(curves["validation_by_networks", "random"]).all()
    said = "Architectures all of whose trainings diverged count as trained and are never chosen: 12."
    assert said in protocol.notes


def test_without_test_accuracies_there_is_no_such_panel(with_children):
    study = with_children()
    codes = sample(study, "digits")
    nothing = {"test_accuracy": np.nan}
    chosen = trainings(codes[:4], by_depth(codes[:4]), predicted=np.arange(4)[::-1] / 10, **nothing)
    frame, curves, protocol = search(study, trainings(codes[10:30], by_depth(codes[10:30]), **nothing), chosen)
    assert {panel for panel, _ in curves} == {"validation_by_networks", "network"}
    assert not any("higher test accuracy" in note for note in protocol.notes)
    own = frame[(frame["method"] == "chosen") & (frame["panel"] == "network")]
    assert own["x"].max() == by_depth(codes[:4]).max()
