"""Ranking the candidates of a source by the labelled architectures of another."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from neural_predictor.errors import FormatError
from neural_predictor.io.files import atomic, check_writable
from neural_predictor.predictors import device
from neural_predictor.ranking.architectures import ArchitectureFile
from neural_predictor.ranking.candidates import Candidates
from neural_predictor.ranking.cells import Vocabulary
from neural_predictor.ranking.cost import ON_FRONT, PREDICTED, Costed, CostModel
from neural_predictor.ranking.forms import form_of
from neural_predictor.ranking.report import describe
from neural_predictor.ranking.score import Options, check_predictor, check_top, maker, score_candidates
from neural_predictor.ranking.scratch import Scratch, scratch_folder
from neural_predictor.ranking.training import read_training
from neural_predictor.ranking.writers import write_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.ranking.architectures import Architectures, Source
    from neural_predictor.ranking.cost import Cost
    from neural_predictor.ranking.quality import Maker
    from neural_predictor.ranking.score import Scored

ADDED = ("score", "rank", "score_low", "score_high", "in_training")
"""Columns that a ranking adds to those of the candidates."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """Ranked candidates, while their rows are on the disk.

    Attributes:
        scratch: their rows.
        scored: their scores.
        report: what the ranking is worth, in words.
        costed: their costs, where one is asked for.
        on_front: (n,) which of them are on the front, where it is asked for.
    """

    scratch: Scratch
    scored: Scored
    report: str
    costed: Costed | None = None
    on_front: NDArray[np.bool_] | None = None


@contextmanager
def ranked(
    train: Source,
    candidates: Source,
    label: str,
    options: Options,
    predictor: str,
    make: Callable[[], Maker],
    cost: Cost | None = None,
) -> Iterator[Ranked]:
    """Rank the candidates of a source, all of which are read before anything is fitted.

    Args:
        train: trained architectures.
        candidates: the candidates.
        label: column of the training architectures' labels.
        options: how.
        predictor: its name, for the report.
        make: gives what makes predictors, once all is read.
        cost: what is asked of the candidates' cost; None for nothing.

    Raises:
        UserError: naming the source, the row and what is wrong.
    """
    vocabulary = Vocabulary()
    if cost is not None:
        cost.check_label(label)
    read = cost is not None and cost.read_from(train, candidates)
    training = read_training(train, label, vocabulary, None if cost is None or read else cost.column)
    with scratch_folder() as folder:
        found, values = Candidates(Scratch(folder / "candidates.arrow"), vocabulary, training), []
        for part in candidates.chunks(vocabulary, [cost.column] if cost is not None and read else ()):
            found.add(part)
            if cost is not None and read:
                values.append(part.require_finite(cost.column, "candidate needs a cost"))
        found.close(candidates)
        check_top(options, len(found.scratch))
        costed = None if cost is None else _costed(found, cost, values, options.seed, candidates.name)
        if costed is not None:
            check_top(options, int(costed.kept.sum()))
        scored = score_candidates(found, make(), replace(options, top=None) if costed is not None else options)
        scored = replace(scored, warnings=[*training.notes, *candidates.notes, *scored.warnings])
        on_front, lines = None, list[str]()
        if costed is not None:
            goodness = -scored.score if options.minimise else scored.score
            if costed.asked.front:
                on_front = costed.on_front(goodness, scored.order)
            order = costed.order(goodness, scored.order, options.seed, options.top)[: options.top]
            scored = replace(scored, order=order)
            lines = costed.lines(None if on_front is None else int(on_front.sum()))
        report = describe(scored, len(training.labels), sorted(vocabulary.numbers), predictor, lines)
        yield Ranked(found.scratch, scored, report, costed, on_front)


def _costed(
    candidates: Candidates, cost: Cost, values: Sequence[NDArray[np.float64]], seed: int, source: str
) -> Costed:
    """The costs that were read, or those that the training architectures' predict."""
    if values:
        read = np.concatenate(values)
        return Costed(cost, read, None, cost.within(read, source))
    training, places = candidates.training, candidates.vocabulary.places(candidates.trained)
    assert training.costs is not None  # they were read
    model = CostModel.fit(training.cells.encode(places), training.costs, cost.column, seed)
    predicted, scratch = np.empty(len(candidates.scratch)), candidates.scratch
    for rows in scratch.score_blocks(np.arange(len(scratch)), len(places)):
        predicted[rows] = model.predict(scratch.graphs(rows).encode(places))
    return Costed(cost, predicted, model.tau, cost.within(predicted, source))


