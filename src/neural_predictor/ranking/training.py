"""Training architectures: graphs with labels, checked, each architecture once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import RankingError
from neural_predictor.ranking.architectures import listed, read_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.ranking.architectures import Architectures, Source
    from neural_predictor.ranking.cells import Cells, Vocabulary

MIN_ARCHITECTURES = 10
"""Fewer teach nothing that cross-validation could show."""
MAX_LABEL = 1e100
"""Beyond it squares of labels overflow."""
FAR, TOO_FAR = 1e3, 1e6
"""Distance of some labels from all others, in units of the spread of these, that is mentioned, and that is refused."""
MIN_SPREAD = 1e-3
"""Of labels that are not about equal, as a share of their size."""


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """N different architectures with labels.

    Attributes:
        cells: their graphs.
        labels: (N,) in the label's unit, the mean of an architecture that stood there more than once.
        identities: (N,) of their graphs.
        repeated: number of rows beyond the first of their architecture.
        notes: what to say of them, a sentence each.
        costs: (N,) their costs, likewise means; None where none was asked for.
    """

    cells: Cells
    labels: NDArray[np.float64]
    identities: NDArray[np.void]
    repeated: int
    notes: list[str] = field(default_factory=list)
    costs: NDArray[np.float64] | None = None


def read_training(source: Source, label: str, vocabulary: Vocabulary, cost: str | None = None) -> TrainingSet:
    """The training architectures of a source, each once, with the mean of its labels in the column `label`.

    Those of the column `cost` are read too, unless it is None.

    Raises:
        FormatError: if the source is not of its form, or a label is no number.
        ArchitectureError: naming the row that is no graph.
        RankingError: for fewer than `MIN_ARCHITECTURES` different architectures, labels that are all equal, or one
            that is beyond all others.
    """
    found = read_labelled(source, label, vocabulary, cost)
    count, repeated = len(found.labels), found.repeated
    if count < MIN_ARCHITECTURES:
        more = (
            f" ({count + repeated} rows, {repeated} of an architecture that stands there already)" if repeated else ""
        )
        raise RankingError(
            f"{source.name}: {count} training architectures{more}; at least {MIN_ARCHITECTURES} are needed"
        )
    if np.ptp(found.labels) == 0:
        raise RankingError(
            f"{source.name}: all labels are {found.labels[0]:g}; nothing can be learnt from labels that are equal"
        )
    return found


def read_labelled(source: Source, label: str, vocabulary: Vocabulary, cost: str | None = None) -> TrainingSet:
    """As `read_training`, for any number of architectures, one or more, and for labels that are all equal too."""
    found = read_all(source, vocabulary, [label, *([] if cost is None else [cost])])
    labels = found.require_finite(label)
    notes = source.notes + _check_labels(found, labels, label)
    _, first, inverse = np.unique(found.identities, return_index=True, return_inverse=True)
    order = np.argsort(first)

    def means(values: NDArray[np.float64]) -> NDArray[np.float64]:
        low = values.min()  # sums of differences keep the digits of labels with a large offset
        return np.asarray((low + np.bincount(inverse, values - low) / np.bincount(inverse))[order], np.float64)

    costs = None
    if cost is not None:
        costs = means(
            found.require_finite(cost, f"training architecture needs a {cost}, since the candidates have none")
        )
    first = first[order]
    repeated = len(labels) - len(first)
    if repeated:
        notes.append(
            f"{repeated:,} training rows repeat the architecture of an earlier row; each architecture counts once, "
            "with the mean of its labels"
        )
    return TrainingSet(found.cells.take(first), means(labels), found.identities[first], repeated, notes, costs)


def _check_labels(found: Architectures, labels: NDArray[np.float64], label: str) -> list[str]:
    """Refuse labels that no scale fits beside the others, as penalties for failed trainings are; mention far ones.

    The widest gap between labels parts them in two. The part of the wider spread counts as the labels, or one
    that holds most of them and is no heap of equal ones; the other part is far if the gap is many times that spread.
    """
    advice = (
        "if they are penalties for failed trainings, leave these rows out, or give them the worst label of the others; "
        "otherwise take the logarithm of all labels"
    )
    huge = [place for place, value in zip(found.places, labels, strict=True) if abs(value) > MAX_LABEL]
    if huge:
        raise RankingError(
            f"{found.source}, column {label}: {listed(huge)} beyond {MAX_LABEL:g} in size: no other label "
            f"counts beside them; {advice}"
        )
    order = np.argsort(labels, kind="stable")
    ascending = labels[order]
    gaps = np.diff(ascending)
    if not len(gaps) or gaps.max() == 0:
        return []
    split = int(np.argmax(gaps)) + 1
    low, high = ascending[:split], ascending[split:]
    sides = sorted([(low, order[split:]), (high, order[:split])], key=lambda side: float(np.ptp(side[0])))
    narrow = sides[0][0]
    many = len(narrow) > len(labels) / 2 and np.ptp(narrow) > MIN_SPREAD * np.abs(narrow).max()
    most, far = sides[0] if many else sides[1]
    spread = float(np.ptp(most))
    if spread == 0 or gaps.max() <= FAR * spread:
        return []
    places = listed([found.places[row] for row in np.sort(far)])
    said = (
        f"{found.source}, column {label}: {places} with labels such as {labels[far[0]]:g}, far from all others "
        f"({most[0]:g} to {most[-1]:g})"
    )
    if gaps.max() > TOO_FAR * spread:
        raise RankingError(f"{said}: no other label counts beside them; {advice}")
    return [f"{said}; {advice}"]
