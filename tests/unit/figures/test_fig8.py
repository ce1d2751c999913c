import io

import numpy as np
import pandas as pd
import pytest

from neural_predictor.errors import ArchitectureError, ConfigError
from neural_predictor.figures.fig8.numbers import BINS, COLUMNS, COSTS, space_and_costs
from neural_predictor.figures.fig8.page import power_of_ten
from neural_predictor.spaces.proxylessnas.cost import multiply_adds, parameters
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from support.figures import page_of


@pytest.fixture(scope="module")
def frame():
    return space_and_costs(2000, 5, 224, 1000)


@pytest.fixture(scope="module")
def read_back(frame):
    """As `write_result` writes numbers, and as `read_result` reads them."""
    text = frame.to_csv(index=False, float_format="%.8g", lineterminator="\n")
    return pd.read_csv(io.StringIO(text), dtype={"architecture": str})


def test_the_layers_are_those_of_the_paper(frame):
    layers = frame[frame["kind"] == "layer"]
    assert tuple(frame.columns) == COLUMNS
    assert layers["layer"].tolist() == list(range(22))
    assert np.prod(layers["value"].astype(int).astype(object)) == 3 * 6**6 * 7**15
    firsts = layers.drop_duplicates("stage")
    assert firsts["channels"].tolist() == [16, 32, 40, 80, 96, 192, 320]
    assert firsts["stride"].tolist() == [1, 2, 2, 2, 1, 2, 1]
    assert firsts["size"].tolist() == [112, 56, 28, 14, 14, 7, 7]
    assert layers["kernel"].unique().tolist() == ["3/5/7"]
    assert layers["expansion"].tolist() == ["1", *["3/6"] * 21]
    ends = frame.set_index("kind").loc[["image", "stem", "head", "classes"], "channels"]
    assert ends.tolist() == [3, 32, 1280, 1000]


def test_the_histograms_are_of_the_samples(frame):
    codes = ProxylessNasSpace().sample(2000, np.random.default_rng(5))
    for name, values in zip(COSTS, (multiply_adds(codes, 224, 1000), parameters(codes, 1000)), strict=True):
        bins = frame[(frame["kind"] == "histogram") & (frame["name"] == name)]
        assert len(bins) == BINS
        assert bins["count"].sum() == 2000
        last = bins.iloc[-1]
        assert ((values >= last["low"]) & (values <= last["high"])).sum() == last["count"] > 0
        summary = frame[(frame["kind"] == "summary") & (frame["name"] == name)].iloc[0]
        assert (summary["low"], summary["high"]) == (values.min(), values.max())
        assert summary["value"] == pytest.approx(values.mean())
    pd.testing.assert_frame_equal(frame, space_and_costs(2000, 5, 224, 1000))
    assert not frame.equals(space_and_costs(2000, 6, 224, 1000))


def test_the_cardinality_keeps_its_digits_in_a_file(read_back):
    text = read_back.set_index("name")["text"]
    assert text["cardinality"] == "664,506,689,423,701,824"
    assert int(text["networks"].replace(",", "")) == 3 * 6 * (6 * 259) ** 5


@pytest.mark.parametrize("source", ["frame", "read_back"])
def test_the_figure_shows_the_layers_and_the_samples(request, protocol, source):
    figure = page_of("fig8", request.getfixturevalue(source), protocol.model_copy(update={"notes": ["A note."]}))
    network, left, right = figure.axes
    texts = [text.get_text() for text in network.texts]
    assert "6.645 \\times 10^{17}" in network.get_title(loc="left")
    assert [texts.count(number) for number in ("1280", "1\N{EN DASH}4", "17\N{EN DASH}20", "112")] == [1, 1, 1, 2]
    assert len(network.patches) == 22 + 4
    assert [text.get_text()[:2] for text in network.get_legend().get_texts()] == ["3:", "6:", "7:"]
    for axes in (left, right):
        assert sum(bar.get_height() for bar in axes.patches) == 2000
    assert left.get_xlabel() == "multiply-adds (millions)"
    assert [text.get_text() for text in figure.texts] == ["A note."]


def test_a_large_number_is_written_as_a_power_of_ten():
    assert power_of_ten("664,506,689,423,701,824") == r"$6.645 \times 10^{17}$"


def test_faults_are_named():
    with pytest.raises(ConfigError, match="fig8 draws 1 architectures; its histograms take 2 or more"):
        space_and_costs(1, 0, 224, 1000)
    with pytest.raises(ArchitectureError, match="resolution is 0; it must be 1 or more"):
        space_and_costs(10, 0, 0, 1000)
