"""How a predictor is built and trained. Values and their sources: Wen et al. 2020, appendix; see config/studies."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

PAPER_WIDTHS = {43: 48, 86: 72, 129: 96, 172: 144, 344: 210, 860: 320}
"""Width D of a graph convolution by number N of training networks (appendix; printed there as 334, run as 344)."""

Positive = Annotated[int, Field(gt=0)]


class GCNRecipe(BaseModel):
    """The paper's graph convolutional predictor.

    Attributes:
        layers: graph convolutions (3 for cells; 18 for ProxylessNAS chains).
        width: D, or "paper": `PAPER_WIDTHS`, between its N interpolated linearly and held constant outside.
        hidden: widths of the fully connected ReLU layers after the mean over nodes.
        dropout: rate after each fully connected ReLU layer (the paper does not say where; this is our choice).
        epochs: passes over the N training networks.
        batch_size: networks a step; the last step of an epoch takes what is left.
        learning_rate: initial rate of Adam; a cosine brings it to zero over all steps.
        weight_decay: L2, added to the gradient of every kernel (not of biases) before Adam. Decoupled decay at
            this learning rate would shrink weights by less than a thousandth over a whole training, which is
            none at all, and the code of the paper's time knew decay as an L2 term: so L2 it is.
        precision: `mixed_bfloat16` multiplies matrices in bfloat16 and keeps weights and sums in float32 (GPUs).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["gcn"] = "gcn"
    layers: Positive = 3
    width: Positive | Literal["paper"] = "paper"
    hidden: tuple[Positive, ...] = (128,)
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    epochs: Positive = 300
    batch_size: Positive = 10
    learning_rate: Annotated[float, Field(gt=0)] = 1e-4
    weight_decay: Annotated[float, Field(ge=0)] = 1e-3
    precision: Literal["float32", "mixed_bfloat16"] = "float32"

    def width_for(self, train_size: int) -> int:
        """D for N = `train_size` training networks."""
        if self.width != "paper":
            return self.width
        return round(float(np.interp(train_size, list(PAPER_WIDTHS), list(PAPER_WIDTHS.values()))))
