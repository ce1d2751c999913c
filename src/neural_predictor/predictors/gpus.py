"""The GPUs of a machine, the libraries for them, and what keeps TensorFlow from using them.

The driver's own tool lists the GPUs. What is missing stands in TensorFlow's log, in words for its developers; `cause`
says it in words for a user. Nothing here imports TensorFlow.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path
from typing import NamedTuple

ANSWER_S = 20
"""How long nvidia-smi may take to answer; the first answer after a boot takes seconds."""
LOG_S = 120
"""How long a process may take to load TensorFlow and to look for GPUs."""
OLDEST_DRIVER = (525, 60)
"""The first driver for CUDA 12, which TensorFlow's wheels are built for."""
CROWDED = 0.5
"""Share of a GPU's memory that has to be free, or other processes are named."""
FOLDERS = ("usr/local/cuda*/lib64", "usr/lib/x86_64-linux-gnu")
"""Where libraries of CUDA lie that no package brought."""


class Gpu(NamedTuple):
    """A GPU as the driver lists it; memory in MiB."""

    number: int
    uuid: str
    name: str
    driver: str
    memory_mib: int
    free_mib: int


class Holder(NamedTuple):
    """A process that holds memory of a GPU."""

    gpu: str
    pid: int
    name: str
    memory_mib: int


def _asked(query: str, fields: str) -> list[list[str]]:
    """Rows of nvidia-smi's answer; none where there is no driver or it does not answer."""
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", f"--query-{query}={fields}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ANSWER_S)
    except (OSError, subprocess.TimeoutExpired):
        return []
    rows = list(csv.reader(done.stdout.splitlines(), skipinitialspace=True)) if done.returncode == 0 else []
    return [row for row in rows if len(row) == fields.count(",") + 1]


def _mib(text: str) -> int:
    return int(text) if text.isdigit() else 0  # "[N/A]" where the driver does not say


def gpus() -> list[Gpu]:
    """All GPUs that the driver lists."""
    rows = _asked("gpu", "index,uuid,name,driver_version,memory.total,memory.free")
    return [Gpu(int(row[0]), row[1], row[2], row[3], _mib(row[4]), _mib(row[5])) for row in rows]


def here() -> Gpu | None:
    """The GPU that this process uses: the first of CUDA_VISIBLE_DEVICES, or the first of all."""
    listed, visible = gpus(), os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return next(iter(listed), None)
    first = visible.split(",")[0].strip()
    return next((gpu for gpu in listed if first in (gpu.uuid, str(gpu.number))), None)


def holders() -> list[Holder]:
    """Processes that hold memory of a GPU, this one among them; those of other containers are often not listed."""
    rows = _asked("compute-apps", "gpu_uuid,pid,process_name,used_memory")
    return [Holder(row[0], int(row[1]), row[2], _mib(row[3])) for row in rows]


def crowded(own: int | None = None) -> str | None:
    """One sentence on a visible GPU of which others hold most of the memory; None where all have enough.

    Args:
        own: a process whose memory counts as free, such as this one.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = None if visible is None else {name.strip() for name in visible.split(",")}
    held = holders()
    for gpu in gpus():
        mine = sum(one.memory_mib for one in held if one.gpu == gpu.uuid and one.pid == own)
        free = gpu.free_mib + mine
        if (names is None or {gpu.uuid, str(gpu.number)} & names) and 0 < gpu.memory_mib * CROWDED > free:
            others = [one for one in held if one.gpu == gpu.uuid and one.pid != own]
            said = ", ".join(f"process {one.pid} ({one.name}) {one.memory_mib:,} MiB" for one in others)
            return (
                f"GPU {gpu.number} ({gpu.name}) has {free:,} of {gpu.memory_mib:,} MiB free; the rest is held by "
                f"{said or 'processes that the driver does not name'}: end them, or choose another GPU with "
                "CUDA_VISIBLE_DEVICES"
            )
    return None


def libraries() -> dict[str, str]:
    """Versions of TensorFlow and of NVIDIA's libraries that are installed as packages, by package."""
    found = {one.metadata["Name"].lower(): one.version for one in distributions() if one.metadata["Name"]}
    return {name: found[name] for name in sorted(found) if name == "tensorflow" or name.startswith("nvidia-")}


class Seen(NamedTuple):
    """What TensorFlow has to say.

    Attributes:
        usable: how many GPUs it can use.
        fault: why there is none, and what to do; empty where there is one.
        cuda: version that it was built for, and so cudnn; empty where it did not start.
        cudnn: likewise.
    """

    usable: int
    fault: str
    cuda: str = ""
    cudnn: str = ""


_LOOK = """
import json, tensorflow as tf
about = tf.sysconfig.get_build_info()
built = [about.get(name, "") for name in ("cuda_version", "cudnn_version")]
print(json.dumps([len(tf.config.list_logical_devices("GPU")), *built]))
"""


def look() -> Seen:
    """Ask TensorFlow in a process of its own, which takes seconds.

    By itself it says that a library is missing but not which; the module that loads them does, if it is asked.
    """
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "0", "TF_CPP_VMODULE": "dso_loader=1"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _LOOK],
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=LOG_S,
        )
    except subprocess.TimeoutExpired:
        return Seen(0, f"TensorFlow did not find the GPUs within {LOG_S} s: see nvidia-smi")
    count, cuda, cudnn = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else (0, "", "")
    return Seen(count, "" if count else _why(done.stderr), cuda, cudnn)


