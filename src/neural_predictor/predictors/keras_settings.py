"""Keras as this package means it: on TensorFlow, in float32, images with channels last.

`~/.keras/keras.json` and `KERAS_BACKEND` may say otherwise, and another network would follow. Importing this module
sets Keras's own values for the whole process. Import `keras` from here.
"""

from __future__ import annotations

import os
import sys

from neural_predictor.errors import PredictorError

if "keras" not in sys.modules:
    os.environ["KERAS_BACKEND"] = "tensorflow"

# Keras loads these for its own plots and wrappers, which nothing here uses: half the seconds of its import.
_unused = [name for name in ("matplotlib", "sklearn") if name not in sys.modules]
sys.modules.update(dict.fromkeys(_unused))  # type: ignore[arg-type]
try:
    import keras
finally:
    for _name in _unused:
        del sys.modules[_name]

if keras.config.backend() != "tensorflow":
    raise PredictorError(
        f"Keras runs on {keras.config.backend()} here; this package's networks need tensorflow: set "
        "KERAS_BACKEND=tensorflow before keras is imported"
    )
keras.config.set_floatx("float32")
keras.config.set_epsilon(1e-7)
keras.config.set_image_data_format("channels_last")

__all__ = ["keras"]
