"""What is said of a machine's GPUs, from what nvidia-smi prints and TensorFlow logs; no GPU is needed for that.

The lines of TensorFlow 2.21 were logged by it, before a libcuda.so.1 that answers with these errors.
"""

import json
import subprocess

import pytest
from typer.testing import CliRunner

from neural_predictor.cli.app import app
from neural_predictor.predictors import gpus

STUB = "I0000 00:00:1.5 31 cudart_stub.cc:31] Could not find cuda drivers on your machine, GPU will not be used."
OPENED = "I0000 00:00:1.8 31 dso_loader.cc:133] Successfully opened dynamic library libcuda.so.1"
NO_FILE = "cannot open shared object file: No such file or directory"


def not_loaded(name, missing=None):
    why = f"dlerror: {missing or name}: {NO_FILE}"
    return f"I0000 00:00:1.8 31 dso_loader.cc:144] Could not load dynamic library '{name}'; {why}"


def cu_init(error):
    failed = f"INTERNAL: CUDA error: Failed call to cuInit: {error}"
    return f"E0000 00:00:1.8 31 cuda_platform.cc:52] failed call to cuInit: {failed}"


DLOPEN = (
    "W0000 00:00:1.9 31 gpu_device.cc:2342] Cannot dlopen some GPU libraries. Please make sure the missing libraries "
    "mentioned above are installed properly if you would like to use GPU.\nSkipping registering GPU devices..."
)
CUDNN = (
    "E0000 00:00:1738697930.202924    7665 cuda_dnn.cc:522] Loaded runtime CuDNN library: 9.1.0 but source was "
    "compiled with: 9.3.0.  CuDNN library needs to have matching major version and equal or higher minor version."
)
LOGS = {
    "no driver": (
        [STUB, not_loaded("libcuda.so.1"), cu_init("UNKNOWN ERROR (303)")],
        ["there is no NVIDIA driver (libcuda.so.1)", "driver 525.60 or newer", "--gpus all"],
    ),
    "no device": (
        [STUB, OPENED, cu_init("CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected")],
        ["the driver offers no GPU (cuInit: CUDA_ERROR_NO_DEVICE)", "CUDA_VISIBLE_DEVICES is '7'"],
    ),
    "two drivers": (
        [
            OPENED,
            cu_init(
                "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH: system has unsupported display driver / cuda driver combination"
            ),
        ],
        ["the driver does not fit (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)", "restart"],
    ),
    "old driver": (
        [
            OPENED,
            "InternalError: cudaGetDevice() failed. Status: "
            "CUDA driver version is insufficient for CUDA runtime version",
        ],
        ["the driver does not fit (CUDA driver version is insufficient for CUDA runtime version)", "525.60"],
    ),
    "no runtime": (
        [STUB, OPENED, not_loaded("libnvidia-ml.so.1")],
        ["CUDA libraries are missing or cannot be loaded: libcudart.so.12: install", "make gpu"],
    ),
    "a library": (
        [OPENED, not_loaded("libcudnn.so.9"), not_loaded("libnvidia-ml.so.1"), DLOPEN],
        ["cannot be loaded: libcudnn.so.9: install"],
    ),
    "a library's library": (
        [OPENED, not_loaded("libcusolver.so.11", "libnvJitLink.so.12"), DLOPEN],
        ["cannot be loaded: libnvJitLink.so.12: install"],
    ),
    "another major version": (
        [OPENED, not_loaded("libcublas.so.12"), DLOPEN],
        ["libcublas.so.12 (there is ", "libcublas.so.13, of another version)"],
    ),
    "cudnn": ([CUDNN], ["cuDNN 9.1.0 was loaded, and TensorFlow needs 9, 9.3.0 or newer", "LD_LIBRARY_PATH"]),
    "full": (
        [
            "E0000 gpu_device.cc] failed to allocate 79.10GiB from device: RESOURCE_EXHAUSTED: : "
            "CUDA_ERROR_OUT_OF_MEMORY: out of memory"
        ],
        ["memory is exhausted (CUDA_ERROR_OUT_OF_MEMORY", "set a smaller batch_size"],
    ),
    "in a step": (
        ["OOM when allocating tensor with shape[128,112,112,96] and type float on GPU:0 by allocator GPU_0_bfc"],
        ["OOM when allocating tensor with shape[128,112,112,96]"],
    ),
}


