"""Ranking the candidates of a file by the labelled architectures of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from neural_predictor.errors import FormatError
from neural_predictor.io.files import atomic
from neural_predictor.predictors import device
from neural_predictor.ranking.cells import Vocabulary
from neural_predictor.ranking.readers import form_of, open_reader
from neural_predictor.ranking.report import describe
from neural_predictor.ranking.score import Candidates, Options, check_top, maker, score_candidates
from neural_predictor.ranking.scratch import Scratch, scratch_folder
from neural_predictor.ranking.training import read_cells, read_training
from neural_predictor.ranking.writers import write_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from neural_predictor.ranking.quality import Maker
    from neural_predictor.ranking.readers import Reader
    from neural_predictor.ranking.score import Scored

ADDED = ("score", "rank", "score_low", "score_high", "in_training")
"""Columns that a ranking adds to those of the candidates."""


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
    options = options or Options()
    form, zipped = form_of(output)
    if output.resolve() in (train.resolve(), candidates.resolve()):
        raise FormatError(f"{output}: the output would replace a file that is read; choose another name")
    vocabulary, reader = Vocabulary(), open_reader(candidates)
    training = read_training(train, label, vocabulary)
    if make is None:
        workers = device.configure(workers, accelerator) if accelerator else workers
        make = maker(predictor, workers)
    with scratch_folder() as folder:
        found = Candidates(Scratch(folder / "candidates.arrow"), vocabulary, training)
        _collect(reader, found)
        check_top(options, len(found.scratch))
        scored = score_candidates(found, make, options)
        with atomic(output) as part:
            write_blocks(part, form, zipped, _blocks(reader, found.scratch, scored))
    return describe(scored, len(training.labels), sorted(vocabulary.numbers), predictor)


def _collect(reader: Reader, found: Candidates) -> None:
    """Read all candidates, so that every fault is met before anything slow."""
    clash: list[str] = []
    for chunk, cells in read_cells(reader, found.vocabulary, None):
        clash = [name for name in ADDED if name in reader.columns]
        if clash:
            raise FormatError(
                f"{reader.path}: has a column {', '.join(clash)}, which a ranking adds; rename or drop it in this file"
            )
        found.count(cells)
        found.scratch.append(chunk.kept, cells)
    found.scratch.close()


def _blocks(reader: Reader, scratch: Scratch, scored: Scored) -> Iterator[pa.Table]:
    """The candidates' rows with their scores, best first."""
    rank = 1
    for rows in scratch.output_blocks(scored.order):
        table = reader.restore(scratch.kept(rows))
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
