"""Children by the workflow: photographs that are not there, tiny archives in the true format, and a killed run."""

import json
import re
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pandas as pd
import pytest
import yaml

SETS = {"cifar100": (86, 9), "caltech101": (288, 12), "oxford_pet": (232, 10)}


@pytest.fixture(scope="module")
def archives():
    path = Path(__file__).parents[1] / "unit/images/archives.py"
    spec = spec_from_file_location("tiny_image_archives", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", SETS)
def test_the_replications_sets_are_planned_whole(checkout, name):
    planned = checkout.snakemake("-n", f"results/replication-v1/fig9-{name}.pdf")
    rules = ("prepare_images", "train_children", "collect_children", "fit_predictor", "run_experiment")
    places = [planned.index(f"rule {rule}:") for rule in rules]
    assert places == sorted(places)
    assert planned.count("rule train_children:") == SETS[name][1]


def test_on_a_gpu_the_setting_of_a_set_is_measured_before_its_shards_are_trained(checkout):
    target = "results/replication-v1/fig9-cifar100.pdf"
    planned = checkout.snakemake("-n", "--config", "accelerator=gpu", "--", target)
    assert planned.index("rule probe_device:") < planned.index("rule train_children:")
    measured = "results/replication-v1/children/cifar100.device.json"
    assert planned.count(f"--device {measured}") == SETS["cifar100"][1] + 1  # its shards and their table
    assert "--device" not in checkout.snakemake("-n", target)


def test_small_maps_are_trained_on_a_cpu_also_where_predictors_have_a_gpu(checkout):
    planned = checkout.snakemake("-n", "--config", "accelerator=gpu", "--", "results/smoke-v1/fig9-digits.pdf")
    given = re.findall(r"python -m neural_predictor (\S+) .*--accelerator (\S+)", planned)
    assert set(given) == {("train-children", "cpu"), ("fit-predictor", "gpu")}
    assert "--device" not in planned


def test_a_gpu_gets_as_many_cores_as_decode_its_photographs(checkout):
    target = "results/paper-v1/children/imagenet/0.jsonl"
    on_gpu = checkout.snakemake("-n", "--cores", "16", "--config", "accelerator=gpu", "--", target)
    assert "--threads 12 --accelerator gpu" in on_gpu
    assert "--threads 1 --accelerator cpu" in checkout.snakemake("-n", "--cores", "16", target)


def test_without_photographs_the_job_says_at_once_which_file_belongs_where(checkout):
    checkout.edit("config/config.yaml", "download: true", "download: false")
    start = time.monotonic()
    output = checkout.snakemake("--cores", "1", "results/replication-v1/fig9-caltech101.pdf", ok=False)
    assert time.monotonic() - start < 60  # tensorflow-datasets alone would try for 205 s
    assert "caltech-101.zip" in output
    assert "137,414,764 bytes" in output
    assert "resources/images/downloads/manual" in output
    assert "Traceback" not in output
    assert "rule train_children:" not in output.split("prepare_images:")[-1]


@pytest.mark.slow
def test_tiny_archives_in_the_manual_folder_give_a_figure(checkout, archives, tmp_path):
    manual, site = tmp_path / "brought", tmp_path / "site"
    manual.mkdir()
    site.mkdir()
    archives.write_site(site, "oxford_pet", archives.oxford_pet(manual))
    study = yaml.safe_load(checkout.path("config/studies/smoke-v1.yaml").read_text())
    study["predictors"]["trees"] = {"kind": "xgboost"}
    recipe = study["children"]["digits"] | {"images": "oxford_pet", "networks": 12, "seeds": 1, "chosen": 0}
    recipe["networks_per_shard"] = 12
    recipe["predictors"] = ["trees"]
    recipe["network"] = {"width": 0.1, "resolution": 16, "stem_stride": 1, "batch_norm_momentum": 0.7}
    recipe["training"] |= {"batch_size": 16, "epochs": 2}  # enough for networks to leave chance, and each other
    study |= {"children": {"oxford_pet": recipe}, "sharing": None}
    checkout.path("config/studies/tiny-v1.yaml").write_text(yaml.safe_dump(study))
    checkout.edit("config/config.yaml", "manual: null", f"manual: {manual}")
    checkout.edit("config/config.yaml", "download: true", "download: false")
    target = "results/tiny-v1/fig9-oxford_pet.pdf"
    checkout.snakemake("--cores", "2", target, PYTHONPATH=str(site))
    assert checkout.path(target).read_bytes().startswith(b"%PDF")
    pairs = pd.read_csv(checkout.path("results/tiny-v1/children/oxford_pet.csv"))
    assert len(pairs) == 12
    assert pairs["test_accuracy"].notna().all()
    splits = json.loads(checkout.path("results/tiny-v1/children/oxford_pet.images.json").read_text())["splits"]
    assert {name: split["images"] for name, split in splits.items()} == {"train": 148, "validation": 37, "test": 74}
    assert "oxford" in checkout.path("results/tiny-v1/children/oxford_pet.datasheet.md").read_text().lower()
    assert "Nothing to be done" in checkout.snakemake("-n", target)
