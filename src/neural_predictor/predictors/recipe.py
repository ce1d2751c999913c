"""How a predictor is built and trained. Values and their sources: Wen et al. 2020, appendix; see config/studies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAPER_WIDTHS = {43: 48, 86: 72, 129: 96, 172: 144, 344: 210, 860: 320}
"""Width D of a graph convolution by number N of training networks (appendix; printed there as 334, run as 344)."""

Positive = Annotated[int, Field(gt=0)]
PAIRWISE = ("hinge", "pairwise-logistic")
"""Losses of the pairs of a batch."""
_GIVEN_TO_PROGRAM = ("epochs", "learning_rate", "weight_decay", "margin")
"""Fields that compiled training takes as numbers."""


class NeuralRecipe(BaseModel):
    """A neural predictor: the paper's graph convolutional network, or one of those that it is compared with.

    Attributes:
        kind: `gcn`; `dagnn`, a recurrent network that runs along the edges (module `dagnn`); `mlp`, fully connected
            layers on the operations and A_hat of all places; `cnn`, convolutions over three neighbouring places with
            max-pooling (both as the replication has them, on A alone, but with padding masked and with the activation
            that its fully connected layer lacks); `assessor`, `nao` and `pnas`, LSTMs
            over the sequence of nodes (Deng et al. 2017; Luo et al. 2018; Liu et al. 2018: module `sequences` says
            what each is and what differs from its source).
        layers: graph convolutions (3 for cells; 18 for ProxylessNAS chains), sweeps of the DAGNN, along the edges and
            against them in turn, or layers of the MLP, CNN or LSTM.
        width: D, or "paper": `PAPER_WIDTHS`, between its N interpolated linearly and held constant outside. Of an
            LSTM, the size of its state.
        hidden: widths of the fully connected ReLU layers that follow (for the GCN, after the mean over nodes), before
            the one that gives the scalar; none of them for an empty list.
        initial_gain: factor of the Glorot-uniform kernels of graph convolutions at the start. 2 undoes the halves of
            the paper's equation: with 1, each layer passes on about half of what it gets, three layers bear that, and
            eighteen pass on a hundred thousandth, so that the fit never leaves the mean (bench/chains.py).
        dropout: rate after each of those (the paper does not say where; this is our choice).
        loss: `squared` error of z-scored labels; `logistic` loss of labels 0 and 1 (the cascade's classifier); or one
            of the order of a batch: `hinge`, max(0, margin - (s_i - s_j)) over its pairs where i is better than j;
            `pairwise-logistic`, log(1 + exp(s_j - s_i)) over the same; `listwise`, ListMLE (Xia et al., ICML 2008).
            Their scores have no unit; a line through the training labels gives them one.
        margin: of the hinge loss.
        epochs: passes over the N training networks.
        batch_size: networks a step; the last step of an epoch takes what is left.
        learning_rate: initial rate of Adam; a cosine brings it to zero over all steps.
        weight_decay: L2, added to the gradient of every kernel (not of biases) before Adam. Decoupled decay at
            this learning rate would shrink weights by less than a thousandth over a whole training, which is
            none at all, and the code of the paper's time knew decay as an L2 term: so L2 it is.
        optimizer: `adam`, or `adamw`: kernels shrink by learning rate times weight decay in each step, beside Adam.
        readout: how a GCN or DAGNN makes one vector of its nodes: their `mean`, or `mean-sum-max`: that, their sum
            over the square root of their number, and their largest values, side by side. A DAGNN's vector has besides
            the mean state where each of the last two sweeps ends.
        reach: whether their layers also see all nodes that a node reaches and is reached from, as two further
            directions with kernels of their own.
        structure: whether their nodes also carry where they stand: depth, degrees, share of paths
            (`propagation.node_structure`), which few layers cannot count.
        precision: `mixed_bfloat16` multiplies matrices in bfloat16 and keeps weights and sums in float32 (GPUs).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["gcn", "dagnn", "mlp", "cnn", "assessor", "nao", "pnas"] = "gcn"
    layers: Positive = 3
    width: Positive | Literal["paper"] = "paper"
    hidden: tuple[Positive, ...] = (128,)
    initial_gain: Annotated[float, Field(gt=0)] = 1.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    loss: Literal["squared", "logistic", "hinge", "pairwise-logistic", "listwise"] = "squared"
    margin: Annotated[float, Field(gt=0)] = 0.1
    epochs: Positive = 300
    batch_size: Positive = 10
    learning_rate: Annotated[float, Field(gt=0)] = 1e-4
    weight_decay: Annotated[float, Field(ge=0)] = 1e-3
    optimizer: Literal["adam", "adamw"] = "adam"
    readout: Literal["mean", "mean-sum-max"] = "mean"
    reach: bool = False
    structure: bool = False
    precision: Literal["float32", "mixed_bfloat16"] = "float32"

    @model_validator(mode="after")
    def _only_graph_networks_see_structure(self) -> NeuralRecipe:
        if self.kind not in ("gcn", "dagnn") and (self.reach or self.structure or self.readout != "mean"):
            raise ValueError(f"reach, structure and readout are of kind gcn or dagnn; this is {self.kind}")
        return self

    @property
    def ranks(self) -> bool:
        """Whether the loss is of the order alone, so that labels are taken as normal scores of their ranks."""
        return self.loss in (*PAIRWISE, "listwise")

    @property
    def untrained(self) -> NeuralRecipe:
        """The same network with training as it is by default: what a network computes depends on nothing of it."""
        return self._with_defaults("initial_gain", "loss", "batch_size", "optimizer", *_GIVEN_TO_PROGRAM)

    @property
    def program(self) -> NeuralRecipe:
        """What compiled training depends on: recipes with equal ones share it, and give it the rest as numbers."""
        loss = "hinge" if self.loss in PAIRWISE else self.loss
        return self.model_copy(update={"loss": loss})._with_defaults("initial_gain", *_GIVEN_TO_PROGRAM)

    def _with_defaults(self, *fields: str) -> NeuralRecipe:
        return NeuralRecipe(**self.model_dump(exclude=set(fields)))

    @property
    def directions(self) -> int:
        """Directions in which messages pass."""
        return 4 if self.reach else 2

    @property
    def fixed_places(self) -> bool:
        """Whether graphs must be padded to the number of nodes that the network was made for."""
        return self.kind in ("mlp", "cnn")

    @property
    def local(self) -> bool:
        """Whether a node's embedding depends on its neighbourhood alone and a graph is the mean of its nodes."""
        return self.kind == "gcn" and self.readout == "mean" and not (self.reach or self.structure)

    def width_for(self, train_size: int) -> int:
        """D for N = `train_size` training networks."""
        if self.width != "paper":
            return self.width
        return round(float(np.interp(train_size, list(PAPER_WIDTHS), list(PAPER_WIDTHS.values()))))


class CascadeRecipe(BaseModel):
    """The paper's two stages (Fig. 5): a classifier drops inaccurate networks, a regressor ranks the rest.

    Both learn from the same N networks: the classifier from all, with label 1 where the signal is better than a
    threshold; the regressor from those of label 1. D follows from N in both.

    Attributes:
        classifier: its recipe (loss `logistic`).
        regressor: its recipe.
        threshold: signal above which a network is accurate (the paper: 91 % on NAS-Bench-101), or
        quantile: share of a repeat's N networks that are not (for tables of another range).
        min_accepted: with fewer accurate networks among the N, or with none that is not, one stage must do: the
            regressor is fitted to all N and ranks everything; the protocol counts how often.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["cascade"]
    classifier: NeuralRecipe
    regressor: NeuralRecipe
    threshold: float | None = None
    quantile: Annotated[float, Field(gt=0, lt=1)] | None = None
    min_accepted: Annotated[int, Field(ge=10)] = 10

    def bounds(self, labels: NDArray[np.floating], *, maximise: bool) -> NDArray[np.float64]:
        """(R, 1) signal that an accurate network must be better than, for (R, N) training labels."""
        if self.threshold is not None:
            return np.full((len(labels), 1), self.threshold)
        share = self.quantile or 0.5
        found = np.quantile(labels, share if maximise else 1 - share, axis=1, keepdims=True)
        return np.asarray(found, np.float64)

    @staticmethod
    def accurate(
        signal: NDArray[np.floating], bound: NDArray[np.floating] | float, *, maximise: bool
    ) -> NDArray[np.bool_]:
        """Which signals are better than a bound, of any shapes that broadcast; equal is not better."""
        return np.asarray(signal > bound if maximise else signal < bound)

    @model_validator(mode="after")
    def _consistent(self) -> CascadeRecipe:
        if (self.threshold is None) == (self.quantile is None):
            raise ValueError("a cascade takes either a threshold or a quantile")
        if self.classifier.loss != "logistic" or self.regressor.loss == "logistic":
            raise ValueError("classifier.loss must be logistic, and regressor.loss another one")
        return self


class BoostedTreesRecipe(BaseModel):
    """Gradient-boosted trees (XGBoost) on graph features, with normal scores of the labels' ranks.

    Attributes:
        trees: their number in one ensemble.
        ensembles: of different seeds, whose mean is the prediction.
        depth: of a tree.
        learning_rate: factor of each tree.
        rows, columns: shares of networks and of features that a tree sees.
        min_child_weight: networks in a leaf, at least.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["xgboost"] = "xgboost"
    trees: Positive = 500
    ensembles: Positive = 2
    depth: Positive = 4
    learning_rate: Annotated[float, Field(gt=0)] = 0.03
    rows: Annotated[float, Field(gt=0, le=1)] = 0.7
    columns: Annotated[float, Field(gt=0, le=1)] = 0.3
    min_child_weight: Annotated[float, Field(ge=0)] = 3


class ForestRecipe(BaseModel):
    """Extremely randomized trees on graph features, with normal scores of the labels' ranks.

    Attributes:
        trees: their number.
        columns: share of the features among which each split is chosen.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["forest"] = "forest"
    trees: Positive = 300
    columns: Annotated[float, Field(gt=0, le=1)] = 0.3


class GaussianProcessRecipe(BaseModel):
    """A Gaussian process on standardised graph features, with normal scores of the labels' ranks.

    Attributes:
        smoothness: nu of the Matern kernel; its length, height and noise are those of highest marginal likelihood.
        relevance: features are scaled by their importance to a forest, to this power; 0 leaves all alike.
        trees: of that forest.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["gp"] = "gp"
    smoothness: Annotated[float, Field(gt=0)] = 1.5
    relevance: Annotated[float, Field(ge=0, le=1)] = 0.5
    trees: Positive = 300


SingleRecipe = Annotated[
    NeuralRecipe | BoostedTreesRecipe | ForestRecipe | GaussianProcessRecipe, Field(discriminator="kind")
]
HINGE = NeuralRecipe(
    width=64,
    loss="hinge",
    optimizer="adamw",
    learning_rate=1e-3,
    weight_decay=1e-2,
    epochs=150,
    batch_size=16,
    readout="mean-sum-max",
    structure=True,
)
"""A GCN with a loss of the order: docs/predictors.md has what else was tried."""
SEQUENCE = NeuralRecipe(
    kind="assessor", layers=1, width=100, hidden=(), epochs=50, learning_rate=5e-3, weight_decay=0.0
)
"""An LSTM over the nodes, with the one rate and length that suit all three of `sequences` on development thirds."""
HINGE_REACH = HINGE.model_copy(update={"reach": True})
DAGNN = HINGE.model_copy(
    update={
        "kind": "dagnn",
        "layers": 2,
        "loss": "pairwise-logistic",
        "learning_rate": 3e-3,
        "batch_size": 8,
        "epochs": 50,
    },
)
"""A sweep along the edges, then one against them."""
DAGNN_HINGE = DAGNN.model_copy(update={"loss": "hinge", "learning_rate": 4e-3, "batch_size": 16})
"""Another loss of the order, and larger steps: which of the two ranks better depends on the search space."""


def _best_members() -> dict[str, SingleRecipe]:
    """Members in the order in which they are fitted: the last scores by what was compiled for the first, meanwhile."""
    return {
        "dagnn": DAGNN,
        "xgboost": BoostedTreesRecipe(),
        "forest": ForestRecipe(),
        "gp": GaussianProcessRecipe(),
        "dagnn-hinge": DAGNN_HINGE,
    }


class BlendRecipe(BaseModel):
    """A weighted mean of predictors, with weights chosen by cross-validation on the N training networks alone.

    The default is the project's best predictor, the same for every search space.

    Attributes:
        members: their recipes by name.
        folds: of the cross-validation.
        seeds: fits of each neural member to all N networks, whose mean is its prediction.
        shrinkage: how strongly weights are drawn to those of the prior, as a share of N.
        prior: weights by member, up to a factor; 1 of those that are not named. Of the default members the two DAGNNs
            have most of it: docs/predictors.md says why.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["blend"] = "blend"
    members: Annotated[dict[str, SingleRecipe], Field(min_length=2)] = Field(default_factory=_best_members)
    folds: Annotated[int, Field(ge=2)] = 5
    seeds: Positive = 3
    shrinkage: Annotated[float, Field(ge=0)] = 0.5
    prior: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _prior_of_the_default(cls, values: Any) -> Any:
        if not isinstance(values, dict) or "members" in values:
            return values
        return {"prior": {"dagnn": 10, "dagnn-hinge": 6}, **values}

    @model_validator(mode="after")
    def _prior_of_members(self) -> BlendRecipe:
        if unknown := sorted(set(self.prior) - set(self.members)):
            raise ValueError(f"prior names {', '.join(unknown)}; the members are {', '.join(self.members)}")
        return self


Recipe = Annotated[
    NeuralRecipe | BoostedTreesRecipe | ForestRecipe | GaussianProcessRecipe | BlendRecipe | CascadeRecipe,
    Field(discriminator="kind"),
]
