"""What a study is: the science of a whole run, as one typed file in `config/studies/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from neural_predictor.children.recipe import NetworkRecipe, TrainingRecipe  # noqa: TC001 - pydantic needs them
from neural_predictor.errors import ConfigError
from neural_predictor.images.registry import IMAGE_SETS
from neural_predictor.predictors.recipe import CascadeRecipe, NeuralRecipe, Recipe
from neural_predictor.tables.benchmarks import BENCHMARKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Positive = Annotated[int, Field(gt=0)]


def _known_benchmark(name: str) -> str:
    if name not in BENCHMARKS:
        raise ValueError(f"unknown benchmark; known are {', '.join(BENCHMARKS)}")
    return name


def _known_recurrent(name: str) -> str:
    known = [other for other, benchmark in BENCHMARKS.items() if benchmark.space == "nasbench-nlp"]
    if name not in known:
        raise ValueError(f"not a benchmark of recurrent cells; known are {', '.join(known)}")
    return name


def _known_images(name: str) -> str:
    if name not in IMAGE_SETS:
        raise ValueError(f"unknown set of images; known are {', '.join(IMAGE_SETS)}")
    return name


ImagesName = Annotated[str, AfterValidator(_known_images)]
BenchmarkName = Annotated[str, AfterValidator(_known_benchmark)]
RecurrentName = Annotated[str, AfterValidator(_known_recurrent)]
PredictorName = Annotated[str, Field(pattern=r"^[a-z0-9-]+$", examples=["one-stage"])]
ChildSetName = Literal["digits", "cifar100", "caltech101", "oxford_pet", "imagenet"]
CHILD_SETS: tuple[ChildSetName, ...] = get_args(ChildSetName)
"""Names of fig9-<set> and fig4-<set>."""
TrainSize = Annotated[int, Field(ge=10)]
MIN_TEST = 10
"""Networks on which a metric of a predictor is taken at least."""
Repeats = Annotated[int, Field(ge=2)]


class Section(BaseModel):
    """A part of a configuration file: unknown keys are faults, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Searches(Section):
    """The searches without a predictor: random search and regularized evolution, on the same draws of the signal."""

    repeats: Repeats = Field(description="repeats of each, and draws of the oracle", examples=[200])
    population: Positive = Field(100, description="members of evolution's population")
    tournament: Positive = Field(10, description="members that compete to be the parent")

    @model_validator(mode="after")
    def _tournament_within_population(self) -> Searches:
        if self.tournament > self.population:
            raise ValueError(f"tournament is {self.tournament}, more than the population of {self.population}")
        return self


class Comparison(Section):
    """Searches on the same axes (paper, Fig. 4 and appendix Fig. 1)."""

    predictors: Annotated[tuple[PredictorName, ...], Field(min_length=1, examples=[["one-stage", "two-stage"]])]
    train_size: TrainSize = Field(description="N", examples=[172])
    total: Positive = Field(description="largest N + K of a curve", examples=[2000])
    repeats: Repeats = Field(description="repeats of each predictor", examples=[10])

    @model_validator(mode="after")
    def _room_for_candidates(self) -> Comparison:
        if self.train_size >= self.total:
            raise ValueError(f"total is {self.total}: N = {self.train_size} leaves no K; N must be below total")
        return self


class Fig7(Section):
    """The trade-off between N training networks and K validated candidates (paper, Fig. 7)."""

    predictor: PredictorName
    train_sizes: Annotated[tuple[TrainSize, ...], Field(min_length=1, examples=[[43, 172, 860]])]
    total: Positive = Field(description="largest N + K of a curve", examples=[2000])
    repeats: Repeats = Field(description="repeats of each N", examples=[10])

    @model_validator(mode="after")
    def _room_for_candidates(self) -> Fig7:
        if max(self.train_sizes) >= self.total:
            raise ValueError(
                f"total is {self.total}: N = {max(self.train_sizes)} leaves no K; every N must be below total"
            )
        if len(set(self.train_sizes)) < len(self.train_sizes):
            raise ValueError("train_sizes names an N twice")
        return self


class TableTau(Section):
    """Metrics of predictors over the rest of the space, for several benchmarks, beside those that figures fit."""

    predictor: PredictorName
    benchmarks: Annotated[tuple[BenchmarkName, ...], Field(min_length=1, examples=[["nasbench-graph-arxiv"]])]
    train_size: TrainSize = Field(description="N", examples=[172])
    repeats: Repeats = Field(description="random splits", examples=[10])


