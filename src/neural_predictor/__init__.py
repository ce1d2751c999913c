"""Neural Predictor for Neural Architecture Search: the paper's experiments, and predictors to use on your own space."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neural_predictor.ranking.api import rank as rank
    from neural_predictor.ranking.api import suggest as suggest

try:
    __version__ = version("neural-predictor")
except PackageNotFoundError:  # run from a source tree with src/ on the path
    __version__ = "0+uninstalled"


def __getattr__(name: str) -> Any:
    """`rank` and `suggest`, imported when they are asked for: what they need takes a second to import."""
    if name in ("rank", "suggest"):
        # By name, so that it is no part of the code of whatever imports this package (workflow.py).
        return getattr(import_module("neural_predictor.ranking.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
