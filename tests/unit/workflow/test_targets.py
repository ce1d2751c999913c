"""A target that nothing makes is told what it was meant to be."""

from pathlib import Path

import pytest

from neural_predictor.workflow.plan import Plan
from neural_predictor.workflow.targets import explain

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def plan():
    return Plan.load(ROOT, {"study": "embedded-v1"})


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("results/Mine-v1/fig7.pdf", "Mine-v1.yaml: no such study"),
        ("results/my_study-v1/all", "lower-case letters, digits and hyphens, and a version at its end: mine-v1"),
        ("results/mine", "mine.yaml: no such study"),
        ("./results/smok-v1/fig7.pdf", "no such study (did you mean smoke-v1?); there are audit-v1, best-v1"),
        ("results/smoke-v1/fig77.pdf", "no figure or table 'fig77' (did you mean fig7?); there are fig1"),
        ("results/FIG7.pdf", "no figure or table 'FIG7' (did you mean fig7?)"),
        ("results/smoke-v1/fig7.svg", "no file 'svg' of fig7; there is fig7.pdf, fig7.png, fig7.csv"),
        (
            "results/fig7.csv",
            "there is fig7.pdf; others are in the folder of a study, such as results/<study>/fig7.csv",
        ),
        ("results/table-tau.pdf", "no file 'pdf' of table-tau; there is table-tau.md"),
        ("results/smoke-v1", "a folder; everything of this study is results/smoke-v1/all"),
        ("results", "results is a folder; name a file in it"),
        ("fig7", "no target 'fig7'; did you mean results/fig7.pdf?"),
        ("table-tau.md", "did you mean results/table-tau.md?"),
    ],
)
def test_it_is_told_what_it_was_meant_to_be(plan, target, said):
    assert said in explain(target, plan.project, plan.artefacts)


@pytest.mark.parametrize("target", ["resources/x", "anything", "results/smoke-v1/children/digits/99.jsonl"])
def test_of_other_files_snakemake_speaks_itself(plan, target):
    assert explain(target, plan.project, plan.artefacts) is None
