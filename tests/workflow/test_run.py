"""smoke-v1 for real: built once, then touched, deleted and edited. The tests of this file run in their order."""

import json
import os
import re
from contextlib import contextmanager

import pandas as pd
import pytest

from neural_predictor.config.project import Project
from neural_predictor.figures.artefact import BESIDE, PAGES
from neural_predictor.figures.results import ProtocolRecord
from neural_predictor.figures.wanted import Wanted
from neural_predictor.spaces.proxylessnas.layers import cardinality
from neural_predictor.workflow.manifest import config_digest, read_manifest, verify
from support.figures import plain
from support.kills import KINDS, Killer, summary
from support.results import contents

pytestmark = pytest.mark.slow

ALL = "results/smoke-v1/all"


@contextmanager
def changed(path):
    """A file with a line more, which then is as it was, time included."""
    before, state = path.read_bytes(), path.stat()
    path.write_bytes(before + b"\n# a change\n")
    try:
        yield
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def rules(output):
    """Rules that ran, or would run."""
    return set(re.findall(r"^(?:local)?rule (\w+):", output, re.MULTILINE))


def test_the_study_is_complete_with_numbers_and_protocols(built):
    for name, row in Wanted(Project(built.folder).study("smoke-v1")).artefacts.items():
        for kind in (*PAGES[row.kind], *BESIDE):
            assert built.path(f"results/smoke-v1/{name}.{kind}").stat().st_size > 0
        if row.each:
            continue
        protocol = ProtocolRecord.model_validate_json(built.path(f"results/smoke-v1/{name}.protocol.json").read_text())
        digits = dict.fromkeys(("fig-sharing", "fig-sharing-tuning", "fig-bridge"), ("proxylessnas, digits", 10))
        others = {"fig8": ("proxylessnas", cardinality())} | digits
        expected = others.get(name, ("nasbench-graph-proteins", 2021))
        assert (protocol.benchmark, protocol.architectures) == expected
    curves = pd.read_csv(built.path("results/smoke-v1/fig7.csv"))
    assert list(curves.columns) == ["panel", "method", "train_size", "x", "mean", "low", "high", "repeats"]
    assert curves[["mean", "low", "high"]].notna().all(axis=None)
    last = curves[(curves["x"] == 200) & (curves["panel"] == "target_by_samples")]
    assert last["mean"].between(0.6, 0.8).all()
    tau = pd.read_csv(built.path("results/smoke-v1/table-tau.csv"))
    assert set(tau["metric"]) == {"kendall_tau", "mse", "r2"}
    readable = built.path("results/smoke-v1/table-tau.md").read_text()
    assert "| one-stage | nasbench-graph-proteins | 43 | the rest, 1,978 | 2 |" in plain(readable)


def test_children_are_trained_collected_and_predicted(built):
    pairs = pd.read_csv(built.path("results/smoke-v1/children/digits.csv"))
    assert (len(pairs), pairs["network"].nunique()) == (20, 10)
    assert pairs["test_accuracy"].between(0.02, 1).all()
    chosen = pd.read_csv(built.path("results/smoke-v1/children/digits-chosen.csv"))
    assert chosen["predicted"].notna().all()
    assert not set(chosen["architecture"]) & set(pairs["architecture"])
    fig9 = pd.read_csv(built.path("results/smoke-v1/fig9-digits.csv"))
    assert {"reliability_mean", "tau_between_trainings", "depth_tau", "variance"} <= set(fig9["kind"])
    assert "Digest of recipes and images" in built.path("results/smoke-v1/children/digits.datasheet.md").read_text()


def test_searches_meet_on_the_same_axes(built):
    fig4, fig7 = (pd.read_csv(built.path(f"results/smoke-v1/{name}.csv")) for name in ("fig4", "fig7"))
    assert set(fig4["method"]) == {"one-stage", "two-stage", "random", "evolution", "oracle"}
    chosen = [frame[frame["method"] == "random"]["mean"].tolist() for frame in (fig4, fig7)]
    assert chosen[0] == chosen[1]  # the same random searches in every figure
    frontier = pd.read_csv(built.path("results/smoke-v1/fig-frontier.csv"))
    assert set(frontier["train_size"]) == {20, 43}
    efficiency = pd.read_csv(built.path("results/smoke-v1/table-efficiency.csv"), index_col=["panel", "method"])
    assert (efficiency.xs("evolution", level="method")["reached"] > 0).all()


