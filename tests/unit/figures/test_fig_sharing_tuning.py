"""fig-sharing-tuning: a dot is what a setting's own scores say, and summaries are of the drawn ones."""

import numpy as np
import pytest

from neural_predictor.children.plan import sample
from neural_predictor.children.table import children_table
from neural_predictor.config.study import Study
from neural_predictor.errors import FormatError
from neural_predictor.figures.fig_sharing_tuning.numbers import WINDOW_MS
from neural_predictor.latency.pixel1 import load
from neural_predictor.sharing.files import Shared, write_shared
from neural_predictor.sharing.tuning import recipes_of
from neural_predictor.spaces.proxylessnas.layers import ZERO
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from support.children import by_depth, trainings
from support.figures import numbers_of, page_of

SPACE = ProxylessNasSpace()
MANY = SPACE.sample(300, np.random.default_rng(0))
LATENCIES = load().latency_ms(MANY)
WITHIN, WITHOUT = MANY[np.abs(LATENCIES - 80).argmin()], MANY[LATENCIES.argmax()]


@pytest.fixture
def study(with_children):
    content = with_children().model_dump(mode="json")
    methods = {"tuned": {"kind": "proxylessnas", "training": {}}, "other": {"kind": "one-shot", "training": {}}}
    content["sharing"] = {"children": "digits", "methods": methods, "tuning": {"settings": 4}}
    return Study.model_validate(content).with_name("t-v1")


@pytest.fixture
def made(tmp_path, study):
    """Table, and a function that writes a file of each setting from its scores; None for one that diverged."""
    codes = sample(study, "digits")
    labels = by_depth(codes, 2, noise=0.001)
    table = children_table(trainings(codes, labels), "digits", "stratified")  # test is .05 below validation

    def write(name, scores, choice=WITHOUT):
        ok = scores is not None
        values = scores if ok else np.full(len(codes), np.nan)
        status, text = ("ok", SPACE.format(choice)) if ok else ("diverged", "")
        seconds = {"training": 1.0, "evaluation": 1.0, "choice": 1.0}
        found = Shared(
            name, status, table.architecture, values, np.clip(values, 0, 1), text, 0.5, np.zeros((1, 2)), seconds
        )
        write_shared(tmp_path / f"{name}.npz", found)
        return tmp_path / f"{name}.npz"

    return table, labels.mean(axis=1), write


def test_summaries_are_of_the_drawn_settings_and_latencies_of_their_choices(study, made):
    table, label, write = made
    files = [write("tuned", label), write("tuned~1", -label), write("tuned~2", label, WITHIN), write("tuned~3", None)]
    files += [write("other", None), *(write(f"other~{k}", label) for k in (1, 2, 3))]
    frame, described = numbers_of("fig-sharing-tuning", study, table, shared=files)
    low, high = WINDOW_MS
    assert low < load().latency_ms(WITHIN[None])[0] < high
    target, zeros = table.mean(table.target), (table.encoding == ZERO).sum(axis=1)
    best, worst = target[label.argmax()], target[label.argmin()]
    found = frame.groupby(["measure", "kind", "method"])["value"].apply(list).to_dict()
    assert found["kendall_tau", "setting", "tuned"][:3] == [1, -1, 1]
    assert found["accuracy", "setting", "tuned"][:3] == pytest.approx([best, worst, best])
    assert found["kendall_tau", "median", "tuned"] == [0]  # of -1, 1, and chance for what diverged
    assert found["kendall_tau", "worst-tenth", "tuned"] == pytest.approx([-0.8])
    assert found["kendall_tau", "median", "other"] == found["kendall_tau", "worst-tenth", "other"] == [1]
    for kind, method in (("median", "tuned"), ("reference", "random")):
        assert found["accuracy", kind, method] == pytest.approx([target.mean()])
    assert found["accuracy", "reference", "zero layers"] == pytest.approx([target[zeros == zeros.max()].mean()])
    assert found["accuracy", "reference", "best"] == [target.max()]
    latency = frame.set_index("kind")["value"]
    assert (latency["in_window"], latency["searches_to_window"]) == (1, 2)
    recipes = recipes_of(study.sharing, study.seed)
    drawn = frame[(frame["setting"] == 2) & (frame["method"] == "tuned")].iloc[0]
    assert drawn["latency_weight"] == recipes["tuned~2"].latency_weight
    assert drawn["training.learning_rate"] == recipes["tuned~2"].training.learning_rate
    assert drawn["choice_latency_ms"] == pytest.approx(load().latency_ms(WITHIN[None])[0])
    assert frame.loc[frame["method"] == "other", "latency_weight"].isna().all()
    axes = page_of("fig-sharing-tuning", frame, described).axes
    assert [text.get_text() for text in axes[0].get_xticklabels()] == ["tuned\n1 diverged", "other\n1 diverged"]
    assert axes[1].get_legend_handles_labels()[1][-1] == "best of the set"


def test_a_missing_setting_is_named(study, made):
    table, label, write = made
    files = [write(name, label) for name in recipes_of(study.sharing, study.seed) if name != "other~2"]
    with pytest.raises(FormatError, match="no file of the method 'other~2' is given; run train-supernet other~2"):
        numbers_of("fig-sharing-tuning", study, table, shared=files)
