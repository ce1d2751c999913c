"""Setting up TensorFlow for one process: threads, memory and noise. Call before anything imports TensorFlow."""

from __future__ import annotations

import logging
import os

from neural_predictor.errors import PredictorError
from neural_predictor.predictors import gpus
from neural_predictor.predictors.gpu_locks import claim_gpu
from neural_predictor.predictors.lazy import load_tensorflow

logger = logging.getLogger(__name__)


def limit_threads(threads: int) -> None:
    """Let TensorFlow have so many threads of the CPU, if `predictors.lazy` comes to load it, and no GPU."""
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ |= {name: str(threads) for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")}


def prepare(threads: int, accelerator: str) -> int:
    """`configure` for predictors, which load TensorFlow when they need it: trees on a CPU never do."""
    if accelerator == "cpu":
        limit_threads(threads)
        return threads
    return configure(threads, accelerator)


def configure(threads: int, accelerator: str, *, claimed: bool = False) -> int:
    """Import TensorFlow with `threads` CPU threads, on a CPU or on one GPU that no other job of this user has.

    Args:
        threads: of the CPU.
        accelerator: `cpu` or `gpu`.
        claimed: whether CUDA_VISIBLE_DEVICES names a GPU that this process's parent has claimed.

    Returns:
        How many stacks of replicates to train side by side: the threads on a CPU, one on a GPU.

    Raises:
        PredictorError: if a GPU is asked for and TensorFlow sees none; it says why.
    """
    if accelerator == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    elif not claimed:
        claim_gpu()
    tf = load_tensorflow()
    logger.debug("TensorFlow %s on the %s, %d threads", tf.__version__, accelerator, threads)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    if accelerator == "cpu":
        return threads
    devices = tf.config.list_physical_devices("GPU")
    if not devices:
        raise PredictorError(
            f"accelerator is gpu, but TensorFlow sees none: {gpus.look().fault}. Or set accelerator to cpu. "
            "`neural-predictor device` shows what is there"
        )
    if (said := gpus.crowded(os.getpid())) is not None:
        logger.warning("%s", said)
    for device in devices:
        tf.config.experimental.set_memory_growth(device, enable=True)
    return 1
