"""Figures are pure: the same numbers give the same bytes, and what is drawn is what the numbers say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neural_predictor.errors import ConfigError
from neural_predictor.figures.curve_panels import draw_comparison, draw_fig7, draw_frontier
from neural_predictor.figures.fig3.page import draw_fig3
from neural_predictor.figures.fig6.page import draw_fig6
from neural_predictor.figures.fig9.page import draw_fig9
from neural_predictor.figures.render import FIGURES, render
from neural_predictor.figures.results import write_result


def curves(*panels):
    rows = []
    for panel in panels:
        for method, sizes in (("predictor", (43, 172)), ("random", (None,))):
            for size in sizes:
                x = np.arange((size or 0) + 1, 400)
                mean = 0.9 - 0.1 / x
                frame = pd.DataFrame({"x": x, "mean": mean, "low": mean - 0.001, "high": mean + 0.001})
                rows.append(frame.assign(panel=panel, method=method, train_size=size or pd.NA, repeats=3))
        level = {"x": [100], "mean": 0.91, "low": 0.91, "high": 0.91}
        rows.append(pd.DataFrame(level).assign(panel=panel, method="oracle", train_size=pd.NA, repeats=3))
    return pd.concat(rows, ignore_index=True).astype({"train_size": "Int64"})


def points():
    signal = np.random.default_rng(0).normal(0.9, 0.01, 300)
    frame = pd.DataFrame({"kind": "architecture", "architecture": "a", "signal": signal, "target": signal - 0.01})
    best = {"kind": ["oracle"], "signal": 0.93, "signal_low": 0.93, "signal_high": 0.931, "target": 0.91}
    return pd.concat([frame, pd.DataFrame(best | {"target_low": 0.909, "target_high": 0.911})], ignore_index=True)


def frontier():
    rows = [
        {"panel": panel, "train_size": size, "level": 0.9, "samples": samples, "random_samples": 2000, "repeats": 3}
        for panel in ("signal_by_samples", "target_by_samples")
        for size, samples in ((43, pd.NA), (172, 230))
    ]
    return pd.DataFrame(rows)


def accepted():
    """A cascade's networks: two bins of each kind, the bound, two metrics."""
    rows = [
        {"kind": "bin", "name": name, "low": low, "high": low + 0.1, "value": value}
        for name, values in (("training", (5, 15)), ("accepted", (10, 90)), ("rejected", (70, 30)))
        for low, value in zip((0.8, 0.9), values, strict=True)
    ]
    rows.append({"kind": "bound", "name": "accurate", "value": 0.91})
    for name in ("precision", "recall"):
        rows.append({"kind": "metric", "name": name, "value": 0.9, "low": 0.89, "high": 0.91, "repeats": 3})
    return pd.DataFrame(rows)


def observed():
    """Two networks a set, a density of three squares, metrics of every set but validation."""
    rows = [
        {"kind": "network", "set": name, "predicted": 0.9, "observed": value}
        for name in ("training", "validation", "ten of test")
        for value in (0.88, 0.91)
    ]
    for x, value in ((0.88, 1), (0.9, 100), (0.92, 5)):
        about = {"kind": "density", "set": "test", "predicted": x, "observed": x}
        rows.append(about | {"width": 0.01, "height": 0.01, "value": value})
    rows.append({"kind": "outside", "set": "test", "value": 4})
    for name, repeats in (("training", 3), ("validation", 0), ("test", 3)):
        numbers = {"value": 0.5, "low": 0.4, "high": 0.6} if repeats else {}
        rows += [{"kind": kind, "set": name, "repeats": repeats} | numbers for kind in ("mse", "kendall_tau", "r2")]
    return pd.DataFrame(rows)


def test_fig6_says_the_counts_the_bound_and_the_metrics(protocol):
    figure = draw_fig6(accepted(), protocol)
    left, right = figure.axes
    assert left.get_title(loc="left") == "a  the N = 20 training networks"
    labels = [text.get_text() for text in right.get_legend().get_texts()]
    assert labels == ["accurate: above 91 %", "accepted: 100 shown", "rejected: 100 shown"]
    assert "recall 0.900 [0.890, 0.910]" in right.texts[0].get_text()
    nothing = draw_fig6(accepted().iloc[:0].astype({"value": float, "low": float, "high": float}), protocol)
    assert nothing.axes[1].texts[0].get_text() == "no repeat allowed a classifier"


def test_fig9_shows_all_unseen_networks_and_says_which_set_is_too_small(protocol):
    figure = draw_fig9(observed(), protocol)
    titles = [axes.get_title(loc="left") for axes in figure.axes[:3]]
    assert titles == ["a  training, 2 networks", "b  validation, 2 networks", "c  unseen test, 110 networks"]
    assert figure.axes[1].texts[0].get_text().splitlines() == [
        "MSE too few networks",
        "Kendall tau too few networks",
        "R2 too few networks",
    ]
    assert "Kendall tau 0.500 [0.400, 0.600]" in figure.axes[2].texts[0].get_text()


