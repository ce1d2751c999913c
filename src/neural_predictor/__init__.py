"""Neural Predictor for Neural Architecture Search: the paper's experiments, and predictors to use on your own space."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neural_predictor.ranking.api import rank as rank

try:
    __version__ = version("neural-predictor")
except PackageNotFoundError:  # run from a source tree with src/ on the path
    __version__ = "0+uninstalled"


def __getattr__(name: str) -> Any:
    """`rank`, imported when it is asked for: what it needs takes a second to import."""
    if name == "rank":
        # By name, so that it is no part of the code of whatever imports this package (workflow.py).
        return import_module("neural_predictor.ranking.api").rank
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
