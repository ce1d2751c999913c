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
from neural_predictor.ranking.forms import form_of
from neural_predictor.ranking.report import describe
from neural_predictor.ranking.score import Options, check_predictor, check_top, maker, score_candidates
from neural_predictor.ranking.scratch import Scratch, scratch_folder
from neural_predictor.ranking.training import read_training
from neural_predictor.ranking.writers import write_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from neural_predictor.ranking.architectures import Architectures, Source
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
    """

    scratch: Scratch
    scored: Scored
    report: str


@contextmanager
def ranked(
    train: Source,
    candidates: Source,
    label: str,
    options: Options,
    predictor: str,
    make: Callable[[], Maker],
) -> Iterator[Ranked]:
    """Rank the candidates of a source, all of which are read before anything is fitted.

    Args:
        train: trained architectures.
        candidates: the candidates.
        label: column of the training architectures' labels.
        options: how.
        predictor: its name, for the report.
        make: gives what makes predictors, once all is read.

    Raises:
        UserError: naming the source, the row and what is wrong.
    """
    vocabulary = Vocabulary()
    training = read_training(train, label, vocabulary)
    with scratch_folder() as folder:
        found = Candidates(Scratch(folder / "candidates.arrow"), vocabulary, training)
        for part in candidates.chunks(vocabulary):
            found.add(part)
        found.close(candidates)
        check_top(options, len(found.scratch))
        scored = score_candidates(found, make(), options)
        scored = replace(scored, warnings=[*training.notes, *candidates.notes, *scored.warnings])
        report = describe(scored, len(training.labels), sorted(vocabulary.numbers), predictor)
        yield Ranked(found.scratch, scored, report)


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

    Returns:
        The report.

    Raises:
        UserError: naming the file, the row and what is wrong; nothing is written then.
    """
    check_output(output, [train, candidates])
    if make is None:
        check_predictor(predictor)
    source = CandidateFile(candidates, ADDED, "a ranking")

    def made() -> Maker:
        if make is not None:
            return make
        return maker(predictor, device.configure(workers, accelerator) if accelerator else workers)

    with ranked(ArchitectureFile(train), source, label, options or Options(), predictor, made) as found:
        with atomic(output) as part:
            write_blocks(part, form_of(output), _blocks(source, found))
        return found.report


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
        yield table
        rank += len(rows)
