"""One GPU for each process of a user on a machine, without asking a scheduler. Nothing here imports TensorFlow."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from neural_predictor.predictors import gpus

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

_POLL_S = 5.0


def claim_gpu() -> None:
    """Make one GPU that no other job of this user has the only one that this process and its children see."""
    if visible := visible_gpus():
        os.environ["CUDA_VISIBLE_DEVICES"] = claim(visible)


def visible_gpus() -> list[str]:
    """The GPUs that this process may use: those of CUDA_VISIBLE_DEVICES, or all that the driver lists."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        named = os.environ["CUDA_VISIBLE_DEVICES"].split(",")
        return [device.strip() for device in named if device.strip() not in ("", "-1")]
    return [gpu.uuid for gpu in gpus.gpus()]


def claim(devices: Sequence[str]) -> str:
    """One of these devices that no other process has claimed; waits until one is free.

    The claim is a locked file in the system's temporary folder, and ends with this process, however it ends.
    """
    said = False
    while True:
        for device in devices:
            lock = FileLock(Path(tempfile.gettempdir()) / f"neural-predictor-{os.getuid()}-{device}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            _held.append(lock)
            return device
        if not said:
            logger.info("all GPUs are taken (%s); waiting for one", ", ".join(devices))
            said = True
        time.sleep(_POLL_S)


_held: list[FileLock] = []
"""Claims of this process, kept for as long as it lives."""
