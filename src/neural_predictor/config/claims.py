"""Claims of the paper, its slides and its replication: `config/claims.yaml`, one entry a claim."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from neural_predictor.config.sections import Section

Name = Annotated[str, Field(pattern=r"^[a-z0-9-]+$", examples=["two-stages-smaller-error"])]
Column = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_]+$")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")]
Source = Literal["paper", "slides", "replication"]


class Measure(Section):
    """One number of an artefact's CSV, and its interval."""

    where: dict[Column, str | float] = Field(
        default_factory=dict,
        description="column -> value of its row; a number is compared as a number",
        examples=[{"method": "two-stage", "panel": "signal_by_samples"}],
    )
    take: Literal["only", "max", "min"] = Field(
        "only", description="the only such row, or the one with the largest or smallest value"
    )
    value: Column = Field(description="column of the number", examples=["mean"])
    low: Column | None = Field("low", description="column of the interval's lower end; null: it has no interval")
    high: Column | None = Field("high", description="column of its upper end")


class Test(Section):
    """What an artefact's CSV must say for a claim to hold.

    The tested number is `measure`, or its difference to `against`, or its ratio to it. The interval of a difference or
    ratio takes both intervals at their ends, so it is wider than a joint bootstrap's.
    """

    artefact: str = Field(description="figure or table whose CSV has the numbers", examples=["table-efficiency"])
    measure: Measure
    against: Measure | None = Field(None, description="what it is compared with")
    relation: Literal["difference", "ratio"] = Field("difference", description="how it is compared")
    at_least: float | None = Field(None, description="holds if the whole interval is at least this")
    at_most: float | None = Field(None, description="holds if the whole interval is at most this")
    scale: float = Field(1, description="what the number is multiplied with to be shown, as is the bound")
    unit: str = Field("", description="of the number as it is shown")
    decimals: Annotated[int, Field(ge=0, le=8)] = Field(2, description="digits behind the point that are shown")

    @model_validator(mode="after")
    def _one_bound(self) -> Test:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a test has either at_least or at_most")
        return self

    @property
    def bound(self) -> float:
        """The number that the test compares with."""
        found = self.at_least if self.at_least is not None else self.at_most
        assert found is not None
        return found


class Claim(Section):
    """One claim.

    What is not measured says why (`unmeasured`) in place of a `test`.
    """

    name: Name
    says: str = Field(description="its sense, in our words")
    source: Source = Field(description="who says it")
    place: str = Field(description="where: section or slide", examples=["abstract"])
    refuted_by: str = Field(description="what would refute it")
    measured: str = Field(description="what is measured here; {fig4.train_size} stands for that value of the study")
    needs: dict[Key, int | float | str] = Field(
        default_factory=dict,
        description="values of the study that the claim speaks of; a study with others does not measure it",
        examples=[{"fig9.train_size": 79}],
    )
    paper: str | None = Field(None, description="the paper's number")
    replication: str | None = Field(None, description="the 2021 replication's number")
    test: Test | None = None
    unmeasured: str | None = Field(None, description="why no number tests it yet")

    @model_validator(mode="after")
    def _tested_or_not(self) -> Claim:
        if (self.test is None) == (self.unmeasured is None):
            raise ValueError("a claim has either a test, or says why it is unmeasured")
        return self


class Claims(Section):
    """`config/claims.yaml`."""

    claims: Annotated[tuple[Claim, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _named_once(self) -> Claims:
        names = [claim.name for claim in self.claims]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two claims are named {name!r}; give one another name")
        return self
