"""Measurement with a clock of its own, and LiteRT on small parts."""

import builtins
import csv
import json
import os
import time
from itertools import count

import numpy as np
import pytest

from neural_predictor.config.child_recipes import NetworkRecipe
from neural_predictor.errors import ChildError, FormatError, LatencyError
from neural_predictor.latency import backends, fits, load_latency, profile, report, timing
from neural_predictor.latency.machine import machine
from neural_predictor.latency.parts import HEAD, STEM, counts, distinct_blocks, network
from neural_predictor.latency.parts import multiply_adds as multiply_adds_of
from neural_predictor.latency.profile import BETWEEN, JOURNAL, REFERENCE, Plan, Profile, measure_profile, read_profile
from neural_predictor.latency.timing import VISITS, WARM_UP, Timing, clock_of, visit
from neural_predictor.spaces.proxylessnas.cost import multiply_adds
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

RNG = np.random.default_rng
SPACE = ProxylessNasSpace()
CODE = SPACE.sample(1, RNG(4))[0]
SMALL = Plan(networks=24, runs=50, width=0.1, resolution=16)


def milliseconds(part):
    """What a part costs in these tests: its weights, and 2 ms for a whole network's overhead."""
    weights = sum(np.prod(each.shape) for block in part.blocks for each in block.convolutions)
    return 0.1 + float(weights) / 1000 + (2.0 if len(part.blocks) > 1 else 0.0)


@pytest.fixture
def fake(monkeypatch):
    """A machine on which each part takes what `milliseconds` says, and that records what is prepared."""
    now, prepared = [0.0], []

    def prepare(part, device, threads):
        prepared.append(part.name)

        def run():
            now[0] += milliseconds(part) / 1e3

        return lambda: run

    monkeypatch.setattr(profile, "visit", lambda run, runs, _: visit(run, runs, lambda: now[0]))
    monkeypatch.setattr(timing, "VISIT_S", 0)
    monkeypatch.setattr(timing, "APART_S", 0)
    monkeypatch.setattr(backends, "version", lambda device: "a clock")
    monkeypatch.setattr(os, "fsync", lambda _: None)
    prepare.names = prepared
    return prepare


def test_parts_are_71_blocks_of_the_space():
    parts = distinct_blocks(NetworkRecipe())
    assert len({part.name for part in parts}) == len(parts) == 71
    assert multiply_adds_of(network(CODE, NetworkRecipe(), "x")) == multiply_adds(CODE[None], 224, 1000)
    by_name = {part.name: part for part in parts}
    assert by_name[STEM].side == 224
    assert (by_name["layer 6, kernel 5, expansion 3"].side, by_name["layer 6, kernel 5, expansion 3"].channels) == (
        28,
        40,
    )
    assert by_name["layer 6, kernel 5, expansion 3"].blocks[0].residual
    assert not by_name["layer 5, kernel 5, expansion 3"].blocks[0].residual
    assert (by_name[HEAD].side, by_name[HEAD].channels, by_name[HEAD].classes) == (7, 320, 1000)


def test_a_network_is_made_of_these_blocks():
    codes = SPACE.sample(20, RNG(0))
    names, found = counts(codes)
    assert set(names) == {part.name for part in distinct_blocks(NetworkRecipe())} - {STEM, HEAD}
    assert (found.sum(axis=1) == (codes != 6).sum(axis=1)).all()
    parts = {part.name: sum(b.convolutions[0].inputs for b in part.blocks) for part in distinct_blocks(NetworkRecipe())}
    whole = network(codes[0], NetworkRecipe(), "x")
    inputs = found[0] @ np.array([parts[name] for name in names]) + parts[STEM] + parts[HEAD]
    assert inputs == sum(block.convolutions[0].inputs for block in whole.blocks)


def test_a_visit_warms_up_and_the_fastest_run_counts(monkeypatch):
    clock, now = count(), [0.0]

    def run():
        now[0] += 0.001 * (9 if next(clock) < WARM_UP else 1 + next(slow) % 3)

    slow = count()
    monkeypatch.setattr(timing, "VISIT_S", 0)
    runs = visit(run, 9, lambda: now[0])
    assert runs == pytest.approx([1, 2, 3] * 3)
    assert next(clock) == 9 + WARM_UP
    found = Timing((tuple(runs), (4.0, 5.0), (1.5, 9.0)))
    assert (found.ms, found.runs, found.doubt) == pytest.approx((1, 13, 0.5))
    assert found.quartiles == pytest.approx(tuple(np.quantile([*runs, 4, 5, 1.5, 9], (0.25, 0.5, 0.75))))
    assert found.spread == pytest.approx((found.quartiles[2] - found.quartiles[0]) / found.quartiles[1])


def test_a_part_of_microseconds_is_run_for_ten_milliseconds():
    start = time.perf_counter()
    runs = visit(lambda: None, 10, time.perf_counter)
    assert time.perf_counter() - start >= 0.01
    assert len(runs) > 100


