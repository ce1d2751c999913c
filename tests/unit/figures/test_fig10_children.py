"""fig10 of a set of children: candidates, what was trained, known networks, and the window."""

import numpy as np
import pandas as pd
import pytest

from neural_predictor.children.plan import sample
from neural_predictor.children.table import children_table
from neural_predictor.config.study import Study
from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.figures.wanted import Wanted
from neural_predictor.latency import load_latency
from neural_predictor.spaces.proxylessnas.layers import PROXYLESSNAS_MOBILE
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from support.children import by_depth, trainings
from support.figures import numbers_of, page_of

SPACE = ProxylessNasSpace()
WINDOW = {"model": "pixel1", "at_least": 75, "at_most": 85, "random": 15}


def of_children(with_children, **latency):
    content = with_children(networks=20, sampling="uniform", latency=latency).model_dump(mode="json")
    return Study.model_validate(content | {"frontier": {"children": "digits"}}).with_name("t-v1")


def milliseconds(codes):
    return load_latency("pixel1").latency_ms(codes)


def table(name, codes):
    return children_table(trainings(codes, by_depth(codes)).assign(latency_ms=milliseconds(codes)), name, "uniform")


def choice(path, codes, chosen=5):
    """A file of choose-children; predictions are a point above what is observed."""
    roles = ["chosen"] * chosen + ["candidate"] * (len(codes) - chosen - 1) + ["ProxylessNAS-mobile"]
    frame = pd.DataFrame({"architecture": [SPACE.format(code) for code in codes], "role": roles})
    frame.assign(predicted=by_depth(codes)[:, 0] + 0.01, latency_ms=milliseconds(codes)).to_csv(path, index=False)
    return path


@pytest.fixture
def built(with_children, tmp_path):
    """Study, tables and the file of a choice within the paper's window."""
    study = of_children(with_children, **WINDOW)
    pool = SPACE.sample(100, np.random.default_rng(3), bounds=_Within())
    path = choice(tmp_path / "digits.choice.csv", np.concatenate([pool, [PROXYLESSNAS_MOBILE]]).astype(np.uint8))
    sets = {
        "digits": sample(study, "digits"),
        "digits-chosen": pool[:5],
        "digits-random": sample(study, "digits-random"),
    }
    return study, [table(name, codes) for name, codes in sets.items()], path


class _Within:
    def admits(self, codes):
        return (milliseconds(codes) >= 75) & (milliseconds(codes) <= 85)

    def compare(self, codes):
        return ""


def test_it_shows_candidates_what_was_trained_and_the_window(built):
    study, tables, path = built
    frame, protocol = numbers_of("fig10", study, *tables, choices=[path])
    counts = frame["kind"].value_counts()
    assert [counts[kind] for kind in ("random", "trained", "further", "known", "bound")] == [20, 5, 15, 1, 2]
    value = frame.dropna(subset=["value"]).drop_duplicates("kind").set_index("kind")["value"]
    assert value["candidates"] == frame.loc[frame["kind"] == "density", "value"].sum() == 100
    assert value["share_random"] <= value["share"] <= 1 + 1e-9
    assert value["share_random"] <= value["share_further"] <= 1 + 1e-9
    known = frame[frame["kind"] == "known"].iloc[0]
    assert (known["name"], known["cost"]) == ("ProxylessNAS-mobile", pytest.approx(84.416, abs=1e-3))
    best = frame[frame["kind"] == "trained_front"].sort_values("cost")
    assert best["goodness"].is_monotonic_increasing
    both = frame[frame["kind"].isin(["random", "trained"])]
    assert (best["goodness"].max(), best["cost"].min()) == (both["goodness"].max(), both["cost"].min())
    said = " ".join(protocol.notes)
    assert "chose 5 of 100 candidates" in said
    assert "by the model pixel1, at width 1 and 224 pixels." in said
    assert "Of 25, the sample and the choice, the best by validation has" in said
    assert "Of 35, random architectures, the best by validation has" in said
    figure = page_of("fig10", frame, protocol)
    legends = [text.get_text() for axes in figure.axes[:2] for text in axes.get_legend().get_texts()]
    assert {"ProxylessNAS-mobile, 84.4 ms", "20 at random", "15 more at random", "5 chosen by the predictor"} <= set(
        legends
    )
    assert f"with those more at random {value['share_further']:.1%}" in " ".join(figure.texts[0].get_text().split())


def test_what_was_measured_is_held_against_the_model(with_children, tmp_path):
    study = of_children(with_children, model="here", choose="front")
    pool = SPACE.sample(60, np.random.default_rng(3))
    path = choice(tmp_path / "digits.choice.csv", pool)
    tables = [table("digits", sample(study, "digits")), table("digits-chosen", pool[:5])]
    frame, protocol = numbers_of("fig10", study, *tables, choices=[path])
    assert "on the 5 chosen its Kendall tau is 1.00 and its mean error 0.0%" in " ".join(protocol.notes)
    assert not set(frame["kind"]) & {"further", "bound"}
    text = page_of("fig10", frame, protocol).texts[0].get_text()
    assert "Dotted" not in text
    other = table("digits-chosen", pool[20:25])
    with pytest.raises(FormatError, match=r"the table digits-chosen has .*, which was not chosen; run train-children"):
        numbers_of("fig10", study, tables[0], other, choices=[path])


def test_a_damaged_choice_is_named(built, tmp_path):
    study, tables, _ = built
    path = tmp_path / "digits.choice.csv"
    path.write_text("architecture,predicted\n1,2\n")
    with pytest.raises(FormatError, match=r"digits\.choice\.csv: expected rows with .* run choose-children again"):
        numbers_of("fig10", study, *tables, choices=[path])


def test_only_fig10_is_made_of_children(with_children):
    wanted = Wanted(of_children(with_children, **WINDOW))
    assert "fig10" in wanted.artefacts
    assert wanted.tables("fig10") == ["digits", "digits-chosen", "digits-random"]
    for name in ("fig11", "table-frontier"):
        assert name not in wanted.artefacts
        with pytest.raises(ConfigError, match=f"the study t-v1 does not make {name}, as its section `frontier` is now"):
            wanted.tables(name)
