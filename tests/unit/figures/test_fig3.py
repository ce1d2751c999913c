"""Fig. 3: every architecture and the oracle."""

import numpy as np

from support.figures import numbers_of, page_of
from support.frames import points


def test_fig3_has_every_architecture_and_the_oracle_with_its_interval(study, make_table):
    table = make_table()
    frame, protocol = numbers_of("fig3", study, table)
    points, best = frame[frame["kind"] == "architecture"], frame[frame["kind"] == "oracle"]
    assert points["architecture"].tolist() == list(table.architecture)
    np.testing.assert_allclose(points["target"], table.mean("test_accuracy"))
    assert np.abs(points["signal"].to_numpy()[:, None] - table.metrics["validation_accuracy"]).min(axis=1).max() == 0
    assert len(best) == 1
    assert best["signal_low"].item() < best["signal"].item() < best["signal_high"].item()
    assert "one of 3 runs, drawn" in protocol.label


def test_fig3_marks_the_oracle(protocol):
    figure = page_of("fig3", points(), protocol)
    whole, zoom = figure.axes
    assert whole.get_title(loc="left") == "a  all 300 architectures"
    assert {text.get_text() for text in whole.get_legend().get_texts()} == {"one architecture", "equal", "oracle"}
    assert zoom.collections[0].get_offsets().shape[0] == 30
