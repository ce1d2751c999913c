"""Methods that share weights, as a study names them; `sharing.registry` has their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from neural_predictor.config.child_recipes import TrainingRecipe  # noqa: TC001 - pydantic needs it
from neural_predictor.config.sections import ChildSetName, Positive, PredictorName, Repeats, Section
from neural_predictor.search.ranges import Choice, Range

if TYPE_CHECKING:
    from neural_predictor.search.ranges import Ranges

PositiveFloat = Annotated[float, Field(gt=0)]
MethodName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", examples=["one-shot"])]
WARM_UP = Range(0, 0.5)
MIN_REST = 5
"""Architectures on which tau is taken at least."""


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

    @property
    def evaluated(self) -> int:
        """Paths among which the method chooses by their accuracies."""
        return 1

    @property
    def ranges(self) -> Ranges:
        """Name, of a part's as `part.name`, -> what drawn settings have it from (`sharing.tuning`).

        Epochs are shares of the most that the study allows, and a warm-up is a share of the epochs.
        """
        return {
            "training.epochs": Range(0.25, 1, log=True),
            "training.learning_rate": Range(0.001, 0.02, log=True),
            "calibration": Range(2, 20, log=True, whole=True),
        }


class EvaluatingRecipe(SharingRecipe):
    """What methods have that choose by evaluation."""

    candidates: Positive = Field(200, description="paths among which it chooses, by their accuracies")

    @property
    def evaluated(self) -> int:
        """Paths among which the method chooses by their accuracies."""
        return self.candidates


class OneShot(EvaluatingRecipe):
    """Single-path one-shot: train shared weights by random paths, then evaluate paths."""

    kind: Literal["one-shot"]
    sampling: Literal["uniform", "stratified", "fair", "drop-path"] = Field(
        "uniform",
        description="each layer's choice uniform; or stratified: all depths alike often; or fair: seven paths in turn "
        "that take each choice alike often; or drop-path: all choices at once, each of which is kept by chance",
    )
    keep: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="chance that drop-path keeps a choice, in the last epoch; in the first all are"
    )

    @property
    def ranges(self) -> Ranges:
        """Of drop-path, which trains all choices at once, the chance; of one path a step how it is drawn."""
        if self.sampling == "drop-path":
            return {**super().ranges, "keep": Range(0.2, 0.8)}
        return {**super().ranges, "sampling": Choice(("uniform", "stratified", "fair"))}


class Smash(EvaluatingRecipe):
    """A hypernetwork generates the weights of random paths, and learns; then paths are evaluated."""

    kind: Literal["smash"]
    sampling: Literal["uniform", "stratified"] = Field("uniform", description="of the paths, as for one-shot")
    units: Positive = Field(64, description="of the hypernetwork's hidden layer")
    rank: Positive = Field(4, description="learnt kernels that each layer's is a sum of")

    @property
    def ranges(self) -> Ranges:
        """Also of paths and hypernetwork."""
        return {
            **super().ranges,
            "sampling": Choice(("uniform", "stratified")),
            "units": Range(16, 256, log=True, whole=True),
            "rank": Range(2, 8, log=True, whole=True),
        }


class Enas(EvaluatingRecipe):
    """A controller draws the paths that train shared weights, and learns from their accuracies."""

    kind: Literal["enas"]
    policy_units: Positive = Field(100, description="of the controller's LSTM")
    policy_rate: PositiveFloat = Field(0.00035, description="learning rate of the controller, with Adam")
    policy_steps: Positive = Field(20, description="of the controller after an epoch of the weights")
    policy_paths: Positive = Field(5, description="that are drawn for each of these steps")
    memory: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.99, description="share of the moving average of accuracies that stays at each step of the controller"
    )
    warm_up: Annotated[int, Field(ge=0)] = Field(0, description="epochs before the controller learns")

    @property
    def ranges(self) -> Ranges:
        """Also of the controller."""
        return {
            **super().ranges,
            "policy_units": Range(16, 128, log=True, whole=True),
            "policy_rate": Range(0.001, 0.03, log=True),
            "policy_steps": Range(2, 10, log=True, whole=True),
            "policy_paths": Range(4, 16, log=True, whole=True),
            "memory": Range(0.5, 0.99),
            "warm_up": WARM_UP,
        }


class AlphaRecipe(SharingRecipe):
    """What methods have that learn a probability of each choice."""

    alpha_rate: PositiveFloat = Field(3e-4, description="learning rate of the alphas, with Adam")
    alpha_decay: Annotated[float, Field(ge=0)] = Field(0.0, description="weight decay of the alphas")
    warm_up: Annotated[int, Field(ge=0)] = Field(0, description="epochs before the alphas learn")

    @property
    def ranges(self) -> Ranges:
        """Also of the alphas."""
        return {**super().ranges, "alpha_rate": Range(0.001, 0.1, log=True), "warm_up": WARM_UP}


class Darts(AlphaRecipe):
    """All choices at once, weighted by a softmax that descends the loss of validation images."""

    kind: Literal["darts"]
    alpha_decay: Annotated[float, Field(ge=0)] = Field(1e-3, description="weight decay of the alphas")

    @property
    def ranges(self) -> Ranges:
        """Also of their weight decay."""
        return {**super().ranges, "alpha_decay": Range(0.0001, 0.01, log=True)}


class Proxyless(AlphaRecipe):
    """One path at a time for the weights, two for the alphas, and the latency in the loss."""

    kind: Literal["proxylessnas"]
    latency_weight: Annotated[float, Field(ge=0)] = Field(
        0.0, description="of the expected latency over latency_ms, which is added to the loss"
    )
    latency_ms: PositiveFloat = Field(
        80.0, description="by TuNAS's linear model of the Pixel 1, at width 1 and 224 pixels"
    )

    @property
    def ranges(self) -> Ranges:
        """Also of what latency counts."""
        return {**super().ranges, "latency_weight": Range(0.1, 10, log=True)}


Recipe = Annotated[OneShot | Smash | Enas | Darts | Proxyless, Field(discriminator="kind")]


class Against(Section):
    """What the methods' choices are held against at equal compute: fig4-sharing."""

    predictor: PredictorName = Field(description="fitted to architectures of the set, to choose among the rest of it")
    train_sizes: Annotated[list[Positive], Field(min_length=1)] = Field(description="N, architectures it is fitted to")
    validated: Positive = Field(5, description="K, architectures that it then has trained")
    repeats: Positive = Field(5, description="fits of each N")


