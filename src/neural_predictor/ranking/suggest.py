"""What to train next of a list of candidates: a round of the search `rounds`, without state but the files."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from neural_predictor.errors import RankingError
from neural_predictor.io.files import atomic
from neural_predictor.io.progress import waiting
from neural_predictor.predictors.label_units import LabelUnits
from neural_predictor.ranking.architectures import ArchitectureFile, check_memory, listed, read_all
from neural_predictor.ranking.candidates import Candidates
from neural_predictor.ranking.cells import Cells, Vocabulary
from neural_predictor.ranking.forms import form_of
from neural_predictor.ranking.quality import conformal_quantile
from neural_predictor.ranking.rank import CandidateFile, check_output
from neural_predictor.ranking.score import Units, check_truth, check_whole
from neural_predictor.ranking.scratch import Scratch, scratch_folder
from neural_predictor.ranking.training import MIN_ARCHITECTURES, TrainingSet, read_labelled
from neural_predictor.ranking.writers import write_blocks
from neural_predictor.search.pool import GraphPool
from neural_predictor.search.rounds import Rounds, RoundsSettings
from neural_predictor.statistics.kendall import kendall_tau

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.ranking.architectures import Source

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]

ADDED = ("score", "score_low", "score_high", "reason")
"""Columns that a suggestion adds to those of the candidates."""
DRAWS = 4000
"""Of a batch's labels, from which its prospects are counted."""
SPREAD_AMONG = 10
"""Random candidates, for each of a first set, among which those far from each other are chosen."""


@dataclass(frozen=True)
class Prospects:
    """What to expect of a batch, by the cross-validated errors of the predictor.

    Attributes:
        best: the best label so far.
        probability: that one of the batch is better.
        gain: by how much the best of the batch is better, in the label's unit: the mean, 0 where it is not better.
        tau: Kendall tau of the trained architectures in cross-validation.
    """

    best: float
    probability: float
    gain: float
    tau: float


@dataclass(frozen=True, eq=False)
class Suggested:
    """Candidates to train next, best first.

    Attributes:
        rows: (k,) their places among the candidates.
        score: (k,) predicted label; NaN in a first set.
        low: (k,) lower end of the score's interval.
        high: (k,) its upper end.
        reason: of each, `exploit`, `explore` or `first random set`.
        prospects: None in a first set.
        report: all of it in words.
    """

    rows: Rows
    score: Floats
    low: Floats
    high: Floats
    reason: list[str]
    prospects: Prospects | None
    report: str = field(default="", repr=False)


@contextmanager
def suggested(
    trained: Source | None,
    candidates: Source,
    pending: Source | None,
    label: str,
    *,
    count: int,
    minimise: bool = False,
    seed: int = 0,
) -> Iterator[tuple[Suggested, Scratch]]:
    """Choose `count` candidates to train next; their rows are on the disk while the context is open.

    Args:
        trained: trained architectures; None before the first.
        candidates: all that can be trained; those that are trained or pending are passed over.
        pending: candidates that are being trained; None where there are none.
        label: column of the trained architectures' labels.
        count: how many.
        minimise: a lower label is better.
        seed: of all draws.

    Raises:
        UserError: naming the source, the row and what is wrong.
        RankingError: if fewer candidates are left than `count`, labels are equal, or a pending row is no candidate.
    """
    check_whole("count", count, 1, "1 and larger numbers")
    check_whole("seed", seed, 0, "0 and larger numbers")
    check_truth("minimise", minimise)
    vocabulary = Vocabulary()
    known = _NOTHING if trained is None else read_labelled(trained, label, vocabulary)
    enough = len(known.labels) >= MIN_ARCHITECTURES
    with scratch_folder() as folder:
        found, parts, largest = Candidates(Scratch(folder / "candidates.arrow"), vocabulary, known), [known.cells], 0
        for part in candidates.chunks(vocabulary):
            found.add(part)
            parts.append(part.cells)
            largest = max(largest, part.cells.kinds.shape[1])
            check_memory(candidates, sum(map(len, parts)), largest)
        if enough:
            found.close(candidates)
        else:
            found.scratch.close()
        identities = found.scratch.identities
        waiting = _waiting(pending, vocabulary, identities, candidates.name)
        left = _left(identities, known, waiting)
        _check_left(len(left), count, candidates, len(identities))
        pool = GraphPool(Cells.joined(parts).encode(vocabulary.places(len(vocabulary.numbers))))
        if enough:
            chosen = _round(pool, known, left, count, minimise, seed)
        else:
            chosen = _first_set(pool, left, count, seed, len(known.labels))
        notes = [*known.notes, *candidates.notes, *(found.unlike_training() if enough else [])]
        yield _with_report(chosen, known, len(left), len(waiting), minimise, notes), found.scratch


