"""What is planned, without running it."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.exceptions import WorkflowError

from neural_predictor.children.plan import shards_of, trained_sets
from neural_predictor.config.project import Project
from neural_predictor.figures.wanted import Wanted
from neural_predictor.sharing.tuning import recipes_of
from neural_predictor.workflow.code import PACKAGE
from neural_predictor.workflow.plan import Plan
from support.checkout import Checkout

ROOT = PACKAGE.parents[1]
STUDIES = Project(ROOT).study_names()
STUDY = re.compile(r"^    wildcards: .*\bstudy=([\w-]+)", re.MULTILINE)


def jobs(output):
    """Rule -> number of jobs, from a dry run's table."""
    table = output.split("Job stats:")[-1]
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """Study -> rule -> jobs of its own, where every study is planned whole."""
    checkout = Checkout(tmp_path_factory.mktemp("plans") / "project")
    output = checkout.snakemake("-n", *(f"results/{study}/all" for study in STUDIES))
    found = {study: Counter() for study in STUDIES}
    for job in output.split("Job stats:")[1].split("\n\n"):
        if (rule := re.search(r"^(?:local)?rule (\w+):", job, re.MULTILINE)) and (study := STUDY.search(job)):
            found[study[1]][rule[1]] += 1
    return found


@pytest.mark.parametrize("study", STUDIES)
def test_every_study_plans_whole(plans, study):
    planned, plan = plans[study], Project(ROOT).study(study)
    wanted = Wanted(plan)
    rendered = {name for name in planned if name.startswith("render_")} - {"render_claims"}
    assert rendered == {"render_" + name.replace("-", "_") for name in wanted.artefacts}
    assert planned["judge_claims"] == planned["render_claims"] == 1
    assert planned["fit_predictor"] == sum(len(wanted.shards(fits)) for fits in wanted.fits)
    assert planned.get("run_searches", 0) == sum(len(wanted.shards(runs)) for runs in wanted.searches)
    assert planned.get("train_children", 0) == sum(len(shards_of(plan, children)) for children in trained_sets(plan))
    supernets = {} if plan.sharing is None else recipes_of(plan.sharing, plan.seed)
    assert planned.get("train_supernet", 0) == len(supernets)
    assert sum(planned.values()) < 10_000


def test_the_default_target_is_everything_of_the_default_study(checkout):
    planned = jobs(checkout.snakemake("-n"))
    assert planned["publish"] == len(Wanted(Project(ROOT).study("embedded-v2")).targets) > 15


def test_planning_needs_no_tensorflow_no_data_and_no_home(checkout):
    code = "import sys; sys.argv = ['snakemake', '-n', '--quiet', 'all']\nfrom snakemake.cli import main\n"
    code += "try: main()\nexcept SystemExit as done: "
    code += "print('code', done.code, *(name in sys.modules for name in ('tensorflow', 'pandas')))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=checkout.folder,
        env=os.environ | {"HOME": "/proc/none", "XDG_CACHE_HOME": "/proc/none"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "code 0 False False" in done.stdout


def test_the_graph_can_be_printed(checkout):
    assert checkout.snakemake("--dag", "mermaid-js", "results/fig7.pdf").count("fit_predictor") == 11


def test_lint_is_clean(checkout):
    assert "good condition" in checkout.snakemake("--lint")


def test_a_fault_in_a_study_stops_before_the_plan_with_one_message(checkout):
    checkout.edit("config/studies/smoke-v1.yaml", "repeats: 2", "repeatz: 2")
    output = checkout.snakemake("-n", "results/smoke-v1/fig7.pdf", ok=False)
    assert (
        "smoke-v1.yaml: fig7.repeatz: unknown key; allowed here are benchmark, predictor, train_sizes, total, repeats"
        in output
    )
    assert "Traceback" not in output


def test_a_fault_in_the_default_study_or_config_stops_at_once(checkout):
    checkout.edit("config/config.yaml", "study: embedded-v2", "study: embeded-v2")
    output = checkout.snakemake("-n", ok=False)
    assert "embeded-v2.yaml: no such study (did you mean embedded-v2?); there are audit-v1, best-v1" in output
    assert output.rstrip().endswith("and a version at its end: mine-v1")  # no lines of code below the message
    assert "Traceback" not in output
    assert "allowed here are study, accelerator" in checkout.snakemake("-n", "--config", "studie=x", ok=False)


def test_an_unknown_study_in_a_target_is_named(checkout):
    output = checkout.snakemake("-n", "results/mine-v1/fig7.pdf", ok=False)
    assert "config/studies/mine-v1.yaml: no such study" in output
    assert "No rule to produce" not in output
    assert "Traceback" not in output


def test_a_brace_in_the_name_of_the_folder_is_refused_before_anything_else():
    with pytest.raises(
        WorkflowError, match="Snakemake takes a brace in the name of a folder for a wildcard: rename it"
    ):
        Plan.refuse(Path("/srv/{x}"))


def test_a_stages_code_is_what_it_imports():
    page = {path.rpartition("neural_predictor/")[2] for path in Plan.code("figures.fig7.page")}
    assert {"figures/fig7/page.py", "figures/curve_panels.py", "figures/style.py", "figures/results.py"} <= page
    assert "io/files.py" in page
    assert not any(path.startswith(("predictors", "spaces", "tables", "search")) for path in page)
    numbers = {path.rpartition("neural_predictor/")[2] for path in Plan.code("figures.fig7.numbers")}
    assert {"figures/curves.py", "search/guided.py", "statistics/bootstrap.py", "fits/files.py"} <= numbers
    pages = {"figures/fig7/page.py", "figures/findings.py", "figures/curve_findings.py"}
    assert not numbers & (pages | {"predictors/engine.py", "figures/registry.py", "figures/wanted.py"})


def code_of_numbers(plan, name):
    return plan.experiment_code(SimpleNamespace(experiment=name, study="embedded-v2"))


def test_the_searches_of_a_figure_are_its_code_though_rows_name_them():
    plan = Plan(Project(ROOT))
    files = {
        name: {Path(path).name for path in code_of_numbers(plan, name) if "/search/" in path}
        for name in ("fig3", "fig4", "fig7")
    }
    assert {"evolution.py", "random_search.py"} <= files["fig4"]
    assert "random_search.py" in files["fig7"]
    assert not {"evolution.py", "rounds.py"} & files["fig7"]
    assert "random_search.py" not in files["fig3"]


def test_what_numbers_call_of_predictors_themselves_is_their_code():
    plan = Plan(Project(ROOT))
    code = {name: code_of_numbers(plan, name) for name in ("fig2", "fig7")}
    of_predictors = {
        name: {Path(path).name for path in paths if "/predictors/" in path} for name, paths in code.items()
    }
    assert of_predictors == {"fig2": {"propagation.py"}, "fig7": set()}


def test_a_cosmetic_edit_of_predictors_reaches_no_cheap_stage():
    for module in ("workflow.manifest", "children.collect", "children.datasheet", "children.choose"):
        assert not any("/predictors/" in path for path in Plan.code(module))
