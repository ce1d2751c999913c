"""The definition of the MnasNet space: seven stages, and what each of them chooses.

Source: Tan et al., "MnasNet: Platform-Aware Neural Architecture Search for Mobile", CVPR 2019, in the form of Ahmad et
al., "Accel-NASBench", DAC 2024: channels and strides are those of EfficientNet-B0, and all layers of a stage are
alike. A stage chooses the expansion and the kernel of its inverted bottlenecks, how many of them there are, and
whether they have squeeze-and-excitation.

`STAGES`, `EXPANSIONS` and `KERNELS` say all there is to know; whatever draws, names or encodes these architectures
reads them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.base import check_form

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAME = "mnasnet"


class Stage(NamedTuple):
    """Layers of equal output channels; `stride` is the first one's, `layers` the most that it may have."""

    channels: int
    layers: int
    stride: int


STAGES = (
    Stage(16, 3, 1),
    Stage(24, 3, 2),
    Stage(40, 3, 2),
    Stage(80, 3, 2),
    Stage(112, 3, 1),
    Stage(192, 4, 2),
    Stage(320, 3, 1),
)
EXPANSIONS, KERNELS, EXCITATION = (1, 4, 6), (3, 5), (False, True)
FIELDS = ("expansion", "kernel", "layers", "squeeze-and-excitation")
"""What a stage chooses, in the order of its four codes."""
VALUES: tuple[tuple[tuple[int, ...], ...], ...] = tuple(
    (EXPANSIONS, KERNELS, tuple(range(1, stage.layers + 1)), EXCITATION) for stage in STAGES
)
"""Of each stage and field, what codes 0, 1, .. stand for."""
CHOICES = np.array([len(values) for stage in VALUES for values in stage])
"""(28,) how many codes each place takes: 0 to `CHOICES - 1`."""


def check_codes(codes: NDArray[np.uint8]) -> None:
    """Check rows of codes.

    Args:
        codes: (n, 28) uint8: four codes a stage, in the order of `FIELDS`.

    Raises:
        ArchitectureError: for another form, or naming the first row and stage whose code is out of range.
    """
    check_form(NAME, len(CHOICES), codes)
    wrong = codes >= CHOICES
    if wrong.any():
        row, place = (int(k) for k in np.argwhere(wrong)[0])
        stage, field = divmod(place, len(FIELDS))
        raise ArchitectureError(
            f"row {row}: {FIELDS[field]} of stage {stage} takes codes 0 to {CHOICES[place] - 1}, "
            f"found {codes[row, place]}"
        )


def cardinality() -> int:
    """Number of architectures, 36^6 x 48, which all differ: exact (1.04 x 10^11)."""
    rows: int = math.prod(CHOICES.tolist())
    return rows
