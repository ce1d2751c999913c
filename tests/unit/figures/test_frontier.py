"""fig10, fig11 and table-frontier: searches for a front of a table whose front is known."""

import numpy as np
import pytest

from neural_predictor.config.project import digest
from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.figures.results import write_result
from neural_predictor.search.fronts.run import FrontProblem
from support.figures import numbers_of, page_of, plain
from support.searches import make_searchable


@pytest.fixture(scope="module")
def table():
    """Accuracies that rise with cost, and 300 rows."""
    found = make_searchable()
    rows = np.random.default_rng(0).permutation(len(found))[:300]
    names = ("architecture", "encoding")
    kept = {name: getattr(found, name)[rows] for name in names}
    metrics = {name: values[rows] for name, values in found.metrics.items()}
    cost = 1 + 9 * metrics["test_accuracy"][:, :1] + np.random.default_rng(1).random((300, 1))
    return type(found)(found.name, found.space, **kept, metrics=metrics | {"latency_ms": cost})


@pytest.fixture
def bounded(study):
    plan = {"cost": "latency_ms", "bounds": [6, 8], "searches": ["random", "front"], "total": 130, "repeats": 2}
    return type(study).model_validate(study.model_dump() | {"frontier": plan}).with_name("t-v1")


def test_a_study_without_the_section_keeps_its_digest(study, bounded):
    assert "frontier" not in study.model_dump()
    assert digest(study) != digest(bounded)
    assert bounded.model_dump()["frontier"]["total"] == 130


def test_shares_grow_to_those_of_what_was_trained_and_regret_is_by_bound(bounded, table, tmp_path):
    frame, protocol = numbers_of("fig11", bounded, table)
    shares = frame[frame["kind"] == "share"].pivot_table(index="x", columns="search", values="mean")
    assert (shares.diff().dropna() >= -1e-12).all().all()
    assert shares["front"][100] == pytest.approx(shares["random"][100])  # both begin with the same at random
    assert shares["front"][130] > shares["random"][130]
    assert shares.max().max() <= 1 + 1e-9
    assert "true front has" in " ".join(protocol.notes)
    page_of("fig11", frame, protocol)
    paths = tmp_path / "fig11.csv", tmp_path / "fig11.protocol.json"
    write_result(frame, protocol, *paths)
    rows, said = numbers_of("table-frontier", bounded, table, numbers=[paths[0]])
    assert rows["bound"].tolist() == [6] * 3 + [8] * 3
    problem = FrontProblem(table, "latency_ms", (6.0, 8.0), 5, 2, 130)
    assert rows["members"].tolist() == [int(problem.within(6).sum())] * 3 + [int(problem.within(8).sum())] * 3
    assert rows["best"].iloc[0] == pytest.approx(table.mean("test_accuracy")[problem.within(6)].max())
    assert (rows["regret"] >= 0).all()
    page = plain(page_of("table-frontier", rows, said))
    assert "| ≤ 6 |" in page
    assert "has the least regret" in page
    paths[0].write_text("a,b\n1,2\n")
    with pytest.raises(FormatError, match="not the numbers of fig11"):
        numbers_of("table-frontier", bounded, table, numbers=[paths[0]])


def test_fig10_has_every_candidate_and_the_true_front(bounded, table):
    frame, protocol = numbers_of("fig10", bounded, table)
    counts = frame["kind"].value_counts()
    assert (counts["random"], counts["trained"], counts["bound"]) == (100, 30, 2)
    assert frame.loc[frame["kind"] == "density", "value"].sum() == 200
    value = frame.dropna(subset=["value"]).drop_duplicates("kind").set_index("kind")["value"]
    assert value["candidates"] == 200
    assert value["share_random"] <= value["share"] <= 1 + 1e-9
    true = frame[frame["kind"] == "true_front"].sort_values("cost")
    assert true["goodness"].is_monotonic_increasing
    figure = page_of("fig10", frame, protocol)
    assert f"{value['share']:.1%} of the hypervolume" in " ".join(figure.texts[0].get_text().split())


def test_a_cost_that_the_table_lacks_is_named(bounded, table):
    lacking = type(bounded).model_validate(
        bounded.model_dump() | {"frontier": bounded.model_dump()["frontier"] | {"cost": "latency_zcu102_ms"}}
    )
    with pytest.raises(ConfigError, match="is no cost of the table nasbench-graph-proteins; it has latency_ms"):
        numbers_of("fig11", lacking, table)
