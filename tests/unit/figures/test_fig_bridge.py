"""fig-bridge: a score that knows the labels helps, one that knows nothing does not."""

from dataclasses import replace

import numpy as np
import pytest

from neural_predictor.children.plan import sample
from neural_predictor.children.table import children_table
from neural_predictor.config.study import Study
from neural_predictor.errors import ConfigError
from neural_predictor.figures.fig_bridge.numbers import ALONE
from neural_predictor.sharing.files import Shared, read_shared, write_shared
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from support.children import trainings
from support.figures import numbers_of, page_of

SPACE = ProxylessNasSpace()
SECONDS = {"training": 1.0, "evaluation": 1.0, "choice": 1.0}


@pytest.fixture
def study(with_children):
    content = with_children().model_dump(mode="json")
    methods = {name: {"kind": "one-shot", "training": {}} for name in ("knows", "guesses", "lost")}
    content["sharing"] = {"children": "digits", "methods": methods, "bridge": {"train_sizes": [20, 10], "repeats": 3}}
    return Study.model_validate(content).with_name("t-v1")


@pytest.fixture
def files(tmp_path, study):
    """Labels that no feature of an architecture tells, and the files of three methods."""
    rng, codes = np.random.default_rng(1), sample(study, "digits")
    labels = rng.uniform(0.5, 0.9, (len(codes), 1))
    paths = []
    for name, scores in (
        ("knows", labels[:, 0]),
        ("guesses", rng.random(len(codes))),
        ("lost", np.full(len(codes), np.nan)),
    ):
        status, choice = ("diverged", "") if name == "lost" else ("ok", SPACE.format(codes[0]))
        found = Shared(name, status, SPACE.identify(codes), scores, scores, choice, 0.5, np.zeros((1, 2)), SECONDS)
        paths.append(tmp_path / f"{name}.npz")
        write_shared(paths[-1], found)
    return codes, labels, paths


def test_what_a_score_adds_is_measured_on_the_same_splits(study, files):
    codes, labels, paths = files
    table = children_table(trainings(codes, labels), "digits", "stratified")
    frame, described = numbers_of("fig-bridge", study, table, shared=paths)
    again, _ = numbers_of("fig-bridge", study, table, shared=paths)
    assert frame.equals(again)
    values = frame.set_index(["kind", "method", "train_size"])[["value", "low", "high"]]
    for size in (10, 20):
        without, knows = (values.loc[("tau", name, size), "value"] for name in (ALONE, "knows"))
        assert values.loc[("difference", "knows", size), "value"] == pytest.approx(knows - without)
        assert values.loc[("difference", "knows", size), "low"] > 0.2
        assert values.loc[("difference", "guesses", size), "low"] < 0.05
    assert frame.loc[frame["method"] == "lost", ["status", "value"]].to_numpy().tolist() == [
        ["diverged", pytest.approx(np.nan, nan_ok=True)]
    ]
    left, right = page_of("fig-bridge", frame, described).axes
    assert left.get_legend_handles_labels()[1] == [ALONE, "knows", "guesses"]
    assert right.get_ylabel() == "difference of tau"


def test_what_a_score_adds_is_the_mean_over_searches(tmp_path, study, files):
    codes, labels, paths = files
    content = study.model_dump(mode="json")
    content["sharing"]["seeds"] = 2
    twice = Study.model_validate(content).with_name("t-v1")
    table = children_table(trainings(codes, labels), "digits", "stratified")
    one = numbers_of("fig-bridge", study, table, shared=paths)[0]
    others = []
    for name, source in (("knows", paths[1]), ("guesses", paths[1]), ("lost", paths[2])):
        others.append(tmp_path / f"{name}~seed1.npz")
        write_shared(others[-1], replace(read_shared(source), method=f"{name}~seed1"))
    frame, described = numbers_of("fig-bridge", twice, table, shared=[*paths, *others])
    single, both = (each.set_index(["kind", "method", "train_size"])["value"] for each in (one, frame))
    for size in (10, 20):
        knows, guesses = (single[("tau", name, size)] for name in ("knows", "guesses"))
        assert both[("tau", "knows", size)] == pytest.approx((knows + guesses) / 2)
        assert both[("tau", "guesses", size)] == pytest.approx(guesses)
    wide = frame[(frame["kind"] == "difference") & (frame["method"] == "knows")]
    assert (wide["low"] < 0.2).all()  # one of the two searches knows nothing
    assert described.repeats["each method's search"] == 2


def test_a_set_that_leaves_too_few_is_refused(study, files):
    codes, labels, paths = files
    labels = labels.copy()
    labels[:16] = np.nan
    table = children_table(trainings(codes, labels), "digits", "stratified")
    with pytest.raises(ConfigError, match=r"digits has 24 .* of the study has 20: at most 19 leave 5"):
        numbers_of("fig-bridge", study, table, shared=paths)
    content = study.model_dump(mode="json")
    content["sharing"]["bridge"]["train_sizes"] = [10, 36]
    with pytest.raises(ValueError, match=r"bridge\.train_sizes has 36; at most 35 leave 5 of the set for tau"):
        Study.model_validate(content)
