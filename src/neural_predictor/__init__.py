"""Neural Predictor for Neural Architecture Search: the paper's experiments, and predictors to use on your own space."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neural_predictor.ranking.api import rank as rank
    from neural_predictor.ranking.api import suggest as suggest

    __version__: str


def __getattr__(name: str) -> Any:
    """`rank`, `suggest` and the version, found when they are asked for: jobs start without what these import."""
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("neural-predictor")
        except PackageNotFoundError:  # run from a source tree with src/ on the path
            return "0+uninstalled"
    if name in ("rank", "suggest"):
        # By name, so that it is no part of the code of whatever imports this package (workflow.py).
        return getattr(import_module("neural_predictor.ranking.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
