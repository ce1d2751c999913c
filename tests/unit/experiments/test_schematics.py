"""fig1, fig2 and fig5: the numbers of one search, each counted here in another way."""

import numpy as np
import pandas as pd
import pytest

from neural_predictor.config.study import Study
from neural_predictor.figures.curves import guided_curves
from neural_predictor.figures.results import caption, read_result, write_result
from neural_predictor.figures.schematics import (
    BINS,
    FIG1_COLUMNS,
    FIG2_COLUMNS,
    FIG5_COLUMNS,
    run_fig1,
    run_fig2,
    run_fig5,
)
from neural_predictor.fits.files import read_fits
from neural_predictor.search.draws import draw_repeat
from neural_predictor.spaces.nasbench101.space import NasBench101Space
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace
from neural_predictor.tables.benchmarks import BENCHMARKS
from neural_predictor.tables.table import BenchmarkTable

NAME = "nasbench-graph-proteins"
N, TOTAL = 20, 60


@pytest.fixture(scope="module")
def table():
    """Synthetic metrics on a real space, two runs a network."""
    space = NasBenchGraphSpace(**BENCHMARKS[NAME].options)
    return synthetic(NAME, space, space.enumerate())


def synthetic(name, space, codes):
    rng = np.random.default_rng(0)
    quality = rng.uniform(0.5, 0.9, len(codes))[:, None]
    metrics = {
        "validation_accuracy": quality + rng.normal(0, 0.01, (len(codes), 2)),
        "test_accuracy": quality - 0.05 + rng.normal(0, 0.01, (len(codes), 2)),
    }
    return BenchmarkTable(name, space.name, space.identify(codes), codes, metrics)


def noisy(table):
    """Scores that differ from network to network and are no perfect order."""
    return table.mean("test_accuracy") + np.random.default_rng(1).normal(0, 0.05, len(table))


def cascade(table, folder, write_scores, accept, *, one_stage=False):
    logits = np.where(accept, 1.0, -1.0 - np.arange(len(table)) / len(table)).astype(np.float32)
    more = {"logits": logits, "one_stage": np.bool_(one_stage)}
    return write_scores(folder, table, noisy(table), (N,), predictor="two-stage", **more)


def of(frame, kind):
    return frame[frame["kind"] == kind]


def counts(frame):
    return of(frame, "count").set_index("name")["count"].to_dict()


def with_recipe(study, name, **changes):
    raw = study.model_dump()
    raw["predictors"][name] |= changes
    return Study.model_validate(raw)


def test_fig1_tells_the_search_in_order(tmp_path, study, table, write_scores):
    frame, protocol = run_fig1("t-v1", study, table, write_scores(tmp_path, table, noisy(table)))
    assert tuple(frame.columns) == FIG1_COLUMNS
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
    frame, _ = run_fig1("t-v1", study, table, write_scores(tmp_path, table, noisy(table)))
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
    frame, _ = run_fig1("t-v1", study, table, paths)
    fits = read_fits([path for path in paths if f"-{N}-" in path.name], table, 1)
    curves = guided_curves(table, study, "one-stage", N, fits, TOTAL)
    rows = curves.rows().set_index(["panel", "x"])["mean"]
    (choice,) = of(frame, "choice").to_dict("records")
    assert choice["target"] == pytest.approx(curves.target[0, -1])
    assert choice["signal"] == pytest.approx(rows["signal_by_samples", TOTAL])


def test_a_search_for_less_takes_the_lowest(tmp_path, study, table, write_scores):
    """The same networks with errors in place of accuracies are searched in the same way."""
    latency = {"latency_ms": 100 * (1 - table.metrics["validation_accuracy"])}
    turned = BenchmarkTable(
        NAME, table.space, table.architecture, table.encoding, {**table.metrics, **latency}, signal="latency_ms"
    )
    frame, protocol = run_fig1("t-v1", study, turned, write_scores(tmp_path, turned, -noisy(table)))
    same, _ = run_fig1("t-v1", study, table, write_scores(tmp_path, table, noisy(table)))
    assert not protocol.maximise
    assert of(frame, "candidate")["architecture"].tolist() == of(same, "candidate")["architecture"].tolist()
    assert of(frame, "choice")["architecture"].tolist() == of(same, "choice")["architecture"].tolist()
    assert of(frame, "best")["count"].tolist() == of(same, "best")["count"].tolist()[::-1]


def test_fig2_encodes_the_choice_of_fig1(tmp_path, study, table, write_scores):
    paths = write_scores(tmp_path, table, noisy(table))
    (choice,) = of(run_fig1("t-v1", study, table, paths)[0], "choice").to_dict("records")
    frame, protocol = run_fig2("t-v1", study, table, paths)
    assert tuple(frame.columns) == FIG2_COLUMNS
    assert of(frame, "architecture")["label"].tolist() == [choice["architecture"]]
    inputs, operations = (part.split(",") for part in choice["architecture"].split(" "))
    assert of(frame, "node")["label"].tolist() == ["input", *operations, "output"]
    edges = {(int(parent), node + 1) for node, parent in enumerate(inputs)}
    edges |= {(node, 5) for node in range(1, 5) if str(node) not in inputs}
    assert set(of(frame, "edge")[["i", "j"]].itertuples(index=False, name=None)) == edges
    columns = of(frame, "operation")["label"].tolist()
    ones = of(frame, "feature").query("value == 1")
    assert [columns[j] for j in ones["j"]] == ["input", *operations, "output"]
    assert len(of(frame, "feature")) == 6 * len(columns)
    known = of(frame, "prediction").set_index("label")["value"]
    assert known.to_dict() == {"predicted": choice["predicted"], "observed": choice["signal"]}
    recipe = list(of(frame, "recipe")[["label", "value"]].itertuples(index=False, name=None))
    assert recipe == [("train size", N), ("layers", 3), ("width", 48), ("hidden", 128)]
    role = "training networks" if choice["place"] <= N else "candidates"
    assert f"choice, one of its {role}." in caption(protocol)


