"""Verdicts follow from intervals by the stated rule."""

import json
import shutil

import pandas as pd
import pytest
import yaml

from neural_predictor.claims.judge import Estimate, judge, verdict
from neural_predictor.config.claims import Test as ClaimTest
from neural_predictor.config.project import Project
from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.figures.wanted import Wanted
from neural_predictor.workflow.code import PACKAGE

ROOT = PACKAGE.parents[1]
NUMBERS = pd.DataFrame(
    [
        {"method": "one", "x": 200, "mean": 0.90, "low": 0.89, "high": 0.91},
        {"method": "two", "x": 200, "mean": 0.95, "low": 0.93, "high": 0.96},
        {"method": "two", "x": 400, "mean": 0.97, "low": 0.96, "high": 0.98},
        {"method": "open", "x": 200, "mean": 0.95, "low": None, "high": 0.96},
    ]
)
PROTOCOL = {
    "experiment": "fig4",
    "study": "smoke-v1",
    "benchmark": "b",
    "benchmark_title": "Benchmark",
    "architectures": 100,
    "signal": "validation",
    "target": "test",
    "unit": "%",
    "scale": 100,
    "maximise": True,
    "label": "the only run",
    "sampling": "uniform",
    "scored": "all",
    "reported": "test",
    "repeats": {"each": 3},
    "interval": "95 % bootstrap",
    "notes": [],
    "seed": 0,
    "study_digest": "0",
    "versions": {},
}
TWO = {"where": {"method": "two", "x": 200}, "value": "mean"}
ONE = {"where": {"method": "one", "x": 200}, "value": "mean"}


