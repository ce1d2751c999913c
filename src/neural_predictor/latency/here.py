"""What was measured on this machine as a latency model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.latency import fits
from neural_predictor.latency.profile import read_profile

if TYPE_CHECKING:
    from pathlib import Path

    from neural_predictor.latency.additive import AdditiveModel


def load(path: Path, *, fitted: bool = False) -> AdditiveModel:
    """The model of a profile.

    Args:
        path: the folder that `neural-predictor measure-latency` wrote.
        fitted: whether it is a linear fit to whole networks alone, in place of the calibrated sum of blocks.

    Raises:
        LatencyError: if there is no finished profile, or too few networks for a fit.
        FormatError: if the profile is damaged.
    """
    profile = read_profile(path)
    return fits.fitted(profile) if fitted else fits.calibrated(profile)
