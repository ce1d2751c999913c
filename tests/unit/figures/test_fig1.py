"""Fig. 1: the numbers of one search, each counted here in another way."""

import numpy as np
import pandas as pd
import pytest

from neural_predictor.figures.curves import guided_curves
from neural_predictor.figures.fig1.numbers import COLUMNS
from neural_predictor.figures.first_search import BINS
from neural_predictor.figures.results import caption
from neural_predictor.fits.files import read_fits
from neural_predictor.search.draws import draw_repeat
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace
from neural_predictor.tables.benchmarks import BENCHMARKS
from neural_predictor.tables.table import BenchmarkTable
from support.figures import numbers_of
from support.searches import NAME, TOTAL, N, noisy, of, synthetic


@pytest.fixture(scope="module")
def table():
    """Synthetic metrics on a real space, two runs an architecture."""
    space = NasBenchGraphSpace(**BENCHMARKS[NAME].options)
    return synthetic(NAME, space, space.enumerate())


def test_fig1_tells_the_search_in_order(tmp_path, study, table, write_scores):
    frame, protocol = numbers_of("fig1", study, table, scores=write_scores(tmp_path, table, noisy(table)))
    assert tuple(frame.columns) == COLUMNS
    seen = draw_repeat(table, study.seed, N, 0)
    space = NasBenchGraphSpace(**BENCHMARKS[NAME].options)
    training, candidates = of(frame, "training"), of(frame, "candidate")
    assert training["signal"].tolist() == seen.signal[seen.train_rows].tolist()
    assert space.identify(np.stack([space.parse(text) for text in training["architecture"]])).tolist() == (
        table.architecture[seen.train_rows].tolist()
    )
    ranked = pd.Series(noisy(table).astype(np.float32)).drop(seen.train_rows).sort_values(ascending=False)
    best = ranked.index[: TOTAL - N].to_numpy()
    assert candidates["place"].tolist() == list(range(1, TOTAL - N + 1))
    np.testing.assert_allclose(candidates["predicted"].astype(float), ranked.to_numpy()[: TOTAL - N], rtol=1e-7)
    assert candidates["architecture"].tolist() == [space.format(code) for code in table.encoding[best]]
    np.testing.assert_allclose(candidates["target"].astype(float), table.metrics["test_accuracy"][best].mean(axis=1))
    everything = np.concatenate([seen.train_rows, best])
    winner = everything[np.argmax(seen.signal[everything])]
    (choice,) = of(frame, "choice").to_dict("records")
    assert choice["architecture"] == space.format(table.encoding[winner])
    assert choice["signal"] == max(training["signal"].max(), candidates["signal"].max())
    assert choice["place"] == np.flatnonzero(everything == winner).item() + 1
    assert "first repeat of one-stage: N = 20, N + K = 60." in caption(protocol)
    assert "2 of " not in caption(protocol)


def test_fig1s_histogram_is_of_all_that_were_scored(tmp_path, study, table, write_scores):
    frame, _ = numbers_of("fig1", study, table, scores=write_scores(tmp_path, table, noisy(table)))
    space, best = of(frame, "space"), of(frame, "best")
    assert of(frame, "scored")["count"].tolist() == [len(table) - N]
    assert len(space) == len(best) == BINS
    assert space["count"].sum() == pytest.approx(0.95 * (len(table) - N), abs=1)
    assert best["count"].sum() == TOTAL - N
    assert (best["count"].to_numpy() <= space["count"].to_numpy()).all()
    assert best["count"].to_numpy()[-1] == space["count"].to_numpy()[-1]


@pytest.mark.parametrize("constant", [False, True])
def test_the_choice_is_where_the_curve_of_repeat_0_ends(tmp_path, study, table, write_scores, constant):
    """With a constant predictor too, whose search is all ties."""
    paths = write_scores(tmp_path, table, np.full(len(table), 0.7) if constant else noisy(table))
    frame, _ = numbers_of("fig1", study, table, scores=paths)
    fits = read_fits([path for path in paths if f"-{N}-" in path.name], table, study.seed, 1)
    curves = guided_curves(table, study, "one-stage", N, fits, TOTAL)
    rows = curves.rows().set_index(["panel", "x"])["mean"]
    (choice,) = of(frame, "choice").to_dict("records")
    assert choice["target"] == pytest.approx(curves.target[0, -1])
    assert choice["signal"] == pytest.approx(rows["signal_by_samples", TOTAL])


def test_a_search_for_less_takes_the_lowest(tmp_path, study, table, write_scores):
    """The same architectures with errors in place of accuracies are searched in the same way."""
    latency = {"latency_ms": 100 * (1 - table.metrics["validation_accuracy"])}
    turned = BenchmarkTable(
        NAME, table.space, table.architecture, table.encoding, {**table.metrics, **latency}, signal="latency_ms"
    )
    frame, protocol = numbers_of("fig1", study, turned, scores=write_scores(tmp_path, turned, -noisy(table)))
    same, _ = numbers_of("fig1", study, table, scores=write_scores(tmp_path, table, noisy(table)))
    assert not protocol.maximise
    assert of(frame, "candidate")["architecture"].tolist() == of(same, "candidate")["architecture"].tolist()
    assert of(frame, "choice")["architecture"].tolist() == of(same, "choice")["architecture"].tolist()
    assert of(frame, "best")["count"].tolist() == of(same, "best")["count"].tolist()[::-1]
