"""What to train next of a list of candidates: a round of the search `rounds`, without state but the files."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from neural_predictor.errors import RankingError
from neural_predictor.io.files import atomic
from neural_predictor.io.progress import waiting
from neural_predictor.ranking.architectures import ArchitectureFile, check_memory, listed, read_all
from neural_predictor.ranking.candidates import Candidates
from neural_predictor.ranking.cells import Cells, Vocabulary
from neural_predictor.ranking.cost import ON_FRONT, PREDICTED, Costed, CostModel
from neural_predictor.ranking.expectations import Errors, TopUnits
from neural_predictor.ranking.forms import form_of
from neural_predictor.ranking.rank import CandidateFile, check_output, cost_columns
from neural_predictor.ranking.score import Units, check_truth, check_whole
from neural_predictor.ranking.scratch import Scratch, scratch_folder
from neural_predictor.ranking.training import MIN_ARCHITECTURES, TrainingSet, read_labelled
from neural_predictor.ranking.writers import write_blocks
from neural_predictor.search.pool import GraphPool
from neural_predictor.search.rounds import Rounds, RoundsSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.ranking.architectures import Source
    from neural_predictor.ranking.cost import Cost

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
        reason: of each, `exploit`, `explore`, `front` or `first random set`.
        prospects: None in a first set.
        report: all of it in words.
        costs: (k,) their costs, where one is asked for.
        predicted_costs: whether these were predicted.
        on_front: (k,) which are on the front of predicted label and cost, where it is asked for.
    """

    rows: Rows
    score: Floats
    low: Floats
    high: Floats
    reason: list[str]
    prospects: Prospects | None
    report: str = field(default="", repr=False)
    costs: Floats | None = None
    predicted_costs: bool = False
    on_front: NDArray[np.bool_] | None = None


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
    cost: Cost | None = None,
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
        cost: what is asked of the candidates' cost; None for nothing.

    Raises:
        UserError: naming the source, the row and what is wrong.
        RankingError: if fewer candidates are left than `count`, labels are equal, or a pending row is no candidate.
    """
    check_whole("count", count, 1, "1 and larger numbers")
    check_whole("seed", seed, 0, "0 and larger numbers")
    check_truth("minimise", minimise)
    vocabulary = Vocabulary()
    if cost is not None:
        cost.check_label(label)
    read = cost is not None and cost.read_from(trained, candidates)
    column = None if cost is None or read else cost.column
    known = _NOTHING if trained is None else read_labelled(trained, label, vocabulary, column)
    enough = len(known.labels) >= MIN_ARCHITECTURES
    with scratch_folder() as folder:
        found, parts, largest = Candidates(Scratch(folder / "candidates.arrow"), vocabulary, known), [known.cells], 0
        values: list[Floats] = []
        for part in candidates.chunks(vocabulary, [cost.column] if cost is not None and read else ()):
            found.add(part)
            if cost is not None and read:
                values.append(part.require_finite(cost.column, "candidate needs a cost"))
            parts.append(part.cells)
            largest = max(largest, part.cells.kinds.shape[1])
            check_memory(candidates, sum(map(len, parts)), largest)
        if enough:
            found.close(candidates)
        else:
            found.scratch.close()
        identities = found.scratch.identities
        waiting = _waiting(pending, vocabulary, identities, candidates.name)
        left, running = _untrained(identities, known, waiting)
        pool, costed = GraphPool(Cells.joined(parts).encode(vocabulary.places(len(vocabulary.numbers)))), None
        if cost is not None:
            costed = _costed(pool, known, cost, values, seed, candidates.name)
            left = left[costed.kept[left]]
        _check_left(len(left), count, candidates, len(identities), costed)
        if enough:
            chosen = _round(pool, known, left, running, count, minimise, seed, costed)
        else:
            chosen = _first_set(pool, left, count, seed, len(known.labels))
        notes = [*known.notes, *candidates.notes, *(found.unlike_training() if enough else [])]
        yield _with_report(chosen, known, len(left), len(waiting), minimise, notes, costed), found.scratch


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
    cost: Cost | None = None,
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
        cost: what is asked of the candidates' cost; None for nothing.

    Returns:
        The report.

    Raises:
        UserError: naming the file, the row and what is wrong; nothing is written then.
    """
    check_output(output, [path for path in (trained, candidates, pending) if path is not None])
    source = CandidateFile(candidates, [*ADDED, *cost_columns(cost)], "a suggestion")
    others = [None if path is None else ArchitectureFile(path) for path in (trained, pending)]
    with suggested(others[0], source, others[1], label, count=count, minimise=minimise, seed=seed, cost=cost) as (
        found,
        scratch,
    ):
        table = source.restore(scratch.kept(found.rows))
        scores = [pa.array(values, mask=np.isnan(values)) for values in (found.score, found.low, found.high)]
        for name, values in zip(ADDED, [*scores, pa.array(found.reason)], strict=True):
            table = table.append_column(name, values)
        if found.costs is not None and found.predicted_costs:
            table = table.append_column(PREDICTED, pa.array(found.costs))
        if found.on_front is not None:
            table = table.append_column(ON_FRONT, pa.array(found.on_front))
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