def test_a_comparison_names_every_method_and_marks_n(protocol):
    frame = curves("signal_by_samples", "target_by_samples")
    frame = frame[frame["train_size"].isna() | (frame["train_size"] == 172)]
    figure = draw_comparison(frame, protocol)
    left = figure.axes[0]
    named = [line.get_label() for line in left.get_lines() if line.get_label()[0] != "_"]
    assert named == ["predictor", "random", "oracle"]
    assert [text.get_text() for text in left.texts] == ["N = 172"]


def test_losses_have_their_perplexity_on_the_right_and_their_oracle_at_the_bottom(protocol):
    losses = curves("signal_by_samples", "target_by_samples")
    losses[["mean", "low", "high"]] = 5.5 - losses[["mean", "high", "low"]].to_numpy()
    about = {"signal": "validation loss", "target": "test loss", "unit": "nats", "scale": 1.0, "maximise": False}
    figure = draw_comparison(losses, protocol.model_copy(update=about))
    for axes, metric in zip(figure.axes, ("validation", "test"), strict=True):
        assert axes.get_ylabel() == f"{metric} loss of the choice (nats)"
        (right,) = axes.child_axes
        assert right.get_ylabel() == "perplexity"
        figure.draw_without_rendering()
        np.testing.assert_allclose(right.get_ylim(), np.exp(axes.get_ylim()))
        assert 4.5 < axes.get_ylim()[0] < 5.5 - 0.91  # the oracle's level is in sight
        assert min(text.xy[1] for text in axes.texts) > 0.5  # and what N is does not cover it
    accuracies = draw_comparison(curves("signal_by_samples"), protocol)
    assert not accuracies.axes[0].child_axes


def test_the_frontier_says_where_a_level_was_not_reached(protocol):
    axes = draw_frontier(frontier(), protocol).axes[0]
    assert [text.get_text() for text in axes.texts] == ["not\nreached"] * 2
    assert {tuple(line.get_ydata()) for line in axes.get_lines() if line.get_marker() in "os"} == {(230,)}


def test_fig7_draws_each_curve_at_its_numbers(protocol):
    frame = curves("signal_by_samples", "target_by_samples")
    figure = draw_fig7(frame, protocol)
    left, right = figure.axes
    assert [axes.get_title(loc="left") for axes in (left, right)] == ["a  validation", "b  test"]
    lines = {line.get_label(): line for line in left.get_lines()}
    assert set(lines) == {"N = 43", "N = 172", "random", "oracle"}
    expected = frame[(frame["panel"] == "signal_by_samples") & (frame["train_size"] == 43)]
    np.testing.assert_allclose(lines["N = 43"].get_xdata(), expected["x"])
    np.testing.assert_allclose(lines["N = 43"].get_ydata(), 100 * expected["mean"])
    assert left.get_ylim()[1] > 91 > left.get_ylim()[0]
    assert "A note that a reader must see." in " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


def test_fig7_has_a_third_panel_where_time_was_recorded(protocol):
    figure = draw_fig7(curves("signal_by_samples", "target_by_samples", "target_by_time"), protocol)
    assert figure.axes[2].get_xlabel() == "total training time of all N + K (s)"


def test_fig3_marks_the_oracle(protocol):
    figure = draw_fig3(points(), protocol)
    whole, zoom = figure.axes
    assert whole.get_title(loc="left") == "a  all 300 architectures"
    assert {text.get_text() for text in whole.get_legend().get_texts()} == {"one architecture", "equal", "oracle"}
    assert zoom.collections[0].get_offsets().shape[0] == 30


CURVES = dict.fromkeys(("fig4", "fig4-nlp", "fig7", "figA1"), curves)
MAKERS = {
    "fig3": points,
    "fig6": accepted,
    "fig-frontier": frontier,
    "fig9-nasbench-one": observed,
    "fig9-nlp": observed,
} | CURVES


@pytest.mark.parametrize("figure", MAKERS)
def test_same_numbers_same_bytes_with_embedded_fonts(tmp_path, protocol, figure):
    panels = ("signal_by_samples", "target_by_samples") if figure in CURVES else ()
    frame = MAKERS[figure](*panels)
    frame = frame.reindex(columns=list(FIGURES[figure].columns))
    files = []
    for name in ("a", "b"):
        paths = [tmp_path / f"{name}.{kind}" for kind in ("csv", "json", "pdf", "png")]
        write_result(frame, protocol, *paths[:2])
        render(figure, *paths)
        files.append([path.read_bytes() for path in paths])
    assert files[0] == files[1]
    pdf = files[0][2]
    assert b"/FontFile2" in pdf
    assert b"CreationDate" not in pdf


def test_an_unknown_figure_is_named():
    with pytest.raises(ConfigError, match="no figure 'fig99'; there are fig1, fig2, fig3"):
        render("fig99", *[Path("x")] * 4)
