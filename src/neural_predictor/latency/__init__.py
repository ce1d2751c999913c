"""What an architecture costs on a device: models of others, look-up tables, and measurement on the reader's machine.

`LATENCY_MODELS` names the models, `load_latency` reads one.
"""

from neural_predictor.latency.registry import LATENCY_MODELS, load_latency

__all__ = ["LATENCY_MODELS", "load_latency"]
