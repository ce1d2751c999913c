"""TensorFlow, loaded when it is first used: recipes are read while a plan is made, which must not wait for it."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _TensorFlow:
    """Stands for the module `tensorflow`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("tensorflow"), name)


tf: Any = _TensorFlow()
"""Use as `import tensorflow as tf`, inside functions; `device.configure` must have run before."""
