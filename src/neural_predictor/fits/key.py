"""What names the fits of a study, and the files that hold them."""

from __future__ import annotations

import re
from typing import NamedTuple

from neural_predictor.errors import ConfigError


class FitKey(NamedTuple):
    """Fits of one predictor to architectures of one table; the repeats are dealt to jobs, the shards.

    Attributes:
        predictor: its name in the study.
        benchmark: name of the table.
        train_size: N, architectures drawn at random for each repeat; None: the folds of a cross-validation, whose
            size follows from the table.
    """

    predictor: str
    benchmark: str
    train_size: int | None

    @property
    def size(self) -> int:
        """N; 0 for the folds of a cross-validation. Seeds are named by it."""
        return self.train_size or 0

    @property
    def folder(self) -> str:
        """Where its files lie in a study's `fits/`: <predictor>/<benchmark>/n172, or ../folds."""
        return f"{self.predictor}/{self.benchmark}/{sample_name(self.train_size)}"


def sample_name(train_size: int | None) -> str:
    """N as a part of a path: n172, or folds."""
    return "folds" if train_size is None else f"n{train_size}"


def parse_sample(name: str) -> int | None:
    """What `sample_name` wrote.

    Raises:
        ConfigError: for another name.
    """
    if name == "folds":
        return None
    if not re.fullmatch(r"n[1-9][0-9]{0,8}", name):
        raise ConfigError(f"no sample {name!r}; it is n with a number of architectures, such as n172, or folds")
    return int(name[1:])
