"""TensorFlow, loaded when it is first used: recipes are read while a plan is made, which must not wait for it."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from typing import Any

from neural_predictor.io.native import without_noise
from neural_predictor.io.progress import waiting

LOG_VARIABLE = "TF_CPP_MIN_LOG_LEVEL"
"""From which level on TensorFlow's C++ logs, 0 (all) to 3; where it is not set, nothing of it reaches the terminal."""
_LEGACY_KERAS_VARIABLE = "TF_USE_LEGACY_KERAS"


def load_tensorflow() -> Any:
    """TensorFlow without Keras, which few commands need and which takes half of the seconds of its import.

    TensorFlow loads Keras at once, but the one that `_LEGACY_KERAS_VARIABLE` names only if it is installed; Keras
    itself does not read it, and loads where it is imported.
    """
    if "tensorflow" in sys.modules:
        import tensorflow as tf

        return tf
    silent = os.environ.setdefault(LOG_VARIABLE, "3") != "0"
    before = os.environ.get(_LEGACY_KERAS_VARIABLE)
    os.environ[_LEGACY_KERAS_VARIABLE] = "1"
    try:
        with ExitStack() as stack:
            terminal = stack.enter_context(without_noise()) if silent else None
            stack.enter_context(waiting("loading TensorFlow", terminal))
            import tensorflow as tf

            tf.config.list_physical_devices()  # the libraries of a GPU log here
    finally:
        if before is None:
            del os.environ[_LEGACY_KERAS_VARIABLE]
        else:
            os.environ[_LEGACY_KERAS_VARIABLE] = before
    tf.get_logger().setLevel("ERROR")
    return tf


class _TensorFlow:
    """Stands for the module `tensorflow`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(load_tensorflow(), name)


tf: Any = _TensorFlow()
"""Use as `import tensorflow as tf`, inside functions; `device.configure` must have run before."""