def _why(log: str) -> str:
    if (old := next((gpu for gpu in gpus() if too_old(gpu.driver)), None)) is not None:
        return f"the driver {old.driver} of {old.name} is too old: {_DRIVER}"
    return cause(log) or f"TensorFlow does not say why; its log ends with: {' / '.join(log.splitlines()[-3:])}"


_MISSING = re.compile(r"Could not load dynamic library '([^']+)'; dlerror: (?:(lib[\w.+-]+\.so[.\d]*): )?")
_NEEDED = ("libcudart", "libcublas", "libcufft", "libcurand", "libcusolver", "libcusparse", "libcudnn", "libnccl")
_INSTALL = "install TensorFlow's CUDA libraries: make gpu, or pip install 'tensorflow[and-cuda]'"
_DRIVER = f"install NVIDIA's driver {OLDEST_DRIVER[0]}.{OLDEST_DRIVER[1]} or newer, until nvidia-smi lists the GPU"


def cause(log: str) -> str | None:
    """Why TensorFlow uses no GPU, or fails on one, and what to do; None where its log does not say.

    Args:
        log: what TensorFlow wrote on standard error.
    """
    for pattern, say in _RULES:
        if (match := re.search(pattern, log)) is not None and (said := say(log, match)) is not None:
            return said
    return None


def _no_driver(log: str, match: re.Match[str]) -> str:
    return f"there is no NVIDIA driver (libcuda.so.1): {_DRIVER}; a container has to be given the GPUs (--gpus all)"


def _no_device(log: str, match: re.Match[str]) -> str:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "unset")
    return f"the driver offers no GPU (cuInit: {match[1]}); CUDA_VISIBLE_DEVICES is {visible!r}: check nvidia-smi -L"


def _old_driver(log: str, match: re.Match[str]) -> str:
    return f"the driver does not fit ({match[0].strip()}): {_DRIVER}; after an update of the driver, restart"


def _cudnn(log: str, match: re.Match[str]) -> str:
    return (
        f"cuDNN {match[1]} was loaded, and TensorFlow needs {match[2].partition('.')[0]}, {match[2]} or newer: another "
        f"one lies first on LD_LIBRARY_PATH ({os.environ.get('LD_LIBRARY_PATH', 'unset')}): unset it, then {_INSTALL}"
    )


def _libraries(log: str, match: re.Match[str]) -> str | None:
    missing = [inner or outer for outer, inner in _MISSING.findall(log) if outer.startswith(_NEEDED)]
    if not missing and "libcuda.so.1" in log:
        missing = ["libcudart.so.12"]  # its absence is logged as one of "drivers"
    parts = []
    for name in dict.fromkeys(missing):
        others = _other_versions(name)
        parts.append(f"{name} (there is {', '.join(map(str, others))}, of another version)" if others else name)
    return f"CUDA libraries are missing or cannot be loaded: {', '.join(parts)}: {_INSTALL}" if parts else None


def _memory(log: str, match: re.Match[str]) -> str:
    return f"the GPU's memory is exhausted ({match[0].strip()}): {crowded() or 'set a smaller batch_size'}"


def _other_versions(name: str) -> list[Path]:
    """Files of the same library in another version, where the loader looks or where packages put them."""
    stem, _, version = name.partition(".so.")
    listed = [Path(part) for part in os.environ.get("LD_LIBRARY_PATH", "").split(":") if part]
    listed += sorted(Path(sysconfig.get_paths()["purelib"]).glob("nvidia/*/lib"))
    listed += [folder for pattern in FOLDERS for folder in sorted(Path("/").glob(pattern))]
    found = [path for folder in listed if folder.is_dir() for path in sorted(folder.glob(f"{stem}.so.*"))]
    other = {path.name: path for path in found if path.name.partition(".so.")[2].partition(".")[0] != version}
    return list(other.values())[:2]


_RULES = (
    (r"Could not load dynamic library 'libcuda\.so\.1'", _no_driver),
    (r"(CUDA_ERROR_NO_DEVICE|CUDA_ERROR_INVALID_DEVICE)", _no_device),
    (
        r"CUDA_ERROR_SYSTEM_DRIVER_MISMATCH|CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE"
        r"|CUDA driver version is insufficient[\w ]*|[^\n]*does not match DSO version[^\n]*",
        _old_driver,
    ),
    (r"Loaded runtime CuDNN library: ([\d.]+) but source was compiled with: ([\d.]*\d)", _cudnn),
    (r"Cannot dlopen some GPU libraries|Could not find cuda drivers|Could not load dynamic library", _libraries),
    (r"CUDA_ERROR_OUT_OF_MEMORY[^\n]{0,60}|OOM when allocating tensor with shape\[[\d,]*\]|ran out of memory", _memory),
)
"""A pattern in the log, and what says its meaning; the first one that has something to say."""


def too_old(driver: str) -> bool:
    """Whether a driver, such as 470.57.02, is older than CUDA 12."""
    numbers = [int(part) for part in driver.split(".") if part.isdigit()]
    return tuple(numbers[:2]) < OLDEST_DRIVER if len(numbers) >= 2 else False
