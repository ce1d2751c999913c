"""`suggest`: what to train next, from files and from Python."""

import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from neural_predictor import suggest
from neural_predictor.cli.suggest import app
from neural_predictor.errors import FormatError, RankingError
from neural_predictor.predictors.gaussian_process import Posterior
from neural_predictor.ranking.expectations import TopUnits
from neural_predictor.ranking.suggest import suggest_files


@pytest.fixture(scope="module")
def different(made, architectures, labels):
    """Architectures with their labels, each once."""
    found = {
        made.matrix_text(*one) + ",".join(one[0]): (one, label)
        for one, label in zip(architectures, labels, strict=True)
    }
    return [one for one, _ in found.values()], [label for _, label in found.values()]


@pytest.fixture
def files(tmp_path, made, different):
    """Sixty trained architectures, all candidates, and where the choice goes."""
    names = [f"net-{k}" for k in range(len(different[0]))]

    def write(trained=60, form="csv", start=0):
        part = slice(start, start + trained)
        paths = [tmp_path / f"{name}.{form}" for name in ("trained", "candidates", "next")]
        made.write_architectures(paths[0], different[0][part], {"label": different[1][part]})
        made.write_architectures(paths[1], different[0], {"name": names})
        return paths

    return write


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_what_is_chosen_is_better_than_what_is_there(files, different, form):
    trained, candidates, output = files(form=form)
    report = suggest_files(trained, candidates, output, count=10)
    read = {"csv": pd.read_csv, "jsonl": lambda path: pd.read_json(path, lines=True), "parquet": pd.read_parquet}[form]
    chosen = read(output)
    rows = chosen["name"].str.removeprefix("net-").astype(int)
    assert len(set(rows)) == 10
    assert rows.min() >= 60  # those that are trained are passed over
    labels = np.array(different[1])
    assert labels[rows].mean() > np.quantile(labels[60:], 0.8)
    assert set(chosen["reason"]) <= {"exploit", "explore"}
    assert ((chosen["score_low"] <= chosen["score"]) & (chosen["score"] <= chosen["score_high"])).all()
    assert ((chosen["score_low"] <= labels[rows]) & (labels[rows] <= chosen["score_high"])).mean() > 0.5
    assert re.match(r"\d\d trained architectures, 0 pending, \d{3} candidates left", report)
    assert "one is better with probability" in report


def test_equal_files_and_seeds_give_equal_bytes_and_a_higher_offset_the_same_choice(files, tmp_path):
    trained, candidates, output = files()
    suggest_files(trained, candidates, output, count=5)
    first = output.read_bytes()
    suggest_files(trained, candidates, output, count=5)
    assert output.read_bytes() == first
    shifted = pd.read_csv(trained, dtype={"adjacency": str})
    shifted["label"] += 2**20
    shifted.to_csv(trained, index=False)
    other = tmp_path / "shifted.csv"
    suggest_files(trained, candidates, other, count=5)
    assert pd.read_csv(other)["name"].tolist() == pd.read_csv(output)["name"].tolist()


def test_lower_is_better_where_it_is_said(files, different):
    trained, candidates, output = files()
    suggest_files(trained, candidates, output, count=10, minimise=True)
    chosen = pd.read_csv(output)
    labels = np.array(different[1])[chosen["name"].str.removeprefix("net-").astype(int)]
    assert labels.mean() < np.quantile(different[1][60:], 0.2)
    assert (chosen["score_low"] <= chosen["score_high"]).all()


def test_pending_candidates_are_passed_over(files, made, different, tmp_path, monkeypatch):
    trained, candidates, output = files()
    suggest_files(trained, candidates, output, count=5)
    first = pd.read_csv(output, dtype={"adjacency": str})
    pending = tmp_path / "pending.csv"
    first[["adjacency", "operations"]].to_csv(pending, index=False)
    report = suggest_files(trained, candidates, output, count=5, pending=pending)
    second = pd.read_csv(output)
    assert not set(second["name"]) & set(first["name"])
    assert "5 pending" in report
    monkeypatch.setattr(Posterior, "observe", lambda self, place: None)
    suggest_files(trained, candidates, output, count=5, pending=pending)
    assert second["name"].tolist() != pd.read_csv(output)["name"].tolist()  # what is being trained counts as chosen
    made.write_architectures(pending, [(["input", "conv3x3", "output"] * 3, [[0, 1], [1, 2]])])
    with pytest.raises(RankingError, match=r"pending\.csv: row 1 \(line 2\) is no candidate of .*candidates\.csv"):
        suggest_files(trained, candidates, output, count=5, pending=pending)


