"""Setting up TensorFlow for one process: threads, memory and noise. Call before anything imports TensorFlow."""

from __future__ import annotations

import os

from neural_predictor.errors import PredictorError


def configure(threads: int, accelerator: str) -> int:
    """Import TensorFlow with `threads` CPU threads, on a CPU or a GPU.

    Returns:
        How many stacks of replicates to train side by side: the threads on a CPU, one on a GPU.

    Raises:
        PredictorError: if a GPU is asked for and TensorFlow sees none.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if accelerator == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    if accelerator == "cpu":
        return threads
    devices = tf.config.list_physical_devices("GPU")
    if not devices:
        raise PredictorError(
            "accelerator is gpu, but TensorFlow sees none: check `nvidia-smi` and CUDA_VISIBLE_DEVICES "
            f"(it is {os.environ.get('CUDA_VISIBLE_DEVICES', 'unset')!r}), install tensorflow[and-cuda] "
            "(envs/gpu.yaml), or set accelerator to cpu"
        )
    for device in devices:
        tf.config.experimental.set_memory_growth(device, enable=True)
    return 1