class Tuning(Section):
    """What the methods find with other hyper-parameters: fig-sharing-tuning."""

    settings: Annotated[int, Field(ge=2)] = Field(
        10, description="of each method: its own, and others drawn from the ranges of its recipe"
    )
    epochs_at_most: Annotated[float, Field(gt=0, le=1)] = Field(
        1.0, description="share of a method's own epochs that a drawn setting trains at most; a quarter of it at least"
    )


class Bridge(Section):
    """Scores by shared weights as one more feature of a predictor: fig-bridge."""

    train_sizes: Annotated[list[Positive], Field(min_length=1, examples=[[10, 20, 40]])] = Field(
        description="N, architectures of the set that a predictor is fitted to"
    )
    repeats: Repeats = Field(50, description="random splits of each N")


class Sharing(Section):
    """Methods that share weights, on the architectures, the images and the recipe of a set of children."""

    children: ChildSetName = Field(description="the set of children that they are held against")
    methods: Annotated[dict[MethodName, Recipe], Field(min_length=1)] = Field(description="recipes by name")
    seeds: Positive = Field(
        1,
        description="searches by each method, which differ in first weights, order and draws",
        exclude_if=lambda value: value == 1,
    )
    against: Against | None = Field(
        None, description="methods' choices trained alone, and held against a predictor at equal compute: fig4-sharing"
    )
    tuning: Tuning | None = Field(
        None,
        description="methods run with drawn hyper-parameters too: fig-sharing-tuning",
        exclude_if=lambda value: value is None,
    )
    bridge: Bridge | None = Field(
        None, description="their scores as features of a predictor: fig-bridge", exclude_if=lambda value: value is None
    )
