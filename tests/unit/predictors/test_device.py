"""One GPU for each process, without a GPU: a claim is a lock on a name."""

import subprocess
import sys

import pytest

from neural_predictor.predictors import gpu_locks, gpus

HOLD = (
    "import sys; from neural_predictor.predictors.gpu_locks import claim; "
    "print(claim(sys.argv[1:]), flush=True); sys.stdin.read()"
)


def holder(*devices):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, *devices], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline().strip()


@pytest.fixture(autouse=True)
def own_claims(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(gpu_locks.tempfile, "tempdir", None)
    monkeypatch.setattr(gpu_locks, "_held", [])


def test_two_processes_get_two_devices_and_a_third_waits(monkeypatch, caplog):
    first, one = holder("0", "1")
    second, two = holder("0", "1")
    assert {one, two} == {"0", "1"}

    def free_one(_):
        first.kill()
        first.wait()

    monkeypatch.setattr(gpu_locks.time, "sleep", free_one)
    caplog.set_level("INFO")
    assert gpu_locks.claim(["0", "1"]) == one
    assert "all GPUs are taken (0, 1); waiting for one" in caplog.text
    second.kill()
    second.wait()
    for process in (first, second):
        process.stdin.close()
        process.stdout.close()


@pytest.mark.parametrize(
    ("value", "devices"), [("0,2", ["0", "2"]), ("", []), ("-1", []), ("GPU-ab, GPU-cd", ["GPU-ab", "GPU-cd"])]
)
def test_cuda_visible_devices_bounds_the_choice(monkeypatch, value, devices):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert gpu_locks.visible_gpus() == devices


def test_without_a_driver_there_is_no_device_and_the_message_says_what_to_do(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(gpus.shutil, "which", lambda _: None)
    assert gpu_locks.visible_gpus() == []
    code = (
        "from neural_predictor.predictors.device import configure\nfrom neural_predictor.errors import PredictorError\n"
    )
    code += "try: configure(1, 'gpu')\nexcept PredictorError as error: print(error)"
    env_free = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "accelerator is gpu, but TensorFlow sees none: there is no NVIDIA driver (libcuda.so.1)" in env_free.stdout
    assert env_free.stderr == ""  # nothing of what TensorFlow writes while it loads