def test_claims_are_tested_with_the_numbers(built):
    folder = built.path("results/smoke-v1")
    found = pd.read_csv(folder / "claims.csv", index_col="claim")
    assert len(found) == len(Project(built.folder).claims)
    assert (found["verdict"] != "not measured").sum() >= 12
    mse = pd.read_csv(folder / "table-mse.csv").query("tested_on == 'what the classifier accepts of it'")
    one, two = (mse.loc[mse["stages"] == stages, "mse"].iloc[0] for stages in ("one", "two"))
    assert found.loc["two-stages-smaller-error", "value"] == pytest.approx(two / one, rel=1e-6)
    page = (folder / "claims.html").read_text()
    links = set(re.findall(r'(?:href|src)="([^"#]+)"', page))
    assert {"fig6.png", "table-mse.md", "fig9-digits.csv"} <= links
    assert all((folder / link).is_file() for link in links)
    assert (folder / "claims.md").stat().st_size > 0


def test_a_run_with_five_kills_gives_the_same_bytes_as_an_undisturbed_one(built, tmp_path):
    """Of a figure of children and fits; of the whole study: tests/faults/test_kills.py."""
    whole = contents(built.path("results/smoke-v1"))
    figures = [f"fig9-digits.{kind}" for kind in ("pdf", "png", *BESIDE)]
    killer, runs, kills = Killer(built, tmp_path, 1, ("results/smoke-v1/fig9-digits.pdf",)), [], 0
    while kills < 5:  # one run, unless it was over before the last moment
        checkout, run = killer.run(5 - kills)
        found = contents(checkout.path("results/smoke-v1"))
        assert {*figures, "children/digits.csv"} <= found.keys()
        assert [name for name in found if found[name] != whole.get(name)] == []
        runs.append(run)
        kills += len(run.kills)
    print(summary(runs, killer.plan))
    assert {kill.kind for run in runs for kill in run.kills} == set(KINDS)
    assert {"fit_predictor", "train_children"} <= killer.plan.keys()


def test_the_manifest_lists_all_and_what_is_altered_is_named(built):
    folder = built.path("results/smoke-v1")
    found = verify(folder)
    assert (found.faults, found.unlisted) == ([], [])
    listed = read_manifest(folder)
    assert {"fig7.png", "fig4-digits.csv", "children/digits/1.jsonl", "table-tau.md"} <= listed.files.keys()
    assert {"fit_predictor/smoke-v1/mlp/nasbench-graph-proteins/n43-0", "render/smoke-v1/fig7"} <= listed.seconds.keys()
    assert listed.config_sha256 == config_digest(Project(built.folder).config)
    figure = folder / "fig7.csv"
    whole = figure.read_bytes()
    figure.write_bytes(whole[:-10])
    assert verify(folder).faults == [f"fig7.csv: cut: {len(whole) - 10:,} of {len(whole):,} bytes"]
    figure.write_bytes(whole)
    assert verify(folder).faults == []


def test_a_deleted_figure_is_only_drawn_again_and_is_the_same(built):
    before = built.path("results/smoke-v1/fig7.pdf").read_bytes()
    built.path("results/smoke-v1/fig7.pdf").unlink()
    fits = built.path("results/smoke-v1/fits").rename(built.path("saved"))  # as if deleted to save space
    output = built.snakemake("--cores", "2", ALL)
    assert rules(output) == {"render_fig7", "write_manifest", "finish_study"}  # all else was up to date
    assert built.path("results/smoke-v1/fig7.pdf").read_bytes() == before
    fits.rename(built.path("results/smoke-v1/fits"))
    found = verify(built.path("results/smoke-v1"))
    assert (found.faults, len(found.unlisted)) == ([], 14)  # scores and seconds of the fits


def test_a_published_figure_is_the_default_studys_and_follows_it(built):
    target = ("--cores", "2", "--config", "study=smoke-v1", "--", "results/fig7.pdf")
    assert rules(built.snakemake(*target)) == {"publish"}
    published = built.path("results/fig7.pdf")
    whole = published.read_bytes()
    built.path("results/smoke-v1/fig7.pdf").unlink()
    assert rules(built.snakemake(*target)) == {"render_fig7", "publish"}
    assert published.read_bytes() == whole


def test_a_single_stage_is_rerun_and_gives_the_same_numbers(built):
    target = "results/smoke-v1/fig9-nasbench-one.pdf"
    scores = built.path("results/smoke-v1/fits/one-stage/nasbench-graph-proteins/n20/0.scores.npz")
    numbers = built.path("results/smoke-v1/fig9-nasbench-one.csv")
    before, first = scores.read_bytes(), numbers.read_bytes()
    output = built.snakemake("--cores", "2", "-R", "fit_predictor", "--until", "fit_predictor", "--", target)
    assert rules(output) == {"fit_predictor"}
    assert output.count("rule fit_predictor:") == 1
    assert scores.read_bytes() == before
    assert "Nothing to be done" in built.snakemake("--cores", "2", target)  # for the same bytes
    assert numbers.read_bytes() == first


