"""fig4-sharing: every search is charged for what it computed, and judged by its choice's own trainings."""

from dataclasses import replace

import numpy as np
import pytest

from neural_predictor.children.plan import per_shard, sample
from neural_predictor.children.table import children_table
from neural_predictor.config.study import Study
from neural_predictor.errors import ChildError
from neural_predictor.fits.files import draw_fits, write_scores
from neural_predictor.fits.key import FitKey
from neural_predictor.sharing.choices import choices
from neural_predictor.sharing.files import Shared, write_shared
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from support.children import by_depth, trainings
from support.figures import numbers_of, page_of

SPACE = ProxylessNasSpace()
CHOICE = "(0, 1, 6, 6, 6, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0)"
SECONDS = {"training": 30.0, "evaluation": 7.0, "choice": 5.0}


@pytest.fixture
def study(with_children):
    content = with_children().model_dump(mode="json")
    methods = {name: {"kind": "one-shot", "training": {}} for name in ("same", "lost")}
    against = {"predictor": "tiny", "train_sizes": [8], "validated": 3, "repeats": 2}
    content["sharing"] = {"children": "digits", "methods": methods, "against": against}
    return Study.model_validate(content).with_name("t-v1")


def shared(name, codes, scores, status="ok"):
    identities, choice = SPACE.identify(codes), CHOICE if status == "ok" else ""
    return Shared(name, status, identities, scores, scores, choice, 0.5, np.zeros((3, 2)), SECONDS)


def test_each_search_pays_for_all_that_it_computed(tmp_path, study, protocol):
    codes = sample(study, "digits")
    labels = by_depth(codes, 2, noise=0.001)
    table = children_table(trainings(codes, labels), "digits", "stratified")  # 2 s a training, test is .05 lower
    chosen_code = SPACE.parse(CHOICE)[None]
    chosen = children_table(trainings(chosen_code, np.array([[0.9, 0.8]])), "digits-shared")
    files = []
    nothing = np.full(len(codes), np.nan)
    for one in (shared("same", codes, labels.mean(axis=1)), shared("lost", codes, nothing, "diverged")):
        files.append(tmp_path / f"{one.method}.npz")
        write_shared(files[-1], one)
    key, scores = FitKey("tiny", "digits", 8), tmp_path / "0.scores.npz"
    found = {"scores": np.tile(table.mean(table.signal), (2, 1)).astype(np.float32)}
    taken = {"seconds": 90.0, "core_seconds": 20.0, "repeats": 2, "threads": 1}
    write_scores(scores, tmp_path / "0.seconds.json", key, draw_fits(table, study.seed, key, range(2)), found, taken)
    frame, described = numbers_of("fig4-sharing", study, table, chosen, scores=[scores], shared=files)
    rows = frame.set_index("kind")
    own = rows.loc["choice"]
    assert own["method"] == "same"
    assert own["x"] == 30 + 5 + 2
    assert own[["mean", "low", "high"]].tolist() == pytest.approx([0.8, 0.75, 0.85])
    best = table.mean(table.target).max()
    assert rows.loc["among", "x"] == 30 + 7 + 2
    assert rows.loc["among", "mean"] == pytest.approx(best, abs=0.004)
    assert rows.loc["predictor", "x"] == (8 + 3) * 2 + 10
    assert rows.loc["predictor", "mean"] == pytest.approx(best, abs=0.01)
    random = frame[frame["kind"] == "random"]
    assert random["x"].tolist() == [2 * k for k in range(1, len(table) + 1)]
    assert random["mean"].iloc[0] == pytest.approx(table.mean(table.target).mean(), abs=0.01)
    assert random["mean"].iloc[-1] == pytest.approx(best, abs=0.005)
    assert any(note.startswith("same: 80.0% after 37 s, with 3 of 15 optional layers zero") for note in described.notes)
    assert any("lost has no choice" in note for note in described.notes)
    (axes,) = page_of("fig4-sharing", frame, described).axes
    assert {"same", "random search", "tiny, by N"} <= set(axes.get_legend_handles_labels()[1])


def test_a_point_is_the_mean_of_a_methods_searches(tmp_path, study):
    """Seconds and accuracies; the bar goes from the lowest to the highest of all trainings."""
    content = study.model_dump(mode="json")
    content["sharing"]["seeds"] = 3
    study = Study.model_validate(content).with_name("t-v1")
    codes = sample(study, "digits")
    labels = by_depth(codes, 2, noise=0.001)
    table = children_table(trainings(codes, labels), "digits", "stratified")
    other = SPACE.format(codes[0])
    chosen_codes = np.stack([SPACE.parse(CHOICE), codes[0]])
    chosen = children_table(trainings(chosen_codes, np.array([[0.9, 0.8], [0.5, 0.7]])), "digits-shared")
    best, nothing = labels.mean(axis=1), np.full(len(codes), np.nan)
    slower = {name: 2 * seconds for name, seconds in SECONDS.items()}
    searches = [
        shared("same", codes, best),
        replace(shared("same~seed1", codes, best), choice=other, seconds=slower),
        shared("same~seed2", codes, nothing, "diverged"),
        *(shared(name, codes, nothing, "diverged") for name in ("lost", "lost~seed1", "lost~seed2")),
    ]
    files = [tmp_path / f"{one.method}.npz" for one in searches]
    for path, one in zip(files, searches, strict=True):
        write_shared(path, one)
    frame, described = numbers_of("fig4-sharing", study, table, chosen, shared=files)
    (own,) = frame[frame["kind"] == "choice"].to_dict("records")
    assert own["x"] == (30 + 5 + 60 + 10) / 2 + 2
    assert [own[name] for name in ("mean", "low", "high")] == pytest.approx([(0.8 + 0.55) / 2, 0.45, 0.85])
    zeros = f"3, {(codes[0] == 6).sum()} of 15"
    assert any(note.startswith("same: ") and zeros in note for note in described.notes)
    assert per_shard(study, "digits-shared") == 6


def test_equal_choices_are_trained_once_and_what_diverged_has_none():
    codes = SPACE.sample(2, np.random.default_rng(0))
    good, lost = shared("a", codes, np.zeros(2)), shared("c", codes, np.full(2, np.nan), "diverged")
    found = choices([good, lost, shared("b", codes, np.zeros(2))])
    assert found.to_dict("records") == [{"architecture": CHOICE, "predicted": 0.5, "methods": "a b"}]
    with pytest.raises(ChildError, match=r"all diverged: lower sharing\.methods"):
        choices([lost])


def test_a_set_without_room_for_validation_is_refused(study):
    content = study.model_dump(mode="json")
    content["sharing"]["against"]["train_sizes"] = [38]
    with pytest.raises(ValueError, match="train_sizes has 38; at most 37 leave 3 of the set"):
        Study.model_validate(content)
    content["sharing"]["against"] |= {"train_sizes": [8], "predictor": "none"}
    with pytest.raises(ValueError, match="predictor is 'none'; defined are"):
        Study.model_validate(content)