@pytest.fixture
def judged(tmp_path):
    """Verdicts on claims of a project whose study smoke-v1 has these numbers as fig4."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    results = tmp_path / "results"
    results.mkdir()
    NUMBERS.to_csv(results / "fig4.csv", index=False)
    (results / "fig4.protocol.json").write_text(json.dumps(PROTOCOL))

    def judge_these(*tests, **more):
        said = {"says": "It is so", "source": "paper", "place": "here", "refuted_by": "less", "measured": "it"}
        claims = [
            {"name": f"claim-{k}", **said, "test": {"artefact": "fig4", **test}, **more} for k, test in enumerate(tests)
        ]
        (tmp_path / "config/claims.yaml").write_text(yaml.safe_dump({"claims": claims}))
        return judge(Project(tmp_path), "smoke-v1", results)

    return judge_these


@pytest.mark.parametrize(
    ("low", "high", "bound", "said"),
    [
        (0.5, 0.6, {"at_least": 0.5}, "holds"),
        (0.4, 0.6, {"at_least": 0.5}, "cannot be told"),
        (0.4, 0.5, {"at_least": 0.5}, "cannot be told"),
        (0.3, 0.4, {"at_least": 0.5}, "fails"),
        (0.3, 0.5, {"at_most": 0.5}, "holds"),
        (0.4, 0.6, {"at_most": 0.5}, "cannot be told"),
        (0.6, 0.7, {"at_most": 0.5}, "fails"),
        (0.3, 0.4, {"at_most": 0}, "fails"),
        (float("-inf"), float("inf"), {"at_least": 20}, "cannot be told"),
    ],
)
def test_the_rule(low, high, bound, said):
    test = ClaimTest(artefact="fig4", measure=TWO, **bound)
    assert verdict(Estimate((low + high) / 2, low, high), test) == said


def test_numbers_differences_and_ratios_with_their_intervals(judged):
    found = judged(
        {"measure": TWO, "at_least": 0.9, "scale": 100, "unit": "%", "decimals": 1},
        {"measure": TWO, "against": ONE, "at_least": 0.01},
        {"measure": TWO, "against": ONE, "relation": "ratio", "at_most": 1, "decimals": 3},
        {"measure": {"where": {"method": "open"}, "value": "mean"}, "at_least": 0.9},
        {"measure": {"where": {"method": "two"}, "take": "max", "value": "mean"}, "at_least": 0.96},
        {
            "measure": {"where": {"method": "open"}, "value": "mean"},
            "against": ONE,
            "relation": "ratio",
            "at_most": 2,
        },
    )
    assert found["verdict"].tolist() == ["holds", "holds", "fails", "cannot be told", "holds", "cannot be told"]
    assert found["shown"].tolist() == [
        "95.0 [93.0, 96.0] %",
        "0.05 [0.02, 0.07]",
        "1.056 [1.022, 1.079]",
        "0.95 [no bound, 0.96]",
        "0.97 [0.96, 0.98]",
        "1.06 [no bound, no bound]",
    ]
    assert found["rule"].tolist()[0] == "at least 90.0 %"
    assert "Benchmark, 100 architectures" in found["protocol"][0]
    assert set(found["page"]) == {"fig4.png"}


def test_what_a_study_does_not_have_is_not_measured_and_says_what_to_build(judged):
    found = judged(
        {"measure": {"where": {"method": "three"}, "value": "mean"}, "at_least": 0},
        {"artefact": "fig9-nlp", "measure": TWO, "at_least": 0},
    )
    assert found["verdict"].tolist() == ["not measured"] * 2
    assert found["reason"][0] == "this study has no row with method = three"
    assert found["reason"][1].startswith(
        "this study does not make fig9-nlp; `make results/replication-v1/fig9-nlp.pdf`"
    )


def test_a_claim_of_another_study_is_not_measured_and_values_of_the_study_are_filled_in(judged):
    test = {"measure": TWO, "at_least": 0}
    found = judged(test, needs={"fig9.train_size": 79})
    assert found["verdict"].tolist() == ["not measured"]
    assert found["reason"].tolist() == ["the claim is of fig9.train_size = 79, which this study has as 20"]
    found = judged(test, needs={"fig9.train_size": 20}, measured="N = {fig4.train_size}, {fig9_nlp.train_size}")
    assert found["verdict"].tolist() == ["holds"]
    assert found["measured"].tolist() == ["N = 43, none"]
    with pytest.raises(ConfigError, match=r"claims\.claim-0: a study has no key fig9\.size; allowed are keys as"):
        judged(test, needs={"fig9.size": 79})


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (
            {"measure": TWO | {"value": "means"}, "at_least": 0},
            r"claims\.claim-0\.test\.measure: no column means; there",
        ),
        ({"measure": {"where": {"methods": "two"}, "value": "mean"}, "at_least": 0}, "no column methods; there are"),
        ({"measure": {"where": {"method": "two"}, "value": "mean"}, "at_least": 0}, "2 rows are so; name more columns"),
        ({"measure": TWO, "artefact": "fig77", "at_least": 0}, r"config/claims\.yaml: no figure or table 'fig77'"),
        ({"measure": TWO}, "a test has either at_least or at_most"),
        ({"measure": TWO, "at_least": 0, "at_most": 1}, "a test has either at_least or at_most"),
        ({"measure": TWO, "at_least": 0, "unitt": "%"}, "unknown key"),
    ],
)
def test_a_claim_that_cannot_be_tested_is_refused(judged, test, message):
    with pytest.raises(ConfigError, match=message):
        judged(test)


def test_a_damaged_csv_is_named(judged, tmp_path):
    (tmp_path / "results/fig4.protocol.json").write_text("{")
    with pytest.raises(FormatError, match=r"fig4\.csv and .*fig4\.protocol\.json: not a result of this project"):
        judged({"measure": TWO, "at_least": 0})


def test_two_claims_of_one_name_are_refused(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    path = tmp_path / "config/claims.yaml"
    claims = yaml.safe_load(path.read_text())["claims"]
    path.write_text(yaml.safe_dump({"claims": [*claims, claims[0]]}))
    with pytest.raises(ConfigError, match="two claims are named 'passes-random-search'"):
        _ = Project(tmp_path).claims


def test_each_claim_names_an_artefact_that_some_study_makes():
    project = Project(ROOT)
    made = {name for study in project.study_names() for name in Wanted(project.study(study)).artefacts}
    assert {claim.test.artefact for claim in project.claims if claim.test is not None} <= made
