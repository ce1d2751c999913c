"""The sections of a study: what one figure, or one set of children, asks for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from neural_predictor.config.child_recipes import NetworkRecipe, TrainingRecipe  # noqa: TC001 - pydantic needs them
from neural_predictor.images.registry import IMAGE_SETS
from neural_predictor.search.registry import SEARCHES

Positive = Annotated[int, Field(gt=0)]


def _known_images(name: str) -> str:
    if name not in IMAGE_SETS:
        raise ValueError(f"unknown set of images; known are {', '.join(IMAGE_SETS)}")
    return name


def _known_search(name: str) -> str:
    if name not in SEARCHES:
        raise ValueError(f"unknown search; known are {', '.join(SEARCHES)}")
    return name


def _search_of_figures(name: str) -> str:
    if not SEARCHES[_known_search(name)].whole:
        whole = ", ".join(each for each, row in SEARCHES.items() if row.whole)
        raise ValueError(f"{name} stops trainings before their end, and figures count whole ones; there are {whole}")
    return name


SearchName = Annotated[str, AfterValidator(_search_of_figures)]
ImagesName = Annotated[str, AfterValidator(_known_images)]
BenchmarkName = Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")]
"""A benchmark, or one of the study's sets of children; the study checks it."""
PredictorName = Annotated[str, Field(pattern=r"^[a-z0-9-]+$", examples=["one-stage"])]
ChildSetName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", examples=["digits"])]
"""The part of fig9-<set> and fig4-<set>, and the name of the set's table."""
TrainSize = Annotated[int, Field(ge=10)]
MIN_TEST = 10
"""Architectures on which a metric of a predictor is taken at least."""
MOST = 100_000
"""Repeats or architectures of a part of a study: more jobs than that no plan holds."""
Repeats = Annotated[int, Field(ge=2, le=MOST)]


