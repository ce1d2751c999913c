"""Latency as a sum over layers, of architectures of the ProxylessNAS space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from neural_predictor.errors import LatencyError
from neural_predictor.spaces.proxylessnas.layers import CHOICES, LAYERS, NAME, check_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EVERY_LAYER = np.arange(len(LAYERS))
_TAKEN = np.arange(CHOICES.max()) < CHOICES[:, None]


@dataclass(frozen=True, eq=False)
class AdditiveModel:
    """A fixed part, and a part for the op code of each layer.

    Attributes:
        name: of the model or the device.
        fixed_ms: what all architectures share: stem, head and overhead, or the constant of a linear fit.
        table: (22, 7) milliseconds of each layer at each op code; NaN where the layer does not take the code.
        note: what a reader must know of it.

    Raises:
        LatencyError: for a number that is missing, or an architecture whose latency would not be positive.
    """

    name: str
    fixed_ms: float
    table: NDArray[np.float64]
    note: str = ""
    space: ClassVar[str] = NAME

    def __post_init__(self) -> None:
        if self.table.shape != _TAKEN.shape or (np.isfinite(self.table) != _TAKEN).any():
            raise LatencyError(f"{self.name}: a number is needed for each op code that a layer takes, and for no other")
        low, high = self.bounds
        if not (low > 0 and np.isfinite(high)):
            raise LatencyError(
                f"{self.name}: the fastest architecture would take {low:.4g} ms; latencies are positive: check the "
                "numbers"
            )

    def latency_ms(self, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Latency of each row of codes in milliseconds: (n,).

        Raises:
            ArchitectureError: for a row outside the space.
        """
        check_codes(codes)
        found: NDArray[np.float64] = self.fixed_ms + self.table[_EVERY_LAYER, codes].sum(axis=1)
        return found

    @property
    def bounds(self) -> tuple[float, float]:
        """Latency of the fastest and of the slowest architecture."""
        low, high = np.nanmin(self.table, axis=1).sum(), np.nanmax(self.table, axis=1).sum()
        return float(self.fixed_ms + low), float(self.fixed_ms + high)
