"""Sets of children with latencies: the window that they are drawn from, what is chosen in it, what is measured."""

import csv
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neural_predictor.children import choose as chooser
from neural_predictor.children.choose import choose
from neural_predictor.children.collect import collect
from neural_predictor.children.datasheet import datasheet
from neural_predictor.children.latencies import check_windows, load_additive
from neural_predictor.children.measured import measured_plan
from neural_predictor.children.plan import read_chosen, sample, sampling_of, sets_of, shards_of
from neural_predictor.children.table import children_table
from neural_predictor.cli.app import app
from neural_predictor.config.project import Project
from neural_predictor.config.sections import ChildLatency
from neural_predictor.errors import ArchitectureError, ConfigError, FormatError, LatencyError
from neural_predictor.latency import backends, fits, load_latency, timing
from neural_predictor.latency.profile import JOURNAL, measure_profile, read_profile
from neural_predictor.predictors import device
from neural_predictor.search.fronts.pareto import front
from neural_predictor.spaces.proxylessnas import space as space_module
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from support.children import by_depth, trainings

ROOT = Path(__file__).parents[3]
SPACE = ProxylessNasSpace()
PAPER = {"model": "pixel1", "at_least": 75, "at_most": 85, "random": 7}
HERE = {"model": "here", "choose": "front"}


def study(latency, **changes):
    """smoke-v1 whose digits have latencies."""
    smoke = Project(ROOT).study("smoke-v1")
    wanted = {"networks": 24, "candidates": 200, "chosen": 4, "sampling": "uniform"} | changes
    plan = smoke.children["digits"].model_copy(update=wanted | {"latency": ChildLatency(**latency)})
    return smoke.model_copy(update={"children": {"digits": plan}}).with_name("t-v1")


def by_pixel1(codes):
    return load_latency("pixel1").latency_ms(codes)


def test_a_window_bounds_the_sample_and_what_goes_on_from_it():
    plan = study(PAPER)
    codes, further = sample(plan, "digits"), sample(plan, "digits-random")
    assert (len(codes), len(further)) == (24, 7)
    latency = by_pixel1(np.concatenate([codes, further]))
    assert 75 <= latency.min() < latency.max() <= 85
    assert len(set(SPACE.identify(np.concatenate([codes, further])))) == 31
    assert sets_of("digits", plan.children["digits"]) == {"digits": 24, "digits-chosen": 4, "digits-random": 7}
    assert list(shards_of(plan, "digits-random")) == [0, 1]
    assert sampling_of(plan.children["digits"]).endswith("of those that take 75 ms or more and 85 ms or less by pixel1")
    half = study({"model": "pixel1", "at_most": 90}, sampling="stratified")
    assert by_pixel1(sample(half, "digits")).max() <= 90
    assert not list(shards_of(half, "digits-random"))


def test_a_window_that_no_architecture_meets_is_refused_with_what_comes_nearest(monkeypatch):
    beyond = study(PAPER | {"at_least": 10, "at_most": 20})
    said = (
        r"children\.digits\.latency: no architecture meets it\. The window is 10 to 20 ms by pixel1, .* 30\.9 to 219\.1"
    )
    with pytest.raises(ConfigError, match=said):
        check_windows(beyond.children)
    monkeypatch.setattr(space_module, "GIVE_UP_AFTER_ROWS", 2**14)
    narrow = study(PAPER | {"at_least": 31, "at_most": 32})
    check_windows(narrow.children)
    with pytest.raises(
        ArchitectureError, match=r"of 16,384 drawn, 0 \(a share of 0\) .* nearest to the window takes 7\d"
    ):
        sample(narrow, "digits")


@pytest.fixture
def quick(monkeypatch):
    """A predictor that scores by the number of zero layers, without training."""
    monkeypatch.setattr(chooser, "fit_replicates", lambda *_, **__: None)
    zero = lambda graphs: graphs.nodes[:, :, 6].sum(axis=1)  # noqa: E731
    monkeypatch.setattr(chooser, "score", lambda _, graphs, **__: 0.9 - 0.01 * zero(graphs)[None])


def written(found, path):
    found.to_csv(path, index=False)
    return path


def test_the_best_of_a_window_are_chosen_and_known_networks_are_marked(quick, tmp_path):
    plan = study(PAPER)
    codes = sample(plan, "digits")
    found = choose(plan, children_table(trainings(codes, by_depth(codes)), "digits"), workers=1)
    counts = found["role"].value_counts()
    assert counts.to_dict() == {"candidate": 196, "chosen": 4, "ProxylessNAS-mobile": 1}
    offered = found[found["role"] != "ProxylessNAS-mobile"]
    assert offered["latency_ms"].between(75, 85).all()
    assert offered["predicted"].head(4).min() >= offered["predicted"].iloc[4:].max()
    assert found.set_index("role").loc["ProxylessNAS-mobile", "latency_ms"] == pytest.approx(84.416, abs=1e-3)
    chosen, predicted = read_chosen(written(found, tmp_path / "c.csv"))
    assert [SPACE.format(code) for code in chosen] == found["architecture"].head(4).tolist()
    assert predicted == pytest.approx(found["predicted"].head(4).tolist())


