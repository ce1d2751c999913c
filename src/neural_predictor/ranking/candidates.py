"""Candidates as they are read, and what is unusual about them beside the training architectures."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import RankingError

if TYPE_CHECKING:
    from neural_predictor.ranking.architectures import Architectures, Source
    from neural_predictor.ranking.cells import Vocabulary
    from neural_predictor.ranking.scratch import Scratch
    from neural_predictor.ranking.training import TrainingSet

MAX_SPELLINGS = 5
"""Operations that a message compares with those of the training architectures."""


class Candidates:
    """Candidates: their graphs go to the disk, counts of what is new about them stay.

    Args:
        scratch: where the graphs go.
        vocabulary: of the training architectures so far; takes up the candidates' names.
        training: the training architectures.
    """

    def __init__(self, scratch: Scratch, vocabulary: Vocabulary, training: TrainingSet) -> None:
        self.scratch, self.vocabulary, self.training = scratch, vocabulary, training
        self.trained = len(vocabulary.numbers)
        self._counts: Counter[int] = Counter()
        self._known = 0

    def add(self, found: Architectures) -> None:
        """Take up some candidates."""
        for kind in np.unique(found.cells.kinds[found.cells.kinds >= 0]):
            self._counts[int(kind)] += int((found.cells.kinds == kind).any(axis=1).sum())
        self._known += int((found.cells.kinds < self.trained).all(axis=1).sum())
        self.scratch.append(found)

    def close(self, source: Source) -> None:
        """End the taking up.

        Raises:
            RankingError: if all candidates have operations of which the training architectures say nothing, and no
                other ones but those of which each training architecture has equally many, such as an input.
        """
        self.scratch.close()
        varied = {kind for kind in range(self.trained) if np.ptp((self.training.cells.kinds == kind).sum(axis=1)) > 0}
        trained = set(range(self.trained))
        if self._known == 0 and not (varied or trained) & self._counts.keys():
            raise RankingError(
                f"{source.name}: the candidates have no operation in common with the training architectures"
                f"{self._but()}; allowed are candidates of the same search space, with the same names: "
                f"{self._spellings()}"
            )

    def _but(self) -> str:
        """The operations in common, of which nothing can be learnt."""
        names = list(self.vocabulary.numbers)
        common = [names[kind] for kind in sorted(self._counts) if kind < self.trained]
        return f" but {', '.join(common)}, of which each of these has equally many" if common else ""

    def _unknown(self) -> list[int]:
        return sorted(kind for kind in self._counts if kind >= self.trained)

    def _spellings(self) -> str:
        """The first unknown operations with the nearest known ones."""
        names = list(self.vocabulary.numbers)
        known = names[: self.trained]
        pairs = [f"{names[kind]!r}{self._nearest(names[kind])}" for kind in self._unknown()[:MAX_SPELLINGS]]
        more = len(self._unknown()) - len(pairs)
        shown = ", ".join(map(repr, known[:MAX_SPELLINGS])) + (", .." if len(known) > MAX_SPELLINGS else "")
        return f"unknown are {', '.join(pairs)}{f' and {more} more' if more > 0 else ''}; known are {shown}"

    def _nearest(self, name: str) -> str:
        """A known operation of nearly the same spelling, as a question; nothing where there is none."""
        known: dict[str, str] = {}
        for each in list(self.vocabulary.numbers)[: self.trained]:
            known.setdefault(_letters(each), each)
        near = get_close_matches(_letters(name), known, 1, 0.8)
        return f" (is it {known[near[0]]!r}?)" if near else ""

    def unlike_training(self) -> list[str]:
        """In what candidates are unlike all training architectures, a sentence each."""
        names, found = list(self.vocabulary.numbers), []
        for kind in self._unknown():
            found.append(
                f"operation {names[kind]!r} of {self._counts[kind]:,} candidates is in no training architecture"
                f"{self._nearest(names[kind])}: expect less there"
            )
        if larger := int((self.scratch.sizes > self.training.cells.sizes.max()).sum()):
            found.append(f"{larger:,} candidates have more nodes than any training architecture: expect less there")
        return found

    def warnings(self) -> list[str]:
        """What a reader of the ranking should know of the architectures."""
        found = self.unlike_training()
        if doubled := len(self.scratch) - len(np.unique(self.scratch.identities)):
            found.append(f"{doubled:,} candidates repeat an earlier one; they are kept, with the same score")
        if known := int(np.isin(self.scratch.identities, self.training.identities).sum()):
            found.append(f"{known:,} candidates are training architectures; they are kept, and marked in_training")
        return found


def _letters(name: str) -> str:
    """A name without capitals and separators."""
    return "".join(letter for letter in name.casefold() if letter.isalnum()) or name
