"""fig-rounds, fig-tuning, table-methods, and fig4 with searches that are jobs of their own."""

import re

import numpy as np
import pandas as pd
import pytest

from neural_predictor.config.study import Study
from neural_predictor.figures.methods import spread, wall_times
from neural_predictor.figures.wanted import Wanted
from neural_predictor.fits.traces import run_searches
from neural_predictor.statistics.efficiency import needed
from support.figures import numbers_of, page_of, plain
from support.searches import make_searchable

SEARCHES = ["random", "tpe", "evolution"]
SECTIONS = {
    "fig_rounds": {"searches": SEARCHES, "batches": [10, 50], "level_trainings": 40, "total": 60, "repeats": 2},
    "fig_tuning": {"searches": SEARCHES, "settings": 4, "total": 40, "batch": 10, "repeats": 2},
    "table_methods": {"workers": [1, 1000], "regret_at": 30},
}


def with_sections(study, **changes):
    return Study.model_validate(study.model_dump(mode="json") | SECTIONS | changes).with_name("t-v1")


@pytest.fixture(scope="module")
def table():
    return make_searchable()


@pytest.fixture
def run(tmp_path, table):
    """Runs an artefact with the files of its searches; its numbers and protocol."""

    def made(name, study, **more):
        paths = []
        for key, repeats in Wanted(study).searches_of(name).items():
            paths.append(tmp_path / f"{key.search}-{key.run}.npz")
            run_searches(study, table, key, range(repeats), paths[-1])
        return numbers_of(name, study, table, traces=paths, **more)

    return made


def test_fig4_shows_searches_that_ask_beside_the_others_and_the_place_where_it_is_asked_for(
    tmp_path, run, study, table, write_scores
):
    content = study.model_dump(mode="json")
    content["fig4"] |= {"predictors": ["one-stage"], "searches": ["random", "tpe", "local-search"], "place": True}
    content["searches"] |= {"asking_repeats": 2, "batch": 7}
    study = Study.model_validate(content).with_name("t-v1")
    scores = write_scores(tmp_path, table, table.mean("test_accuracy"), (20,))
    frame, protocol = run("fig4", study, scores=scores)
    ends = frame[frame["x"] == 60].set_index(["panel", "method"])
    assert ends.loc["place_by_samples"].index.tolist() == ["one-stage", "random", "tpe", "local-search"]
    assert ends.loc[("place_by_samples", "local-search"), "mean"] < ends.loc[("place_by_samples", "random"), "mean"]
    assert ends.loc[("signal_by_samples", "tpe"), "repeats"] == 2
    assert protocol.repeats["each other search"] == 2
    assert any("trains 7 architectures side by side" in note for note in protocol.notes)
    page_of("fig4", frame, protocol).draw_without_rendering()


def test_many_searches_are_drawn_in_rows_and_the_page_says_their_places(protocol):
    x = np.arange(1, 50)
    rows = [
        pd.DataFrame({"x": x, "mean": mean, "low": mean, "high": mean}).assign(panel=panel, method=name, repeats=3)
        for panel in ("signal_by_samples", "target_by_samples", "place_by_samples")
        for k, name in enumerate([*(f"m{k}" for k in range(8)), "random"])
        for mean in [(50 + k) / x if panel == "place_by_samples" else 0.9 - (1 + k) / (10 * x)]
    ]
    figure = page_of("fig4", pd.concat(rows).assign(train_size=pd.NA), protocol)
    assert len(figure.axes) == 6
    drawn = [{line.get_label() for line in axes.lines} - {"random"} for axes in figure.axes[::3]]
    assert drawn == [{f"m{k}" for k in range(5)}, {"m5", "m6", "m7"}]
    said = " ".join(figure.texts[-1].get_text().split())
    assert re.search(r"Place of the choice after 49 trainings, .*: m0 1\.02 \[1\.02, 1\.02\], m1 1\.04", said)
    figure.draw_without_rendering()


