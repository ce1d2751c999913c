"""Defects of earlier code that a study can switch on to see what they do to its figures: one row each.

`audit.defects` of a study names them, and `fig-audit` shows them. Their code is in `figures/audit/defects`, which no
other figure imports. docs/protocol.md lists all defects of the 2021 replication, also those that no table can show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from neural_predictor.records import by_name

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One defect.

    Attributes:
        name: what studies call it.
        kind: of the 2021 replication, or of a peer: another library that has this predictor.
        source: where it was found.
        title: of its panel.
        what: what it is, in half a sentence.
        shown: entry point `module:function` below `figures.audit.defects`, of (Evidence) -> Finding.
        needs: the fits that it is shown with: `one` and `two`, the study's stages at N; `width`, the predictor with one
            stage and that of a fixed width, at an N of their own.
    """

    name: str
    kind: Literal["replication", "peer"]
    source: str
    title: str
    what: str
    shown: str
    needs: tuple[Literal["one", "two", "width"], ...] = ("one",)


def _row(number: int) -> str:
    """The source of a defect of the replication, a row of docs/protocol.md."""
    return f"2021 replication, row {number}"


DEFECTS = by_name(
    "config/defects.py",
    [
        Defect(
            name="mean-of-singles",
            kind="replication",
            source=_row(1),
            title="random search as a mean of singles",
            what="each point of random search is the mean of 60 fresh single architectures, then a running maximum",
            shown="searches:mean_of_singles",
            needs=(),
        ),
        Defect(
            name="test-selection",
            kind="replication",
            source=_row(2),
            title="running maximum of the test curve",
            what="the mean test curve is replaced by its running maximum over K",
            shown="searches:maximum_of_test",
        ),
        Defect(
            name="small-pool",
            kind="replication",
            source=_row(3),
            title="N + K candidates in place of the space",
            what="candidates are N + K fresh random architectures, not the whole space",
            shown="searches:small_pool",
        ),
        Defect(
            name="pool-per-budget",
            kind="replication",
            source=_row(3),
            title="another pool for every K, best over all",
            what="every K has a fresh pool of N + K, and the curve is the running maximum over all of them",
            shown="searches:pool_per_budget",
        ),
        Defect(
            name="predictions-unused",
            kind="replication",
            source=_row(4),
            title="filtered random search as the predictor",
            what="the classifier filters, and of what it accepts K are drawn at random: the scores are never used",
            shown="searches:predictions_unused",
            needs=("two",),
        ),
        Defect(
            name="training-not-charged",
            kind="replication",
            source=_row(4),
            title="the N trainings are not charged",
            what="time starts after the N training architectures, which are free",
            shown="times:training_not_charged",
        ),
        Defect(
            name="time-twice",
            kind="replication",
            source=_row(5),
            title="cumulative time added up twice",
            what="random search by time adds a cumulative sum to a cumulative sum",
            shown="times:time_twice",
            needs=(),
        ),
        Defect(
            name="oracle-by-test",
            kind="replication",
            source=_row(6),
            title="oracle by the best single test run",
            what="the oracle is the best test accuracy of a single run, not the test of the best validation",
            shown="reports:oracle_by_test",
            needs=(),
        ),
        Defect(
            name="one-predictor",
            kind="replication",
            source=_row(7),
            title="one predictor for all repeats",
            what="one training set and one fitted predictor serve all repeats",
            shown="searches:one_predictor",
        ),
        Defect(
            name="double-training-set",
            kind="replication",
            source=_row(8),
            title="344 trainings drawn as 172",
            what="classifier and regressor have N architectures each, 2 N in all, drawn as N",
            shown="searches:double_training_set",
            needs=("one", "two"),
        ),
        Defect(
            name="fixed-width",
            kind="replication",
            source=_row(9),
            title="one width D for every N",
            what="D = 144 whatever N is",
            shown="fits:fixed_width",
            needs=("width",),
        ),
        Defect(
            name="duplicates",
            kind="replication",
            source=_row(10),
            title="training architectures among the test",
            what="36 % of the test set are architectures of the training set",
            shown="reports:duplicates",
        ),
        Defect(
            name="long-cosine",
            kind="replication",
            source=_row(13),
            title="cosine over 10,000 steps",
            what="the learning rate falls along a cosine of 10,000 steps, however many steps there are",
            shown="fits:long_cosine",
        ),
        Defect(
            name="clipped-head",
            kind="replication",
            source=_row(14),
            title="linear layer, clipped sigmoid",
            what="no activation after the fully connected layer; the output is min(100, 100 sigmoid + 10), in percent",
            shown="fits:clipped_head",
        ),
        Defect(
            name="padding-pooled",
            kind="replication",
            source=_row(15),
            title="padding pooled, symmetric normalisation",
            what="the directed graph is normalised symmetrically by row degree; padding has self-loops and is averaged",
            shown="fits:padding_pooled",
        ),
        Defect(
            name="five-test-points",
            kind="replication",
            source=_row(17),
            title="five test architectures",
            what="the predictor is measured on five architectures",
            shown="reports:five_test_points",
        ),
        Defect(
            name="gradients-kept",
            kind="peer",
            source="GCN predictor of NASLib and naszilla",
            title="gradients never reset",
            what="gradients are not set to zero between steps, so that each step follows the sum of all before",
            shown="fits:gradients_kept",
        ),
        Defect(
            name="ranking-unused",
            kind="peer",
            source="predictor search of naszilla",
            title="random search sold as predictor",
            what="predictions are sorted, and then the first K random architectures are trained",
            shown="searches:ranking_unused",
        ),
        Defect(
            name="few-candidates",
            kind="peer",
            source="predictor search of NASLib",
            title="2 x epochs candidates",
            what="only twice as many random candidates are ranked as there are trainings",
            shown="searches:few_candidates",
        ),
    ],
)
"""Name -> row, in the order of the panels."""


def fits_needed(names: Iterable[str]) -> set[str]:
    """What the defects of these names are shown with, of `Defect.needs`."""
    return {each for name in names for each in DEFECTS[name].needs}
