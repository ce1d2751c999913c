"""Lines that libraries write past Python: noise is dropped, what a user must see is not."""

import os

import pytest

from neural_predictor.io.native import STDERR, without_noise

NOISE = """WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795739363.227000   20260 cudart_stub.cc:31] Could not find cuda drivers on your machine.
E0000 00:00:1795739368.186427   20260 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error
2026-11-26 23:49:50.123456: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.
To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow.
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
"""


def test_noise_is_dropped_and_the_rest_appears(capfd):
    with without_noise() as terminal:
        os.write(STDERR, NOISE.encode())
        os.write(STDERR, b"ImportError: libfoo.so.1\n")
        terminal.write("meanwhile\n")
    os.write(STDERR, b"after\n")
    assert capfd.readouterr().err == "meanwhile\nImportError: libfoo.so.1\nafter\n"


def test_where_loading_fails_everything_appears(capfd):
    def load():
        with without_noise():
            os.write(STDERR, NOISE.encode())
            raise ImportError

    with pytest.raises(ImportError):
        load()
    assert capfd.readouterr().err == NOISE
