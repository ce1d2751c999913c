"""Random search for a front: architectures that were never asked for, uniform over a listed pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.search.fronts.base import FrontSearch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class RandomFront(FrontSearch):
    """See the module."""

    def _propose(self, count: int) -> NDArray[np.intp]:
        return self.random(count)