@pytest.mark.parametrize("name", LOGS)
def test_tensorflows_log_becomes_a_cause_and_what_to_do(monkeypatch, tmp_path, name):
    (tmp_path / "libcublas.so.13").touch()
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    monkeypatch.setattr(gpus, "FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    lines, expected = LOGS[name]
    said = gpus.cause("\n".join(lines))
    for part in expected:
        assert part in said


def test_a_log_without_a_fault_has_no_cause():
    assert gpus.cause(f"{OPENED}\nW0000 something else") is None


@pytest.fixture
def smi(monkeypatch, tmp_path):
    """Puts an nvidia-smi on the path: its answers by what is asked for."""

    def install(listed, held=""):
        script = f"""#!/bin/sh
case "$1" in
  --query-gpu=*) printf '{listed}' ;;
  --query-compute-apps=*) printf '{held}' ;;
esac
"""
        (tmp_path / "nvidia-smi").write_text(script)
        (tmp_path / "nvidia-smi").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    return install


FULL = "0, GPU-a, NVIDIA H100 80GB HBM3, 580.65.06, 81559, 3000\\n1, GPU-b, Tesla T4, 580.65.06, 15360, 15000\\n"


def test_a_full_gpu_names_who_holds_its_memory(smi, monkeypatch):
    smi(FULL, "GPU-a, 4711, python3, 78000\\n")
    assert [gpu.name for gpu in gpus.gpus()] == ["NVIDIA H100 80GB HBM3", "Tesla T4"]
    said = gpus.crowded()
    assert "GPU 0 (NVIDIA H100 80GB HBM3) has 3,000 of 81,559 MiB free" in said
    assert "process 4711 (python3) 78,000 MiB" in said
    assert gpus.crowded(4711) is None  # its own memory
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-b")
    assert gpus.crowded() is None
    assert gpus.here().name == "Tesla T4"


def test_what_the_driver_does_not_say_is_no_fault(smi):
    smi("0, GPU-a, GRID, 580.1, [N/A], [N/A]\\n", "GPU-a, 12, x, [N/A]\\n")
    assert gpus.gpus()[0].memory_mib == 0
    assert gpus.crowded() is None


@pytest.mark.parametrize(
    ("driver", "old"), [("470.57.02", True), ("525.60.13", False), ("580.65", False), ("?", False)]
)
def test_drivers_before_cuda_12_are_too_old(driver, old):
    assert gpus.too_old(driver) == old


def test_an_old_driver_is_named_before_all_else(smi, monkeypatch):
    smi("0, GPU-a, Tesla K80, 470.57.02, 11441, 11400\\n")
    done = subprocess.CompletedProcess([], 0, '[0, "12.5.1", "9"]\n', STUB)
    real = subprocess.run
    monkeypatch.setattr(
        gpus.subprocess, "run", lambda command, **how: real(command, **how) if "nvidia" in command[0] else done
    )
    seen = gpus.look()
    assert (seen.usable, seen.cuda, seen.cudnn) == (0, "12.5.1", "9")
    assert "the driver 470.57.02 of Tesla K80 is too old" in seen.fault


def test_the_command_says_what_is_there_and_what_would_be_chosen(smi, monkeypatch):
    smi(FULL, "GPU-a, 4711, python3, 78000\\n")
    monkeypatch.setattr(gpus, "look", lambda: gpus.Seen(2, "", "12.5.1", "9"))
    text = CliRunner().invoke(app, ["device"]).output
    assert "GPU 1: Tesla T4, driver 580.65.06, 15,000 of 15,360 MiB free" in text
    assert "process 4711 (python3) holds 78,000 MiB" in text
    assert "built for CUDA 12.5.1 and cuDNN 9, can use 2 GPUs" in text
    assert "accelerator gpu: float32, until probe-device has measured it" in text
    found = json.loads(CliRunner().invoke(app, ["device", "--json"]).output)
    assert found["gpus"][0]["driver"] == "580.65.06"
    assert found["tensorflow"]["gpus"] == 2


def test_the_command_is_of_use_without_a_gpu(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(gpus, "look", lambda: gpus.Seen(0, "there is no NVIDIA driver", "12.5.1", "9"))
    text = CliRunner().invoke(app, ["device"]).output
    assert "GPUs: none that a driver lists" in text
    assert "there is no NVIDIA driver" in text
    assert "accelerator cpu: float32 without XLA" in text
