"""Keras is as this package means it, whatever the user's settings of Keras say."""

import importlib
import subprocess
import sys

import pytest

from neural_predictor.errors import PredictorError
from neural_predictor.predictors import keras_settings
from neural_predictor.predictors.keras_settings import keras


@pytest.fixture
def imported_again():
    yield lambda: importlib.reload(keras_settings)
    importlib.reload(keras_settings)


def test_settings_of_the_user_are_set_aside(imported_again):
    keras.config.set_image_data_format("channels_first")
    keras.config.set_floatx("float16")
    keras.config.set_epsilon(0.1)
    imported_again()
    assert keras.config.image_data_format() == "channels_last"
    assert (keras.config.floatx(), keras.config.epsilon()) == ("float32", 1e-7)


def test_another_backend_is_named(imported_again, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(keras.config, "backend", lambda: "torch")
        with pytest.raises(PredictorError, match=r"Keras runs on torch here; .* set KERAS_BACKEND=tensorflow"):
            imported_again()


def test_tensorflow_comes_without_keras_and_keras_without_what_it_does_not_need():
    code = """
import sys
from neural_predictor.predictors.lazy import load_tensorflow
load_tensorflow()
before = "keras" in sys.modules
from neural_predictor.predictors.keras_settings import keras
print(before, *[name for name in ("keras", "matplotlib", "sklearn") if name in sys.modules])
import matplotlib, sklearn
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "keras"]
