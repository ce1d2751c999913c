"""fig9: sets that are disjoint, and how far each is predicted."""

import numpy as np

from neural_predictor.figures.observed import evenly_spaced
from support.figures import numbers_of, page_of
from support.frames import observed

SIZE = 300


def test_ten_evenly_spaced_are_the_ends_and_eight_between_all_different():
    predicted = np.array([0.0, 0.1, 0.11, 0.12, 0.5, 0.9, 1.0, 0.2, 0.3, 0.4, 0.6])
    chosen = evenly_spaced(predicted)
    assert len(set(chosen.tolist())) == 10
    assert {0, 6} <= set(chosen.tolist())
    dense = np.linspace(0, 1, 1001)
    np.testing.assert_allclose(dense[evenly_spaced(dense)], np.linspace(0, 1, 10), atol=5e-4)
    assert evenly_spaced(np.zeros(4)).tolist() == [0, 1, 2, 3]


def test_fig9_sets_are_disjoint_and_the_test_set_is_all_the_rest(tmp_path, study, make_table, write_scores):
    table = make_table(runs=1)
    paths = write_scores(tmp_path, table, table.mean("test_accuracy"), (20,))
    frame, protocol = numbers_of("fig9-nasbench-one", study, table, scores=paths)
    networks = frame[frame["kind"] == "network"].groupby("set")["predicted"]
    assert networks.size().to_dict() == {"training": 20, "validation": 30, "ten of test": 10}
    assert not set(networks.get_group("training")) & set(networks.get_group("validation"))
    density = frame[frame["kind"].isin(["density", "outside"])]
    assert density["value"].sum() == SIZE - 20 - 30
    assert (frame[frame["kind"] == "kendall_tau"]["value"] > 0.8).all()
    assert protocol.repeats == {"the predictor": 3}


def test_fig9_shows_all_unseen_networks_and_says_which_set_is_too_small(protocol):
    figure = page_of("fig9-nasbench-one", observed(), protocol)
    titles = [axes.get_title(loc="left") for axes in figure.axes[:3]]
    assert titles == [
        "a  training, 2 architectures",
        "b  validation, 2 architectures",
        "c  unseen test, 110 architectures",
    ]
    assert figure.axes[1].texts[0].get_text().splitlines() == [
        "MSE too few architectures",
        "Kendall tau too few architectures",
        "R2 too few architectures",
    ]
    assert "Kendall tau 0.500 [0.400, 0.600]" in figure.axes[2].texts[0].get_text()
