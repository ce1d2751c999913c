"""What the architectures of a set of children take on the study's device, and the window that they are drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import ConfigError, LatencyError
from neural_predictor.latency import load_latency

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config.sections import ChildLatency, ChildSet
    from neural_predictor.latency.additive import AdditiveModel


@dataclass(frozen=True, eq=False)
class Window:
    """Architectures that take from `low` to `high` milliseconds by a model, both ends included."""

    model: AdditiveModel
    low: float
    high: float

    def admits(self, codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Whether each row is within: (n,) bool."""
        latency = self.model.latency_ms(codes)
        return np.asarray((self.low <= latency) & (latency <= self.high))

    def compare(self, codes: NDArray[np.uint8]) -> str:
        """For errors: the window, what all architectures take, and which of these rows come nearest to it."""
        latency = self.model.latency_ms(codes)
        away = np.maximum(self.low - latency, latency - self.high)
        nearest = latency[away.argmin()]
        return (
            f"{self._said} Of the last {len(codes):,} architectures the one nearest to the window takes "
            f"{nearest:.2f} ms, half of them {np.median(latency):.1f} ms or less."
        )

    def __str__(self) -> str:
        ends = [f"{self.low:g} ms or more"] * (self.low > 0) + [f"{self.high:g} ms or less"] * math.isfinite(self.high)
        return f"of those that take {' and '.join(ends)} by {self.model.name}"

    @property
    def _said(self) -> str:
        fastest, slowest = self.model.bounds
        return (
            f"The window is {self.low:g} to {self.high:g} ms by {self.model.name}, by which architectures take "
            f"{fastest:.1f} to {slowest:.1f} ms."
        )

    def check(self, key: str) -> None:
        """Refuse a window beyond the fastest and the slowest architecture.

        Raises:
            ConfigError: naming the key.
        """
        fastest, slowest = self.model.bounds
        if self.low > slowest or self.high < fastest:
            raise ConfigError(f"{key}: no architecture meets it. {self._said} Change at_least or at_most")


def window_of(plan: ChildSet) -> Window | None:
    """The window that a set's architectures are drawn from; None where they are not bounded."""
    asked = plan.latency
    if asked is None or not asked.bounded:
        return None
    low, high = asked.at_least or 0.0, math.inf if asked.at_most is None else asked.at_most
    return Window(load_additive(asked), low, high)


def check_windows(children: Mapping[str, ChildSet]) -> None:
    """Refuse windows that no architecture can meet, before anything is prepared or trained.

    Raises:
        ConfigError: naming the set.
    """
    for name, plan in children.items():
        window = window_of(plan)
        if window is not None:
            window.check(f"children.{name}.latency")


def load_additive(asked: ChildLatency, profile: Path | None = None) -> AdditiveModel:
    """The latency model of a set.

    Args:
        asked: what the study says of it.
        profile: the folder of `measure-children`, for what is measured here.

    Raises:
        ConfigError: if the profile is missing, or there is one and the model needs none.
        LatencyError: if the profile is not finished.
        FormatError: if it is damaged.
    """
    if (asked.model == "here") != (profile is not None):
        needed = "needs the profile of measure-children (--profile)" if profile is None else "takes no profile"
        raise ConfigError(f"the latency model {asked.model} {needed}")
    options = {"fitted": True} if profile is not None else {}
    model: AdditiveModel = load_latency(asked.model, profile, **options)  # type: ignore[assignment]
    return model


def latencies(asked: ChildLatency, codes: NDArray[np.uint8], profile: Path | None) -> NDArray[np.float64]:
    """(n,) milliseconds of architectures (n, 22): by the model, or of each network as it was measured here.

    Raises:
        ConfigError: as `load_additive`.
        LatencyError: if the profile is not finished, or is of other architectures.
        FormatError: if it is damaged.
    """
    if asked.model != "here" or profile is None:
        return load_additive(asked, profile).latency_ms(codes)
    from neural_predictor.latency.fits import measured  # here, for a plan needs windows alone
    from neural_predictor.latency.profile import read_profile

    found = read_profile(profile)
    if not np.array_equal(found.plan.codes, codes):
        raise LatencyError(f"{profile}: measurements of other architectures; remove the folder and run it again")
    return measured(found)
