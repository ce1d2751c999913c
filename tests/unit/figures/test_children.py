"""Figures of children show the architectures and the numbers that they are to be judged by."""

import numpy as np
import pandas as pd
import pytest

from neural_predictor.figures.fig4_children.page import COLUMNS as FIG4_COLUMNS
from neural_predictor.figures.fig9_children.page import COLUMNS as FIG9_COLUMNS
from neural_predictor.figures.results import read_result, write_result
from neural_predictor.figures.style import save_figure
from support.figures import page_of


@pytest.fixture
def protocol(protocol):
    return protocol.model_copy(
        update={
            "experiment": "fig9-digits",
            "benchmark": "proxylessnas, digits",
            "benchmark_title": "ProxylessNAS architectures on digits",
            "architectures": 60,
            "label": "validation accuracy, mean of 3 trainings",
            "scored": "held-out architectures",
            "reported": "predictions",
            "repeats": {"partitions": 2},
        }
    )


def observed(sets=("training", "validation", "test"), trainings=3):
    """Three architectures a set, metrics of two predictors, and what they are compared with."""
    rows = [
        {"kind": "network", "set": name, "predicted": 0.85 + 0.01 * (k + place), "observed": 0.8 + 0.05 * k}
        for place, name in enumerate(sets)
        for k in range(3)
    ]
    for predictor, tau in (("chain", 0.42), ("one-stage", 0.31)):
        for name in sets:
            about = {"set": name, "predictor": predictor, "repeats": 2}
            rows += [
                about | {"kind": kind, "value": value, "low": value - 0.1, "high": value + 0.1}
                for kind, value in (("mse", 4.5), ("kendall_tau", tau), ("r2", 0.2))
            ]
    kinds = ["variance", "depth_tau"]
    kinds += ["tau_between_trainings", "reliability_one", "reliability_mean", "sd_between", "sd_within"]
    for k, kind in enumerate(kinds if trainings > 1 else kinds[:2]):
        rows.append({"kind": kind, "value": 0.5 + 0.01 * k, "low": 0.4, "high": 0.6})
    return pd.DataFrame(rows).reindex(columns=list(FIG9_COLUMNS)).astype({"repeats": "Int64"})


def searched(test=True):
    rows = []
    panels = ("validation_by_networks", "test_by_networks") if test else ("validation_by_networks",)
    for panel in panels:
        for method, best in (("chosen", 0.9), ("random", 0.85)):
            for x in (1, 2, 3):
                about = {"panel": panel, "method": method, "x": x, "mean": best + 0.01 * x}
                rows.append(about | {"low": best - 0.02 * (method == "random"), "high": best + 0.05})
    for method, count in (("chosen", 3), ("random", 7)):
        for k in range(count):
            x = 0.8 + 0.01 * k
            rows.append({"panel": "network", "method": method, "x": x, "mean": x - 0.02 if test else np.nan})
    return pd.DataFrame(rows).reindex(columns=list(FIG4_COLUMNS))


def said(figure):
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    return "\n".join(texts + [text.get_text() for text in figure.texts])


def test_fig9_shows_each_set_on_equal_axes_with_the_first_predictors_metrics(protocol):
    figure = page_of("fig9-digits", observed(), protocol)
    panels = figure.axes[:3]
    titles = [axes.get_title(loc="left") for axes in panels]
    assert titles == [f"{part}, 3 architectures" for part in ("a  training", "b  validation", "c  held out")]
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in panels}) == 1
    np.testing.assert_allclose(panels[2].collections[0].get_offsets(), [[87, 80], [88, 85], [89, 90]])
    assert panels[2].texts[0].get_text().splitlines() == [
        "MSE 4.500 [4.400, 4.600]",
        "Kendall tau 0.420 [0.320, 0.520]",
        "R2 0.200 [0.100, 0.300]",
    ]
    assert "A note that a reader must see." in said(figure).replace("\n", " ")


def test_fig9_says_what_the_metrics_are_to_be_compared_with(protocol):
    lines = said(page_of("fig9-digits", observed(), protocol)).splitlines()
    for name, numbers in (
        ("chain", "0.420 [0.320, 0.520]"),
        ("one-stage", "0.310 [0.210, 0.410]"),
        ("MSE of a constant", "0.50 [0.40, 0.60] %²"),
        ("tau of a count of zero layers", "0.510 [0.400, 0.600]"),
        ("reliability of their mean", "0.540 [0.400, 0.600]"),
        ("deviation of trainings", "0.56 [0.40, 0.60] %"),
    ):
        assert lines[lines.index(name) + 1] == numbers


@pytest.mark.parametrize("sets", [("training", "test"), ("training", "validation", "test")])
def test_fig9s_comparisons_stay_on_the_page(protocol, sets):
    figure = page_of("fig9-digits", observed(sets), protocol)
    figure.draw_without_rendering()
    for text in figure.axes[-1].texts:
        assert text.get_window_extent().x1 <= figure.bbox.x1, text.get_text()


def test_fig9_leaves_out_what_there_is_not(protocol):
    figure = page_of("fig9-digits", observed(("training", "test"), trainings=1), protocol)
    assert [axes.get_title(loc="left")[:1] for axes in figure.axes] == ["a", "b", ""]
    assert "reliability" not in said(figure)
    assert "tau of a count of zero layers" in said(figure)


def test_fig4_draws_both_searches_and_every_network(protocol):
    figure = page_of("fig4-digits", searched(), protocol)
    left, middle, right = figure.axes
    assert [axes.get_title(loc="left")[:4] for axes in figure.axes] == ["a  v", "b  t", "c  e"]
    chosen, random = middle.get_lines()
    np.testing.assert_allclose(chosen.get_ydata(), [91, 92, 93])
    np.testing.assert_allclose(random.get_ydata(), [86, 87, 88])
    assert len(left.collections) == 1  # only random search has a band
    assert [len(points.get_offsets()) for points in right.collections] == [7, 3]
    np.testing.assert_allclose(right.collections[1].get_offsets(), [[80, 78], [81, 79], [82, 80]])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "chosen by the predictor, best prediction first",
        "random, mean and band",
    ]


def test_fig4_without_test_accuracies_is_one_panel(protocol):
    figure = page_of("fig4-digits", searched(test=False), protocol)
    assert [axes.get_ylabel() for axes in figure.axes] == ["validation accuracy (%)"]


@pytest.mark.parametrize(
    ("figure", "make", "columns"),
    [("fig9-digits", observed, FIG9_COLUMNS), ("fig4-digits", searched, FIG4_COLUMNS)],
)
def test_same_numbers_same_bytes_through_the_files(tmp_path, protocol, figure, make, columns):
    files = []
    for name in ("a", "b"):
        csv, json, pdf, png = (tmp_path / f"{name}.{kind}" for kind in ("csv", "json", "pdf", "png"))
        write_result(make(), protocol, csv, json)
        save_figure(page_of(figure, *read_result(csv, json, columns)), pdf, png)
        files.append([pdf.read_bytes(), png.read_bytes()])
    assert files[0] == files[1]
