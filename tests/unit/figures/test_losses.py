"""Figures of a metric that is minimised, on a table that holds a sample of a space without end."""

from dataclasses import replace

import numpy as np
import pytest

from neural_predictor.config.study import Study
from neural_predictor.errors import ConfigError
from neural_predictor.figures.comparison import compare
from neural_predictor.figures.results import caption
from neural_predictor.figures.run import Inputs, request_of, run
from neural_predictor.spaces.nasbench_nlp.space import NasBenchNlpSpace
from neural_predictor.tables.benchmarks import BENCHMARKS
from neural_predictor.tables.table import BenchmarkTable, write_table
from support.figures import numbers_of, page_of, plain

NAME = "nasbench-nlp"
NOTE = "Of 310 runs, left out are 10 with the status 'loss is nan!'."
SIZE = 250


@pytest.fixture
def study(study):
    fig4 = {"predictors": ["one-stage", "other"], "train_size": 20, "total": 60, "repeats": 3}
    fig9 = {"predictor": "one-stage", "train_size": 20, "validation_size": 30, "repeats": 3}
    sections = {"fig4_nlp": fig4 | {"benchmark": NAME}, "fig9_nlp": fig9 | {"benchmark": NAME}}
    return Study.model_validate(study.model_dump() | sections).with_name("t-v1")


@pytest.fixture(scope="module")
def cells():
    """Recurrent cells, the larger the worse, fifty of them with a second run."""
    space, rng = NasBenchNlpSpace(), np.random.default_rng(0)
    codes = space.sample(SIZE, rng)
    size = space.encode(codes).mask.sum(axis=1)
    first = 4.5 + 0.05 * size + rng.normal(0, 0.002, SIZE)
    second = np.where(np.arange(SIZE) < 50, first + 0.001, np.nan)
    losses = np.stack([first, second], axis=1)
    metrics = {"validation_loss": losses, "test_loss": losses - 0.04, "training_time_s": losses * 100}
    about = {"signal": "validation_loss", "target": "test_loss", "provenance": {"note": NOTE}}
    return BenchmarkTable(NAME, space.name, space.identify(codes), codes, metrics, **about)


@pytest.fixture
def compared(tmp_path, study, cells, write_scores):
    """fig4-nlp of a predictor that knows and of one that has it upside down."""
    truth = cells.mean("validation_loss")
    paths = write_scores(tmp_path, cells, truth, (20,))
    paths += write_scores(tmp_path, cells, -truth, (20,), predictor="other")
    return numbers_of("fig4-nlp", study, cells, scores=paths)


def test_searches_among_losses_go_down_to_the_oracle(compared, cells):
    frame, protocol = compared
    signal = frame[frame["panel"] == "signal_by_samples"]
    for method, curve in signal.groupby("method"):
        assert (np.diff(curve["mean"]) <= 1e-12).all(), method
    oracle = signal[signal["method"] == "oracle"]["mean"].item()
    assert oracle == pytest.approx(np.nanmin(cells.metrics["validation_loss"]), abs=0.002)
    last = signal[signal["x"] == 60].set_index("method")["mean"]
    assert oracle <= last.min() + 0.001  # searches and oracle draw their runs each for themselves
    assert last["one-stage"] == pytest.approx(oracle, abs=0.005)  # its first candidate is the best, but for noise
    assert last["one-stage"] < last["random"] < last["other"]
    assert last["evolution"] < last["other"]
    assert not protocol.maximise
    assert protocol.unit == "nats"
    assert set(frame["panel"]) == {"signal_by_samples", "target_by_samples", "target_by_time"}


