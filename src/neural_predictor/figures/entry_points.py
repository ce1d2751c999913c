"""Entry points of `registry`: `<module of figures>:<function>`, imported when they are run and not before."""

from __future__ import annotations

from typing import Any

from neural_predictor.records import load_entry


def module_of(entry_point: str) -> str:
    """The module's name in this package, such as `figures.fig7.page`."""
    return f"figures.{entry_point.partition(':')[0]}"


def load(entry_point: str, name: str | None = None) -> Any:
    """The function of an entry point, or what else of its module has this name.

    Raises:
        ConfigError: if there is no such module or name.
    """
    module, _, function = entry_point.partition(":")
    return load_entry("figures/registry.py", module, "neural_predictor.figures", f"{module}:{name or function}")
