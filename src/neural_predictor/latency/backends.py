"""What runs a part: LiteRT on a CPU, a compiled TensorFlow function on a GPU."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from neural_predictor.errors import LatencyError
from neural_predictor.io.native import without_noise
from neural_predictor.latency.parts import concrete_function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from neural_predictor.latency.parts import Part

    Runner = Callable[[], None]
    Loader = Callable[[], Runner]

Device = Literal["cpu", "gpu"]


def prepare(part: Part, device: Device, threads: int) -> Loader:
    """What gives a function that runs the part once, on one image, and returns when it is done.

    Between two visits of a part on a CPU, its model alone lies in memory, not its interpreter.

    Raises:
        LatencyError: if LiteRT is missing or does not convert or run the part, which is named; if there is no GPU.
    """
    return _on_gpu(part) if device == "gpu" else _on_cpu(part, threads)


def version(device: Device) -> str:
    """Name and version of what runs the parts.

    Raises:
        LatencyError: if it is not installed.
    """
    from importlib.metadata import version

    if device == "gpu":
        return f"tensorflow {version('tensorflow')}, XLA"
    _interpreter()
    return f"ai-edge-litert {version('ai-edge-litert')}, XNNPACK"


def _interpreter() -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise LatencyError(
            f"measuring on a CPU needs the package ai-edge-litert, which cannot be imported ({error}); "
            'run pip install "neural-predictor[workflow]"'
        ) from error
    return Interpreter


def _on_cpu(part: Part, threads: int) -> Loader:
    interpreter_class = _interpreter()
    import tensorflow as tf

    def load(model: bytes) -> Runner:
        with without_noise():
            interpreter = interpreter_class(model_content=model, num_threads=threads)
            interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], _image(part))
        run: Runner = interpreter.invoke
        return run

    try:
        with _no_warnings(), without_noise():
            model = tf.lite.TFLiteConverter.from_concrete_functions([concrete_function(part)]).convert()
        load(model)()
    except Exception as error:  # converter and interpreter raise nearly anything
        told = str(error).strip().splitlines()
        raise LatencyError(
            f"{part.name}: LiteRT does not convert or run it ({type(error).__name__}: "
            f"{told[0][:300] if told else ''}). Without it there is no profile: try another version of ai-edge-litert "
            "or of TensorFlow"
        ) from error
    return lambda: load(model)


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Keep to itself what the converter says of its own future: the weights are constants, which it asks about."""
    absl = logging.getLogger("absl")
    before = absl.level
    absl.setLevel(logging.ERROR)
    try:
        yield
    finally:
        absl.setLevel(before)


def _on_gpu(part: Part) -> Loader:
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        raise LatencyError("TensorFlow sees no GPU: install its CUDA libraries (make gpu), or measure the CPU")
    with tf.device("/GPU:0"):
        image = tf.constant(_image(part))
        compiled = tf.function(concrete_function(part), jit_compile=True)
        compiled(image)

    def run() -> None:
        with tf.device("/GPU:0"):
            compiled(image)
        tf.test.experimental.sync_devices()

    return lambda: run


def _image(part: Part) -> Any:
    return np.random.default_rng(1).normal(size=(1, part.side, part.side, part.channels)).astype(np.float32)
