"""fig-sharing: scores meet the labels of their own architectures."""

import numpy as np
import pytest

from neural_predictor.children.plan import sample
from neural_predictor.children.table import children_table
from neural_predictor.config.study import Study
from neural_predictor.errors import FormatError
from neural_predictor.sharing.files import Shared, write_shared
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from support.children import by_depth, trainings
from support.figures import numbers_of, page_of

SPACE = ProxylessNasSpace()
CHOICE = "(0, 1, 6, 6, 6, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0)"


@pytest.fixture
def study(with_children):
    content = with_children().model_dump(mode="json")
    content["sharing"] = {
        "children": "digits",
        "methods": {name: {"kind": "one-shot", "training": {}} for name in ("same", "lost")},
    }
    return Study.model_validate(content).with_name("t-v1")


@pytest.fixture
def two_searches(study):
    """The study with two seeds of each method."""
    content = study.model_dump(mode="json")
    content["sharing"]["seeds"] = 2
    return Study.model_validate(content).with_name("t-v1")


def shared(name, codes, scores, status="ok"):
    """What a method gave of some architectures."""
    ok = status == "ok"
    seconds = {"training": 2.0, "evaluation": 1.0, "choice": 1.0}
    values = scores if ok else np.full(len(codes), np.nan)
    return Shared(
        name, status, SPACE.identify(codes), values, values, CHOICE if ok else "", 0.5, np.full((3, 2), 0.25), seconds
    )


def written(folder, *found):
    for one in found:
        write_shared(folder / f"{one.method}.npz", one)
    return [folder / f"{one.method}.npz" for one in found]


def test_scores_are_held_against_the_labels_of_their_architectures(tmp_path, study, protocol):
    codes = sample(study, "digits")
    labels = by_depth(codes, 2, noise=0.02)
    table = children_table(trainings(codes, labels), "digits", "stratified")
    order = np.random.default_rng(0).permutation(len(codes))  # files need not be in the table's order
    files = written(
        tmp_path,
        shared("same", codes[order], labels.mean(axis=1)[order]),
        shared("lost", codes, None, status="diverged"),
    )
    frame, described = numbers_of("fig-sharing", study, table, shared=files)
    own = frame[frame["method"] == "same"].set_index("kind")["value"]
    assert own["kendall_tau"] == own["recall"] == own["accuracy_tau"] == 1
    (lost,) = frame[frame["method"] == "lost"].to_dict("records")
    assert lost["status"] == "diverged"
    assert np.isnan(lost["value"])
    references = frame[frame["method"].isna()].set_index("kind")["value"]
    assert -1 < references["depth_tau"] < -0.3
    assert references["reliability_mean"] < 1
    assert any("lost" in note and "diverged in epoch 3" in note for note in described.notes)
    assert any("zero layers of its choice: 3." in note for note in described.notes)
    axes = page_of("fig-sharing", frame, described).axes
    assert [one.get_title(loc="left") for one in axes] == ["a  same", "b  lost"]
    assert "tau 1.00 [1.00, 1.00]" in axes[0].texts[0].get_text()
    assert axes[1].texts[0].get_text() == "diverged"


def test_the_interval_of_a_method_is_over_its_searches_too(tmp_path, two_searches):
    codes = sample(two_searches, "digits")
    labels = by_depth(codes, 2, noise=0.02)
    table, mean = children_table(trainings(codes, labels), "digits", "stratified"), labels.mean(axis=1)
    lost = [shared(name, codes, None, status="diverged") for name in ("lost", "lost~seed1")]
    files = written(tmp_path, shared("same", codes, mean), shared("same~seed1", codes, 1 - mean), *lost)
    frame, described = numbers_of("fig-sharing", two_searches, table, shared=files)
    own = frame[frame["method"] == "same"]
    assert own.loc[own["kind"] == "tau_of_one", ["search", "value"]].to_numpy().tolist() == [[0, 1], [1, -1]]
    (tau,) = own.loc[own["kind"] == "kendall_tau", ["value", "low", "high"]].to_numpy().tolist()
    assert tau == [0, -1, 1]  # a resample holds both searches, or one of them twice
    assert described.repeats == {"each method's search": 2}
    assert "architectures and searches" in described.interval
    axes = page_of("fig-sharing", frame, described).axes
    assert len(axes[0].collections) == 2
    assert "choice: 3, 3 of 15 layers zero" in axes[0].texts[0].get_text()
    half = [*files[:1], *written(tmp_path, shared("same~seed1", codes, None, status="diverged")), *files[2:]]
    frame, described = numbers_of("fig-sharing", two_searches, table, shared=half)
    assert frame[frame["method"] == "same"].set_index("kind")["value"]["kendall_tau"] == 1
    assert any(note.startswith("same~seed1") and "diverged" in note for note in described.notes)
    with pytest.raises(FormatError, match="no file of the method 'same~seed1' is given; run train-supernet same~seed1"):
        numbers_of("fig-sharing", two_searches, table, shared=[files[0], *files[2:]])


def test_files_of_other_architectures_and_missing_ones_are_named(tmp_path, study):
    codes = sample(study, "digits")
    table = children_table(trainings(codes, by_depth(codes, 2)), "digits", "stratified")
    few = shared("same", codes[1:], np.linspace(0, 1, len(codes) - 1))
    files = written(tmp_path, few, shared("lost", codes, None, status="diverged"))
    with pytest.raises(FormatError, match=r"same\.npz: no score of .* run train-supernet again"):
        numbers_of("fig-sharing", study, table, shared=files)
    with pytest.raises(FormatError, match="no file of the method 'same' is given; run train-supernet same"):
        numbers_of("fig-sharing", study, table, shared=files[1:])
