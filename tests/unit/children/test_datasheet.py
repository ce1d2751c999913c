"""What a datasheet says is what its table holds."""

import numpy as np
import pandas as pd
import pytest

from neural_predictor.children.datasheet import datasheet
from neural_predictor.children.device import DeviceFile, Measured
from neural_predictor.children.table import children_table
from neural_predictor.config.sections import Bootstrap, ChildSet
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from neural_predictor.statistics.reliability import reliability
from support.children import trainings

SPACE = ProxylessNasSpace()
NETWORKS = 12


@pytest.fixture
def plan():
    return ChildSet.model_validate(
        {
            "images": "digits",
            "sampling": "stratified",
            "networks": NETWORKS,
            "seeds": 3,
            "networks_per_shard": 4,
            "network": {"width": 0.125},
            "training": {"epochs": 7},
            "predictors": ["chain"],
            "repeats": 2,
            "candidates": 4321,
        }
    )


@pytest.fixture
def protocol():
    splits = {name: {"images": n, "ids_sha256": f"{n:064d}"} for name, n in (("train", 1000), ("validation", 397))}
    return {"set": "digits", "rule": "in the order of their hashes", "splits": splits}


def table(count=3, **columns):
    rng = np.random.default_rng(1)
    codes = SPACE.sample(NETWORKS, rng)
    validation = 0.8 + 0.01 * np.arange(NETWORKS)[:, None] + 0.005 * rng.normal(size=(NETWORKS, count))
    return trainings(codes, validation, validation - 0.03, **columns)


def test_all_numbers_are_of_the_table(plan, protocol):
    frame = table()
    frame.loc[4, ["status", "validation_accuracy", "test_accuracy"]] = ["diverged", np.nan, np.nan]
    text = datasheet(frame, plan, "tiny-v1", protocol)
    assert "on scikit-learn's digits" in text
    assert "Source: tiny-v1. 12 architectures, 36 trainings" in text
    assert "The number of zero layers was drawn uniformly from 0 to 15" in text
    for row in ("| width | 0.125 |", "| epochs | 7 |", "| ok | 35 |", "| diverged | 1 |"):
        assert row in text
    assert f"| train | 1,000 | `{1000:064d}` |" in text
    assert "then each has an equal share of their seconds" in text
    assert "Licence: CC-BY-4.0. Cite: Alpaydin and Kaynak" in text
    shown = 100 * frame["validation_accuracy"].dropna()
    quartiles = " | ".join(f"{value:.2f}" for value in np.quantile(shown, (0, 0.25, 0.5, 0.75, 1)))
    row = f"| validation accuracy (%) | 35 | {shown.mean():.2f} | {shown.std(ddof=0):.2f} | {quartiles} |"
    assert row in text
    assert "| trainable parameters | 36 | 1,006 | 3 | 1,000 |" in text
    assert "`d1e5`" in text
    assert "validation and test over 12 architectures, means of their trainings: 1.000" in text
    assert text.rstrip().endswith("## What is missing\n\n- Both accuracies of 1 trainings that diverged.")


def test_the_agreement_of_trainings_is_that_of_the_labels(plan, protocol):
    frame = table()
    found = reliability(frame["validation_accuracy"].to_numpy().reshape(NETWORKS, 3), Bootstrap(), 0)
    text = datasheet(frame, plan, "tiny-v1", protocol)
    assert f"of the mean of 3: {found.mean.value:.3f} [{found.mean.low:.3f}, {found.mean.high:.3f}]" in text
    assert f"between two trainings, validation: {found.tau.value:.3f} [" in text
    assert f"between trainings of one {100 * found.sd_within.value:.3f} [" in text
    assert text.rstrip().endswith("Nothing.")


def test_chosen_networks_are_no_random_sample(plan, protocol):
    text = datasheet(table(predicted=np.full(NETWORKS, 0.9)), plan, "tiny-v1", protocol)
    assert "the best of 4,321 candidates by a predictor" in text
    assert "no random sample" in text


def test_imported_pairs_say_what_nobody_knows():
    frame = table(1, test_accuracy=np.nan, variant="as-replicated", recipe="", seed=np.nan)
    text = datasheet(frame, None, "the replication", None)
    for part in (
        "an image ends as one pixel",
        "By the 2021 replication",
        "Splits: not those of this project",
        "Kendall tau of validation and test: not known",
        "Between trainings of an architecture: not known",
        "- `test_accuracy` of 12 of 12 trainings",
        "- `seed` of 12 of 12",
        "- Which images were seen",
    ):
        assert part in text
    assert "test accuracy (%)" not in text


def test_a_table_where_all_diverged_has_a_datasheet(plan, protocol):
    frame = table(status="diverged", validation_accuracy=np.nan, test_accuracy=np.nan)
    text = datasheet(frame, plan, "tiny-v1", protocol)
    assert "No training ended well." in text
    assert "| diverged | 36 |" in text


def test_every_set_of_a_table_has_its_own_part():
    both = pd.concat([table(), table(images="cifar100")], ignore_index=True)
    text = datasheet(both, None, "x", None)
    assert "24 architectures, 72 trainings" in text
    assert text.count("### Statistics over trainings") == 2
    assert "100 classes" in text


def test_of_a_gpu_it_says_by_which_setting_and_what_was_measured(plan, protocol):
    measured = [
        Measured(
            name="float32", status="measured", first_step_s=2.7, images_per_s=1043, memory_mib=11162, difference=0
        ),
        Measured(name="bfloat16-xla", status="failed", fault="not compiled and measured after 60 s, and ended"),
    ]
    about = {"driver": "580.65", "libraries": {"tensorflow": "2.21.0"}, "why": "it ends soonest", "settings": measured}
    found = DeviceFile(accelerator="gpu", device="NVIDIA H100", setting="float32", **about)
    frame = table()
    text = datasheet(frame, plan, "tiny-v1", protocol, found)
    assert "Children were trained on NVIDIA H100 by the setting float32 (float32, of which" in text
    assert "Driver: 580.65. Libraries: tensorflow 2.21.0." in text
    assert "| float32 | 2.7 | 1,043 | 11,162 | 0.0e+00 | measured |" in text
    assert "| failed: not compiled and measured after 60 s, and ended |" in text
    assert "computed by" not in datasheet(frame, plan, "tiny-v1", protocol)
    assert children_table(frame, "digits", note=found.note).provenance["note"] == found.note
    assert "note" not in children_table(frame, "digits").provenance