def test_the_protocol_speaks_of_the_table_where_that_is_not_the_space(compared, study, make_table):
    _, protocol = compared
    assert protocol.sampling == "uniform over the architectures of the table, without replacement"
    assert protocol.scored == "the whole table less the training set"
    assert protocol.label == "validation loss of one of up to 2 runs, drawn per experiment and architecture"
    assert protocol.reported.startswith("test loss (mean of up to 2 runs) of the architecture with the best")
    assert protocol.notes[:2] == [BENCHMARKS[NAME].note, NOTE]
    redrawn = [note for note in protocol.notes if "of evolution's children were random rows" in note]
    assert "Of its 60 samples " in redrawn[0]
    assert NOTE in caption(protocol)
    _, enumerated = compare(no_predictors(request_of("figA1", study, [make_table()])))
    assert enumerated.sampling == "uniform over the architectures of the space, without replacement"
    assert enumerated.scored == "the whole space less the training set"
    assert "one of 3 runs" in enumerated.label


def no_predictors(request):
    """The same figure with random search and the oracle alone."""
    return replace(request, section=request.section.model_copy(update={"predictors": ()}))


def test_fig9_and_table_metrics_measure_in_nats(tmp_path, study, cells, make_table, write_scores):
    scores = cells.mean("validation_loss") + 0.1
    recurrent = write_scores(tmp_path, cells, scores, (20,))
    frame, protocol = numbers_of("fig9-nlp", study, cells, scores=recurrent)
    test = frame[(frame["set"] == "test") & (frame["kind"] == "mse")].iloc[0]
    assert test["value"] == pytest.approx(0.01, rel=0.05)  # squared nats, not percentage points
    assert (frame[frame["kind"] == "kendall_tau"]["value"] > 0.8).all()
    shown = frame[(frame["set"] == "test") & frame["kind"].isin(["density", "outside"])]
    assert shown["value"].sum() == SIZE - 20 - 30
    assert frame["observed"].max() < 6.5  # the tail that is not drawn is that of the worst, high losses
    assert (protocol.signal, protocol.unit) == ("validation loss", "nats")
    (tmp_path / "own").mkdir()
    own = make_table(runs=1)
    paths = recurrent + write_scores(tmp_path / "own", own, own.mean("validation_accuracy") + 0.1, (20,))
    tables = (own, cells)
    metrics, said = numbers_of("table-metrics", study, *tables, scores=paths)
    rows = metrics[(metrics["source"] == "measured") & (metrics["set"] == "test") & (metrics["metric"] == "mse")]
    found = rows.set_index("benchmark")["value"]
    assert found[NAME] == pytest.approx(0.01, rel=0.05)
    assert found[own.name] == pytest.approx(100, rel=0.05)  # squared percentage points
    assert {"Rows of other benchmarks: NAS-Bench-NLP, Penn Treebank.", NOTE} <= set(said.notes)
    lines = plain(page_of("table-metrics", metrics, said)).splitlines()
    ours = [number for number, line in enumerate(lines) if line.startswith(f"| {NAME} |")]
    assert len(ours) == 8
    assert ours[-1] - ours[0] == 7  # four measured sets, and the replication's four below them
    tau, _ = numbers_of("table-tau", study, *tables, scores=paths)
    units = tau[tau["metric"] == "mse"].set_index("benchmark")
    assert units["unit"].to_dict() == {own.name: "squared percentage points", NAME: "squared nats"}
    np.testing.assert_allclose(units.loc[[own.name, NAME], "mean"], [100, 0.01], rtol=0.05)


@pytest.mark.parametrize("figure", ["fig4-nlp", "fig9-nlp"])
def test_a_figure_of_recurrent_cells_needs_their_section(tmp_path, study, cells, figure):
    without = Study.model_validate(study.model_dump() | {"fig4_nlp": None, "fig9_nlp": None}).with_name("t-v1")
    table = tmp_path / "table.parquet"
    write_table(cells, table)
    outputs = [tmp_path / "x.csv", tmp_path / "x.json"]
    with pytest.raises(
        ConfigError,
        match=f"the study t-v1 has no section `{figure.replace('-', '_')}`, which {figure} needs: benchmark, ",
    ):
        run(figure, without, [table], Inputs(), *outputs)
