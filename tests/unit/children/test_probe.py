"""Which setting is chosen, from what processes print, and that one which hangs or crashes fails alone."""

import json
import logging

import numpy as np
import pytest

from neural_predictor.children import probe as module
from neural_predictor.children.device import DeviceFile, as_set, check_device, measured_rows, read_device, trained_on
from neural_predictor.children.probe import Limits, choose, job_of, measure, probe
from neural_predictor.children.settings import DEFAULT, SETTINGS, candidates
from neural_predictor.config.child_recipes import TrainingRecipe
from neural_predictor.config.project import Project
from neural_predictor.errors import ChildError, ConfigError, FormatError, PredictorError
from neural_predictor.predictors import gpus
from neural_predictor.workflow.code import PACKAGE

ROOT = PACKAGE.parents[1]
LIMITS = Limits(60, 180)
IMAGES = 40_000


@pytest.fixture(scope="module")
def study():
    return Project(ROOT).study("replication-v1")


@pytest.fixture(scope="module")
def plan(study):
    return study.children["cifar100"]


@pytest.fixture(scope="module")
def job(study, plan):
    return job_of(plan, module.sample(study, "cifar100"), IMAGES, 1, "gpu")


@pytest.fixture
def processes(monkeypatch, tmp_path):
    """Puts a shell script in place of the process that measures; `$SETTING` of its keys is in its input."""

    def install(script):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\nread job\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(module.sys, "executable", str(path))

    return install


def row(first=2.0, rate=1000.0, loss=4.6, memory=900.0):
    return {"first_step_s": first, "images_per_s": rate, "memory_mib": memory, "losses": [loss, loss, loss]}


def outcome(name, *rows, fault=None):
    return module.Outcome(SETTINGS[name], list(rows), fault)


def test_without_a_measurement_a_gpu_computes_in_float32_without_xla():
    assert candidates(TrainingRecipe())[0] == DEFAULT == SETTINGS["float32"]
    assert DEFAULT.keys == {"precision": "float32", "xla": False, "depthwise": "standard"}
    assert DEFAULT.environment == ()


def test_a_recipe_bounds_the_settings_and_fixes_them():
    assert len(candidates(TrainingRecipe())) == len(SETTINGS)
    assert {one.xla for one in candidates(TrainingRecipe(xla=True))} == {True}
    fixed = TrainingRecipe(precision="mixed_bfloat16", xla=False, depthwise="standard")
    assert [one.name for one in candidates(fixed)] == ["bfloat16"]
    compiled = {form: TrainingRecipe(precision="float32", xla=True, depthwise=form) for form in ("standard", "shifted")}
    found = [one.name for recipe in compiled.values() for one in candidates(recipe)]
    assert found == ["float32-xla", "float32-shifted-xla"]
    with pytest.raises(ConfigError, match="no setting has precision float32, depthwise float32; there are float32: "):
        candidates(TrainingRecipe(precision="float32", depthwise="float32"))


def test_variables_of_a_setting_join_the_users():
    environment = {"XLA_FLAGS": "--xla_gpu_cuda_data_dir=/usr/local/cuda"}
    SETTINGS["mixed"].enter(environment)
    assert environment["XLA_FLAGS"] == "--xla_gpu_cuda_data_dir=/usr/local/cuda --xla_gpu_autotune_level=0"
    assert environment["TF_CUDNN_USE_AUTOTUNE"] == "0"


def test_the_recipe_of_a_cpu_does_not_name_what_it_leaves_open():
    """So digests of recipes stay what they were."""
    assert "depthwise" not in TrainingRecipe().model_dump()
    assert SETTINGS["mixed"].applied(TrainingRecipe()).model_dump()["depthwise"] == "float32"


def test_compilation_counts_as_much_as_speed(plan):
    slow = outcome("mixed-tiled-xla", row(first=60, rate=4000))
    found = [outcome("float32", row()), outcome("mixed", row(first=5, rate=1400)), slow]
    best, measured = choose(found, plan, IMAGES)
    expected = plan.networks * (5 + plan.seeds * plan.training.epochs * IMAGES / 1400)
    assert measured[1].trainings_s == pytest.approx(expected, rel=1e-3)
    assert best == "mixed-tiled-xla"
    short = plan.model_copy(update={"training": plan.training.model_copy(update={"epochs": 1})})
    assert choose(found, short, 10_000)[0] == "float32"


def test_a_setting_that_computes_something_else_is_not_taken(plan):
    found = [outcome("float32", row()), outcome("mixed", row(rate=9e9, loss=6)), outcome("bfloat16", row(loss=np.nan))]
    best, measured = choose(found, plan, IMAGES)
    assert best == "float32"
    assert measured[1].fault == "its first losses differ from those of float32 by 30%"
    assert measured[2].fault == "a loss is no finite number"


def test_without_any_setting_the_error_has_the_fault_of_each(plan):
    found = [outcome("float32", fault="too large"), outcome("mixed", fault="it hung"), outcome("bfloat16")]
    with pytest.raises(ChildError, match="float32: too large; mixed: it hung; bfloat16: not tried"):
        choose(found, plan, IMAGES)


def test_the_job_has_two_architectures_and_the_last_batch(job, plan):
    assert len(job.codes) == 2
    assert job.last == IMAGES % plan.training.batch_size
    assert json.loads(json.dumps(job._asdict()))["training"] == plan.training.model_dump(mode="json")