class Section(BaseModel):
    """A part of a configuration file: unknown keys are faults, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Searches(Section):
    """The searches that no predictor of the study guides, on the same draws of the signal.

    Random search and regularized evolution run in all repeats at once; others are jobs of their own.
    """

    repeats: Repeats = Field(description="of random search and evolution, and draws of the oracle", examples=[200])
    population: Positive = Field(100, description="members of evolution's population")
    tournament: Positive = Field(10, description="members that compete to be the parent")
    asking_repeats: Repeats = Field(10, description="repeats of each other search")
    batch: Positive = Field(20, description="architectures that each other search trains side by side")

    @model_validator(mode="after")
    def _tournament_within_population(self) -> Searches:
        if self.tournament > self.population:
            raise ValueError(f"tournament is {self.tournament}, more than the population of {self.population}")
        return self


class Tabular(Section):
    """A section whose figures read tables of benchmarks: what it asks of the study and of the tables."""

    @property
    def predictor_names(self) -> tuple[str, ...]:
        """The predictors that it names."""
        raise NotImplementedError

    @property
    def asked(self) -> dict[str, tuple[int, int]]:
        """Key -> its value, and the architectures that each table of this section must have for it."""
        raise NotImplementedError

    def tables(self, own: str) -> tuple[str, ...]:
        """Names of its benchmarks, in a study whose own is `own`."""
        raise NotImplementedError


class OneBenchmark(Tabular):
    """A section whose figures read one table."""

    benchmark: BenchmarkName | None = Field(
        None, description="table of these figures, or set of children; none: the study's own"
    )

    def tables(self, own: str) -> tuple[str, ...]:
        """The section's benchmark, or the study's own."""
        return (self.benchmark or own,)


class Comparison(OneBenchmark):
    """Searches on the same axes (paper, Fig. 4 and appendix Fig. 1)."""

    predictors: Annotated[tuple[PredictorName, ...], Field(min_length=1, examples=[["one-stage", "two-stage"]])]
    searches: tuple[SearchName, ...] = Field(("random", "evolution"), description="without a predictor of the study")
    train_size: TrainSize = Field(description="N", examples=[172])
    total: Positive = Field(description="largest N + K of a curve", examples=[2000])
    repeats: Repeats = Field(description="repeats of each predictor", examples=[10])
    place: bool = Field(False, description="whether a panel shows the place of the choice among all")

    @model_validator(mode="after")
    def _room_for_candidates(self) -> Comparison:
        if self.train_size >= self.total:
            raise ValueError(f"total is {self.total}: N = {self.train_size} leaves no K; N must be below total")
        return self

    @property
    def predictor_names(self) -> tuple[str, ...]:
        """Those that are compared."""
        return self.predictors

    @property
    def asked(self) -> dict[str, tuple[int, int]]:
        """The budget."""
        return {"total": (self.total, self.total)}


class Fig7(OneBenchmark):
    """The trade-off between N training architectures and K validated candidates (paper, Fig. 7)."""

    predictor: PredictorName
    train_sizes: Annotated[tuple[TrainSize, ...], Field(min_length=1, examples=[[43, 172, 860]])]
    total: Positive = Field(description="largest N + K of a curve", examples=[2000])
    repeats: Repeats = Field(description="repeats of each N", examples=[10])
    other_repeats: dict[TrainSize, Repeats] = Field({}, description="N: its repeats, where it has others")

    def repeats_of(self, train_size: int) -> int:
        """Repeats of one N."""
        return self.other_repeats.get(train_size, self.repeats)

    @property
    def said_repeats(self) -> dict[str, int]:
        """The repeats as a protocol says them."""
        several = {f"the predictor at N = {size}": repeats for size, repeats in self.other_repeats.items()}
        return {"the predictor at each other N" if several else "the predictor at each N": self.repeats, **several}

    @model_validator(mode="after")
    def _repeats_of_known_sizes(self) -> Fig7:
        if unknown := sorted(set(self.other_repeats) - set(self.train_sizes)):
            raise ValueError(
                f"other_repeats names N = {unknown[0]}; train_sizes are {', '.join(map(str, self.train_sizes))}"
            )
        return self

    @model_validator(mode="after")
    def _room_for_candidates(self) -> Fig7:
        if max(self.train_sizes) >= self.total:
            raise ValueError(
                f"total is {self.total}: N = {max(self.train_sizes)} leaves no K; every N must be below total"
            )
        if len(set(self.train_sizes)) < len(self.train_sizes):
            raise ValueError("train_sizes names an N twice")
        return self

    @property
    def predictor_names(self) -> tuple[str, ...]:
        """Its predictor."""
        return (self.predictor,)

    @property
    def asked(self) -> dict[str, tuple[int, int]]:
        """The budget."""
        return {"total": (self.total, self.total)}


class Fig9(OneBenchmark):
    """Predicted against observed: architectures of the training, others held back for validation, the unseen rest."""

    predictor: PredictorName | None = Field(None, description="that is shown; none: the study's stages")
    train_size: TrainSize = Field(description="architectures that the predictor is fitted to", examples=[79])
    validation_size: TrainSize = Field(description="further architectures, for validation", examples=[40])
    repeats: Repeats = Field(description="random splits", examples=[10])

    @property
    def predictor_names(self) -> tuple[str, ...]:
        """Its predictor, where it names one."""
        return () if self.predictor is None else (self.predictor,)

    @property
    def asked(self) -> dict[str, tuple[int, int]]:
        """Both sets, and a test set that metrics can be taken on."""
        return {"validation_size": (self.validation_size, self.train_size + self.validation_size + MIN_TEST)}


class SeveralBenchmarks(Tabular):
    """A section whose figures read the tables that it lists."""

    benchmarks: Annotated[tuple[BenchmarkName, ...], Field(min_length=1, examples=[["nasbench-graph-arxiv"]])]

    def tables(self, own: str) -> tuple[str, ...]:
        """The benchmarks that it lists, whichever is the study's own."""
        return self.benchmarks


class TableTau(SeveralBenchmarks):
    """Metrics of predictors over the rest of the space, for several benchmarks, beside those that figures fit."""

    predictor: PredictorName
    train_size: TrainSize = Field(description="N", examples=[172])
    repeats: Repeats = Field(description="random splits", examples=[10])

    @property
    def predictor_names(self) -> tuple[str, ...]:
        """Its predictor."""
        return (self.predictor,)

    @property
    def asked(self) -> dict[str, tuple[int, int]]:
        """One architecture that the predictor is not fitted to."""
        return {"train_size": (self.train_size, self.train_size + 1)}


