"""What recipes have in common; each predictor's own recipe stands beside it in its file.

Values and their sources: Wen et al. 2020, appendix; see config/studies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from neural_predictor.predictors.losses import LOSSES

PAPER_WIDTHS = {43: 48, 86: 72, 129: 96, 172: 144, 344: 210, 860: 320}
"""Width D of a graph convolution by number N of training graphs (appendix; printed there as 334, run as 344)."""

Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]

if TYPE_CHECKING:
    LossName = str
else:
    LossName = Literal[*LOSSES]


class BaseRecipe(BaseModel):
    """How a predictor is built and trained: data alone, immutable, without unknown keys.

    Attributes:
        kind: name of the row in `registry.KINDS` that it belongs to.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, values: Any) -> Any:
        if isinstance(values, dict) and (unknown := [str(key) for key in values if key not in cls.model_fields]):
            kind = cls.model_fields["kind"].default
            raise ValueError(
                f"unknown {'key' if len(unknown) == 1 else 'keys'} {', '.join(unknown)}; "
                f"a recipe of kind {kind} takes {', '.join(cls.model_fields)}"
            )
        return values


class NeuralRecipe(BaseRecipe):
    """What the recipes of all neural predictors have.

    Attributes:
        layers: of the part that makes one vector of a graph: graph convolutions (3 for cells; 18 for ProxylessNAS
            chains), sweeps of the DAGNN, or layers of the MLP, CNN or LSTM.
        width: D, or "paper": `PAPER_WIDTHS`, between its N interpolated linearly and held constant outside. Of an
            LSTM, the size of its state.
        hidden: widths of the fully connected ReLU layers that follow, before the one that gives the scalar; none of
            them for an empty list.
        dropout: rate after each of those (the paper does not say where; this is our choice).
        loss: a name in `losses.LOSSES`.
        margin: of the hinge loss.
        epochs: passes over the N training graphs.
        batch_size: graphs a step; the last step of an epoch takes what is left.
        learning_rate: initial rate of Adam; a cosine brings it to zero over all steps.
        weight_decay: L2, added to the gradient of every kernel (not of biases) before Adam. Decoupled decay at
            this learning rate would shrink weights by less than a thousandth over a whole training, which is
            none at all, and the code of the paper's time knew decay as an L2 term: so L2 it is.
        optimizer: `adam`, or `adamw`: kernels shrink by learning rate times weight decay in each step, beside Adam.
        precision: `mixed_bfloat16` multiplies matrices in bfloat16 and keeps weights and sums in float32 (GPUs).
    """

    layers: Positive = 3
    width: Positive | Literal["paper"] = "paper"
    hidden: tuple[Positive, ...] = (128,)
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    loss: LossName = "squared"
    margin: Annotated[float, Field(gt=0)] = 0.1
    epochs: Positive = 300
    batch_size: Positive = 10
    learning_rate: Annotated[float, Field(gt=0)] = 1e-4
    weight_decay: Annotated[float, Field(ge=0)] = 1e-3
    optimizer: Literal["adam", "adamw"] = "adam"
    precision: Literal["float32", "mixed_bfloat16"] = "float32"

    not_compiled: ClassVar[frozenset[str]] = frozenset({"epochs", "learning_rate", "weight_decay", "margin"})
    """Fields that no compiled code depends on; training takes their values as numbers."""
    fixed_size: ClassVar[bool] = False
    """Whether graphs must be padded to the number of nodes that the predictor was made for."""

    @property
    def targets(self) -> Literal["z-scores", "classes", "normal scores"]:
        """What labels are turned into before training, as the loss has it."""
        return LOSSES[self.loss].targets

    @property
    def ranks(self) -> bool:
        """Whether the loss is of the order alone, so that labels are taken as normal scores of their ranks."""
        return self.targets == "normal scores"

    @property
    def compile_key(self) -> Self:
        """Recipe with the numbers that compiled training is given reset; the key for compiled training.

        Losses that are one function with other numbers share a key too.
        """
        function = LOSSES[self.loss].function
        shared = next(name for name, loss in LOSSES.items() if loss.function is function)
        return self.model_copy(update={"loss": shared})._with_defaults(self.not_compiled)

    @property
    def inference_key(self) -> Self:
        """Recipe with training settings reset; the key for compiled inference."""
        return self._with_defaults(self.not_compiled | {"loss", "batch_size", "optimizer"})

    def _with_defaults(self, fields: frozenset[str]) -> Self:
        return type(self)(**self.model_dump(exclude=set(fields)))

    @property
    def scores_by_distinct_nodes(self) -> bool:
        """Whether `scoring.SpaceScorer` may compute nodes with equal surroundings once for a whole space."""
        return False

    def embedding_size(self, width: int) -> int:
        """Length of the vector that the predictor makes of a graph before the fully connected layers, for D."""
        return width

    def width_for(self, train_size: int) -> int:
        """D for N = `train_size` training graphs."""
        if self.width != "paper":
            return self.width
        return round(float(np.interp(train_size, list(PAPER_WIDTHS), list(PAPER_WIDTHS.values()))))
