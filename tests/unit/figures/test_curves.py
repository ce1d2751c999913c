"""The order in which a search trains its candidates."""

import numpy as np

from neural_predictor.fits.files import read_fits

SIZE = 300


def test_a_cascade_trains_what_it_accepts_before_anything_else(tmp_path, make_table, cascade_scores):
    table = make_table()
    accept = np.arange(SIZE) < 150
    fit = next(read_fits(cascade_scores(tmp_path, table, accept), table, 5))
    order = np.argsort(-fit.goodness(maximise=True))
    assert set(order[:150]) == set(range(150))
    assert order[0] == 149  # the best of the accepted
    assert order[150] == 150  # then the rest by logit
    assert np.argsort(-fit.goodness(maximise=False))[0] == 0
