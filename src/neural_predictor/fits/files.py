"""The files of scores that `fitting` writes, as experiments read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import FormatError
from neural_predictor.fits.key import FitKey
from neural_predictor.io.untrusted import read_npz

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.tables.table import BenchmarkTable


_LAYOUT = {
    "predictor": ("U", 0),
    "benchmark": ("U", 0),
    "train_size": ("iu", 0),
    "repeats": ("iu", 1),
    "scores": ("f", 2),
    "logits": ("f", 2),
    "one_stage": ("b", 1),
}
"""Array -> kinds of its type, and number of its dimensions."""


@dataclass(frozen=True, eq=False)
class RepeatScores:
    """One fitted predictor's scores of every architecture of the table.

    Attributes:
        repeat: number of the repeat.
        scores: (n,) float32, predicted signal.
        logits: (n,) float32, a cascade's classifier: positive where it accepts; None without a classifier.
        one_stage: whether a cascade had to do with its regressor.
    """

    repeat: int
    scores: NDArray[np.float32]
    logits: NDArray[np.float32] | None
    one_stage: bool

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """(n,) what the classifier accepts; everything without one."""
        return np.ones(len(self.scores), np.bool_) if self.logits is None else self.logits > 0

    def goodness(self, *, maximise: bool) -> NDArray[np.float64]:
        """(n,) the order in which candidates are trained: accepted ones by score, then the rest by logit."""
        goodness = (self.scores if maximise else -self.scores).astype(np.float64)
        if self.logits is None or self.accepted.all():
            return goodness
        lowest = goodness[self.accepted].min() if self.accepted.any() else 0.0
        return np.where(self.accepted, goodness, lowest - 1 + np.minimum(self.logits, 0))


def group_fits(paths: Iterable[Path]) -> dict[FitKey, list[Path]]:
    """Files of scores by predictor, benchmark and N, in the order of these.

    Raises:
        FormatError: if a file is damaged.
    """
    groups: dict[FitKey, list[Path]] = {}
    for path in paths:
        arrays = _arrays(path, "predictor", "benchmark", "train_size")
        key = FitKey(str(arrays["predictor"]), str(arrays["benchmark"]), int(arrays["train_size"]))
        groups.setdefault(key, []).append(path)
    return dict(sorted(groups.items()))


def read_fits(paths: Iterable[Path], table: BenchmarkTable, repeats: int | None = None) -> Iterator[RepeatScores]:
    """The fits in files that `fitting` wrote, one shard in memory at a time; of the first `repeats` repeats.

    Raises:
        FormatError: if a file is damaged or belongs to another table.
    """
    for path in paths:
        arrays = _arrays(path, "repeats", "scores")
        scores = arrays["scores"]
        shape = (len(arrays["repeats"]), len(table))
        if scores.shape != shape or arrays.get("logits", scores).shape != shape:
            raise FormatError(f"{path}: scores {scores.shape} for a table of {len(table)}; run fit_predictor again")
        if len(arrays.get("one_stage", scores)) != len(scores) or not np.isfinite(scores).all():
            raise FormatError(f"{path}: a score that is no number, or is missing; run fit_predictor again")
        for k, repeat in enumerate(arrays["repeats"].tolist()):
            if repeats is None or repeat < repeats:
                logits = arrays["logits"][k] if "logits" in arrays else None
                alone = bool(arrays["one_stage"][k]) if "one_stage" in arrays else False
                yield RepeatScores(repeat, scores[k], logits, alone)


def _arrays(path: Path, *required: str) -> dict[str, NDArray[Any]]:
    wanted = (*required, *(("logits", "one_stage") if "scores" in required else ()))
    try:
        found = read_npz(path, wanted)
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: not a file of scores ({error}); run fit_predictor again") from error
    missing = [name for name in required if name not in found]
    if missing:
        raise FormatError(f"{path}: a file of scores without {', '.join(missing)}; run fit_predictor again")
    for name, array in found.items():
        kinds, dimensions = _LAYOUT[name]
        if array.dtype.kind not in kinds or array.ndim != dimensions:
            raise FormatError(
                f"{path}: {name} is {array.dtype} {array.shape}, which no file of scores has; run fit_predictor again"
            )
    return found
