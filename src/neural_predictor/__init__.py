"""Neural Predictor for Neural Architecture Search: the paper's experiments, and predictors to use on your own space."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("neural-predictor")
except PackageNotFoundError:  # run from a source tree with src/ on the path
    __version__ = "0+uninstalled"
