"""NAS-Bench-101 by the workflow: official files of the user's own, and what is planned without one."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from neural_predictor.tables.table import read_table

SHORT = {"kind": "gcn", "epochs": 10}
STUDY = {
    "description": "real extracts of NAS-Bench-101, for tests",
    "benchmark": "nasbench101",
    "seed": 1,
    "repeats_per_shard": 2,
    "predictors": {
        "trees": {"kind": "xgboost"},  # fitted in a second; GCNs are, on such cells, in tests/unit/predictors
        "one-stage": SHORT,  # which no figure here shows, nor the next
        "two-stage": {
            "kind": "cascade",
            "classifier": SHORT | {"loss": "logistic"},
            "regressor": SHORT,
            "quantile": 0.4,
        },
    },
    "searches": {"repeats": 20, "population": 20, "tournament": 5},
    "stages": {"one": "one-stage", "two": "two-stage"},
    "bootstrap": {"resamples": 200},
}
TARGETS = [f"results/{name}" for name in ("fig3.pdf", "fig4.pdf", "fig7.pdf", "fig9-nasbench-one.pdf", "table-tau.md")]


def with_file(checkout, path, sizes, total):
    """A study of seconds on the file at a path."""
    axes = {"total": total, "repeats": 2}
    study = STUDY | {
        "fig4": {"predictors": ["trees"], "train_size": sizes[0], **axes},
        "fig7": {"predictor": "trees", "train_sizes": sizes, **axes},
        "figa1": {"predictors": ["trees"], "train_size": sizes[0], **axes},
        "fig9": {"predictor": "trees", "train_size": sizes[0], "validation_size": 15, "repeats": 2},
        "table_tau": {"predictor": "trees", "benchmarks": ["nasbench101"], "train_size": sizes[0], "repeats": 2},
    }
    checkout.path("config/studies/extract-v1.yaml").write_text(yaml.safe_dump(study))
    checkout.path("config/config.yaml").write_text(f"study: extract-v1\ndata:\n  nasbench101: {path}\n")


@pytest.mark.slow
@pytest.mark.shared_data
def test_ninety_one_cells_with_three_runs_give_all_panels(checkout, shared_data):
    with_file(checkout, shared_data / "nasbench101_4v_full.tfrecord", [20, 30], 80)
    checkout.snakemake("--cores", "2", *TARGETS)
    table = read_table(checkout.path("resources/tables/nasbench101.parquet"))
    assert (len(table), table.repeats) == (91, 3)
    curves = pd.read_csv(checkout.path("results/extract-v1/fig7.csv"))
    assert set(curves["panel"]) == {"signal_by_samples", "target_by_samples", "target_by_time"}
    first = curves[(curves["panel"] == "target_by_time") & (curves["train_size"] == 20)]["x"].min()
    cheapest = np.sort(table.metrics["training_time_s"].min(axis=1))[:21].sum()
    assert first > cheapest  # the training networks are charged
    protocol = json.loads(checkout.path("results/extract-v1/fig7.protocol.json").read_text())
    assert "one of 3 runs, drawn per experiment and architecture" in protocol["label"]
    oracle = pd.read_csv(checkout.path("results/extract-v1/fig3.csv")).query("kind == 'oracle'").iloc[0]
    assert oracle["target"] <= table.mean("test_accuracy").max()
    for target in map(checkout.path, TARGETS):
        assert target.stat().st_size > 0
        assert len(pd.read_csv(target.resolve().with_suffix(".csv"))) > 0
    assert "Nothing to be done" in checkout.snakemake("-n", *TARGETS)


@pytest.mark.slow
@pytest.mark.shared_data
def test_2532_cells_with_one_run_give_both_figures(checkout, shared_data):
    with_file(checkout, shared_data / "nasbench101_5v_4epochs.tfrecord", [43], 300)
    checkout.snakemake("--cores", "2", "results/extract-v1/fig4.pdf", "results/extract-v1/fig7.pdf")
    table = read_table(checkout.path("resources/tables/nasbench101.parquet"))
    assert (len(table), table.repeats) == (2532, 1)
    evolution = pd.read_csv(checkout.path("results/extract-v1/fig4.csv")).query("method == 'evolution'")
    assert evolution["mean"].between(0.1, 1).all()
    curves = pd.read_csv(checkout.path("results/extract-v1/fig7.csv"))
    assert curves[curves["panel"] == "signal_by_samples"]["x"].max() >= 300


@pytest.mark.shared_data
def test_a_file_that_is_too_small_for_the_study_is_refused_by_name(checkout, shared_data):
    with_file(checkout, shared_data / "nasbench101_4v_full.tfrecord", [20], 92)
    output = checkout.snakemake("--cores", "2", "results/fig4.pdf", ok=False)
    assert "the table nasbench101 has 91 architectures, but fig4.total of the study needs 92" in output
    assert "Traceback" not in output


def test_without_a_file_the_download_is_planned_first_and_its_failure_is_one_message(checkout):
    figures = ("fig3", "fig4", "fig7")
    for study in ("replication-v1", "paper-v1"):
        planned = checkout.snakemake("-n", *(f"results/{study}/{figure}.pdf" for figure in figures))
        fetch, build = planned.index("rule fetch_source:"), planned.index("rule build_table:")
        assert "resources/raw/nasbench101" in planned[fetch:build]
        for figure in figures:
            run = next(job for job in planned.split("\n\n") if f"output: results/{study}/{figure}.csv," in job)
            assert "input: resources/tables/nasbench101.parquet" in run
            assert fetch < build < planned.index(run)
    checkout.edit(
        "config/sources.yaml", "https://storage.googleapis.com/nasbench/nasbench_only", "http://127.0.0.1:9/only"
    )
    output = checkout.snakemake("--cores", "1", "results/replication-v1/fig3.pdf", "--retries", "0", ok=False)
    assert "bring the file here by hand and name it in config/config.yaml" in output
    assert "nasbench101: /path/to/only108.tfrecord" in output
    assert "Traceback" not in output
