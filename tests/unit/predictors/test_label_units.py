"""Labels to targets and back."""

import numpy as np
import pytest

from neural_predictor.predictors.label_units import LabelUnits, normal_scores


def test_normal_scores_follow_the_order_and_equal_labels_share_one():
    scores = normal_scores(np.array([[3.0, 1.0, 2.0], [5.0, 5.0, 9.0]]))
    assert scores[0] == pytest.approx([0.9674, -0.9674, 0], abs=1e-4)
    assert scores[1, 0] == scores[1, 1] < scores[1, 2]


def test_units_keep_the_order_beyond_the_labels_and_among_equal_ones():
    labels = np.array([0.1, 0.5, 0.5, 0.5, 0.9])
    units = LabelUnits(labels, ranks=True)
    scores = np.linspace(-4, 4, 101)
    back = units.back(scores)
    assert (np.diff(back) > 0).all()
    assert units.back(units.targets) == pytest.approx(labels, abs=1e-5)