def suggest_files(
    trained: Path | None,
    candidates: Path,
    output: Path,
    *,
    count: int,
    label: str = "label",
    minimise: bool = False,
    pending: Path | None = None,
    seed: int = 0,
) -> str:
    """Write the rows of the candidates to train next, best first, and say what to expect of them.

    Args:
        trained: CSV, JSON lines or Parquet of trained architectures; None before the first.
        candidates: the same of all candidates; they need no label.
        output: where the chosen rows shall be, in the form of its extension.
        count: how many.
        label: column of the trained architectures' labels.
        minimise: a lower label is better.
        pending: the same of candidates that are being trained.
        seed: of all draws.

    Returns:
        The report.

    Raises:
        UserError: naming the file, the row and what is wrong; nothing is written then.
    """
    check_output(output, [path for path in (trained, candidates, pending) if path is not None])
    source = CandidateFile(candidates, ADDED, "a suggestion")
    others = [None if path is None else ArchitectureFile(path) for path in (trained, pending)]
    with suggested(others[0], source, others[1], label, count=count, minimise=minimise, seed=seed) as (found, scratch):
        table = source.restore(scratch.kept(found.rows))
        scores = [pa.array(values, mask=np.isnan(values)) for values in (found.score, found.low, found.high)]
        for name, values in zip(ADDED, [*scores, pa.array(found.reason)], strict=True):
            table = table.append_column(name, values)
        with atomic(output) as part:
            write_blocks(part, form_of(output), [table])
        return found.report


_NOTHING = TrainingSet(Cells.empty(np.zeros(0, np.intp)), np.zeros(0), np.zeros(0, "V16"), 0)
"""No trained architectures."""


def _waiting(
    pending: Source | None, vocabulary: Vocabulary, identities: NDArray[np.void], candidates: str
) -> NDArray[np.void]:
    """Identities of the pending architectures, each of which is a candidate."""
    if pending is None:
        return np.zeros(0, "V16")
    found = read_all(pending, vocabulary)
    strange = ~np.isin(found.identities, identities)
    if strange.any():
        places = [place for place, wrong in zip(found.places, strange, strict=True) if wrong]
        raise RankingError(
            f"{pending.name}: {listed(places)} is no candidate of {candidates}; pending are candidates that are being "
            "trained: leave out the others"
        )
    return np.unique(found.identities)


def _left(identities: NDArray[np.void], known: TrainingSet, waiting: NDArray[np.void]) -> Rows:
    """Rows of different candidates that are neither trained nor pending."""
    first = np.sort(np.unique(identities, return_index=True)[1])
    return first[~np.isin(identities[first], np.concatenate([waiting, known.identities]))]


def _check_left(left: int, count: int, candidates: Source, rows: int) -> None:
    if left == 0:
        raise RankingError(
            f"{candidates.name}: all {rows:,} candidates are trained or pending; nothing is left to train"
        )
    if left < count:
        raise RankingError(
            f"count is {count}, but {candidates.name} has {left:,} different candidates that are neither trained nor "
            f"pending; allowed are numbers from 1 to {left:,}"
        )


def _first_set(pool: GraphPool, left: Rows, count: int, seed: int, trained: int) -> Suggested:
    """Random candidates that differ: of ten times as many, those farthest from all chosen before, one by one."""
    rng = np.random.default_rng(seed)
    among = rng.choice(left, size=min(SPREAD_AMONG * count, len(left)), replace=False)
    described = pool.features(trained + among)
    scaled = (described - described.mean(axis=0)) / np.maximum(described.std(axis=0), 1e-9)
    chosen, nearest = [0], np.full(len(among), np.inf)
    while len(chosen) < count:
        nearest = np.minimum(nearest, np.square(scaled - scaled[chosen[-1]]).sum(axis=1))
        nearest[chosen] = -1
        chosen.append(int(nearest.argmax()))
    nothing = np.full(count, np.nan)
    return Suggested(among[chosen], nothing, nothing, nothing, ["first random set"] * count, None)


