"""Methods that share weights, as a study names them; `sharing.registry` has their sources."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from neural_predictor.config.child_recipes import TrainingRecipe  # noqa: TC001 - pydantic needs it
from neural_predictor.config.sections import ChildSetName, Positive, Section

PositiveFloat = Annotated[float, Field(gt=0)]
MethodName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", examples=["one-shot"])]


class SharingRecipe(Section):
    """What all methods have."""

    training: TrainingRecipe = Field(description="of the shared weights; a set of children's own keys")
    calibration: Positive = Field(
        10, description="training batches whose moments normalise a path, in place of moving ones, when it is evaluated"
    )
    start: Literal["alone", "alike"] = Field(
        "alike",
        description="alone: weights start as those of stand-alone networks; alike: all choices of a layer start from "
        "the same weights, and residual blocks add nothing",
    )
    candidates: Positive = Field(200, description="paths among which a method chooses that has to evaluate them")


class OneShot(SharingRecipe):
    """Single-path one-shot: train shared weights by random paths, then evaluate paths."""

    kind: Literal["one-shot"] = "one-shot"
    sampling: Literal["uniform", "stratified", "fair", "drop-path"] = Field(
        "uniform",
        description="each layer's choice uniform; or stratified: all depths alike often; or fair: seven paths in turn "
        "that take each choice alike often; or drop-path: all choices at once, each of which is kept by chance",
    )
    keep: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="chance that drop-path keeps a choice, in the last epoch; in the first all are"
    )


Recipe = OneShot


class Sharing(Section):
    """Methods that share weights, on the architectures, the images and the recipe of a set of children."""

    children: ChildSetName = Field(description="the set of children that they are held against")
    methods: Annotated[dict[MethodName, Recipe], Field(min_length=1)] = Field(description="recipes by name")
