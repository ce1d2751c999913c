"""What a study is: the science of a whole run, as one typed file in `config/studies/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from neural_predictor.config.sections import (
    MIN_TEST,
    BenchmarkName,
    Bootstrap,
    ChildSet,
    ChildSetName,
    Comparison,
    Fig7,
    Fig9,
    LearningCurves,
    Nlp,
    Positive,
    PredictorName,
    Searches,
    Section,
    Stages,
    TableTau,
)
from neural_predictor.errors import ConfigError
from neural_predictor.fits.key import FitKey
from neural_predictor.predictors.cascade import CascadeRecipe
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.recipe_base import NeuralRecipe
from neural_predictor.predictors.recipes import Recipe  # noqa: TC001 - pydantic needs it
from neural_predictor.tables.benchmarks import BENCHMARKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def _fits(names: Iterable[str], benchmark: str, sizes: Iterable[int], repeats: int) -> dict[FitKey, int]:
    return {FitKey(name, benchmark, size): repeats for name in names for size in sizes}


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
    figa1_tau: LearningCurves | None = Field(None, description="tau against N; without it a study has no figA1-tau")
    nlp: Nlp | None = Field(None, description="recurrent cells; without it a study has no fig4-nlp and no fig9-nlp")
    children: dict[ChildSetName, ChildSet] = Field({})
    bootstrap: Bootstrap = Bootstrap()

    @model_validator(mode="after")
    def _names_known_predictors(self) -> Study:
        named = [(key, name) for key in ("fig4", "figa1") for name in getattr(self, key).predictors]
        named += [(key, getattr(self, key).predictor) for key in ("fig7", "table_tau")]
        named += [("stages", self.stages.one), ("stages", self.stages.two)]
        named += self.nlp.named if self.nlp is not None else []
        named += [("figa1_tau", name) for name in (self.figa1_tau.predictors if self.figa1_tau is not None else ())]
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
        curves = () if self.figa1_tau is None else self.figa1_tau.benchmarks
        return list(dict.fromkeys((self.benchmark, *self.table_tau.benchmarks, *curves, *recurrent)))

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
    def learning_curves(self) -> LearningCurves:
        """What the study says of tau against N.

        Raises:
            ConfigError: if it says nothing of it.
        """
        if self.figa1_tau is None:
            asked = ", ".join(LearningCurves.model_fields)
            raise ConfigError(f"the study has no section `figa1_tau`, which figA1-tau needs: {asked}")
        return self.figa1_tau

    @property
    def one_stage(self) -> GcnRecipe:
        """Recipe of the predictor with one stage."""
        recipe = self.predictors[self.stages.one]
        assert isinstance(recipe, GcnRecipe)  # the study was validated
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
        if self.figa1_tau is not None and benchmark in self.figa1_tau.benchmarks:
            largest = max(self.figa1_tau.train_sizes)
            asked["figa1_tau.train_sizes"] = (largest, largest + MIN_TEST)
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

    def fits_of(self, experiment: str) -> dict[FitKey, int]:
        """The fits that an experiment reads, with their number of repeats; table-tau reads those of all others too.

        Raises:
            ConfigError: for fig4-nlp and fig9-nlp of a study without recurrent cells, figA1-tau of one without it.
        """
        if experiment == "table-tau":
            return self.fits()
        if experiment in ("fig4-nlp", "fig9-nlp"):
            return self._recurrent_fits(experiment)
        if experiment == "figA1-tau":
            return self._curve_fits()
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

    def _recurrent_fits(self, experiment: str) -> dict[FitKey, int]:
        nlp = self.recurrent
        if experiment == "fig4-nlp":
            return _fits(nlp.fig4.predictors, nlp.benchmark, [nlp.fig4.train_size], nlp.fig4.repeats)
        return _fits([nlp.fig9.predictor], nlp.benchmark, [nlp.fig9.train_size], nlp.fig9.repeats)

    def _curve_fits(self) -> dict[FitKey, int]:
        plan = self.learning_curves
        return {
            fits: repeats
            for name in plan.benchmarks
            for fits, repeats in _fits(plan.predictors, name, plan.train_sizes, plan.repeats).items()
        }

    def fits(self) -> dict[FitKey, int]:
        """All fits that some experiment of this study asks for, with their number of repeats."""
        wanted = {
            FitKey(self.table_tau.predictor, name, self.table_tau.train_size): self.table_tau.repeats
            for name in self.table_tau.benchmarks
        }
        optional = [*(() if self.nlp is None else ["fig4-nlp"]), *(() if self.figa1_tau is None else ["figA1-tau"])]
        for experiment in ("fig4", "fig7", "figA1", "table-mse", "table-metrics", *optional):
            for key, repeats in self.fits_of(experiment).items():
                wanted[key] = max(wanted.get(key, 0), repeats)
        return wanted

    def shards(self, fits: FitKey, repeats: int | None = None) -> range:
        """Numbers of the jobs that make these fits, or the first `repeats` of them."""
        wanted = self.fits().get(fits, 0)
        return range(-(-min(wanted, repeats or wanted) // self.repeats_per_shard))

    def shard_repeats(self, fits: FitKey, shard: int) -> range:
        """The repeats of one job."""
        first = shard * self.repeats_per_shard
        return range(first, min(first + self.repeats_per_shard, self.fits().get(fits, 0)))
