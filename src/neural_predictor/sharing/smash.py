"""SMASH: a hypernetwork generates the weights of a path from its code, and learns along random paths.

Source: Brock et al., "SMASH: One-Shot Model Architecture Search through HyperNetworks", ICLR 2018.

What differs: the hypernetwork is small, a dense layer of the code that mixes `rank` learnt kernels of each layer
(`paths.GeneratedWeights`), where SMASH convolves over an embedding of the memory bank. The code is the one-hot choice
of each layer. As in SMASH, the first and the last convolution, the classifier and the batch normalisations have weights
of their own. The choice is the best of some random paths by accuracy with generated weights; SMASH then perturbs the
best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neural_predictor.config.sharing_recipes import Smash as Recipe
from neural_predictor.sharing.base import Method
from neural_predictor.sharing.one_shot import PATHS, drawn_paths
from neural_predictor.sharing.paths import Generated

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neural_predictor.sharing.base import Trained


class Smash(Method[Recipe]):
    """See the module."""

    def _sizes(self) -> dict[str, Any]:
        return {"generated": Generated(self.recipe.units, self.recipe.rank)}

    def run_epoch(self, epoch: int) -> Trained:  # noqa: D102
        paths = PATHS[self.recipe.sampling](self.generator(epoch))
        return self._epoch(epoch, lambda _: (next(paths)[None], None))

    def candidates(self) -> NDArray[np.uint8]:  # noqa: D102
        return drawn_paths(self)