def test_a_choice_along_the_front_begins_with_its_ends(quick):
    plan = study({"model": "pixel1", "choose": "front"})
    codes = sample(plan, "digits")
    found = choose(plan, children_table(trainings(codes, by_depth(codes)), "digits"), workers=1)
    offered = found[found["role"] != "ProxylessNAS-mobile"]
    best = offered.iloc[front(np.stack([offered["predicted"], -offered["latency_ms"]], axis=1))]
    chosen = offered[offered["role"] == "chosen"]
    assert set(chosen["architecture"].head(2)) == set(best["architecture"].iloc[[0, -1]])
    assert set(chosen["architecture"].head(len(best))) <= set(best["architecture"])


@pytest.fixture
def measured(monkeypatch):
    """A machine on which a network takes what its layers cost, in turn; where it was prepared."""
    monkeypatch.setattr(backends, "version", lambda device: "a clock")
    monkeypatch.setattr(timing, "APART_S", 0)
    monkeypatch.setattr(timing, "VISIT_S", 0)
    prepared = []

    def prepare(part, device, threads):
        prepared.append(part)
        return lambda: lambda: None

    monkeypatch.setattr(backends, "prepare", prepare)
    return prepared


def test_networks_of_a_set_are_measured_as_they_are_trained(measured, tmp_path):
    plan = study(HERE)
    asked = measured_plan(plan, "digits", None)
    assert np.array_equal(asked.codes, sample(plan, "digits"))
    assert {(part.side, part.channels, part.classes) for part in asked.parts()} == {(8, 1, 10)}
    assert {part.blocks[0].convolutions[0].stride for part in asked.parts()} == {1}
    measure_profile(asked, tmp_path, backends.prepare)
    assert len(measured) == 24 + 1  # and the reference
    assert read_profile(tmp_path).plan == asked
    with pytest.raises(LatencyError, match="this profile has networks alone, and no blocks"):
        load_latency("here", tmp_path)
    with pytest.raises(ConfigError, match="the latencies of digits of t-v1 are not measured"):
        measured_plan(study(PAPER), "digits", None)


def test_the_command_measures_a_set_and_goes_on(measured, tmp_path, monkeypatch):
    plan = study(HERE)
    monkeypatch.setattr(Project, "study", lambda *_: plan)
    monkeypatch.setattr(measure_profile, "__defaults__", (backends.prepare,))
    monkeypatch.setattr(device, "configure", lambda *_, **__: 1)  # TensorFlow is set up in this process
    output = tmp_path / "latency/digits" / JOURNAL

    def called(*words):
        words = ("measure-children", "--children", "digits", "--study", "t-v1", "--work", tmp_path / "work", *words)
        CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False, standalone_mode=False)

    for _ in range(2):
        called("--output", output)
        assert len(measured) == 25  # the second call finds all of it in its scratch
    assert len(fits.measured(read_profile(output.parent))) == 24
    with pytest.raises(ConfigError, match=r"its name must be measurements\.jsonl"):
        called("--output", tmp_path / "x.jsonl")


def test_latencies_are_a_column_of_the_table_and_its_datasheet(tmp_path, measured, monkeypatch):
    from neural_predictor.children import latencies

    plan = study(PAPER, seeds=1)
    shard = tmp_path / "0.jsonl"
    monkeypatch.setattr("neural_predictor.children.collect.read_shard", lambda _: records(plan))
    frame = collect(plan, "digits", [shard], {"set": "digits"})
    table = children_table(frame, "digits", sampling_of(plan.children["digits"]))
    np.testing.assert_allclose(table.mean("latency_ms"), by_pixel1(sample(plan, "digits")))
    text = datasheet(frame, plan.children["digits"], "t-v1", None)
    assert "Only those that take 75 ms or more and 85 ms or less by pixel1 were taken." in text
    assert "| latency (ms) | 24 |" in text
    here = study(HERE)
    measure_profile(measured_plan(here, "digits", None), tmp_path / "p", backends.prepare)
    asked, codes = here.children["digits"].latency, sample(here, "digits")
    found = latencies.latencies(asked, codes, tmp_path / "p")
    np.testing.assert_allclose(found, fits.measured(read_profile(tmp_path / "p")))
    with pytest.raises(LatencyError, match="measurements of other architectures; remove the folder and run it again"):
        latencies.latencies(asked, codes[::-1], tmp_path / "p")
    with pytest.raises(ConfigError, match=r"here needs the profile of measure-children \(--profile\)"):
        load_additive(asked)
    with pytest.raises(ConfigError, match="pixel1 takes no profile"):
        load_additive(ChildLatency(model="pixel1"), tmp_path)


def records(plan):
    """One training of each architecture."""
    from neural_predictor.children.plan import training_seed
    from neural_predictor.children.records import ChildRecord

    about = {"status": "ok", "validation_accuracy": 0.5, "test_accuracy": 0.4, "epochs": 1, "training_time_s": 1.0}
    return [
        ChildRecord(
            network=k,
            training=0,
            architecture=SPACE.format(code),
            seed=training_seed(plan.seed, "digits", k, 0),
            **about,
        )
        for k, code in enumerate(sample(plan, "digits"))
    ]


def test_a_choice_without_anything_chosen_is_damaged(tmp_path):
    path = tmp_path / "c.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("architecture", "predicted", "role"), ("(0,)", 0.5, "candidate")])
    with pytest.raises(FormatError, match="expected rows with architecture and predicted; run choose-children again"):
        read_chosen(path)
