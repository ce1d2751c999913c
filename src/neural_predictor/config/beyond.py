"""Sections of a study that go beyond the paper: searches compared, defects of earlier code, fronts under a cost."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from neural_predictor.config.defects import DEFECTS, fits_needed
from neural_predictor.config.sections import (
    MIN_TEST,
    ChildSetName,
    OneBenchmark,
    Positive,
    PredictorName,
    Repeats,
    SearchName,
    Section,
    TrainSize,
)
from neural_predictor.records import meant
from neural_predictor.search.fronts.registry import FRONT_SEARCHES


def _known_defect(name: str) -> str:
    if name not in DEFECTS:
        raise ValueError(f"unknown defect {name!r}{meant(name, DEFECTS)}; known are {', '.join(DEFECTS)}")
    return name


def _known_front_search(name: str) -> str:
    if name not in FRONT_SEARCHES:
        raise ValueError(f"unknown search for a front; known are {', '.join(FRONT_SEARCHES)}")
    return name


SearchNames = Annotated[tuple[SearchName, ...], Field(min_length=1, examples=[["random", "evolution", "rounds"]])]
DefectName = Annotated[str, AfterValidator(_known_defect)]
FrontSearchName = Annotated[str, AfterValidator(_known_front_search)]


class OfSearches(OneBenchmark):
    """A section whose figures show searches alone, each run as jobs of its own."""

    searches: SearchNames
    total: Positive = Field(description="architectures that each search trains", examples=[300])
    repeats: Repeats = Field(description="repeats of each search", examples=[5])

    @property
    def predictor_names(self) -> tuple[str, ...]:
        """None: what a search fits is its own."""
        return ()

    @property
    def asked(self) -> dict[str, tuple[int, int]]:
        """The budget."""
        return {"total": (self.total, self.total)}

    @model_validator(mode="after")
    def _named_once(self) -> OfSearches:
        if len(set(self.searches)) < len(self.searches):
            raise ValueError("searches names a search twice")
        return self


class FigRounds(OfSearches):
    """Trainings that searches need for a level, by how many they train side by side."""

    batches: Annotated[tuple[Positive, ...], Field(min_length=1, examples=[[5, 20, 100]])]
    level_trainings: Positive = Field(2000, description="of random search, whose mean result is the level")

    @property
    def asked(self) -> dict[str, tuple[int, int]]:
        """The budget, and random search's."""
        return super().asked | {"level_trainings": (self.level_trainings, self.level_trainings)}

    @model_validator(mode="after")
    def _batches_within_total(self) -> FigRounds:
        if max(self.batches) > self.total:
            raise ValueError(f"batches has {max(self.batches)}, more than the total of {self.total}")
        if list(self.batches) != sorted(set(self.batches)):
            raise ValueError("batches must ascend, each once")
        return self


class FigTuning(OfSearches):
    """What searches find with other hyper-parameters than their defaults."""

    settings: Annotated[int, Field(ge=3)] = Field(
        20, description="of each search: its defaults, and others drawn from the ranges in its file"
    )
    batch: Positive = Field(20, description="architectures that are trained side by side")

    @model_validator(mode="after")
    def _batch_within_total(self) -> FigTuning:
        if self.batch > self.total:
            raise ValueError(f"batch is {self.batch}, more than the total of {self.total}")
        return self


class TableMethods(Section):
    """The slides' table of methods, with numbers of the runs of fig_rounds and fig_tuning."""

    workers: Annotated[tuple[Positive, ...], Field(min_length=2)] = Field(
        (1, 10, 100, 1000), description="machines that train side by side"
    )
    regret_at: Positive = Field(200, description="trainings after which the regret is taken")


class FixedWidth(Section):
    """The predictor with one stage beside that of one width D for every N, at an N whose own D is another."""

    predictor: PredictorName = Field(description="the recipe of stages.one, with a number for its width")
    train_size: TrainSize = Field(description="N of both", examples=[43])


class Audit(OneBenchmark):
    """Defects of earlier code, each switched on in a figure's main number: fig-audit."""

    defects: Annotated[tuple[DefectName, ...], Field(min_length=1, examples=[["mean-of-singles"]])] = Field(
        description="those that are shown, each alone and all together"
    )
    train_size: TrainSize = Field(description="N", examples=[172])
    total: Positive = Field(description="N + K at which searches are compared", examples=[500])
    repeats: Repeats = Field(description="repeats of each predictor", examples=[10])
    faulty_repeats: Repeats = Field(
        2,
        description="the first of these repeats, in which predictors with a fault of training are fitted",
        examples=[5],
    )
    width: FixedWidth | None = Field(None, description="what the defect fixed-width is shown with")

    @model_validator(mode="after")
    def _consistent(self) -> Audit:
        if self.train_size >= self.total:
            raise ValueError(f"total is {self.total}: N = {self.train_size} leaves no K; N must be below total")
        if self.faulty_repeats > self.repeats:
            raise ValueError(f"faulty_repeats is {self.faulty_repeats}, more than the {self.repeats} repeats")
        if len(set(self.defects)) < len(self.defects):
            raise ValueError("defects names a defect twice")
        if ("fixed-width" in self.defects) != (self.width is not None):
            raise ValueError("the defect fixed-width and the key width belong together: give both or none")
        return self

    @property
    def needs(self) -> set[str]:
        """The fits that its defects are shown with: `one` and `two`, the study's stages, and `width`."""
        return fits_needed(self.defects)

    @property
    def predictor_names(self) -> tuple[str, ...]:
        """The predictor of a fixed width, where there is one; others are the study's stages."""
        return () if self.width is None else (self.width.predictor,)

    @property
    def asked(self) -> dict[str, tuple[int, int]]:
        """N trainings and twice the budget, since a defect that charges less buys more of them."""
        asked = {"total": (self.total, self.train_size + 2 * self.total)}
        if self.width is not None:
            asked["width.train_size"] = (self.width.train_size, self.width.train_size + MIN_TEST)
        return asked


class Frontier(OneBenchmark):
    """Accuracy against a cost that is known before training: searches for the front."""

    cost: str = Field(description="metric of the table that is known before training", examples=["latency_ms"])
    bounds: Annotated[tuple[float, ...], Field(min_length=1, max_length=4)] = Field(
        description="values of the cost at which a choice is made", examples=[[3, 5, 8]]
    )
    searches: tuple[FrontSearchName, ...] = Field(tuple(FRONT_SEARCHES), min_length=1)
    total: Annotated[int, Field(gt=100)] = Field(description="trainings of each search", examples=[200])
    repeats: Repeats = Field(description="repeats of each search", examples=[20])

    @property
    def predictor_names(self) -> tuple[str, ...]:
        """None: its searches have predictors of their own."""
        return ()

    @property
    def asked(self) -> dict[str, tuple[int, int]]:
        """The budget."""
        return {"total": (self.total, self.total)}

    @property
    def known(self) -> bool:
        """Whether the true front is known, as that of a table is."""
        return True


class ChildFrontier(Section):
    """The front of a set of children, of which nobody knows the true one: fig10 alone."""

    children: ChildSetName = Field(description="a set with a section `latency`")

    @property
    def known(self) -> bool:
        """Never."""
        return False


def _kind_of_frontier(value: Any) -> str:
    of_children = "children" in value if isinstance(value, dict) else isinstance(value, ChildFrontier)
    return "children" if of_children else "table"


AnyFrontier = Annotated[
    Annotated[Frontier, Tag("table")] | Annotated[ChildFrontier, Tag("children")], Discriminator(_kind_of_frontier)
]
"""Of a table, or of a set of children: the key `children` tells."""