def test_a_setting_that_hangs_crashes_or_says_nothing_fails_alone(processes, job, caplog):
    good = json.dumps(row())
    processes(f"""
case "$job" in
  *'"depthwise": "shifted"'*) exec sleep 30 ;;
  *'"depthwise": "float32"'*) echo '{good}'; echo "F0000 Check failed: boom" >&2; kill -ABRT $$ ;;
  *'"xla": true'*) echo 'not JSON' ;;
  *bfloat16*) echo '{{"fault": "the memory does not hold a step of 128 images, set batch_size to 64"}}' ;;
  *) echo '{good}'; echo '{good}' ;;
esac""")
    caplog.set_level(logging.INFO)
    tried = [SETTINGS[name] for name in ("float32", "mixed-shifted-xla", "mixed", "bfloat16", "mixed-tiled-xla")]
    found = measure(job, tried, Limits(0.3, 60))
    faults = [one.fault for one in found]
    assert faults[0] is None
    assert faults[1] == "not compiled and measured after 0 s, and ended"
    assert faults[2] == "SIGABRT: F0000 Check failed: boom"
    assert "set batch_size to 64" in faults[3]
    assert faults[4] == "it ended without a result"
    assert "setting mixed-shifted-xla failed, the next one is tried: not compiled and measured after" in caplog.text
    assert "setting float32: first step after 2.0 s, 1000 images/s" in caplog.text


def test_without_a_device_no_further_setting_is_tried(processes, job):
    processes("""echo '{"no_device": "accelerator is gpu, but TensorFlow sees none"}'""")
    with pytest.raises(PredictorError, match="TensorFlow sees none"):
        measure(job, list(SETTINGS.values()), LIMITS)


def test_when_the_time_is_over_no_further_setting_is_begun(processes, job):
    processes(f"echo '{json.dumps(row())}'; echo '{json.dumps(row())}'")
    found = measure(job, list(SETTINGS.values())[:3], Limits(5, module.LEAST_S - 1))
    assert [bool(one.rows) for one in found] == [True, False, False]


def test_where_there_is_no_choice_nothing_is_measured(study, plan, monkeypatch):
    monkeypatch.setattr(module, "measure", None)
    monkeypatch.setattr(gpus, "here", lambda: None)
    assert probe(study, "cifar100", IMAGES, threads=1, accelerator="cpu", limits=LIMITS).device == "CPU"
    keys = {"precision": "mixed_bfloat16", "xla": False, "depthwise": "standard"}
    fixed = plan.model_copy(update={"training": plan.training.model_copy(update=keys)})
    fixed = study.model_copy(update={"children": {"cifar100": fixed}})
    found = probe(fixed, "cifar100", IMAGES, threads=1, accelerator="gpu", limits=LIMITS)
    assert (found.setting, found.why) == ("bfloat16", "the study's recipe fixes it")


def test_small_maps_are_trained_on_a_cpu_unless_the_recipe_says_how(study, plan):
    small = Project(ROOT).study("embedded-v2").children["digits"]
    assert [trained_on(one, "gpu") for one in (small, plan)] == ["cpu", "gpu"]
    assert trained_on(plan, "cpu") == "cpu"
    unknown = small.training.model_copy(update={"precision": "float32", "depthwise": "float32"})  # of no setting
    assert trained_on(small.model_copy(update={"training": unknown}), "cpu") == "cpu"
    fixed = small.training.model_copy(update={"precision": "mixed_bfloat16"})
    assert trained_on(small.model_copy(update={"training": fixed}), "gpu") == "gpu"


def test_what_was_measured_decides_and_is_kept(study, processes, monkeypatch, tmp_path):
    lines = [f"echo '{json.dumps(row(rate=rate))}'; " * 2 for rate in (3000.0, 1000.0)]
    processes(f"""case "$job" in *'"xla": false, "depthwise": "float32"'*) {lines[0]} ;; *) {lines[1]} ;; esac""")
    h100 = gpus.Gpu(0, "GPU-a", "NVIDIA H100 80GB HBM3", "580.65", 81559, 80000)
    monkeypatch.setattr(gpus, "here", lambda: h100)
    found = probe(study, "cifar100", IMAGES, threads=1, accelerator="gpu", limits=LIMITS)
    assert found.setting == "mixed"
    path = tmp_path / "cifar100.device.json"
    path.write_text(found.model_dump_json())
    assert read_device(path) == found
    trained = as_set(study, "cifar100-chosen", found).children["cifar100"].training
    assert (trained.precision, trained.depthwise) == ("mixed_bfloat16", "float32")
    assert measured_rows(found)[2] == ["mixed", "2.0", "3,000", "900", "0.0e+00", "measured"]
    check_device(found, path, "gpu", "NVIDIA H100 80GB HBM3")
    with pytest.raises(ChildError, match=r"measured on NVIDIA H100 80GB HBM3 \(gpu\), and this is Tesla T4 \(gpu\)"):
        check_device(found, path, "gpu", "Tesla T4")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"setting": "fastest"}, "no setting 'fastest'; known are float32"),
        ({"accelerator": "tpu"}, "accelerator is 'tpu'"),
        ({"extra": 1}, "extra is 1"),
    ],
)
def test_an_altered_file_is_refused_by_key_and_value(tmp_path, change, said):
    good = DeviceFile(accelerator="cpu", device="CPU", setting="float32", why="of that").model_dump(mode="json")
    path = tmp_path / "x.device.json"
    path.write_text(json.dumps(good | change))
    with pytest.raises(FormatError, match=said):
        read_device(path)
    path.write_text("{")
    with pytest.raises(FormatError, match=r"not what probe-device writes .*delete"):
        read_device(path)