def _untrained(identities: NDArray[np.void], known: TrainingSet, waiting: NDArray[np.void]) -> tuple[Rows, Rows]:
    """Rows of different candidates that are not trained: those that are left, and those that are pending."""
    first = np.sort(np.unique(identities, return_index=True)[1])
    first = first[~np.isin(identities[first], known.identities)]
    pending = np.isin(identities[first], waiting)
    return first[~pending], first[pending]


def _costed(
    pool: GraphPool, known: TrainingSet, cost: Cost, values: Sequence[Floats], seed: int, source: str
) -> Costed:
    """The costs of all candidates, which stand behind the trained architectures in the pool: read, or predicted."""
    n = len(known.labels)
    if values:
        read = np.concatenate(values)
        return Costed(cost, read, None, cost.within(read, source))
    if n < MIN_ARCHITECTURES or known.costs is None:
        raise RankingError(
            f"{source}: has no column {cost.column}, and {n} trained architectures are too few to predict it from; at "
            f"least {MIN_ARCHITECTURES} are needed, or a column of the candidates"
        )
    model = CostModel.fit(pool.graphs(np.arange(n)), known.costs, cost.column, seed)
    predicted = model.predict(pool.graphs(np.arange(n, len(pool))))
    return Costed(cost, predicted, model.tau, cost.within(predicted, source))


def _check_left(left: int, count: int, candidates: Source, rows: int, costed: Costed | None = None) -> None:
    if costed is not None and costed.asked.said and left < count:
        raise RankingError(
            f"count is {count}, but {candidates.name} has {left:,} candidates left with a {costed.asked.column} of "
            f"{costed.asked.said}; ask for fewer, or move a bound"
        )
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


def _round(
    pool: GraphPool,
    known: TrainingSet,
    left: Rows,
    running: Rows,
    count: int,
    minimise: bool,
    seed: int,
    costed: Costed | None = None,
) -> Suggested:
    """The candidates that `Rounds` asks for, or the first of the front of predictions and cost, with their scores.

    Rows of what is left and of what is being trained are those of candidates.
    """
    sign, n = -1.0 if minimise else 1.0, len(known.labels)
    if np.ptp(known.labels) == 0:
        raise RankingError(f"all {n} labels are {known.labels[0]:g}; nothing can be learnt from labels that are equal")
    scale = Units.of(sign * known.labels)
    labels = scale.scaled(sign * known.labels)
    search = Rounds(pool, seed, settings=RoundsSettings(initial=MIN_ARCHITECTURES))
    search.tell(np.arange(n), labels)
    search.reserve(n + running)
    with waiting("cross-validate"):
        errors = Errors.of(search.predict_out_of_fold(), search.targets)
    with waiting("fit and score candidates"):
        predicted = search.predict(n + left)
        if costed is None or not costed.asked.front:
            chosen, front = search.choose(predicted, count), None
            highest = set(np.argsort(-predicted.mean, kind="stable")[:count].tolist())
            reasons = ["exploit" if place in highest else "explore" for place in chosen.tolist()]
        else:
            goodness = np.full(len(costed.values), -np.inf)
            goodness[left] = predicted.mean
            front, reasons = costed.on_front(goodness, left), ["front"] * count
            chosen = np.searchsorted(left, costed.order(goodness, left, seed, count)[:count])
    units = TopUnits(labels)
    expected = errors.corrected(predicted.mean[chosen])

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
    rows = left[chosen]
    on_front = None if front is None else front[rows]
    return Suggested(rows, back(expected), ends[0], ends[1], reasons, prospects, on_front=on_front)


def _with_report(
    chosen: Suggested,
    known: TrainingSet,
    left: int,
    waiting: int,
    minimise: bool,
    notes: Sequence[str],
    costed: Costed | None = None,
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
    if costed is not None:
        lines += costed.lines(None if chosen.on_front is None else int(chosen.on_front.sum()))
        chosen = replace(chosen, costs=costed.values[chosen.rows], predicted_costs=costed.tau is not None)
    if notes:
        lines += ["Mind:", *(f"  {note}" for note in notes)]
    return replace(chosen, report="\n".join(lines))