def test_visits_of_a_part_lie_apart_and_in_another_order_each_round(tmp_path, fake):
    measure_profile(SMALL, tmp_path, fake)
    _, *records = [json.loads(line.split(b" ", 1)[1]) for line in (tmp_path / JOURNAL).read_bytes().splitlines()]
    order = [record["part"] for record in records if record["part"] != REFERENCE]
    rounds = np.array(order).reshape(VISITS, 95)
    assert all(len(set(names)) == 95 for names in rounds)
    assert len({tuple(names) for names in rounds}) == VISITS
    assert len(records) - len(order) == -(-5 * 95 // BETWEEN)
    assert all(len(record["runs_ms"]) == 50 / VISITS for record in records)


def test_rounds_begin_ten_seconds_apart(tmp_path, fake, monkeypatch):
    slept = []
    monkeypatch.setattr(timing, "APART_S", 10)
    monkeypatch.setattr(profile.time, "sleep", slept.append)
    measure_profile(SMALL, tmp_path, fake)
    assert [seconds > 0 for seconds in slept] == [False] + (VISITS - 1) * [True]
    assert all(seconds <= 10 for seconds in slept)


def test_a_profile_resumes_where_it_was_cut_off(tmp_path, fake):
    whole = measure_profile(SMALL, tmp_path / "a", fake)
    assert len(fake.names) == 95 + 1  # and the reference
    journal = tmp_path / "a" / JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    cut = tmp_path / "b" / JOURNAL
    cut.parent.mkdir()
    kept = lines[: 1 + 4 * 95 + 32 + 41]
    left = 5 * 95 - sum(REFERENCE.encode() not in line for line in kept[1:])
    cut.write_bytes(b"".join(kept) + lines[len(kept)][:20])
    with pytest.raises(
        LatencyError, match=rf"{left} of 95 parts are not measured, such as .*; run the same .* again to go on"
    ):
        read_profile(cut.parent)
    fake.names.clear()
    again = measure_profile(SMALL, cut.parent, fake)
    assert len(fake.names) == left + 1
    assert again.timings.keys() == whole.timings.keys()
    for name, found in whole.timings.items():
        assert again.timings[name].ms == pytest.approx(found.ms)
        assert again.timings[name].runs == 50
    with pytest.raises(
        ChildError, match=r"measurements of another machine or plan \(different: plan\); choose another"
    ):
        measure_profile(Plan(networks=25, runs=50, width=0.1, resolution=16), cut.parent, fake)
    lines[7] = b"x" + lines[7]
    journal.write_bytes(b"".join(lines))
    with pytest.raises(FormatError, match="line 8 is damaged; remove it and all lines below it to measure these again"):
        read_profile(journal.parent)
    with pytest.raises(LatencyError, match="no profile of a machine; make one with `neural-predictor measure-latency`"):
        load_latency("here", tmp_path)


def test_models_of_a_machine_that_adds_up(tmp_path, fake, monkeypatch):
    monkeypatch.setattr(fits, "_by_chain", fits.Linear(SMALL).predict)  # 18 layers are not fitted in a test
    found = measure_profile(SMALL, tmp_path, fake)
    assert found.drift == pytest.approx(0, abs=1e-9)
    text = report.write_report(found, tmp_path)
    assert "too noisy" not in text
    assert "| sum of blocks | 24 |" in text
    looked_up, codes = fits.look_up(found), SPACE.sample(30, RNG(5))
    expected = [milliseconds(network(code, SMALL.recipe, "x")) for code in codes]
    said = {True: load_latency("here", tmp_path), False: looked_up}
    error = {calibrated: fits.score(model.latency_ms(codes), expected).mape for calibrated, model in said.items()}
    assert error[True] < error[False] < 0.01
    assert " times the sum of blocks, fitted to 24 networks" in load_latency("here", tmp_path).note
    overhead = expected - looked_up.latency_ms(codes)
    assert np.ptp(overhead - 0.1 * (-(codes != 6).sum(axis=1))) < 1e-6  # each part measured alone has .1 ms of its own
    assert (tmp_path / "report.md").read_text() == text
    with (tmp_path / "blocks.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 1 + 144 - 15
    with pytest.raises(FormatError, match="the table is of another width"):
        load_latency("device-table", tmp_path / "blocks.csv")
    column = load_latency("column", tmp_path / "networks.csv", column="latency_ms", space="proxylessnas")
    np.testing.assert_allclose(column.latency_ms(SMALL.codes), fits.measured(found))


def test_time_that_other_programs_take_does_not_count_where_one_thread_works():
    assert Plan().clock.name == "CPU time of the thread"
    for plan in (Plan(threads=2), Plan(device="gpu")):
        assert plan.clock.name == "wall clock"

    def waits():
        time.sleep(0.01)

    alone, wall = (min(visit(waits, 1, plan.clock.seconds)) for plan in (Plan(), Plan(threads=2)))
    assert alone < 5 < 10 <= wall


def made_up(codes, latency, doubt=0.02):
    """A profile in which networks take these milliseconds, and visits differ by a share."""
    plan = Plan(networks=len(codes))
    names = [str(name) for name in SPACE.identify(plan.codes)]
    values = {part.name: 1.0 for part in distinct_blocks(plan.recipe)} | dict(zip(names, latency, strict=True))
    timings = {name: Timing(((ms, ms), (ms * (1 + doubt),) * 2)) for name, ms in values.items()}
    return Profile(plan, machine("cpu") | {"runs_on": "nothing"}, timings, [10.0, 10.1])


def test_a_linear_fit_finds_a_machine_that_is_linear():
    plan = Plan(networks=150)
    latency = 5 + multiply_adds(plan.codes, 224, 1000) / 1e7
    found = made_up(plan.codes, latency)
    model = fits.fitted(found)
    other = SPACE.sample(200, RNG(9))
    score = fits.score(model.latency_ms(other), 5 + multiply_adds(other, 224, 1000) / 1e7)
    assert score.tau > 0.97
    assert score.mape < 0.01
    with pytest.raises(LatencyError, match="a fit needs 20 measured networks or more, the profile has 19"):
        fits.fitted(made_up(Plan(networks=19).codes, np.ones(19)))


def test_by_a_linear_fit_to_noise_no_block_costs_less_than_nothing():
    plan = Plan(networks=60)
    latency = multiply_adds(plan.codes, 224, 1000) / 1e7
    model = fits.fitted(made_up(plan.codes, latency * RNG(0).lognormal(0, 0.5, 60)))
    assert model.fixed_ms >= 0
    assert (model.table[:, :6][np.isfinite(model.table[:, :6])] > 0).all()
    assert model.bounds[0] > 0


def test_a_noisy_machine_is_called_so(monkeypatch):
    plan = Plan(networks=20)
    monkeypatch.setattr(fits, "_by_chain", fits.Linear(plan).predict)
    text = report.report(made_up(plan.codes, 5 + np.arange(20.0), doubt=0.3))
    assert "- 91 of 91 parts are in doubt: their two fastest visits differ by more than 10%" in text
    assert "- of 91 parts the interquartile range of all runs exceeds 10% of their median" in text
    assert "**This machine was too noisy to measure.** The two fastest visits of " in text
    assert "too noisy" not in report.report(made_up(plan.codes, 5 + np.arange(20.0), doubt=0.3), noise=0.5)


def test_litert_runs_small_parts():
    pytest.importorskip("ai_edge_litert", reason="this environment is older than the lock")
    recipe = NetworkRecipe(width=0.1, resolution=16)
    part = distinct_blocks(recipe)[3]
    load = backends.prepare(part, "cpu", 1)
    for _ in range(2):
        assert all(0 < ms < 1000 for ms in visit(load(), 5, clock_of(one_thread=True).seconds))
    assert backends.version("cpu").startswith("ai-edge-litert ")


def test_a_part_that_litert_does_not_take_is_named(monkeypatch):
    pytest.importorskip("ai_edge_litert", reason="this environment is older than the lock")
    import tensorflow as tf

    def refuse(*_):
        raise ValueError("no such operation\nand more")

    monkeypatch.setattr(tf.lite.TFLiteConverter, "from_concrete_functions", refuse)
    part = distinct_blocks(NetworkRecipe(width=0.1, resolution=16))[1]
    with pytest.raises(LatencyError, match=r"layer 0, kernel 3, expansion 1: LiteRT does not .* no such operation\)"):
        backends.prepare(part, "cpu", 1)


def test_what_is_missing_is_said(monkeypatch):
    load = builtins.__import__

    def without(name, *rest):
        if name.startswith("ai_edge_litert"):
            raise ModuleNotFoundError(f"No module named {name!r}")
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LatencyError, match=r'pip install "neural-predictor\[workflow\]"'):
        backends.version("cpu")
    part = distinct_blocks(NetworkRecipe(width=0.1, resolution=16))[0]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        with pytest.raises(LatencyError, match="TensorFlow sees no GPU"):
            backends.prepare(part, "gpu", 1)


def test_a_journal_of_something_else_is_named(tmp_path):
    from neural_predictor.children.journal import _line

    path = tmp_path / JOURNAL
    for record in ({"plan": {"colour": 1}, "machine": {}}, {"children": "digits"}):
        path.write_bytes(_line(record))
        with pytest.raises(FormatError, match=r"its first line is .*; expected what was measured"):
            read_profile(tmp_path)
    plan = json.loads(json.dumps(profile.asdict(SMALL)))
    header = _line({"plan": plan, "visits": 5, "machine": {}})
    path.write_bytes(_line({"plan": plan, "visits": 1, "machine": {}}))
    with pytest.raises(FormatError, match=r"its first line is .*; expected what was measured, in 5 visits"):
        read_profile(tmp_path)
    for runs in ([-1.0], [], 3.0, ["1"]):
        path.write_bytes(header + _line({"part": "stem", "runs_ms": runs}))
        with pytest.raises(FormatError, match=r"line 2 is .*; expected a part's runs in milliseconds"):
            read_profile(tmp_path)
