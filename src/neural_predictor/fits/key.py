"""What names the fits and the runs of searches of a study, and the files that hold them."""

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


class SearchKey(NamedTuple):
    """Runs of one search on one table; the repeats are dealt to jobs, the shards.

    Attributes:
        search: its name in the registry.
        benchmark: name of the table.
        total: architectures that each repeat trains.
        batch: architectures that it asks for at a time, at most.
        setting: which of its hyper-parameters: 0 for the defaults, else a draw (`search.tuning`).
    """

    search: str
    benchmark: str
    total: int
    batch: int
    setting: int

    @property
    def run(self) -> str:
        """The last part of its folder: 200-b20-s0."""
        return f"{self.total}-b{self.batch}-s{self.setting}"

    @property
    def folder(self) -> str:
        """Where its files lie in a study's `searches/`: <search>/<benchmark>/200-b20-s0."""
        return f"{self.search}/{self.benchmark}/{self.run}"


def parse_run(search: str, benchmark: str, run: str) -> SearchKey:
    """The key of a folder.

    Raises:
        ConfigError: for a `run` that `SearchKey.run` would not give.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,8})-b([1-9][0-9]{0,8})-s(0|[1-9][0-9]{0,8})", run)
    if not found:
        raise ConfigError(f"no runs {run!r}; they are <trainings>-b<batch>-s<setting>, such as 200-b20-s0")
    total, batch, setting = map(int, found.groups())
    return SearchKey(search, benchmark, total, batch, setting)
