"""Entry points of `registry`: `<module of figures>:<function>`, imported when they are run and not before."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def module_of(entry_point: str) -> str:
    """The module's name in this package, such as `figures.fig7.page`."""
    return f"figures.{entry_point.partition(':')[0]}"


def load(entry_point: str, name: str | None = None) -> Any:
    """The function of an entry point, or what else of its module has this name."""
    module = import_module(f"neural_predictor.{module_of(entry_point)}")
    return getattr(module, name or entry_point.partition(":")[2])
