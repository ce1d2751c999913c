"""Fig. 5: what passes each part of the cascade."""

import numpy as np
import pytest

from neural_predictor.figures.fig5.numbers import COLUMNS
from neural_predictor.figures.results import caption
from neural_predictor.search.draws import draw_repeat
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace
from neural_predictor.tables.benchmarks import BENCHMARKS
from support.figures import numbers_of
from support.searches import NAME, TOTAL, N, cascade, counts, of, synthetic, with_recipe


@pytest.fixture(scope="module")
def table():
    """Synthetic metrics on a real space, two runs an architecture."""
    space = NasBenchGraphSpace(**BENCHMARKS[NAME].options)
    return synthetic(NAME, space, space.enumerate())


def test_fig5_counts_what_passes_each_part(tmp_path, study, table, write_scores):
    accept = np.random.default_rng(2).random(len(table)) < 0.3
    frame, protocol = numbers_of("fig5", study, table, scores=cascade(table, tmp_path, write_scores, accept))
    assert tuple(frame.columns) == COLUMNS
    seen = draw_repeat(table, study.seed, N, 0)
    labels = seen.signal[seen.train_rows]
    bound = of(frame, "bound")["value"].item()
    assert bound == pytest.approx(np.quantile(labels, 0.4))
    rest = sorted(set(range(len(table))) - set(seen.train_rows.tolist()))
    accepted = [row for row in rest if accept[row]]
    right = [row for row in accepted if seen.signal[row] > bound]
    assert counts(frame) == {
        "stages": 2,
        "training": N,
        "needed": 10,
        "accurate": sum(labels > bound),
        "scored": len(rest),
        "candidates": TOTAL - N,
        "accepted": len(accepted),
        "rejected": len(rest) - len(accepted),
        "passed": TOTAL - N,
    }
    metrics = of(frame, "metric").set_index("name")["value"]
    assert metrics["precision"] == pytest.approx(len(right) / len(accepted))
    assert metrics["base rate"] == pytest.approx(np.mean([seen.signal[row] > bound for row in rest]))
    assert list(of(frame, "rule")[["name", "value"]].itertuples(index=False, name=None)) == [("quantile", 0.4)]
    assert of(frame, "ranked")["count"].sum() == pytest.approx(0.95 * len(accepted), abs=1)
    assert of(frame, "best")["count"].sum() == TOTAL - N
    assert "one stage" not in caption(protocol).lower()


def test_fig5_has_the_papers_threshold(tmp_path, study, table, write_scores):
    """An architecture right at the threshold is not accurate."""
    seen = draw_repeat(table, study.seed, N, 0)
    threshold = float(np.sort(seen.signal[seen.train_rows])[4])
    changed = with_recipe(study, "two-stage", quantile=None, threshold=threshold)
    frame, _ = numbers_of(
        "fig5", changed, table, scores=cascade(table, tmp_path, write_scores, np.ones(len(table), bool))
    )
    assert list(of(frame, "rule")[["name", "value"]].itertuples(index=False, name=None)) == [("threshold", threshold)]
    assert of(frame, "bound")["value"].item() == threshold
    assert counts(frame)["accurate"] == N - 5


def test_fig5_says_where_one_stage_had_to_do(tmp_path, study, table, write_scores):
    paths = cascade(table, tmp_path, write_scores, np.ones(len(table), bool), one_stage=True)
    frame, protocol = numbers_of("fig5", with_recipe(study, "two-stage", quantile=0.9), table, scores=paths)
    found = counts(frame)
    assert found["stages"] == 1
    assert found["accurate"] == 2
    assert found["accurate"] < found["needed"]
    assert not {"accepted", "rejected", "passed"} & set(found)
    assert of(frame, "metric").empty
    assert of(frame, "ranked")["count"].sum() == pytest.approx(0.95 * (len(table) - N), abs=1)
    assert "One stage had to do" in caption(protocol)


@pytest.mark.parametrize("accepted", [0, 7])
def test_fig5_where_few_pass_the_rest_of_k_are_rejected_ones(tmp_path, study, table, write_scores, accepted):
    seen = draw_repeat(table, study.seed, N, 0)
    accept = np.zeros(len(table), bool)
    accept[np.setdiff1d(np.arange(len(table)), seen.train_rows)[:accepted]] = True
    frame, _ = numbers_of("fig5", study, table, scores=cascade(table, tmp_path, write_scores, accept))
    assert counts(frame)["accepted"] == counts(frame)["passed"] == accepted
    assert counts(frame)["candidates"] == TOTAL - N
    assert of(frame, "ranked")["count"].sum() == max(accepted - 1, 0)  # the histogram leaves the worst out
    assert ("precision" in set(of(frame, "metric")["name"])) == (accepted > 0)
