"""Accel-NASBench by the workflow: the archive as a file of one's own, and figures of a study of seconds on it."""

import json

import pandas as pd
import pytest
import yaml

TARGETS = [f"results/chains-v1/{name}" for name in ("fig3.pdf", "fig4.pdf")]


@pytest.mark.slow
@pytest.mark.shared_data
def test_tabular_figures_build_on_the_real_archive(checkout, shared_data):
    study = yaml.safe_load(checkout.path("config/studies/smoke-v1.yaml").read_text())
    study |= {"benchmark": "accel-nasbench", "children": {}, "sharing": None}
    study["searches"]["repeats"] = 4
    study["predictors"]["trees"] = {"kind": "xgboost"}
    study["fig4"]["predictors"] = ["trees"]
    checkout.path("config/studies/chains-v1.yaml").write_text(yaml.safe_dump(study))
    archive = shared_data / "accel_nasbench_jsons.tar.gz"
    config = {"study": "chains-v1", "data": {"accel-nasbench": str(archive)}}
    checkout.path("config/config.yaml").write_text(yaml.safe_dump(config))
    checkout.snakemake("--cores", "2", *TARGETS)
    for target in TARGETS:
        assert checkout.path(target).stat().st_size > 10_000
    protocol = json.loads(checkout.path("results/chains-v1/fig4.protocol.json").read_text())
    assert (protocol["architectures"], protocol["signal"], protocol["unit"]) == (5_123, "validation accuracy", "%")
    assert any("trained each architecture once, by a recipe made cheap" in note for note in protocol["notes"])
    frame = pd.read_csv(checkout.path("results/chains-v1/fig4.csv"))
    assert set(frame["method"]) == {"trees", "random", "evolution", "oracle"}
    assert frame.loc[frame["method"] == "trees", "mean"].between(0.6, 0.68).any()
