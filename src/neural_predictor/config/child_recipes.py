"""How a child network is built and trained.

Sources: Wen et al., ECCV 2020, Fig. 8, for the network; the 2021 replication, whose constants of training look copied
from that paper's appendix, for the rest. Where a value is ours, it is said.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from neural_predictor.spaces.proxylessnas.layers import Variant  # noqa: TC001 - pydantic needs it

Positive = Annotated[int, Field(gt=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
_FROZEN = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class NetworkRecipe(BaseModel):
    """What an architecture is built as.

    Attributes:
        variant: `paper`: the first block of a stage has the stage's stride, all others 1; `as-replicated`: each block
            of a stage has it, so that 224 pixels are one pixel half way through the network.
        width: multiplier of all channels, see `spaces.proxylessnas.scaled`; 1 is the paper's.
        stem_stride: stride of the stem, 2 in the paper; 1 suits small images.
        resolution: height and width in pixels that images are resized to; 224 in the replication.
        batch_norm_momentum: share of the old in the moving mean and variance at each step. The replication's .99 needs
            hundreds of steps; short trainings need less (with .99, five epochs of the digits stay at chance in
            inference; with .9 they reach .97).
        batch_norm_epsilon: added to a variance.
    """

    model_config = _FROZEN

    variant: Variant = "paper"
    width: PositiveFloat = 1.0
    stem_stride: Literal[1, 2] = 2
    resolution: Positive = 224
    batch_norm_momentum: Share = 0.99
    batch_norm_epsilon: PositiveFloat = 1e-3


class RmsProp(BaseModel):
    """RMSprop as Keras has it: v = rho v + (1 - rho) g^2; m = momentum m + rate g / sqrt(v + epsilon); w = w - m.

    Attributes:
        rho: share of the old in the mean square of the gradient.
        momentum: share of the old in the step.
        epsilon: within the root. At .1 and above the square of most gradients, as here, this is nearly plain momentum.
    """

    model_config = _FROZEN

    name: Literal["rmsprop"] = "rmsprop"
    rho: Share = 0.9
    momentum: Share = 0.9
    epsilon: PositiveFloat = 0.1


class Adam(BaseModel):
    """Adam as Keras has it, with Keras's values.

    Attributes:
        beta_1: share of the old in the mean of the gradient.
        beta_2: share of the old in the mean of its square.
        epsilon: beside the root.
    """

    model_config = _FROZEN

    name: Literal["adam"] = "adam"
    beta_1: Share = 0.9
    beta_2: Share = 0.999
    epsilon: PositiveFloat = 1e-7


class Sgd(BaseModel):
    """Stochastic gradient descent as Keras has it: m = momentum m - rate g; w = w + m.

    Attributes:
        momentum: share of the old in the step.
        nesterov: w = w + momentum m - rate g in place of w + m.
    """

    model_config = _FROZEN

    name: Literal["sgd"] = "sgd"
    momentum: Share = 0.9
    nesterov: bool = True


class TrainingRecipe(BaseModel):
    """How a child is trained.

    Attributes:
        epochs: passes over the training images.
        batch_size: images a step; the last step of an epoch takes what is left.
        optimizer: its name and constants.
        learning_rate: initial rate; a cosine brings it to zero over all steps. (The replication's took 10,000 steps
            whatever the training, so that the rate ended at a fifth or more.)
        l2: factor of the sum of squares of each kernel (not of biases, nor of batch normalisation) in the loss; its
            gradient is 2 l2 w, as of Keras's regulariser `L2`.
        flip: whether an image is mirrored left to right in half of the steps; off in the replication.
        crop: pixels of grey (zero after scaling to [-1, 1]) around a resized image, of which a window of the
            resolution is then cut anywhere; 0, no cropping, in the replication.
        precision: `mixed_bfloat16` convolves in bfloat16 and keeps weights, statistics and logits in float32; `auto`
            is `float32` on a CPU and what `probe-device` finds fastest on a GPU.
        xla: whether XLA compiles the step; `auto` is false on a CPU, where its convolutions are 6 to 10 times slower,
            and what `probe-device` finds fastest on a GPU.
        depthwise: how depthwise convolutions are computed: by the library's (`standard`); by it in float32 whatever
            the precision is (`float32`); as a sum of shifted products (`shifted`), which XLA makes one loop of; or
            as products of matrices on tiles (`tiled`). `auto` is `standard` on a CPU and what `probe-device` finds
            fastest on a GPU.
    """

    model_config = _FROZEN

    epochs: Positive = 90
    batch_size: Positive = 128
    optimizer: Annotated[RmsProp | Adam | Sgd, Field(discriminator="name")] = RmsProp()
    learning_rate: PositiveFloat = 1e-3
    l2: Annotated[float, Field(ge=0)] = 4e-5
    flip: bool = False
    crop: Annotated[int, Field(ge=0)] = 0
    precision: Literal["float32", "mixed_bfloat16", "auto"] = "auto"
    xla: Literal["auto"] | bool = "auto"
    depthwise: Literal["standard", "float32", "shifted", "tiled", "auto"] = Field(
        "auto", exclude_if=lambda value: value == "auto"
    )
