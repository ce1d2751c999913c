"""fig-audit: each defect does what docs/protocol.md says of it, on tables whose right answer can be said."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neural_predictor.config.beyond import Audit
from neural_predictor.config.study import Study
from neural_predictor.figures.audit.finding import Finding, Measure
from neural_predictor.figures.fig_audit.page import COLUMNS
from neural_predictor.statistics.bootstrap import Estimate
from support.figures import numbers_of, page_of
from support.frames import defects

PACKAGE = Path(__file__).parents[3] / "src/neural_predictor"
N, TOTAL, SIZE = 20, 60, 300
HONEST = ("honest", "honest_low", "honest_high")
FAULTY = ("with_defect", "with_defect_low", "with_defect_high")


@pytest.fixture
def audited(tmp_path, study, write_scores):
    """The row of one defect, with a predictor of these scores."""

    def shown(name, table, scores=None, accept=None, **changes):
        section = {"defects": [name], "train_size": N, "total": TOTAL, "repeats": 3} | changes
        content = study.model_dump(mode="json") | {"audit": section}
        content["predictors"]["fixed"] = content["predictors"]["one-stage"] | {"width": 144}
        given = table.mean(table.signal) if scores is None else scores
        paths = write_scores(tmp_path, table, given)
        logits = np.where(np.ones(SIZE, bool) if accept is None else accept, 1.0, -1.0).astype(np.float32)
        about = {"predictor": "two-stage", "logits": logits, "one_stage": np.array(False)}
        paths += write_scores(tmp_path, table, table.mean(table.signal), (N,), **about)
        paths += write_scores(tmp_path, table, np.zeros(SIZE), (10,), predictor="fixed")
        whole = Study.model_validate(content).with_name("t-v1")
        frame, _ = numbers_of("fig-audit", whole, table, scores=paths)
        return frame.set_index("defect").loc[name]

    return shown


@pytest.fixture
def table(make_table):
    """Validation accuracy from 50 % to 90 % in steps of equal size, test accuracy 5 points below; one run."""
    quality = np.linspace(0.5, 0.9, SIZE)[:, None]
    return replace(make_table(runs=1), metrics={"validation_accuracy": quality, "test_accuracy": quality - 0.05})


def test_random_search_as_a_mean_of_singles_stays_at_the_mean_of_the_space(audited, table):
    row = audited("mean-of-singles", table)
    assert row["honest"] == pytest.approx(50 + 40 * 60 / 61, abs=0.3)  # the best of 60
    deviation = 40 / np.sqrt(12) / np.sqrt(60)
    assert 70 + deviation < row["with_defect"] < 70 + 4 * deviation  # the best of 60 means
    assert row["verdict"] == "changes"
    assert "random search would look worse than it is, by" in row["sentence"]
    assert f"is {row['with_defect']:.2f} instead of {row['honest']:.2f} %" in row["sentence"]


def test_a_running_maximum_of_the_test_curve_keeps_what_the_choice_has_lost(audited, table):
    test = table.metrics["test_accuracy"].copy()
    test[-5:] = 0.1  # the best by validation, which the predictor ranks last of its candidates
    scores = np.where(np.arange(SIZE) < SIZE - 5, np.arange(SIZE), 262.5)
    deceptive = replace(table, metrics=dict(table.metrics) | {"test_accuracy": test})
    row = audited("test-selection", deceptive, scores)
    assert row["with_defect"] > 80
    assert row["honest"] == pytest.approx(10)
    assert audited("test-selection", table)["verdict"] == "nothing"


def test_a_small_pool_misses_the_best_and_another_for_every_budget_finds_it(audited, table):
    small, few = audited("small-pool", table), audited("few-candidates", table)
    assert small["honest"] == few["honest"] == pytest.approx(90)
    assert small["with_defect"] < few["with_defect"] < 90
    pools = audited("pool-per-budget", table)
    assert pools["with_defect"] > few["with_defect"]
    ranked, trained = N * 40 + 40 * 41 // 2, 40 * 41 // 2
    assert f"it has ranked {ranked:,} candidates and trained {trained:,}." in pools["sentence"]


@pytest.mark.parametrize("name", ["predictions-unused", "ranking-unused"])
def test_where_predictions_are_not_used_they_have_no_say(audited, table, name):
    good, bad = (audited(name, table, sign * np.arange(SIZE)) for sign in (1, -1))
    assert good["with_defect"] == bad["with_defect"] == pytest.approx(50 + 40 * 60 / 61, abs=1)
    assert good["honest"] == pytest.approx(90)


def test_a_filter_without_a_ranking_draws_among_what_it_accepts(audited, table):
    row = audited("predictions-unused", table, accept=np.arange(SIZE) >= SIZE - 41)
    assert row["with_defect"] > 89.5


@pytest.mark.parametrize("timed", [True, False])
def test_uncharged_trainings_buy_as_many_candidates(audited, table, timed):
    hidden = np.arange(SIZE, dtype=float)
    hidden[-1] = SIZE - 50.5  # the best, at about the fiftieth place
    costs = {"training_time_s": np.full((SIZE, 1), 100.0)} if timed else {}
    row = audited("training-not-charged", replace(table, metrics=dict(table.metrics) | costs), hidden)
    assert row["honest"] < row["with_defect"] == pytest.approx(90)
    assert ("The table has no training times" in row["sentence"]) is not timed


def test_time_added_up_twice_leaves_a_square_root_of_the_trainings(audited, table):
    row = audited("time-twice", table)
    assert "it has trained 10 architectures, not 60" in row["sentence"]  # 10 x 11 / 2 = 55
    assert row["with_defect"] == pytest.approx(50 + 40 * 10 / 11, abs=1.5)


def test_the_oracle_by_test_is_the_best_single_test_run(audited, table):
    rng = np.random.default_rng(1)
    metrics = {name: values + rng.normal(0, 0.01, (SIZE, 3)) for name, values in table.metrics.items()}
    noisy = replace(table, metrics=metrics)
    row = audited("oracle-by-test", noisy)
    assert noisy.mean("test_accuracy").max() < row["with_defect"] / 100 <= metrics["test_accuracy"].max()
    assert row["honest"] / 100 <= noisy.mean("test_accuracy").max()


def test_one_predictor_for_all_repeats_has_no_variance(audited, table):
    row = audited("one-predictor", table, np.zeros(SIZE))
    assert row["with_defect_low"] == row["with_defect_high"]
    assert row["honest_low"] < row["honest_high"]
    assert "but that of the defect has no width" in row["sentence"]


def test_twice_the_trainings_are_drawn_as_n(audited, table):
    """A regressor that knows nothing and a classifier that rejects the upper half: the trained 40 decide."""
    row = audited("double-training-set", table, np.zeros(SIZE), np.arange(SIZE) < SIZE // 2)
    assert row["with_defect"] > row["honest"]


def test_a_fixed_width_is_measured_at_an_n_of_its_own(audited, table):
    row = audited("fixed-width", table, width={"predictor": "fixed", "train_size": 10})
    assert row["honest"] == pytest.approx(1)
    assert row["with_defect"] == 0  # its scores are all equal
    assert "D is 144 in place of 48." in row["sentence"]


def test_duplicates_flatter_a_predictor_that_only_remembers(audited, table, study):
    from neural_predictor.search.draws import draw_repeat

    remembered = np.zeros(SIZE)
    for repeat in range(3):
        rows = draw_repeat(table, study.seed, N, repeat).train_rows
        remembered[rows] = table.mean("validation_accuracy")[rows]
    row = audited("duplicates", table, remembered)
    assert row["honest"] < 0.05 < 0.1 < row["with_defect"]


def test_five_points_say_nothing(audited, table):
    noisy = np.arange(SIZE) + np.random.default_rng(0).normal(0, 100, SIZE)
    row = audited("five-test-points", table, noisy)
    assert row["verdict"] == "nothing"
    assert row["with_defect_high"] - row["with_defect_low"] > 0.8
    assert "times as wide" in row["sentence"]


def test_all_together_are_those_that_act_on_the_curves(tmp_path, study, write_scores, table):
    def lead(*defects):
        section = {"defects": defects, "train_size": N, "total": TOTAL, "repeats": 3}
        whole = Study.model_validate(study.model_dump(mode="json") | {"audit": section})
        paths = write_scores(tmp_path, table, table.mean("validation_accuracy"))
        frame, protocol = numbers_of("fig-audit", whole.with_name("t-v1"), table, scores=paths)
        return frame.set_index("defect"), " ".join(protocol.notes)

    frame, notes = lead("mean-of-singles", "small-pool", "test-selection", "one-predictor")
    row = frame.loc["together"]
    assert row["honest"] == pytest.approx(40 / 61, abs=0.3)
    assert row["with_defect"] > row["honest"] + 5
    assert row["sentence"].endswith("At once: mean-of-singles, test-selection, small-pool, one-predictor.")
    assert "Of 4 defects 2 change their number (mean-of-singles, small-pool)" in notes
    frame, _ = lead("time-twice")
    assert list(frame.index) == ["time-twice"]


def test_a_loss_goes_the_other_way(audited, table):
    """Lower is better, and a percentage that is clipped has no panel."""
    losses = {"validation_loss": 5 - table.metrics["validation_accuracy"], "test_loss": np.full((SIZE, 1), 5.0)}
    turned = replace(table, metrics=losses, signal="validation_loss", target="test_loss")
    row = audited("mean-of-singles", turned, np.zeros(SIZE))
    assert row["honest"] < row["with_defect"] < 4.3
    assert "would look worse than it is" in row["sentence"]
    assert row["unit"] == "nats"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.52, 0.58, "by 0.050."),
        (0.505, 0.535, "changes nothing that can be told."),
        (0.40, 0.70, "the two intervals meet, but that of the defect is 15.0 times as wide."),
    ],
)
def test_a_defect_changes_its_number_where_intervals_do_not_meet(low, high, said):
    measure = Measure("the predictor", "tau", "tau", "", 3)
    finding = Finding(measure, Estimate(0.5, 0.49, 0.51), Estimate((low + high) / 2, low, high), 3, 3)
    assert said in finding.sentence()
    assert finding.changes == ("by" in said)


# The study's section


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"defects": ["small-pol"]},
            r"unknown defect 'small-pol' \(did you mean small-pool\?\); known are mean-of-singles",
        ),
        ({"defects": ["small-pool", "small-pool"]}, "defects names a defect twice"),
        ({"defects": []}, "at least 1 item"),
        ({"total": 20}, "total is 20: N = 20 leaves no K"),
        ({"defects": ["fixed-width"]}, "fixed-width and the key width belong together"),
        ({"repeats": 2, "faulty_repeats": 3}, "faulty_repeats is 3, more than the 2 repeats"),
    ],
)
def test_a_section_that_cannot_be_is_refused(changes, said):
    section = {"defects": ["small-pool"], "train_size": 20, "total": 60, "repeats": 3}
    with pytest.raises(ValueError, match=said):
        Audit.model_validate(section | changes)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ({"epochs": 7, "width": 144}, "it must be 'one-stage' with another width, no more"),
        ({"width": 48}, "the width of 'fixed' is 48, and that of 'one-stage' is 48 at N = 10"),
        ({"width": "paper"}, "the width of 'fixed' is paper"),
    ],
)
def test_a_predictor_of_a_fixed_width_differs_in_nothing_else(study, recipe, said):
    content = study.model_dump(mode="json")
    content["predictors"]["fixed"] = content["predictors"]["one-stage"] | recipe
    width = {"predictor": "fixed", "train_size": 10}
    content["audit"] = {"defects": ["fixed-width"], "train_size": 20, "total": 60, "repeats": 3, "width": width}
    with pytest.raises(ValueError, match=said):
        Study.model_validate(content)


def test_a_study_without_the_section_has_the_digest_that_it_had(study):
    assert "audit" not in study.model_dump()


def test_no_honest_module_imports_a_defect():
    for path in PACKAGE.rglob("*.py"):
        inside = path.relative_to(PACKAGE).parts[:2]
        if inside in {("figures", "audit"), ("figures", "fig_audit")}:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            named += [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            whole = [f"{named[0]}.{name}" for name in named[1:]] + named
            assert not [name for name in whole if "figures.audit" in name or "figures.fig_audit" in name], path


# The page


def test_a_panel_a_defect_with_its_sentence(protocol):
    frame = defects()
    assert set(COLUMNS) <= set(frame.columns)
    figure = page_of("fig-audit", frame, protocol)
    assert len(figure.axes) == 5
    for axes, (_, row) in zip(figure.axes, frame.iterrows(), strict=True):
        assert axes.get_title(loc="left")[3:] == row["title"]
        assert axes.get_xlabel() == "accuracy (%)"
        assert " ".join(axes.texts[0].get_text().split()) == row["sentence"]
        honest, defect = (line.get_xdata()[0] for line in axes.get_lines() if line.get_marker() == "o")
        assert (honest, defect) == (row["honest"], row["with_defect"])
