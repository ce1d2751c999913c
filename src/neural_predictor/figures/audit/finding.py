"""What a defect does to a number: the honest value beside the defect's, the rule, and the sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neural_predictor.config.defects import Defect
    from neural_predictor.statistics.bootstrap import Estimate

RULE = "A defect changes its number where the two intervals do not meet; else it changes nothing that can be told."
FACTOR = 2
"""An interval is said to be wider or narrower from this factor on."""


@dataclass(frozen=True)
class Measure:
    """A number that a figure shows.

    Attributes:
        subject: whose it is, such as `random search`.
        what: as it is read in a sentence, such as `the validation accuracy of random search after 500 trainings`.
        axis: as it stands below a panel, without its unit.
        unit: of the values of a `Finding`; empty for a coefficient.
        decimals: with which it is written.
        more_is_better: whether a larger value is a better one.
    """

    subject: str
    what: str
    axis: str
    unit: str
    decimals: int
    more_is_better: bool = True

    def shown(self, value: float) -> str:
        """A value without its unit."""
        return f"{value:.{self.decimals}f}"

    def with_unit(self, value: float) -> str:
        """A value with its unit."""
        return f"{self.shown(value)} {self.unit}".rstrip()


@dataclass(frozen=True)
class Finding:
    """A number with a defect and without.

    Attributes:
        measure: what it is, in its unit.
        honest: the value, with its interval.
        defect: the value with the defect, likewise.
        honest_repeats: that the honest mean is of.
        defect_repeats: that the other is of.
        note: what must be said besides; a sentence, or nothing.
    """

    measure: Measure
    honest: Estimate
    defect: Estimate
    honest_repeats: int
    defect_repeats: int
    note: str = ""

    @property
    def changes(self) -> bool:
        """Whether the two intervals do not meet."""
        return self.honest.high < self.defect.low or self.defect.high < self.honest.low

    def sentence(self) -> str:
        """What one would have concluded, with the numbers."""
        measure, h, d = self.measure, self.honest, self.defect
        said = f"With the defect, {measure.what} is {measure.shown(d.value)} instead of {measure.with_unit(h.value)}"
        width = self._width()
        if self.changes:
            word = "better" if (d.value > h.value) == measure.more_is_better else "worse"
            unit = measure.unit.replace("%", "percentage points")
            less = f"{measure.shown(abs(d.value - h.value))} {unit}".rstrip()
            said += f": {measure.subject} would look {word} than it is, by {less}."
            said += f" Its interval {width}." if width else ""
        elif width:
            said += f": the two intervals meet, but that of the defect {width}."
        else:
            said += ": it changes nothing that can be told."
        return f"{said} {self.note}".rstrip()

    def _width(self) -> str:
        """What the defect does to the interval."""
        honest, defect = (each.high - each.low for each in (self.honest, self.defect))
        if honest > 0 and defect <= 1e-9 * honest:
            return f"has no width in place of {self.measure.with_unit(honest)}: it hides all variance"
        if honest > 0 and defect >= FACTOR * honest:
            return f"is {defect / honest:.1f} times as wide"
        if defect > 0 and honest >= FACTOR * defect:
            return f"is {honest / defect:.1f} times as narrow"
        return ""

    def row(self, defect: Defect) -> dict[str, object]:
        """A row of fig-audit's numbers."""
        return {
            "defect": defect.name,
            "kind": defect.kind,
            "source": defect.source,
            "title": defect.title,
            "what": defect.what,
            "axis": self.measure.axis,
            "unit": self.measure.unit,
            "honest": self.honest.value,
            "honest_low": self.honest.low,
            "honest_high": self.honest.high,
            "with_defect": self.defect.value,
            "with_defect_low": self.defect.low,
            "with_defect_high": self.defect.high,
            "honest_repeats": self.honest_repeats,
            "with_defect_repeats": self.defect_repeats,
            "verdict": "changes" if self.changes else "nothing",
            "sentence": self.sentence(),
        }
