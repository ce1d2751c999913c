import numpy as np
import pytest

from neural_predictor.ranking.quality import Curve, Intervals, Top, Trial, learning_curve, sub_trials
from neural_predictor.ranking.report import describe
from neural_predictor.ranking.score import Scored
from neural_predictor.statistics.bootstrap import Estimate

RNG = np.random.default_rng


def trial(size, noise, n=200, seed=0):
    rng = RNG([seed, size])
    labels = rng.normal(size=n)
    return Trial(size, labels, labels + noise * rng.normal(size=n))


def test_the_curve_is_a_line_in_the_log_of_the_number():
    trials = [trial(25, 2.0), trial(25, 2.0, seed=1), trial(50, 1.0), trial(100, 0.5)]
    rng = RNG(0)
    taus = [one.taus(rng) for one in trials]
    curve = learning_curve(trials, taus, rng)
    assert list(curve.points) == [25, 50, 100]
    assert curve.twice == 200
    assert curve.points[25].value == pytest.approx((taus[0][0] + taus[1][0]) / 2)
    means = [point.value for point in curve.points.values()]
    slope, level = np.polyfit([0, 1, 2], means, 1)
    assert curve.ahead.value == pytest.approx(min(3 * slope + level, 1))
    assert curve.ahead.low < curve.ahead.value <= curve.ahead.high <= 1


def test_subsets_are_tested_on_all_other_architectures(made, architectures, labels):
    from neural_predictor.ranking.cells import Vocabulary
    from neural_predictor.ranking.parse import parse

    vocabulary = Vocabulary()
    operations, edges = zip(*architectures[:80], strict=True)
    cells = parse({"operations": operations, "edges": edges}, 80, vocabulary, str)
    graphs = cells.encode(vocabulary.places(5))

    def trials(size):
        known = np.array(labels[:size])
        return sub_trials(made.Ridge(0).fit(graphs.take(np.arange(size)), known), known, seed=3)

    found = trials(80)
    assert [(one.size, len(one.observed)) for one in found] == [(20, 60), (20, 60), (40, 40), (40, 40)]
    halves = np.concatenate([found[2].observed, found[3].observed])
    assert sorted(halves) == sorted(labels[:80])
    assert [one.size for one in trials(30)] == [15, 15]
    assert trials(12) == []


def test_intervals_hold_the_share_of_new_labels_that_they_say():
    rng = RNG(0)
    held = []
    for _ in range(50):
        spread = rng.uniform(0.5, 2, size=300)
        error = spread * rng.normal(size=300)
        members = np.stack([-spread, spread]) / 2
        found = Intervals.calibrated(error[:100], np.zeros(100), members[:, :100])
        held.append(np.mean(np.abs(error[100:]) <= found.half_width(members[:, 100:])))
    assert 0.88 < np.mean(held) < 0.93


def test_intervals_of_a_predictor_that_was_never_wrong_are_still_intervals():
    found = Intervals.calibrated(np.arange(10.0), np.arange(10.0), np.zeros((1, 10)))
    assert found.half_width(np.zeros((1, 3))).tolist() == [0, 0, 0]
    one = Intervals.calibrated(np.arange(10.0), np.zeros(10), np.zeros((1, 10)))
    assert (one.half_width(np.zeros((1, 3))) == 9).all()


def scored(tau, curve=None, warnings=()):
    values = np.zeros(3)
    top = Top(10, 18, Estimate(6.0, 2.0, 10.0), 1.046)
    return Scored(np.arange(3), values, values, values, values > 0, tau, top, curve, list(warnings))


def test_the_report_says_what_tau_means():
    report = describe(scored(Estimate(0.6, 0.5, 0.7)), 172, ["a", "b"], "best")
    assert "puts the better one first in 80 of 100 cases" in report
    assert "Of the 10 that it would train first, 6 (2 to 10) are among the best 18 (guessing: 1.0)" in report
    assert "No learning curve" in report
    unsure = describe(scored(Estimate(0.1, -0.1, 0.3)), 12, ["a"], "best")
    assert "do not show that the ranking is better than a random one" in unsure
    curve = Curve({86: Estimate(0.5, 0.4, 0.6), 172: Estimate(0.6, 0.5, 0.7)}, 344, Estimate(0.7, 0.5, 0.8))
    with_curve = describe(scored(Estimate(0.6, 0.5, 0.7), curve, ["look here"]), 172, list("abcdefghijklmnop"), "best")
    assert "344  0.700 (0.500 to 0.800) extrapolated" in with_curve
    assert "172 more architectures would change tau by about +0.10" in with_curve
    assert "16 operations: a, b, c, d, e, f, g, h, i, j, k, l and 4 more" in with_curve
    assert with_curve.endswith("Mind:\n  look here")


def test_the_top_counts_the_best_tenth_among_the_first_ten():
    rng = np.random.default_rng(0)
    labels = rng.permutation(100).astype(float)
    perfect = Top.of(Trial(100, labels, labels), rng)
    assert (perfect.first, perfect.best, perfect.guessed) == (10, 10, 1)
    assert perfect.found.value == 10
    worst = Top.of(Trial(100, labels, -labels), rng)
    assert (worst.found.value, worst.found.high) == (0, 0)
    predicted = np.where(labels >= 95, 200.0, labels - 100 * (labels >= 85))  # the best five, then 84, 83, ..
    assert Top.of(Trial(100, labels, predicted), rng).found.value == 5


def test_of_few_architectures_the_first_quarter_counts_and_equal_labels_all_do():
    rng = np.random.default_rng(0)
    top = Top.of(Trial(12, np.repeat([0.0, 1.0], 6), np.arange(12.0)), rng)
    assert (top.first, top.best, top.found.value, top.guessed) == (3, 2, 3, 0.5)
