"""Fig. 4: all searches on the same axes."""

import numpy as np

from support.figures import numbers_of, page_of
from support.frames import curves
from support.searches import make_searchable


def test_fig4_has_all_searches_and_evolution_beats_random_where_neighbours_are_alike(tmp_path, study, write_scores):
    table = make_searchable()
    paths = write_scores(tmp_path, table, table.mean("test_accuracy"), (20,))
    paths += write_scores(tmp_path, table, np.zeros(len(table)), (20,), predictor="other")
    frame, protocol = numbers_of("fig4", study, table, scores=paths)
    assert set(frame["method"]) == {"one-stage", "other", "random", "evolution", "oracle"}
    last = frame[(frame["x"] == 60) & (frame["panel"] == "target_by_samples")].set_index("method")["mean"]
    assert last["one-stage"] > last["evolution"] > last["random"]
    assert protocol.repeats == {"each predictor": 3, "each other search and the oracle": 40}
    appendix, _ = numbers_of("figA1", study, table, scores=paths)
    assert "evolution" not in set(appendix["method"])


def test_a_comparison_names_every_method_and_marks_n(protocol):
    frame = curves("signal_by_samples", "target_by_samples")
    frame = frame[frame["train_size"].isna() | (frame["train_size"] == 172)]
    figure = page_of("fig4", frame, protocol)
    left = figure.axes[0]
    named = [line.get_label() for line in left.get_lines() if line.get_label()[0] != "_"]
    assert named == ["predictor", "random", "oracle"]
    assert [text.get_text() for text in left.texts] == ["N = 172"]


def test_losses_have_their_perplexity_on_the_right_and_their_oracle_at_the_bottom(protocol):
    losses = curves("signal_by_samples", "target_by_samples")
    losses[["mean", "low", "high"]] = 5.5 - losses[["mean", "high", "low"]].to_numpy()
    about = {"signal": "validation loss", "target": "test loss", "unit": "nats", "scale": 1.0, "maximise": False}
    figure = page_of("fig4", losses, protocol.model_copy(update=about))
    for axes, metric in zip(figure.axes, ("validation", "test"), strict=True):
        assert axes.get_ylabel() == f"{metric} loss of the choice (nats)"
        (right,) = axes.child_axes
        assert right.get_ylabel() == "perplexity"
        figure.draw_without_rendering()
        np.testing.assert_allclose(right.get_ylim(), np.exp(axes.get_ylim()))
        assert 4.5 < axes.get_ylim()[0] < 5.5 - 0.91  # the oracle's level is in sight
        assert min(text.xy[1] for text in axes.texts) > 0.5  # and what N is does not cover it
    accuracies = page_of("fig4", curves("signal_by_samples"), protocol)
    assert not accuracies.axes[0].child_axes