def test_a_first_set_is_of_different_architectures(files):
    trained, candidates, output = files(trained=3)
    for known, count in ((None, 20), (trained, 20)):
        report = suggest_files(known, candidates, output, count=count)
        chosen = pd.read_csv(output, dtype={"adjacency": str})
        assert "A first random set of 20" in report
        assert set(chosen["reason"]) == {"first random set"}
        assert chosen["score"].isna().all()
        assert len(chosen[["adjacency", "operations"]].drop_duplicates()) == 20
    assert not {"net-0", "net-1", "net-2"} & set(chosen["name"])


def test_too_many_or_nothing_left_is_said(files, different):
    count = len(different[0])
    trained, candidates, output = files(trained=count - 4)
    with pytest.raises(RankingError, match=r"count is 5, but .* has \d different candidates .* from 1 to \d"):
        suggest_files(trained, candidates, output, count=5)
    trained, candidates, output = files(trained=count)
    with pytest.raises(RankingError, match="candidates are trained or pending; nothing is left to train"):
        suggest_files(trained, candidates, output, count=1)
    with pytest.raises(RankingError, match="count is 0; allowed are 1 and larger numbers"):
        suggest_files(trained, candidates, output, count=0)
    assert not output.exists()


def test_equal_labels_and_clashing_columns_are_refused(files):
    trained, candidates, output = files()
    table = pd.read_csv(trained, dtype={"adjacency": str})
    table.assign(label=0.5).to_csv(trained, index=False)
    with pytest.raises(RankingError, match=r"labels are 0\.5; nothing can be learnt"):
        suggest_files(trained, candidates, output, count=5)
    table.to_csv(trained, index=False)
    pd.read_csv(candidates, dtype={"adjacency": str}).assign(reason="mine").to_csv(candidates, index=False)
    with pytest.raises(FormatError, match="has a column reason, which a suggestion adds"):
        suggest_files(trained, candidates, output, count=5)
    assert not output.exists()


def test_python_and_files_choose_alike(files, made, different):
    trained, candidates, output = files()
    suggest_files(trained, candidates, output, count=7)
    objects = [{"operations": operations, "edges": edges} for operations, edges in different[0]]
    found = suggest(objects[:60], different[1][:60], objects, 7)
    assert [f"net-{k}" for k in found.table["candidate"]] == pd.read_csv(output)["name"].tolist()
    assert found.prospects.best == pytest.approx(max(different[1][:60]))
    assert 0 <= found.prospects.probability <= 1
    assert str(found) == found.report
    table = pd.DataFrame(objects)
    again = suggest(table[:60], pd.Series(different[1][:60]), table, 7)
    assert again.table["candidate"].tolist() == found.table["candidate"].tolist()
    first = suggest([], [], objects, 4)
    assert first.prospects is None
    assert len(first.table) == 4


def test_what_python_must_not_take_for_something_else(different):
    objects = [{"operations": operations, "edges": edges} for operations, edges in different[0]]
    with pytest.raises(RankingError, match="labels are one dict"):
        suggest(objects[:20], dict(enumerate(different[1][:20])), objects, 3)
    with pytest.raises(RankingError, match="trained is one dict"):
        suggest(dict(enumerate(objects[:20])), different[1][:20], objects, 3)
    with pytest.raises(RankingError, match=r"labels have the shape \(19,\)"):
        suggest(objects[:20], different[1][:19], objects, 3)
    with pytest.raises(RankingError, match="minimise is 'no'; allowed are True and False"):
        suggest(objects[:20], different[1][:20], objects, 3, minimise="no")
    with pytest.raises(RankingError, match="operation is 3; allowed is the name of a node's attribute"):
        suggest(objects[:20], different[1][:20], objects, 3, operation=3)


def test_the_command(files):
    trained, candidates, output = files()
    arguments = ["--trained", trained, "--candidates", candidates, "--count", "3", "--output", output]
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    assert f"Wrote {output}" in done.output.replace("\n", "")
    assert len(pd.read_csv(output)) == 3


def test_labels_beyond_the_best_go_on_with_the_slope_of_the_best_quarter():
    labels = np.array([-100.0, *np.linspace(0.90, 0.94, 39)])
    units = TopUnits(labels)
    assert units.back(np.array(units.best)) == pytest.approx(0.94, abs=1e-3)
    assert 0.94 < units.back(np.array(units.best + 1)) < 0.96
