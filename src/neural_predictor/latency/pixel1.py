"""TuNAS's linear latency model of the Pixel 1: a constant, and a coefficient for each layer and operation.

Source: Bender et al., "Can weight sharing outperform random architecture search? An investigation with TuNAS", CVPR
2020; `tunas/cost_model_data.py` of google-research/google-research (Apache-2.0). The model was fitted to measured
architectures of this space, with 32 channels in the first stage of four layers, at 224 pixels. Coefficients are
relative to each other: those of a zero layer are negative.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from neural_predictor.latency.device_table import read

if TYPE_CHECKING:
    from neural_predictor.latency.additive import AdditiveModel


def load() -> AdditiveModel:
    """The model; its numbers come with this package."""
    note = "TuNAS's linear model of the Pixel 1 (Bender et al., CVPR 2020), fitted to architectures at 224 pixels."
    return read(Path(__file__).with_name("pixel1.csv"), "pixel1", coefficients=True, note=note)