@pytest.mark.parametrize(("kind", "along"), [("forward", True), ("backward", False)])
def test_fig2s_rows_share_alike_between_a_node_and_its_neighbours(tmp_path, study, table, write_scores, kind, along):
    frame, _ = run_fig2("t-v1", study, table, write_scores(tmp_path, table, noisy(table)))
    edges = of(frame, "edge")[["i", "j"]].to_numpy(int)
    if not along:
        edges = edges[:, ::-1]
    for i in range(6):
        members = {i, *edges[edges[:, 0] == i, 1]}
        row = of(frame, kind).query("i == @i").set_index("j")["value"]
        expected = [1 / len(members) if j in members else 0 for j in range(6)]
        np.testing.assert_allclose(row[list(range(6))], expected, rtol=1e-6)


def cells(start, count):
    """Different cells of NAS-Bench-101, the first of them `start`."""
    space, rng = NasBench101Space(), np.random.default_rng(0)
    codes = start[None]
    while len(codes) < count:
        codes = np.concatenate([codes, space.mutate(codes, rng)])
        codes = codes[np.sort(np.unique(space.identify(codes), return_index=True)[1])]
    return codes


@pytest.mark.parametrize("vertices", [2, 4, 7])
def test_fig2_leaves_padding_out(tmp_path, study, write_scores, vertices):
    """Arrays of NAS-Bench-101's cells have seven places, however few vertices they have; metrics are synthetic."""
    space = NasBench101Space()
    matrix = "".join(map(str, np.eye(vertices, k=1, dtype=int).ravel()))
    start = space.parse(f"{matrix} {','.join(['input', *['conv3x3-bn-relu'] * (vertices - 2), 'output'])}")
    table = synthetic("nasbench101", space, cells(start, 80))
    for name in ("validation_accuracy", "test_accuracy"):
        table.metrics[name][0] = 0.99  # so that the first cell is the choice
    changed = Study.model_validate(study.model_dump() | {"benchmark": "nasbench101"})
    frame, _ = run_fig2("t-v1", changed, table, write_scores(tmp_path, table, table.mean("test_accuracy")))
    assert of(frame, "architecture")["label"].item() == space.format(start)
    assert len(of(frame, "node")) == vertices
    assert len(of(frame, "forward")) == len(of(frame, "backward")) == vertices**2
    assert of(frame, "feature")["value"].sum() == vertices
    assert of(frame, "forward").groupby("i")["value"].sum().tolist() == pytest.approx([1] * vertices)


def test_fig5_counts_what_passes_each_part(tmp_path, study, table, write_scores):
    accept = np.random.default_rng(2).random(len(table)) < 0.3
    frame, protocol = run_fig5("t-v1", study, table, cascade(table, tmp_path, write_scores, accept))
    assert tuple(frame.columns) == FIG5_COLUMNS
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
    """A network right at the threshold is not accurate."""
    seen = draw_repeat(table, study.seed, N, 0)
    threshold = float(np.sort(seen.signal[seen.train_rows])[4])
    changed = with_recipe(study, "two-stage", quantile=None, threshold=threshold)
    frame, _ = run_fig5("t-v1", changed, table, cascade(table, tmp_path, write_scores, np.ones(len(table), bool)))
    assert list(of(frame, "rule")[["name", "value"]].itertuples(index=False, name=None)) == [("threshold", threshold)]
    assert of(frame, "bound")["value"].item() == threshold
    assert counts(frame)["accurate"] == N - 5


def test_fig5_says_where_one_stage_had_to_do(tmp_path, study, table, write_scores):
    paths = cascade(table, tmp_path, write_scores, np.ones(len(table), bool), one_stage=True)
    frame, protocol = run_fig5("t-v1", with_recipe(study, "two-stage", quantile=0.9), table, paths)
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
    frame, _ = run_fig5("t-v1", study, table, cascade(table, tmp_path, write_scores, accept))
    assert counts(frame)["accepted"] == counts(frame)["passed"] == accepted
    assert counts(frame)["candidates"] == TOTAL - N
    assert of(frame, "ranked")["count"].sum() == max(accepted - 1, 0)  # the histogram leaves the worst out
    assert ("precision" in set(of(frame, "metric")["name"])) == (accepted > 0)


@pytest.mark.parametrize(
    ("run", "columns"), [(run_fig1, FIG1_COLUMNS), (run_fig2, FIG2_COLUMNS), (run_fig5, FIG5_COLUMNS)]
)
def test_the_numbers_come_back_from_their_files(tmp_path, study, table, write_scores, run, columns):
    paths = write_scores(tmp_path, table, noisy(table)) + cascade(table, tmp_path, write_scores, noisy(table) > 0.7)
    frame, protocol = run("t-v1", study, table, paths)
    write_result(frame, protocol, tmp_path / "a.csv", tmp_path / "a.json")
    back, said = read_result(tmp_path / "a.csv", tmp_path / "a.json", columns)
    assert said == protocol
    pd.testing.assert_frame_equal(back.astype(frame.dtypes), frame, check_exact=False, rtol=1e-6)
