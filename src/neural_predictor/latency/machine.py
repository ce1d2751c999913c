"""The machine that is measured, as a profile records it."""

from __future__ import annotations

import os
import platform
from pathlib import Path

_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
_CPUS = Path("/proc/cpuinfo")
NOT_KNOWN = "not known"


def machine(device: str) -> dict[str, str | int]:
    """Processor, cores, governor of the frequency and operating system; of a GPU its name too."""
    found: dict[str, str | int] = {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "governor": _text(_GOVERNOR) or NOT_KNOWN,
        "system": f"{platform.system()} {platform.machine()}",
    }
    if device == "gpu":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        found["gpu"] = (
            tf.config.experimental.get_device_details(gpus[0]).get("device_name", NOT_KNOWN) if gpus else "none"
        )
    return found


def _processor() -> str:
    lines = _text(_CPUS).splitlines()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or NOT_KNOWN


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError):
        return ""