def _round(pool: GraphPool, known: TrainingSet, left: Rows, count: int, minimise: bool, seed: int) -> Suggested:
    """The candidates that `Rounds` asks for, with scores in the label's unit."""
    sign, n = -1.0 if minimise else 1.0, len(known.labels)
    if np.ptp(known.labels) == 0:
        raise RankingError(f"all {n} labels are {known.labels[0]:g}; nothing can be learnt from labels that are equal")
    scale = Units.of(sign * known.labels)
    labels = scale.scaled(sign * known.labels)
    search = Rounds(pool, seed, settings=RoundsSettings(initial=MIN_ARCHITECTURES))
    search.tell(np.arange(n), labels)
    search.reserve(np.setdiff1d(np.arange(n, len(pool)), n + left))
    with waiting("cross-validate"):
        errors = _Errors.of(search.predict_out_of_fold(), search.targets)
    with waiting("fit and score candidates"):
        mean, deviation, offered = search.predict()
    units = _TopUnits(labels)
    wanted = mean + search.settings.optimism * deviation
    chosen = np.argsort(-wanted, kind="stable")[:count]
    highest = set(np.argsort(-mean, kind="stable")[:count].tolist())
    expected = errors.corrected(mean[chosen])

    def back(values: Floats) -> Floats:
        return np.asarray(sign * scale.back(units.back(values)), np.float64)

    ends = np.sort([back(expected - errors.half), back(expected + errors.half)], axis=0)
    drawn = expected + errors.deviation * search.rng.standard_normal((DRAWS, count))
    gain = units.back(drawn.max(axis=1)) - units.back(np.array(units.best))
    prospects = Prospects(
        best=float(sign * scale.back(labels.max())),
        probability=float((gain > 0).mean()),
        gain=float(scale.scale * np.maximum(gain, 0).mean()),
        tau=errors.tau,
    )
    reasons = ["exploit" if row in highest else "explore" for row in chosen.tolist()]
    return Suggested(offered[chosen] - n, back(expected), ends[0], ends[1], reasons, prospects)


class _TopUnits:
    """Between labels (N,) and normal scores of their ranks; beyond the best label with the slope of the best quarter.

    The slope of all would promise too much: bad labels lie far apart, good ones close together.
    """

    def __init__(self, labels: Floats) -> None:
        self._units = LabelUnits(labels, ranks=True)
        scores, values = self._units.scores, self._units.values
        self.best, quarter = float(scores[-1]), int(np.searchsorted(scores, np.quantile(scores, 0.75)))
        quarter = min(quarter, len(scores) - 2)
        self._slope = float((values[-1] - values[quarter]) / (scores[-1] - scores[quarter]))

    def back(self, targets: Floats) -> Floats:
        """Normal scores of any shape as labels."""
        beyond = np.maximum(targets - self.best, 0)
        return np.asarray(self._units.back(np.minimum(targets, self.best)) + self._slope * beyond)


@dataclass(frozen=True)
class _Errors:
    """What cross-validation says of predictions, in normal scores.

    Attributes:
        offset: of the line from predictions to targets.
        slope: of that line, 0 to 1: below 1 where the best predictions promise too much.
        deviation: of targets from the line.
        half: half the width of an interval around the line; see `quality.conformal_quantile`.
        tau: Kendall tau between predictions and targets.
    """

    offset: float
    slope: float
    deviation: float
    half: float
    tau: float

    @classmethod
    def of(cls, predicted: Floats, targets: Floats) -> _Errors:
        """Of out-of-fold predictions (N,) and targets (N,)."""
        centred = predicted - predicted.mean()
        slope = float(np.clip((centred * targets).sum() / max((centred**2).sum(), 1e-12), 0, 1))
        offset = float(targets.mean() - slope * predicted.mean())
        errors = targets - (offset + slope * predicted)
        half = conformal_quantile(np.abs(errors))
        return cls(offset, slope, float(errors.std()), half, kendall_tau(predicted, targets))

    def corrected(self, predicted: Floats) -> Floats:
        """What is to be expected of predictions (k,)."""
        return self.offset + self.slope * predicted


def _with_report(
    chosen: Suggested,
    known: TrainingSet,
    left: int,
    waiting: int,
    minimise: bool,
    notes: Sequence[str],
) -> Suggested:
    """The same with its report."""
    trained, count = len(known.labels), len(chosen.rows)
    lines = [f"{trained:,} trained architectures, {waiting:,} pending, {left:,} candidates left"]
    if chosen.prospects is None:
        lines.append(
            f"A first random set of {count}, as different as {SPREAD_AMONG} times as many random ones allow: from "
            f"{MIN_ARCHITECTURES} trained architectures on, suggestions follow from their labels"
        )
    else:
        prospects, better = chosen.prospects, "lower" if minimise else "higher"
        lines += [
            f"Best label so far: {prospects.best:.6g} ({better} is better); Kendall tau in cross-validation "
            f"{prospects.tau:.2f}",
            f"Of these {count}, one is better with probability {prospects.probability:.2f}; expected gain "
            f"{prospects.gain:.3g}",
            f"Stop when that gain is not worth {count} trainings to you",
        ]
    if notes:
        lines += ["Mind:", *(f"  {note}" for note in notes)]
    return Suggested(
        chosen.rows, chosen.score, chosen.low, chosen.high, chosen.reason, chosen.prospects, "\n".join(lines)
    )