class LearningCurves(SeveralBenchmarks):
    """Kendall tau of predictors against the number N of their training architectures."""

    predictors: Annotated[tuple[PredictorName, ...], Field(min_length=1, examples=[["one-stage", "best"]])]
    train_sizes: Annotated[tuple[TrainSize, ...], Field(min_length=2, examples=[[43, 172, 860]])]
    repeats: Repeats = Field(description="random splits of each N", examples=[10])

    @property
    def predictor_names(self) -> tuple[str, ...]:
        """All its predictors."""
        return self.predictors

    @property
    def asked(self) -> dict[str, tuple[int, int]]:
        """The largest N, and a test set that metrics can be taken on."""
        largest = max(self.train_sizes)
        return {"train_sizes": (largest, largest + MIN_TEST)}


class Stages(Section):
    """The paper's predictor with one stage and with two (Fig. 5): fig1, fig2, fig5, fig6, fig9, table-mse."""

    one: PredictorName = Field(examples=["one-stage"])
    two: PredictorName = Field(description="a cascade", examples=["two-stage"])


class ChildLatency(Section):
    """What the architectures of a set take on a device: a window that all are drawn from, and how some are chosen."""

    model: Literal["pixel1", "here"] = Field(
        description="pixel1: TuNAS's linear model; here: networks of the set measured on the machine that builds them"
    )
    at_least: Annotated[float, Field(gt=0)] | None = Field(
        None, description="ms, the lower end of the window", examples=[75]
    )
    at_most: Annotated[float, Field(gt=0)] | None = Field(
        None, description="ms, the upper end of the window", examples=[85]
    )
    random: Annotated[int, Field(ge=0, le=MOST)] = Field(
        0, description="further architectures of the window, at random, that are trained beside the choice"
    )
    choose: Literal["best", "front"] = Field(
        "best", description="best: by predicted accuracy; or front: spread along the predicted front"
    )

    @property
    def bounded(self) -> bool:
        """Whether there is a window."""
        return self.at_least is not None or self.at_most is not None

    @model_validator(mode="after")
    def _a_window_is_the_same_everywhere(self) -> ChildLatency:
        if self.model == "here" and (self.bounded or self.random):
            raise ValueError(
                "model is here, whose numbers differ by machine, and the sample of a study does not: leave at_least, "
                "at_most and random out, or take pixel1"
            )
        if self.at_least is not None and self.at_most is not None and self.at_least >= self.at_most:
            raise ValueError(f"at_least is {self.at_least:g}, which must be below at_most, {self.at_most:g}")
        return self


class ChildSet(Section):
    """Architectures of the ProxylessNAS space, trained on one set of images, and the predictors fitted to them."""

    images: ImagesName = Field(examples=["cifar100"])
    sampling: Literal["uniform", "stratified"] = Field(
        description="uniform over the space's choices; or stratified: the number of zero layers uniform over 0 to 15"
    )
    networks: Annotated[int, Field(ge=10, le=MOST)] = Field(
        description="architectures that are sampled and trained; at least 30 for numbers to quote", examples=[119]
    )
    seeds: Positive = Field(description="trainings of each; labels are their mean", examples=[1])
    networks_per_shard: Positive = Field(description="architectures that one job trains", examples=[20])
    network: NetworkRecipe
    training: TrainingRecipe
    predictors: Annotated[tuple[PredictorName, ...], Field(min_length=1, examples=[["chain"]])] = Field(
        description="on chains of 22 layers; the first one is drawn, and chooses"
    )
    repeats: Repeats = Field(description="random partitions for cross-validation", examples=[10])
    candidates: Positive = Field(100_000, description="architectures that the fitted predictor scores")
    chosen: Annotated[int, Field(ge=0)] = Field(
        0, description="K, how many of the best of them are trained too; 0: none"
    )
    latency: ChildLatency | None = Field(None, description="what they take on a device; none: not asked")

    @model_validator(mode="after")
    def _latencies_are_of_these_networks(self) -> ChildSet:
        if self.latency is not None and self.network.variant != "paper":
            raise ValueError("network.variant is as-replicated, and latencies are those of the paper's strides")
        fewest = 20
        if self.latency is not None and self.latency.model == "here" and self.networks < fewest:
            raise ValueError(f"networks is {self.networks}; a latency model fitted here needs {fewest}")
        return self

    @model_serializer(mode="wrap")
    def _without_latency(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Its values without a latency that is not asked: digests of finished studies stay."""
        found: dict[str, Any] = handler(self)
        return {key: value for key, value in found.items() if value is not None or key != "latency"}


class Bootstrap(Section):
    """Percentile bootstrap over repeats, of every mean that is reported."""

    resamples: Annotated[int, Field(ge=100)] = 2000
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
