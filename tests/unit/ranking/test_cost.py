"""Costs in `rank` and `suggest`: bounds, fronts, predicted costs, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from neural_predictor import rank, suggest
from neural_predictor.cli.rank import app as rank_app
from neural_predictor.cli.suggest import app as suggest_app
from neural_predictor.errors import FormatError, RankingError
from neural_predictor.predictors import device
from neural_predictor.ranking import readers
from neural_predictor.ranking.cost import Cost, cost_of
from neural_predictor.ranking.rank import rank_files
from neural_predictor.ranking.score import Options
from neural_predictor.ranking.suggest import suggest_files
from neural_predictor.search.fronts.pareto import layers

PLAIN = Options(curve=False)


@pytest.fixture(scope="module")
def costs(architectures):
    """One a node and a tenth an edge: alike for equal graphs."""
    return [len(operations) + 0.1 * len(edges) for operations, edges in architectures]


@pytest.fixture
def files(tmp_path, made, architectures, labels, costs):
    """Writes 60 trained architectures and 240 candidates, with costs where they are wanted."""

    def write(train_cost=None, candidate_cost=costs[60:], form="csv"):
        paths = [tmp_path / f"{name}.{form}" for name in ("train", "candidates", "out")]
        more = {} if train_cost is None else {"ms": train_cost}
        made.write_architectures(paths[0], architectures[:60], {"label": labels[:60], **more})
        more = {} if candidate_cost is None else {"ms": candidate_cost}
        made.write_architectures(paths[1], architectures[60:], {"place": list(range(240)), **more})
        return paths

    return write


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_ranking_keeps_bounds_and_is_otherwise_the_same(files, made, form):
    train, candidates, output = files(form=form)
    read = {"csv": pd.read_csv, "jsonl": lambda path: pd.read_json(path, lines=True), "parquet": pd.read_parquet}[form]
    rank_files(train, candidates, output, options=PLAIN, make=made.Ridge)
    whole = read(output)
    report = rank_files(train, candidates, output, options=PLAIN, make=made.Ridge, cost=Cost("ms", 6, 4))
    kept = read(output)
    inside = whole[(whole["ms"] >= 4) & (whole["ms"] <= 6)]
    assert 0 < len(kept) < len(whole)
    assert kept["place"].tolist() == inside["place"].tolist()
    assert kept["rank"].tolist() == list(range(1, len(kept) + 1))
    assert set(kept.columns) == set(whole.columns)
    assert f"{len(kept)} of 240 candidates have a ms of at least 4 and at most 6" in report


def test_a_front_is_marked_and_comes_first(files, made):
    train, candidates, output = files()
    report = rank_files(train, candidates, output, options=PLAIN, make=made.Ridge, cost=Cost("ms", front=True))
    found = pd.read_csv(output)
    layer = layers(found[["score"]].assign(cheap=-found["ms"]).to_numpy())
    assert (np.diff(layer) >= 0).all()
    assert found["on_front"].tolist() == (layer == 0).tolist()
    assert f"On the front of predicted label and ms: {(layer == 0).sum()} of them" in report
    few = Options(curve=False, top=5)
    rank_files(train, candidates, output, options=few, make=made.Ridge, cost=Cost("ms", front=True))
    assert pd.read_csv(output)["place"].tolist() == found["place"][:5].tolist()


def test_a_cost_that_only_later_lines_have_is_read_and_not_predicted(files, made, costs, monkeypatch):
    train, candidates, output = files(train_cost=costs[:60], form="jsonl")
    lines = [json.loads(line) for line in candidates.read_text().splitlines()]
    for fields in lines[:20]:
        del fields["ms"]
    candidates.write_text("".join(json.dumps(fields) + "\n" for fields in lines))
    monkeypatch.setattr(readers, "CHUNK_ROWS", 10)
    with pytest.raises(FormatError, match=r"column ms: no finite number in line 1, .*every candidate needs a cost"):
        rank_files(train, candidates, output, options=PLAIN, make=made.Ridge, cost=Cost("ms", at_most=6))


def test_a_cost_of_the_trained_alone_is_predicted(files, made, costs):
    train, candidates, output = files(train_cost=costs[:60], candidate_cost=None)
    report = rank_files(train, candidates, output, options=PLAIN, make=made.Ridge, cost=Cost("ms", at_most=6))
    found = pd.read_csv(output)
    assert "The candidates' ms is predicted; Kendall tau in cross-validation of the trained architectures: 0." in report
    assert (found["predicted_cost"] <= 6).all()
    assert np.abs(found["predicted_cost"] - np.array(costs)[60:][found["place"]]).mean() < 0.5


def test_suggestions_keep_bounds_and_mark_the_front(files, costs):
    train, candidates, output = files()
    suggest_files(train, candidates, output, count=8, cost=Cost("ms", at_most=5))
    assert (pd.read_csv(output)["ms"] <= 5).all()
    report = suggest_files(train, candidates, output, count=8, cost=Cost("ms", front=True))
    found = pd.read_csv(output)
    assert found["on_front"].any()
    assert np.ptp(found["ms"]) > 4  # spread along the front
    assert set(found["reason"]) == {"front"}
    assert "On the front of predicted label and ms" in report
    train, candidates, output = files(train_cost=costs[:60], candidate_cost=None)
    suggest_files(train, candidates, output, count=8, cost=Cost("ms", at_most=5))
    assert (pd.read_csv(output)["predicted_cost"] <= 5).all()


def test_a_first_set_keeps_bounds(files, tmp_path):
    _, candidates, output = files()
    suggest_files(None, candidates, output, count=8, cost=Cost("ms", at_most=5))
    assert (pd.read_csv(output)["ms"] <= 5).all()


def test_python_takes_costs_too(made, architectures, labels, costs):
    pairs = [{"operations": operations, "edges": edges} for operations, edges in architectures]
    train, others = pairs[:60], pairs[60:]
    given = {"make": made.Ridge, "learning_curve": False}
    found = rank(train, labels[:60], others, cost=costs[60:], at_most=5, front=True, **given).table
    assert (found["cost"] <= 5).all()
    assert found["on_front"].iloc[0]
    predicted = rank(train, labels[:60], others, train_cost=costs[:60], at_most=5, **given).table
    assert "on_front" not in predicted
    assert (predicted["cost"] <= 5).all()
    batch = suggest(train, labels[:60], others, 5, cost=costs[60:], at_least=4, front=True).table
    assert {"cost", "on_front"} <= set(batch.columns)
    assert (batch["cost"] >= 4).all()
    with pytest.raises(RankingError, match=r"costs have the shape \(3,\); expected one a architecture|expected one an"):
        rank(train, labels[:60], others, cost=[1, 2, 3], at_most=5, **given)


def test_commands_take_the_options(files, monkeypatch):
    monkeypatch.setattr(device, "configure", lambda *_, **__: 1)
    train, candidates, output = files()
    told = CliRunner().invoke(
        rank_app,
        [
            *("--train", str(train), "--candidates", str(candidates), "--output", str(output)),
            *("--predictor", "xgboost", "--no-learning-curve", "--cost", "ms", "--at-most", "5", "--front"),
        ],
    )
    assert told.exit_code == 0, told.output
    assert (pd.read_csv(output)["ms"] <= 5).all()
    told = CliRunner().invoke(
        suggest_app,
        ["--candidates", str(candidates), "--count", "3", "--output", str(output), "--cost", "ms", "--at-least", "5"],
    )
    assert told.exit_code == 0, told.output
    assert (pd.read_csv(output)["ms"] >= 5).all()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"at_most": 0.5},
            r"no candidate has a ms of at most 0.5; they have .*, the nearest is .*; 0.0% are below and",
        ),
        (
            {"at_least": 50, "at_most": 60},
            r"at least 50 and at most 60; .*100.0% are below and 0.0% above: move a bound",
        ),
    ],
)
def test_a_window_that_nothing_meets_says_the_nearest(files, made, asked, said):
    train, candidates, output = files()
    with pytest.raises(RankingError, match=said):
        rank_files(train, candidates, output, options=PLAIN, make=made.Ridge, cost=Cost("ms", **asked))
    with pytest.raises(RankingError, match=said):
        suggest_files(train, candidates, output, count=3, cost=Cost("ms", **asked))
    assert not output.exists()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("12 ms", r"row 3 \(line 4\), ms: '12 ms' is no number; allowed are numbers such as 0.931.* without a unit"),
        ("", r"column ms: no finite number in row 3 \(line 4\); every candidate needs a cost: leave out the others"),
    ],
)
def test_a_cost_with_a_unit_or_without_a_value_is_refused(files, made, costs, value, said):
    train, candidates, output = files(candidate_cost=[*costs[60:62], value, *costs[63:]])
    for run in (
        lambda: rank_files(train, candidates, output, options=PLAIN, make=made.Ridge, cost=Cost("ms", 5)),
        lambda: suggest_files(train, candidates, output, count=3, cost=Cost("ms", 5)),
    ):
        with pytest.raises(FormatError, match=said):
            run()


def test_other_faults_are_named(files, made, costs):
    train, candidates, output = files(candidate_cost=None)

    def ranked(cost, **more):
        rank_files(train, candidates, output, options=PLAIN, make=made.Ridge, cost=cost, **more)

    with pytest.raises(RankingError, match=r"the cost ms: neither .*candidates.csv nor .*train.csv has it"):
        ranked(Cost("ms", 5))
    with pytest.raises(RankingError, match="the cost and the label are one column, label"):
        ranked(Cost("label", 5))
    with pytest.raises(RankingError, match=r"the cost ms: .*candidates.csv lacks it"):
        suggest_files(None, candidates, output, count=3, cost=Cost("ms", 5))
    with pytest.raises(RankingError, match="at least 6 and at most 5: swap them"):
        Cost("ms", 5, 6)
    with pytest.raises(RankingError, match="at most nan; allowed are finite numbers"):
        Cost("ms", float("nan"))
    with pytest.raises(RankingError, match="nothing is asked of it"):
        Cost("ms")
    with pytest.raises(RankingError, match="but no cost: name it, such as --cost latency_ms"):
        cost_of(None, 5, None, front=False)
    assert cost_of(None, None, None, front=False) is None
    train, candidates, output = files(train_cost=[*costs[:59], ""], candidate_cost=None)
    with pytest.raises(FormatError, match=r"column ms: no finite number in row 60 .* needs a ms, since the candidates"):
        ranked(Cost("ms", 5))
    train, candidates, output = files(train_cost=[3] * 60, candidate_cost=None)
    with pytest.raises(RankingError, match="all costs ms are 3; nothing can be learnt"):
        ranked(Cost("ms", 5))
    train, candidates, output = files()
    with pytest.raises(RankingError, match="candidates left with a ms of at most 4; ask for fewer, or move a bound"):
        suggest_files(train, candidates, output, count=200, cost=Cost("ms", 4))
