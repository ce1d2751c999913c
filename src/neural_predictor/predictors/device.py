"""Setting up TensorFlow for one process: threads, memory and noise. Call before anything imports TensorFlow."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from neural_predictor.errors import PredictorError
from neural_predictor.predictors.lazy import load_tensorflow

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

_POLL_S = 5.0


def configure(threads: int, accelerator: str) -> int:
    """Import TensorFlow with `threads` CPU threads, on a CPU or on one GPU that no other job of this user has.

    Returns:
        How many stacks of replicates to train side by side: the threads on a CPU, one on a GPU.

    Raises:
        PredictorError: if a GPU is asked for and TensorFlow sees none.
    """
    if accelerator == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    elif visible := _visible_gpus():
        os.environ["CUDA_VISIBLE_DEVICES"] = claim(visible)
    tf = load_tensorflow()
    logger.debug("TensorFlow %s on the %s, %d threads", tf.__version__, accelerator, threads)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    if accelerator == "cpu":
        return threads
    devices = tf.config.list_physical_devices("GPU")
    if not devices:
        raise PredictorError(
            "accelerator is gpu, but TensorFlow sees none: check `nvidia-smi` and CUDA_VISIBLE_DEVICES "
            f"(it is {os.environ.get('CUDA_VISIBLE_DEVICES', 'unset')!r}), install tensorflow[and-cuda] "
            "(envs/gpu.yaml), or set accelerator to cpu; --verbose shows what TensorFlow says"
        )
    for device in devices:
        tf.config.experimental.set_memory_growth(device, enable=True)
    return 1


def _visible_gpus() -> list[str]:
    """The GPUs that this process may use: those of CUDA_VISIBLE_DEVICES, or all that the driver lists."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        named = os.environ["CUDA_VISIBLE_DEVICES"].split(",")
        return [device.strip() for device in named if device.strip() not in ("", "-1")]
    if shutil.which("nvidia-smi") is None:
        return []
    listed = subprocess.run(
        ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"], capture_output=True, text=True, check=False
    )
    return listed.stdout.split() if listed.returncode == 0 else []


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