def rank_files(
    train: Path,
    candidates: Path,
    output: Path,
    *,
    label: str = "label",
    options: Options | None = None,
    predictor: str = "best",
    workers: int = 1,
    accelerator: str | None = None,
    make: Maker | None = None,
    cost: Cost | None = None,
) -> str:
    """Rank the candidates of a file, write their rows, best first, and say what the ranking is worth.

    Args:
        train: CSV, JSON lines or Parquet of trained architectures.
        candidates: the same of candidates; they need no label.
        output: where the ranked candidates shall be, in the form of its extension.
        label: column of the training architectures' labels.
        options: direction, how many are kept, seed.
        predictor: name of a predictor.
        workers: CPU threads.
        accelerator: cpu or gpu, to set TensorFlow up for it; None where that is done.
        make: makes the predictor instead of its name.
        cost: what is asked of the candidates' cost; None for nothing.

    Returns:
        The report.

    Raises:
        UserError: naming the file, the row and what is wrong; nothing is written then.
    """
    check_output(output, [train, candidates])
    if make is None:
        check_predictor(predictor)
    source = CandidateFile(candidates, [*ADDED, *cost_columns(cost)], "a ranking")

    def made() -> Maker:
        if make is not None:
            return make
        return maker(predictor, device.prepare(workers, accelerator) if accelerator else workers)

    with ranked(ArchitectureFile(train), source, label, options or Options(), predictor, made, cost) as found:
        with atomic(output) as part:
            write_blocks(part, form_of(output), _blocks(source, found))
        return found.report


def cost_columns(cost: Cost | None) -> list[str]:
    """Columns that a cost may add, which no candidate may have."""
    return [] if cost is None else [PREDICTED, *([ON_FRONT] if cost.front else [])]


def check_output(output: Path, inputs: Sequence[Path]) -> None:
    """Find out before anything slow whether a file of architectures can be written.

    Raises:
        FormatError: for an extension that stands for no form, or a file that is read too.
        UserError: if no file can be written there.
    """
    form_of(output)
    for path in inputs:
        if output.resolve() == path.resolve() or (output.exists() and path.exists() and output.samefile(path)):
            raise FormatError(f"{output}: the output would replace a file that is read; choose another name")
    check_writable(output)


class CandidateFile(ArchitectureFile):
    """A file without the columns that its rows will be given.

    Args:
        path: the file.
        added: names of these columns.
        adding: what adds them, for the message.
    """

    def __init__(self, path: Path, added: Sequence[str], adding: str) -> None:
        super().__init__(path)
        self._added, self._adding = added, adding

    def chunks(self, vocabulary: Vocabulary, named: Sequence[str] = ()) -> Iterator[Architectures]:
        """As `Source.chunks`.

        Raises:
            FormatError: also if the file has one of these columns.
        """
        for part in super().chunks(vocabulary, named):
            if clash := [name for name in self._added if name in self.columns]:
                raise FormatError(
                    f"{self.name}: has a column {', '.join(clash)}, which {self._adding} adds; rename or drop it in "
                    "this file"
                )
            yield part


def _blocks(source: ArchitectureFile, found: Ranked) -> Iterator[pa.Table]:
    """The candidates' rows with their scores, best first."""
    rank, scored = 1, found.scored
    for rows in found.scratch.output_blocks(scored.order):
        table = source.restore(found.scratch.kept(rows))
        values = (
            scored.score[rows],
            np.arange(rank, rank + len(rows)),
            scored.low[rows],
            scored.high[rows],
            scored.in_training[rows],
        )
        for name, value in zip(ADDED, values, strict=True):
            table = table.append_column(name, pa.array(value))
        if found.costed is not None and found.costed.tau is not None:
            table = table.append_column(PREDICTED, pa.array(found.costed.values[rows]))
        if found.on_front is not None:
            table = table.append_column(ON_FRONT, pa.array(found.on_front[rows]))
        yield table
        rank += len(rows)
