"""Architectures of a source, a file of any form or Python's objects: graphs, numbers, and what else a row has.

Everything that ranks or suggests reads through here, so that all sources agree on what is there and what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from neural_predictor.errors import FormatError, RankingError
from neural_predictor.io.csv_files import find_name
from neural_predictor.io.lists import number
from neural_predictor.ranking.cells import Cells
from neural_predictor.ranking.identity import identities
from neural_predictor.ranking.parse import STRUCTURE, parse
from neural_predictor.ranking.readers import JsonReader, open_reader
from neural_predictor.ranking.row import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from neural_predictor.ranking.cells import Vocabulary

MAX_MATRIX_BYTES = 2**31
"""Of the matrices of all architectures that are in memory at once, each as large as the largest."""
MAX_NAMED_ROWS = 10
"""Rows that a message names before it counts the rest."""


@dataclass(frozen=True, eq=False)
class Architectures:
    """n architectures, in the order of their source.

    Attributes:
        source: the file, or the name of an argument.
        places: of each, where it stands there, such as `row 3 (line 4)`.
        cells: their graphs, in topological order.
        identities: (n,) 16 bytes each, see `identity.identities`; comparable within a vocabulary.
        numbers: of each column that was asked for, (n,) float64; NaN where there is no value.
        kept: their rows as the source keeps them, for `ArchitectureFile.restore`; None of Python's objects.
    """

    source: str
    places: list[str]
    cells: Cells
    identities: NDArray[np.void]
    numbers: dict[str, NDArray[np.float64]]
    kept: pa.RecordBatch | None = None

    def __len__(self) -> int:
        return len(self.cells)

    @classmethod
    def from_values(
        cls,
        source: str,
        places: list[str],
        values: Mapping[str, Sequence[Any]],
        named: Sequence[str],
        vocabulary: Vocabulary,
    ) -> Self:
        """From the values of rows.

        Args:
            source: see above.
            places: likewise.
            values: of each column, those of `parse.STRUCTURE` and `named` among them, a value a row.
            named: columns of numbers.
            vocabulary: takes up the names of operations.

        Raises:
            ArchitectureError: naming the row that is no graph.
            FormatError: naming the value that is no number.
        """

        def where(row: int) -> str:
            return f"{source}, {places[row]}" if places[row][:1] != "[" else f"{source}{places[row]}"

        cells = parse({name: values[name] for name in STRUCTURE if name in values}, len(places), vocabulary, where)
        numbers = {name: _numbers(values.get(name, [None] * len(places)), name, where) for name in named}
        return cls(source, places, cells, identities(cells), numbers)

    def require_finite(self, name: str, needs: str = "training architecture needs a label") -> NDArray[np.float64]:
        """(n,) a column of numbers, every one of which is there and finite.

        Args:
            name: the column's.
            needs: what every row needs, for the message.

        Raises:
            FormatError: naming the rows where it is not.
        """
        missing = [
            place for place, value in zip(self.places, self.numbers[name], strict=True) if not np.isfinite(value)
        ]
        if missing:
            raise FormatError(
                f"{self.source}, column {name}: no finite number in {listed(missing)}; every {needs}: leave "
                "out the others"
            )
        return self.numbers[name]


def listed(places: Sequence[str]) -> str:
    """Places for a message: the first of them, and how many more there are."""
    more = len(places) - MAX_NAMED_ROWS
    return ", ".join(places[:MAX_NAMED_ROWS]) + (f" and {more:,} more" if more > 0 else "")


def _numbers(values: Sequence[Any], name: str, where: Any) -> NDArray[np.float64]:
    found = np.empty(len(values))
    for row, value in enumerate(values):
        try:
            found[row] = number(value)
        except ValueError:
            raise FormatError(
                f"{where(row)}, {name}: {shorten(value)} is no number; allowed are numbers such as 0.931, with a point "
                "and without a unit"
            ) from None
    return found


class Source(Protocol):
    """Where architectures come from."""

    @property
    def name(self) -> str:
        """Of the file, or of an argument, for messages."""

    @property
    def notes(self) -> list[str]:
        """What to say of the source, a sentence each; known once it was read."""

    def has(self, column: str) -> bool:
        """Whether there is a column of this name.

        Raises:
            FormatError: if the source is not of its form, or is empty.
        """

    def chunks(self, vocabulary: Vocabulary, named: Sequence[str] = ()) -> Iterator[Architectures]:
        """All architectures, some thousand at a time, with the columns of numbers of these names.

        Raises:
            FormatError: if the source is not of its form, is empty, or lacks a column.
            ArchitectureError: naming the row that is no architecture.
        """


class ArchitectureFile:
    """A `Source`: a CSV, JSON lines or Parquet file.

    Raises:
        FormatError: for an extension that stands for no form, or a file that is not there.
    """

    def __init__(self, path: Path) -> None:
        self._reader = open_reader(path)
        self.name = str(path)

    @property
    def notes(self) -> list[str]:
        """As `Source.notes`."""
        return self._reader.notes

    @property
    def columns(self) -> list[str]:
        """Names of its columns; known once it was read."""
        return self._reader.columns

    def has(self, column: str) -> bool:
        """As `Source.has`; of JSON lines if any of them has it."""
        reader = open_reader(self._reader.path)  # one of its own: a reader keeps what it was asked for
        parts = islice(reader.chunks(()), None if isinstance(reader, JsonReader) else 1)  # others have one head
        return any(find_name(self.name, reader.columns, column, exact=True) is not None for _ in parts)

    def chunks(self, vocabulary: Vocabulary, named: Sequence[str] = ()) -> Iterator[Architectures]:
        """As `Source.chunks`."""
        for chunk in self._reader.chunks(named):
            found = Architectures.from_values(self.name, chunk.places, chunk.values, named, vocabulary)
            yield replace(found, kept=chunk.kept)

    def restore(self, kept: pa.Table) -> pa.Table:
        """The file's own columns from what chunks kept; to be called after all chunks were read."""
        return self._reader.restore(kept)


def check_memory(source: Source, count: int, largest: int) -> None:
    """Refuse more architectures than memory holds side by side.

    Args:
        source: of the architectures, for the message.
        count: how many there are so far.
        largest: nodes of the largest.

    Raises:
        RankingError: if their matrices would take more than `MAX_MATRIX_BYTES`.
    """
    if count * largest**2 > MAX_MATRIX_BYTES:
        raise RankingError(
            f"{source.name}: {count:,} architectures or more, of up to {largest} nodes, do not fit into memory "
            "side by side; leave out the largest, or most of them"
        )


def read_all(source: Source, vocabulary: Vocabulary, named: Sequence[str] = ()) -> Architectures:
    """All architectures of a source at once.

    Raises:
        FormatError: as `Source.chunks`.
        ArchitectureError: likewise.
        RankingError: if they do not fit into memory.
    """
    parts: list[Architectures] = []
    count = largest = 0
    for part in source.chunks(vocabulary, named):
        parts.append(part)
        count, largest = count + len(part), max(largest, part.cells.kinds.shape[1])
        check_memory(source, count, largest)
    return Architectures(
        source.name,
        [place for part in parts for place in part.places],
        Cells.joined([part.cells for part in parts]),
        np.concatenate([part.identities for part in parts]),
        {name: np.concatenate([part.numbers[name] for part in parts]) for name in named},
    )
