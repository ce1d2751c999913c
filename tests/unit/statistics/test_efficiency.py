import numpy as np

from neural_predictor.config.sections import Bootstrap
from neural_predictor.statistics.efficiency import efficiency, held_from


def test_a_level_is_held_from_where_the_curve_never_falls_below_it():
    curve = np.array([1.0, 3.0, 2.0, 3.0, 4.0])
    assert held_from(curve, 3.0, first=11) == 14
    assert held_from(curve, 1.0, first=11) == 11
    assert held_from(curve, 5.0, first=11) is None
    assert held_from(np.array([3.0, 2.0]), 3.0, first=1) is None


def test_a_search_that_is_there_in_a_quarter_of_the_samples_is_four_times_as_efficient():
    reference = np.tile(np.arange(1.0, 101.0), (5, 1))
    own = np.minimum(4 * reference, 100)
    assert efficiency(own, reference, 1, Bootstrap(resamples=100), seed=0) == (25, 4, 4, 4, 1)
    samples, *rest = efficiency(reference - 1, reference, 1, Bootstrap(resamples=100), seed=0)
    assert np.isnan([samples, *rest[:-1]]).all()
    assert rest[-1] == 0