class Stages(Section):
    """The paper's predictor with one stage and with two (Fig. 5): fig1, fig2, fig5, fig6, fig9, table-mse."""

    one: PredictorName = Field(examples=["one-stage"])
    two: PredictorName = Field(description="a cascade", examples=["two-stage"])


class Fig9(Section):
    """Predicted against observed: networks of the training, others held back for validation, the unseen rest."""

    train_size: TrainSize = Field(description="networks that the predictor is fitted to", examples=[79])
    validation_size: TrainSize = Field(description="further networks, for validation", examples=[40])
    repeats: Repeats = Field(description="random splits", examples=[10])

    @property
    def asked(self) -> tuple[int, int]:
        """The validation size, and the networks that a table must have for it."""
        return self.validation_size, self.train_size + self.validation_size + MIN_TEST


class RecurrentFig9(Fig9):
    """Fig9 of recurrent cells, with the predictor that it shows."""

    predictor: PredictorName = Field(examples=["one-stage"])


class Nlp(Section):
    """Recurrent cells, whose signal is a loss: fig4-nlp and fig9-nlp, and rows of table-metrics and table-tau."""

    benchmark: RecurrentName = Field(description="table of these figures", examples=["nasbench-nlp"])
    fig4: Comparison = Field(description="searches side by side, as fig4")
    fig9: RecurrentFig9 = Field(description="predicted against observed, as fig9")

    @property
    def named(self) -> list[tuple[str, str]]:
        """(key, predictor) of each predictor that it names."""
        return [*(("nlp.fig4", name) for name in self.fig4.predictors), ("nlp.fig9", self.fig9.predictor)]


class ChildSet(Section):
    """Networks of the ProxylessNAS space, trained on one set of images, and the predictor that is fitted to them."""

    images: ImagesName = Field(examples=["cifar100"])
    sampling: Literal["uniform", "stratified"] = Field(
        description="uniform over the space's choices; or stratified: the number of zero layers uniform over 0 to 15"
    )
    networks: Annotated[int, Field(ge=10)] = Field(
        description="networks that are sampled and trained; at least 30 for numbers to quote", examples=[119]
    )
    seeds: Positive = Field(description="trainings of each; labels are their mean", examples=[1])
    networks_per_shard: Positive = Field(description="networks that one job trains", examples=[20])
    network: NetworkRecipe
    training: TrainingRecipe
    predictors: Annotated[tuple[PredictorName, ...], Field(min_length=1, examples=[["chain"]])] = Field(
        description="on chains of 22 layers; the first one is drawn, and chooses"
    )
    repeats: Repeats = Field(description="random partitions for cross-validation", examples=[10])
    candidates: Positive = Field(100_000, description="networks that the fitted predictor scores")
    chosen: Annotated[int, Field(ge=0)] = Field(
        0, description="K, how many of the best of them are trained too; 0: none"
    )


class Bootstrap(Section):
    """Percentile bootstrap over repeats, of every mean that is reported."""

    resamples: Annotated[int, Field(ge=100)] = 2000
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95


class Fits(NamedTuple):
    """Fits of one predictor to N networks of a benchmark; the repeats are dealt to jobs, the shards."""

    predictor: str
    benchmark: str
    train_size: int


def _fits(names: Iterable[str], benchmark: str, sizes: Iterable[int], repeats: int) -> dict[Fits, int]:
    return {Fits(name, benchmark, size): repeats for name in names for size in sizes}