def test_fig_rounds_counts_trainings_and_questions_to_the_level(run, study):
    frame, protocol = run("fig-rounds", with_sections(study))
    assert frame[["method", "batch"]].to_numpy().tolist() == [[name, batch] for name in SEARCHES for batch in (10, 50)]
    tpe = frame[frame["method"] == "tpe"].set_index("batch")
    assert 1 <= tpe.loc[10, "samples"] <= 60
    assert tpe.loc[10, "questions"] == -(-tpe.loc[10, "samples"] // 10)
    assert (frame["level"].nunique(), set(frame["level_samples"]), set(frame["budget"])) == (1, {40}, {60})
    lost = frame.assign(samples=frame["samples"].where(frame["batch"] == 10), high=np.nan)
    figure = page_of("fig-rounds", lost, protocol)
    said = " ".join(figure.texts[-1].get_text().split())
    assert "50 at a time: no search holds it." in said
    assert re.search(r"10 at a time: .*tpe \d+ \[\d+, beyond\]", said)
    figure.draw_without_rendering()


def test_fig_tuning_has_every_setting_and_the_price_of_not_tuning(run, study):
    frame, protocol = run("fig-tuning", with_sections(study))
    settings = frame[frame["kind"] == "setting"].groupby("method")["setting"].apply(list).to_dict()
    assert settings == {"random": ["0"], "tpe": ["0", "1", "2", "3"], "evolution": ["0", "1", "2", "3"]}
    summary = frame[frame["kind"] == "summary"].set_index(["method", "setting"])["value"]
    assert summary.loc["random"].index.tolist() == ["default"]
    assert summary["tpe", "price"] == pytest.approx(summary["tpe", "worst-tenth"] / summary["tpe", "default"])
    figure = page_of("fig-tuning", frame, protocol)
    assert re.search(
        r"Price of not tuning, .*: (tpe|evolution) [\d.]+ \[", " ".join(figure.texts[-1].get_text().split())
    )
    figure.draw_without_rendering()


def test_table_methods_has_each_measure_and_the_tau_of_shared_weights(run, study, tmp_path):
    shared = pd.DataFrame({"kind": "kendall_tau", "method": ["darts", "lost"], "value": [0.25, np.nan]})
    path = tmp_path / "fig-sharing.csv"
    shared.assign(low=shared["value"] - 0.1, high=shared["value"] + 0.1).to_csv(path, index=False)
    frame, protocol = run("table-methods", with_sections(study), numbers=[path])
    page = plain(page_of("table-methods", frame, protocol))
    assert re.search(r"\| darts \| weight sharing \|.* 0.25 \[0.15, 0.35\] \|\n", page)
    assert re.search(r"\| lost \| weight sharing \|.* diverged \|\n", page)
    frame = frame[frame["measure"] != "kendall_tau"]
    rows = frame[frame["method"] == "tpe"].set_index(["measure", "workers"])
    assert {measure for measure, _ in rows.index} == {"trainings", "times", "regret", "price", "wall_time", "questions"}
    one, many = (rows.loc[("wall_time", workers)] for workers in (1, 1000))
    assert (one["batch"], many["batch"]) == (10, 50)
    # No times are recorded: a wall time with one worker is the trainings of all questions until then.
    assert one["value"] >= many["value"] == rows.loc[("questions", 1000), "value"]
    regret = frame[(frame["method"] == "random") & (frame["measure"] == "regret")]["value"].item()
    assert 0 < regret < 0.4
    page = page_of("table-methods", frame, protocol)
    assert "needs the fewest trainings for the level" in page
    assert re.search(r"\| weight sharing +\| DARTS, one-shot", page)


def test_the_table_gives_verdicts_by_its_rules_beside_the_slides_ticks(protocol):
    numbers = {
        "predictor": {"trainings": (200, 150, 240), "price": (1.2, 1.0, 1.5), "questions": (2, 2, 2)},
        "rounds": {"trainings": (60, 40, 90), "price": (3, 2.5, 4), "questions": (9, 8, 9)},
        "random": {"trainings": (np.nan,) * 3, "questions": (np.nan,) * 3},
    }
    rows = [
        {"method": name, "measure": measure, "workers": 1000 if measure == "questions" else np.nan, "value": value}
        | {"low": low, "high": high}
        for name, measures in numbers.items()
        for measure, (value, low, high) in (
            measures
            | {"times": tuple(2000 / np.array(measures["trainings"])[[0, 2, 1]]), "regret": (0.01, 0.005, 0.02)}
        ).items()
    ]
    lines = page_of("table-methods", pd.DataFrame(rows), protocol).splitlines()
    keys, *found = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| "))
    of = {row[0]: dict(zip(keys, row, strict=True)) for row in found}
    ticks = {name: [row[key] for key in ("efficient", "friendly", "parallelizable")] for name, row in of.items()}
    assert ticks["predictor"] == ["~ / ~", "yes / yes", "yes / ~"]
    assert ticks["rounds"] == ["yes", "no", "~"]
    assert ticks["random"] == ["no", "", "no"]
    assert of["random"]["trainings to the level"] == "not held"
    assert of["rounds"]["regret (%)"] == "1 [0.5, 2]"
    assert "rounds needs the fewest trainings for the level: 60 [40, 90]. The paper's predictor: 200 [150" in lines[-1]


def test_a_questions_trainings_share_its_workers_and_the_next_one_waits():
    times, questions = np.array([3.0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1])
    assert wall_times(times, questions, 1).tolist() == [3, 4, 5, 7, 9]
    assert wall_times(times, questions, 2).tolist() == [3, 1, 2, 5, 5]
    assert wall_times(times, questions, 1000).tolist() == [3, 1, 1, 5, 5]


def test_the_price_of_not_tuning_is_that_of_the_worst_tenth(study):
    places = np.array([[2.0, 2], *[[4, 4]] * 10, [400, 400]])
    found = spread(places, study, "tpe")
    assert [found[name].value for name in ("default", "median", "worst-tenth", "price")] == pytest.approx([2, 4, 4, 2])
    assert found["default"].low == pytest.approx(found["default"].high)
    assert found["price"].high > 10  # a resample may hold the bad setting several times
    assert list(spread(places[:1], study, "random")) == ["default"]


def test_a_level_that_some_resamples_do_not_hold_has_no_upper_end(study):
    own = np.array([[0.0, 1, 3], [0, 0, 1]])
    found = needed(own, np.array([2.0]), study.bootstrap, 0)
    assert (found.samples, found.low) == (3, 3)
    assert np.isnan(found.high)
    assert 0.5 < found.reached < 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fig_rounds": {"batches": [10, 61]}}, "batches has 61, more than the total of 60"),
        ({"fig_rounds": {"batches": [50, 10]}}, "batches must ascend, each once"),
        ({"fig_rounds": {"searches": ["annealing"]}}, "unknown search; known are random, evolution"),
        (
            {"fig_rounds": {"searches": ["learning-curve"]}},
            "learning-curve stops trainings before their end, and figur",
        ),
        ({"fig_rounds": {"searches": ["tpe", "tpe"]}}, "searches names a search twice"),
        ({"fig_rounds": {"level_trainings": 5000}}, "fig_rounds.level_trainings is 5000, but .* has 2021 arch"),
        ({"fig_tuning": {"batch": 41}}, "batch is 41, more than the total of 40"),
        ({"fig_tuning": {"benchmark": "nasbench-graph-cs"}}, "fig_tuning.benchmark is 'nasbench-graph-cs' and that of"),
        ({"table_methods": {"regret_at": 50}}, "table_methods.regret_at is 50, more than fig_tuning.total, 40"),
        ({"fig_tuning": None}, "table_methods shows the runs of fig_rounds and fig_tuning: add both sections"),
    ],
)
def test_sections_that_cannot_be_run_are_refused_before_anything_runs(study, changes, said):
    sections = {name: None if part is None else SECTIONS[name] | part for name, part in changes.items()}
    with pytest.raises(ValueError, match=said):
        with_sections(study, **sections)