def test_a_change_in_a_module_that_a_cheap_stage_uses_reruns_that_stage(built):
    with changed(built.path("src/neural_predictor/search/guided.py")):
        planned = rules(built.snakemake("-n", ALL))
    assert "run_experiment" in planned
    assert not planned & {"fit_predictor", "build_table"}
    with changed(built.path("src/neural_predictor/figures/style.py")):
        planned = rules(built.snakemake("-n", ALL))
    assert {rule for rule in planned if not rule.startswith("render_")} == {"write_manifest", "finish_study"}
    assert "render_fig7" in planned
    with changed(built.path("src/neural_predictor/figures/table_tau/page.py")):  # a word of a table
        planned = rules(built.snakemake("-n", ALL))
    assert planned == {"render_table_tau", "write_manifest", "finish_study"}


def test_another_word_in_the_small_print_of_a_figure_of_children_refits_nothing(built):
    with changed(built.path("src/neural_predictor/figures/fig9_children/numbers.py")):
        planned = rules(built.snakemake("-n", ALL))
    claims = {"judge_claims", "render_claims"}
    assert planned == {"run_experiment", "render_fig9_digits", "write_manifest", "finish_study"} | claims
    with changed(built.path("src/neural_predictor/figures/fig9_children/caption.rst")):
        planned = rules(built.snakemake("-n", ALL))
    assert planned == {"render_fig9_digits", "write_manifest", "finish_study"}


def test_an_edit_elsewhere_reruns_nothing(built):
    for name in ("cli/app.py", "predictors/engine.py", "sources/fetch.py"):
        with built.path(f"src/neural_predictor/{name}").open("a") as file:
            file.write("\n# cosmetic\n")
    built.edit("config/studies/smoke-v1.yaml", "seed: 1\n", "seed: 1 # a comment\n")
    assert "Nothing to be done" in built.snakemake("-n", ALL)


def test_the_stage_version_refits(built):
    versions = "src/neural_predictor/workflow/versions.py"
    built.edit(versions, "FIT_STAGE_VERSION = 3", "FIT_STAGE_VERSION = 4")
    assert {"fit_predictor", "choose_children"} <= rules(built.snakemake("-n", ALL))
    built.edit(versions, "FIT_STAGE_VERSION = 4", "FIT_STAGE_VERSION = 3")


def test_a_changed_recipe_refits(built):
    built.edit("config/studies/smoke-v1.yaml", "epochs: 40", "epochs: 41")
    assert {"fit_predictor", "run_experiment", "render_fig7"} <= rules(built.snakemake("-n", ALL))
    built.edit("config/studies/smoke-v1.yaml", "epochs: 41", "epochs: 40")


def test_an_altered_source_fails_with_its_reason_and_keeps_what_was_finished(built):
    figure = built.path("results/smoke-v1/fig7.pdf")
    before = figure.read_bytes()
    built.edit("config/sources.yaml", "bytes: 245616", "bytes: 245617")
    output = built.snakemake("--cores", "2", "-R", "fetch_source", "--", ALL, ok=False)
    assert "has 245616 bytes, the registry says 245617" in output
    assert "Traceback" not in output
    assert figure.read_bytes() == before
    built.edit("config/sources.yaml", "bytes: 245617", "bytes: 245616")
    assert rules(built.snakemake("--cores", "2", "--until", "fetch_source", "--", ALL)) == {"fetch_source"}


def test_a_damaged_file_of_scores_is_named(built):
    scores = built.path("results/smoke-v1/fits/one-stage/nasbench-graph-proteins/n20/0.scores.npz")
    whole = scores.read_bytes()
    scores.write_bytes(whole[:100])
    output = built.snakemake("--cores", "2", "-R", "run_experiment", "--", "results/smoke-v1/fig7.pdf", ok=False)
    assert "0.scores.npz: not a file of scores" in output
    assert "Traceback" not in output
    scores.write_bytes(whole)


def test_the_report_holds_the_figures(built):
    built.snakemake("--cores", "2", ALL)
    built.snakemake("--report", "report.html", "--", ALL)
    page = built.path("report.html").read_text()
    assert "smoke-v1" in page
    assert "the K best of all others by" in page
    assert "By validation accuracy, the best choice after 200 trainings in all is that of" in page
    assert 'href=\\"claims.html\\"' in page
    assert json.loads(built.path("results/smoke-v1/fig7.protocol.json").read_text())["study"] == "smoke-v1"
