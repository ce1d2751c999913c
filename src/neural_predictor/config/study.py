"""What a study is: the science of a whole run, as one typed file in `config/studies/`."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar, get_args

from pydantic import Field, PrivateAttr, SerializerFunctionWrapHandler, model_serializer, model_validator

from neural_predictor.config.beyond import AnyFrontier, Audit, ChildFrontier, FigRounds, FigTuning, TableMethods
from neural_predictor.config.sections import (
    BenchmarkName,
    Bootstrap,
    ChildSet,
    ChildSetName,
    Comparison,
    Fig7,
    Fig9,
    LearningCurves,
    OneBenchmark,
    Positive,
    PredictorName,
    Searches,
    Section,
    SeveralBenchmarks,
    Stages,
    TableTau,
    Tabular,
)
from neural_predictor.config.sharing_recipes import MIN_REST, Sharing
from neural_predictor.errors import ConfigError
from neural_predictor.predictors.cascade import CascadeRecipe
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.recipe_base import NeuralRecipe
from neural_predictor.predictors.recipes import Recipe  # noqa: TC001 - pydantic needs it
from neural_predictor.tables.benchmarks import BENCHMARKS

Kind = TypeVar("Kind", bound=Tabular)
LATER = ("audit", "fig_rounds", "fig_tuning", "table_methods", "frontier", "sharing")
"""Sections that studies had not when the first of them were finished."""


class Study(Section):
    """One study: the benchmarks, sizes, repeats and seeds of a whole run. Finished studies are copied, not edited.

    A section that may be missing stands for figures that the study then does not make.
    """

    description: str = Field(examples=["what this study is for, in a sentence"])
    benchmark: BenchmarkName = Field(
        description="table of the figures whose section names no other", examples=["nasbench-graph-cs"]
    )
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
    figa1_tau: LearningCurves | None = Field(None, description="tau against N: figA1-tau")
    fig4_nlp: Comparison | None = Field(None, description="fig4 of another benchmark, of recurrent cells: fig4-nlp")
    fig9_nlp: Fig9 | None = Field(None, description="fig9 of another benchmark, of recurrent cells: fig9-nlp")
    audit: Audit | None = Field(None, description="defects of earlier code, each switched on: fig-audit")
    fig_rounds: FigRounds | None = Field(None, description="trainings to a level by batch: fig-rounds")
    fig_tuning: FigTuning | None = Field(None, description="what other hyper-parameters find: fig-tuning")
    table_methods: TableMethods | None = Field(None, description="the table of methods: table-methods")
    frontier: AnyFrontier | None = Field(None, description="accuracy against a cost: fig10, fig11, table-frontier")
    children: dict[ChildSetName, ChildSet] = Field({})
    sharing: Sharing | None = Field(None, description="methods that share weights, on a set of children: fig-sharing")
    bootstrap: Bootstrap = Bootstrap()
    _name: str = PrivateAttr("")

    @property
    def name(self) -> str:
        """Of its file, and of its folder in `results/`; no value of the study, and empty until `with_name` gives it."""
        return self._name

    def with_name(self, name: str) -> Study:
        """This study under a name."""
        study = self.model_copy()
        study._name = name
        return study

    @model_serializer(mode="wrap")
    def _without_later_sections(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Its values without the sections of `LATER` that are missing: digests of finished studies stay."""
        found: dict[str, Any] = handler(self)
        return {key: value for key, value in found.items() if value is not None or key not in LATER}

    @model_validator(mode="after")
    def _names_known_predictors(self) -> Study:
        named = [("stages", self.stages.one), ("stages", self.stages.two)]
        named += [(key, name) for key, section in self.sections.items() for name in section.predictor_names]
        named += [(f"children.{key}", name) for key, plan in self.children.items() for name in plan.predictors]
        for key, name in named:
            if name not in self.predictors:
                raise ValueError(f"{key} names the predictor {name!r}; defined are {', '.join(self.predictors)}")
        for key, plan in self.children.items():
            for name in plan.predictors:
                if isinstance(self.predictors[name], CascadeRecipe):
                    raise ValueError(f"children.{key}.predictors names {name!r}, a cascade; name one of one stage")
            chooses = self.predictors[plan.predictors[0]]
            if plan.chosen and not (isinstance(chooses, NeuralRecipe) and chooses.loss != "logistic"):
                raise ValueError(
                    f"children.{key}.predictors begins with {plan.predictors[0]!r}, a {chooses.kind}; the first one "
                    "chooses, and must be neural: put another first, or set chosen to 0"
                )
        for stage, kind in (("one", "gcn"), ("two", "cascade")):
            name = getattr(self.stages, stage)
            if self.predictors[name].kind != kind:
                raise ValueError(f"stages.{stage} is {name!r}; it must name a predictor of kind {kind}")
        return self

    @model_validator(mode="after")
    def _weights_are_shared_by_a_set(self) -> Study:
        if self.sharing is not None and self.sharing.children not in self.children:
            known = ", ".join(self.children) or "none"
            raise ValueError(f"sharing.children is {self.sharing.children!r}; under `children` the study has {known}")
        if self.sharing is not None and self.children[self.sharing.children].network.variant != "paper":
            raise ValueError(
                f"sharing.children is {self.sharing.children!r}, whose network.variant is as-replicated; weights can "
                "be shared in the variant paper alone: name another set"
            )
        against = None if self.sharing is None else self.sharing.against
        if self.sharing is not None and against is not None:
            if against.predictor not in self.predictors:
                known = ", ".join(self.predictors)
                raise ValueError(f"sharing.against.predictor is {against.predictor!r}; defined are {known}")
            most = self.children[self.sharing.children].networks - against.validated
            if max(against.train_sizes) > most:
                raise ValueError(
                    f"sharing.against.train_sizes has {max(against.train_sizes)}; at most {most} leave "
                    f"{against.validated} of the set to be validated: lower it, or validated"
                )
        bridge = None if self.sharing is None else self.sharing.bridge
        if self.sharing is not None and bridge is not None:
            most = self.children[self.sharing.children].networks - MIN_REST
            if max(bridge.train_sizes) > most:
                raise ValueError(
                    f"sharing.bridge.train_sizes has {max(bridge.train_sizes)}; at most {most} leave {MIN_REST} of the "
                    "set for tau: lower it"
                )
        return self

    @model_validator(mode="after")
    def _a_front_of_children_has_latencies(self) -> Study:
        if not isinstance(self.frontier, ChildFrontier):
            return self
        name = self.frontier.children
        if name not in self.children:
            known = ", ".join(self.children) or "none"
            raise ValueError(f"frontier.children is {name!r}; under `children` the study has {known}")
        if self.children[name].latency is None or not self.children[name].chosen:
            raise ValueError(
                f"frontier.children is {name!r}; fig10 needs its section latency, and architectures that are chosen: "
                f"add children.{name}.latency and children.{name}.chosen"
            )
        return self

    @model_validator(mode="after")
    def _variants_are_of_other_benchmarks(self) -> Study:
        for key, section in self.sections.items():
            base = key.partition("_")[0]
            other = self.sections.get(base)
            if other is None or other is section or type(other) is not type(section):
                continue
            if self.benchmark_of(section) == self.benchmark_of(other):
                raise ValueError(
                    f"{key}.benchmark is {self.benchmark_of(section)!r}, which is that of {base}: "
                    f"{key} shows the same of another benchmark; name one, or leave {key} out"
                )
        return self

    @model_validator(mode="after")
    def _a_threshold_is_for_one_benchmark(self) -> Study:
        own = {self.stages.two: self.benchmark_of(self.fig4)}
        for key, section in self.sections.items():
            # fig9 shows the stages where it names no predictor
            names = section.predictor_names or ((self.stages.two,) if isinstance(section, Fig9) else ())
            for name in (*names, self.stages.two) if isinstance(section, Audit) else names:
                recipe = self.predictors[name]
                for benchmark in section.tables(self.benchmark):
                    first = own.setdefault(name, benchmark)
                    if isinstance(recipe, CascadeRecipe) and recipe.threshold is not None and first != benchmark:
                        raise ValueError(
                            f"{key} names {name!r}, whose threshold of {recipe.threshold} is for {first}; "
                            f"it needs a cascade of its own, with a threshold for {benchmark} or a quantile"
                        )
        return self

    @model_validator(mode="after")
    def _a_fixed_width_is_all_that_differs(self) -> Study:
        if self.audit is None or self.audit.width is None:
            return self
        name, one = self.audit.width.predictor, self.one_stage
        fixed = self.predictors[name]
        if not isinstance(fixed, GcnRecipe) or fixed.model_copy(update={"width": one.width}) != one:
            raise ValueError(f"audit.width names {name!r}; it must be {self.stages.one!r} with another width, no more")
        size = self.audit.width.train_size
        if fixed.width == "paper" or fixed.width == one.width_for(size):
            raise ValueError(
                f"audit.width: the width of {name!r} is {fixed.width}, and that of {self.stages.one!r} is "
                f"{one.width_for(size)} at N = {size}; it must be another number"
            )
        return self

    @model_validator(mode="after")
    def _methods_are_run(self) -> Study:
        rounds, tuning, table = self.fig_rounds, self.fig_tuning, self.table_methods
        if table is None:
            return self
        if rounds is None or tuning is None:
            raise ValueError("table_methods shows the runs of fig_rounds and fig_tuning: add both sections")
        for key, section in (("fig4", self.fig4), ("fig_rounds", rounds), ("fig_tuning", tuning)):
            if self.benchmark_of(section) != self.benchmark_of(rounds):
                raise ValueError(
                    f"{key}.benchmark is {self.benchmark_of(section)!r} and that of fig_rounds "
                    f"{self.benchmark_of(rounds)!r}; table_methods needs them on one"
                )
            if table.regret_at > section.total:
                raise ValueError(
                    f"table_methods.regret_at is {table.regret_at}, more than {key}.total, {section.total}"
                )
        return self

    @model_validator(mode="after")
    def _fits_the_benchmarks(self) -> Study:
        sizes = {name: benchmark.size for name, benchmark in BENCHMARKS.items()}
        if both := sorted(set(sizes) & set(self.children)):
            raise ValueError(f"children.{both[0]} has the name of a benchmark; give the set another")
        sizes |= {name: plan.networks for name, plan in self.children.items()}
        for name in self.benchmarks:
            if name not in sizes:
                key = next(key for key, section in self.sections.items() if name in section.tables(self.benchmark))
                several = "s" if isinstance(getattr(self, key), SeveralBenchmarks) else ""
                where = "benchmark" if name == self.benchmark else f"{key}.benchmark{several}"
                raise ValueError(f"{where} names {name!r}, which is unknown; known are {', '.join(sizes)}")
            for key, (value, size) in self._asked(name).items():
                if size > sizes[name]:
                    raise ValueError(
                        f"{key} is {value}, but {name} has {sizes[name]} architectures: "
                        f"at most {sizes[name] - size + value}"
                    )
        return self

    @property
    def sections(self) -> dict[str, Tabular]:
        """Key -> section, of those that the study has and whose figures read tables."""
        found = {key: getattr(self, key) for key in type(self).model_fields}
        return {key: section for key, section in found.items() if isinstance(section, Tabular)}

    @property
    def benchmarks(self) -> list[str]:
        """Names of all tables that some section reads, the study's own first."""
        names = (name for section in self.sections.values() for name in section.tables(self.benchmark))
        return list(dict.fromkeys((self.benchmark, *names)))

    def benchmark_of(self, section: Section | None) -> str:
        """The benchmark of a section with one table, the study's own where it names none."""
        if isinstance(section, TableMethods):
            section = self.fig_rounds
        return (isinstance(section, OneBenchmark) and section.benchmark) or self.benchmark

    def of_kind(self, section: Kind) -> list[Kind]:
        """This section and all others of its model, in the study's order."""
        return [each for each in self.sections.values() if type(each) is type(section)]

    @classmethod
    def keys_of(cls, section: str) -> list[str]:
        """The keys of a section, of `children` those of one set."""
        model = _section_in(cls.model_fields[section].annotation)
        assert model is not None
        return list(model.model_fields)

    def children_of(self, section: ChildSet) -> str:
        """The name of a set of children."""
        return next(name for name, plan in self.children.items() if plan is section)

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
        asked: dict[str, tuple[int, int]] = {}
        for key, section in self.sections.items():
            if benchmark in section.tables(self.benchmark):
                asked |= {f"{key}.{name}": sizes for name, sizes in section.asked.items()}
                if isinstance(section, Comparison):  # which evolution takes part in
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


def _section_in(annotation: Any) -> type[Section] | None:
    """The first section that a field may hold."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part)) is not None), None)