class Study(Section):
    """One study: the benchmarks, sizes, repeats and seeds of a whole run. Finished studies are copied, not edited."""

    description: str = Field(examples=["what this study is for, in a sentence"])
    benchmark: BenchmarkName = Field(description="table of the figures", examples=["nasbench-graph-cs"])
    seed: Annotated[int, Field(ge=0)] = Field(description="every random draw follows from it", examples=[2020])
    repeats_per_shard: Positive = Field(description="repeats that one job trains", examples=[5])
    predictors: dict[PredictorName, Recipe] = Field(description="recipes by name")
    searches: Searches
    stages: Stages
    fig4: Comparison
    fig7: Fig7
    figa1: Comparison
    fig9: Fig9
    table_tau: TableTau
    nlp: Nlp | None = Field(None, description="recurrent cells; without it a study has no fig4-nlp and no fig9-nlp")
    children: dict[ChildSetName, ChildSet] = {}
    bootstrap: Bootstrap = Bootstrap()

    @model_validator(mode="after")
    def _names_known_predictors(self) -> Study:
        named = [(key, name) for key in ("fig4", "figa1") for name in getattr(self, key).predictors]
        named += [(key, getattr(self, key).predictor) for key in ("fig7", "table_tau")]
        named += [("stages", self.stages.one), ("stages", self.stages.two)]
        named += self.nlp.named if self.nlp is not None else []
        named += [(f"children.{key}", name) for key, plan in self.children.items() for name in plan.predictors]
        for key, name in named:
            if name not in self.predictors:
                raise ValueError(f"{key} names the predictor {name!r}; defined are {', '.join(self.predictors)}")
        for key, plan in self.children.items():
            for name in plan.predictors:
                recipe = self.predictors[name]
                if not isinstance(recipe, NeuralRecipe) or recipe.loss != "squared":
                    raise ValueError(
                        f"children.{key}.predictors names {name!r}, a {recipe.kind}; "
                        "predictors of children are neural, have one stage and the squared loss"
                    )
        for stage, kind in (("one", "gcn"), ("two", "cascade")):
            name = getattr(self.stages, stage)
            if self.predictors[name].kind != kind:
                raise ValueError(f"stages.{stage} is {name!r}; it must name a predictor of kind {kind}")
        return self

    @model_validator(mode="after")
    def _tells_recurrent_cells_apart(self) -> Study:
        if self.nlp is None:
            return self
        if self.nlp.benchmark == self.benchmark:
            raise ValueError(
                f"nlp.benchmark is {self.benchmark!r}, which is the study's own: its figures are fig4 and fig9"
            )
        others = {*self.fig4.predictors, *self.figa1.predictors, self.fig7.predictor, self.stages.two}
        for key, name in self.nlp.named:
            recipe = self.predictors[name]
            if isinstance(recipe, CascadeRecipe) and recipe.threshold is not None and name in others:
                raise ValueError(
                    f"{key} names {name!r}, whose threshold of {recipe.threshold} is for {self.benchmark}; "
                    "it needs a cascade of its own, with a threshold in nats or a quantile"
                )
        return self

    @model_validator(mode="after")
    def _fits_the_benchmarks(self) -> Study:
        for name in self.benchmarks:
            for key, (value, size) in self._asked(name).items():
                if size > BENCHMARKS[name].size:
                    raise ValueError(
                        f"{key} is {value}, but {name} has {BENCHMARKS[name].size} architectures: "
                        f"at most {BENCHMARKS[name].size - size + value}"
                    )
        return self

    @property
    def benchmarks(self) -> list[str]:
        """Names of all tables that some experiment reads, the study's own first."""
        recurrent = [] if self.nlp is None else [self.nlp.benchmark]
        return list(dict.fromkeys((self.benchmark, *self.table_tau.benchmarks, *recurrent)))

    @property
    def recurrent(self) -> Nlp:
        """What the study says of recurrent cells.

        Raises:
            ConfigError: if it says nothing of them.
        """
        if self.nlp is None:
            raise ConfigError("the study has no section `nlp`, which fig4-nlp and fig9-nlp need: benchmark, fig4, fig9")
        return self.nlp

    @property
    def one_stage(self) -> NeuralRecipe:
        """Recipe of the predictor with one stage."""
        recipe = self.predictors[self.stages.one]
        assert isinstance(recipe, NeuralRecipe)  # the study was validated
        return recipe

    @property
    def two_stage(self) -> CascadeRecipe:
        """Recipe of the predictor with two stages."""
        recipe = self.predictors[self.stages.two]
        assert isinstance(recipe, CascadeRecipe)  # the study was validated
        return recipe

    def _asked(self, benchmark: str) -> dict[str, tuple[int, int]]:
        """Key -> its value, and the architectures that a table must have for it."""
        asked = {}
        if benchmark in self.table_tau.benchmarks:
            asked["table_tau.train_size"] = (self.table_tau.train_size, self.table_tau.train_size + 1)
        if benchmark == self.benchmark:
            asked |= {f"{key}.total": (getattr(self, key).total,) * 2 for key in ("fig4", "fig7", "figa1")}
            asked["fig9.validation_size"] = self.fig9.asked
            asked["searches.population"] = (self.searches.population,) * 2
        if self.nlp is not None and benchmark == self.nlp.benchmark:
            asked["nlp.fig4.total"] = (self.nlp.fig4.total,) * 2
            asked["nlp.fig9.validation_size"] = self.nlp.fig9.asked
            asked["searches.population"] = (self.searches.population,) * 2
        return asked

    def check_rows(self, benchmark: str, rows: int) -> None:
        """Refuse a table that is too small for this study, as a file of the user's own may be.

        Raises:
            ConfigError: naming the key that asks for more.
        """
        for key, (_, size) in self._asked(benchmark).items():
            if size > rows:
                raise ConfigError(
                    f"the table {benchmark} has {rows} architectures, but {key} of the study needs {size}: "
                    "lower it, or use a larger file"
                )

    def fits_of(self, experiment: str) -> dict[Fits, int]:
        """The fits that an experiment reads, with their number of repeats; table-tau reads those of all others too.

        Raises:
            ConfigError: for fig4-nlp and fig9-nlp of a study without recurrent cells.
        """
        if experiment == "table-tau":
            return self.fits()
        if experiment in ("fig4-nlp", "fig9-nlp"):
            return self._recurrent_fits(experiment)
        one, two = self.stages.one, self.stages.two
        fig4, fig7, figa1, fig9 = self.fig4, self.fig7, self.figa1, self.fig9
        asked: dict[str, tuple[Sequence[str], Sequence[int], int]] = {
            "fig1": ([one], [fig4.train_size], 1),
            "fig2": ([one], [fig4.train_size], 1),
            "fig4": (fig4.predictors, [fig4.train_size], fig4.repeats),
            "fig5": ([two], [fig4.train_size], 1),
            "fig6": ([two], [fig4.train_size], fig4.repeats),
            "fig7": ([fig7.predictor], fig7.train_sizes, fig7.repeats),
            "figA1": (figa1.predictors, [figa1.train_size], figa1.repeats),
            "fig9-nasbench-one": ([one], [fig9.train_size], fig9.repeats),
            "fig9-nasbench-two": ([two], [fig9.train_size], fig9.repeats),
            "table-efficiency": (fig4.predictors, [fig4.train_size], fig4.repeats),
            "table-metrics": ([one, two], [fig9.train_size], fig9.repeats),
            "table-mse": ([one, two], [fig4.train_size], fig4.repeats),
        }
        names, sizes, repeats = asked.get(experiment, ((), (), 0))
        found = _fits(names, self.benchmark, sizes, repeats)
        if experiment == "table-metrics" and self.nlp is not None:
            found |= self._recurrent_fits("fig9-nlp")
        return found

    def _recurrent_fits(self, experiment: str) -> dict[Fits, int]:
        nlp = self.recurrent
        if experiment == "fig4-nlp":
            return _fits(nlp.fig4.predictors, nlp.benchmark, [nlp.fig4.train_size], nlp.fig4.repeats)
        return _fits([nlp.fig9.predictor], nlp.benchmark, [nlp.fig9.train_size], nlp.fig9.repeats)

    def fits(self) -> dict[Fits, int]:
        """All fits that some experiment of this study asks for, with their number of repeats."""
        wanted = {
            Fits(self.table_tau.predictor, name, self.table_tau.train_size): self.table_tau.repeats
            for name in self.table_tau.benchmarks
        }
        recurrent = () if self.nlp is None else ("fig4-nlp",)
        for experiment in ("fig4", "fig7", "figA1", "table-mse", "table-metrics", *recurrent):
            for key, repeats in self.fits_of(experiment).items():
                wanted[key] = max(wanted.get(key, 0), repeats)
        return wanted

    def shards(self, fits: Fits, repeats: int | None = None) -> range:
        """Numbers of the jobs that make these fits, or the first `repeats` of them."""
        wanted = self.fits().get(fits, 0)
        return range(-(-min(wanted, repeats or wanted) // self.repeats_per_shard))

    def shard_repeats(self, fits: Fits, shard: int) -> range:
        """The repeats of one job."""
        first = shard * self.repeats_per_shard
        return range(first, min(first + self.repeats_per_shard, self.fits().get(fits, 0)))
