"""The files of scores: what a fit job writes, and what figures read.

Layout of an .npz file, format 2, with F fits to N of the n architectures of a table: `format`; `predictor`,
`benchmark` and `train_size` (0 for the folds of a cross-validation) of the key; for each fit `repeats` (F,), `folds`
(F,) in cross-validation, `seeds` (F,), `train_rows` (F, N), `train_labels` (F, N); `scores` (F, n); of a cascade
`logits` (F, n) and `one_stage` (F,). Format 1 did not say what a fit had seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from neural_predictor.errors import FormatError
from neural_predictor.fits.key import FitKey
from neural_predictor.io.files import atomic_together
from neural_predictor.io.untrusted import read_npz
from neural_predictor.search.draws import FOLDS, draw_folds, draw_repeat, fold_seed, repeat_seed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.search.draws import RepeatDraw
    from neural_predictor.tables.table import BenchmarkTable

FORMAT = 2
_LAYOUT = {
    "format": ("iu", 0),
    "predictor": ("U", 0),
    "benchmark": ("U", 0),
    "train_size": ("iu", 0),
    "repeats": ("iu", 1),
    "folds": ("iu", 1),
    "seeds": ("iu", 1),
    "train_rows": ("iu", 2),
    "train_labels": ("f", 2),
    "scores": ("f", 2),
    "logits": ("f", 2),
    "one_stage": ("b", 1),
}
"""Array -> kinds of its type, and number of its dimensions."""
_OF_KEY = ("format", "predictor", "benchmark", "train_size")
_REQUIRED = ("repeats", "seeds", "train_rows", "train_labels", "scores")
_AGAIN = "delete it and run the same command again"


@dataclass(frozen=True, eq=False)
class RepeatScores:
    """One fitted predictor's scores of every architecture of the table.

    Attributes:
        draw: what the predictor was fitted to.
        scores: (n,) float32, predicted signal.
        logits: (n,) float32, a cascade's classifier: positive where it accepts; None without a classifier.
        one_stage: whether a cascade had to do with its regressor.
    """

    draw: RepeatDraw
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


def draw_fits(table: BenchmarkTable, study_seed: int, key: FitKey, repeats: Iterable[int]) -> list[RepeatDraw]:
    """What the fits of some repeats see: one fit a repeat, or one a fold.

    Raises:
        TableError: if the table is too small for cross-validation.
    """
    if key.train_size is None:
        return [draw for repeat in repeats for draw in draw_folds(table, study_seed, key.predictor, repeat)]
    return [draw_repeat(table, study_seed, key.train_size, repeat) for repeat in repeats]


def write_scores(
    output: Path,
    times: Path,
    key: FitKey,
    draws: Sequence[RepeatDraw],
    found: Mapping[str, NDArray[Any]],
    taken: Mapping[str, float],
) -> None:
    """Write the scores of some fits, what they were fitted to, and beside them the seconds that they took.

    Args:
        output: the .npz file.
        times: a JSON file of its own, for the scores are the same in every run.
        key: predictor, benchmark and N.
        draws: F draws.
        found: `scores` (F, n), and of a cascade `logits` (F, n) and `one_stage` (F,).
        taken: `seconds` and `core_seconds` of all fits, number of `repeats`, `threads`.
    """
    about: dict[str, Any] = {name: np.array(value) for name, value in key._asdict().items()}
    about |= {"format": np.array(FORMAT), "train_size": np.array(key.size)}
    about |= {"repeats": np.array([draw.repeat for draw in draws])}
    if key.train_size is None:
        about["folds"] = np.array([draw.fold for draw in draws])
    about["seeds"] = np.array([draw.seed for draw in draws], np.uint64)
    about |= {name: np.stack([getattr(draw, part) for draw in draws]) for name, part in _STORED.items()}
    with atomic_together(output, times) as (numbers, clock):
        clock.write_text(json.dumps(dict(taken)) + "\n", encoding="utf-8")
        with numbers.open("wb") as file:
            np.savez(file, allow_pickle=False, **about, **found)


_STORED = {"train_rows": "train_rows", "train_labels": "labels"}
"""Array -> attribute of a draw."""


def group_fits(paths: Iterable[Path]) -> dict[FitKey, list[Path]]:
    """Files of scores by their key, in its order; cross-validations come first.

    Raises:
        FormatError: if a file is damaged.
    """
    groups: dict[FitKey, list[Path]] = {}
    for path in paths:
        arrays = _arrays(path, _OF_KEY)
        key = FitKey(str(arrays["predictor"]), str(arrays["benchmark"]), int(arrays["train_size"]) or None)
        groups.setdefault(key, []).append(path)
    return dict(sorted(groups.items(), key=lambda item: (*item[0][:2], item[0].size)))


def require_fits(paths: Iterable[Path], wanted: Mapping[FitKey, int]) -> None:
    """Refuse files of scores in which repeats of some fits are missing.

    Args:
        paths: files that `write_scores` wrote.
        wanted: key -> number of its repeats, from 0 on.

    Raises:
        FormatError: naming the first that is missing, or a file that is damaged.
    """
    found: dict[FitKey, set[int]] = {}
    for key, files in group_fits(paths).items():
        found[key] = {repeat for path in files for repeat in _arrays(path, ("format", "repeats"))["repeats"].tolist()}
    for key, repeats in wanted.items():
        if missing := set(range(repeats)) - found.get(key, set()):
            raise FormatError(
                f"fits/{key.folder}: no file of scores that was given has repeat {min(missing)} of {repeats}; give all "
                "of them, or let Snakemake build the target, which does"
            )


def read_fits(
    paths: Iterable[Path], table: BenchmarkTable, study_seed: int, repeats: int | None = None
) -> Iterator[RepeatScores]:
    """The fits in files that `write_scores` wrote, one file in memory at a time; of the first `repeats` repeats.

    What a fit has seen is held against what the study draws today, so that training rows never get among test rows.

    Raises:
        FormatError: if a file is damaged, belongs to another table, or was fitted to other rows, labels or a seed
            than the study draws today.
    """
    for path in paths:
        arrays = _arrays(path, (*_OF_KEY, *_REQUIRED), ("folds", "logits", "one_stage"))
        _check_shapes(path, arrays, len(table))
        draws = _drawn(path, arrays, table, study_seed)
        for k, draw in enumerate(draws):
            if repeats is None or draw.repeat < repeats:
                logits = arrays["logits"][k] if "logits" in arrays else None
                alone = bool(arrays["one_stage"][k]) if "one_stage" in arrays else False
                yield RepeatScores(draw, arrays["scores"][k], logits, alone)


class _Taken(BaseModel):
    """The file of seconds beside one of scores."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    seconds: Annotated[float, Field(ge=0)]
    core_seconds: Annotated[float, Field(ge=0)] | None = None
    repeats: Annotated[int, Field(ge=1)]


def read_seconds(scores: Iterable[Path]) -> float:
    """Mean seconds of one repeat, fit and scores, from the files beside those of some scores.

    Raises:
        FormatError: if one is missing or damaged.
    """
    taken = _taken(scores)
    return round(sum(one.seconds for one in taken) / sum(one.repeats for one in taken), 3)


def read_core_seconds(scores: Iterable[Path]) -> float:
    """As `read_seconds`, the seconds that cores have worked; those of the clock where a file is older than these."""
    taken = _taken(scores)
    worked = [one.seconds if one.core_seconds is None else one.core_seconds for one in taken]
    return round(sum(worked) / sum(one.repeats for one in taken), 3)


def _taken(scores: Iterable[Path]) -> list[_Taken]:
    taken = []
    for path in scores:
        times = path.with_name(path.name.replace(".scores.npz", ".seconds.json"))
        try:
            taken.append(_Taken.model_validate_json(times.read_bytes()))
        except (OSError, ValueError) as error:
            raise FormatError(f"{times}: not the seconds of a fit ({error}); {_AGAIN}") from error
    return taken


def _check_shapes(path: Path, arrays: Mapping[str, NDArray[Any]], architectures: int) -> None:
    scores, fits = arrays["scores"], len(arrays["repeats"])
    shape = (fits, architectures)
    if scores.shape != shape or arrays.get("logits", scores).shape != shape:
        raise FormatError(f"{path}: scores {scores.shape} for a table of {architectures}; {_AGAIN}")
    each = ("seeds", "train_rows", "train_labels", "folds", "one_stage")
    if any(len(arrays[name]) != fits for name in each if name in arrays) or not np.isfinite(scores).all():
        raise FormatError(f"{path}: a score that is no number, or is missing; {_AGAIN}")
    if ("folds" in arrays) != (int(arrays["train_size"]) == 0):
        raise FormatError(f"{path}: folds belong to a train_size of 0, and to no other; {_AGAIN}")


def _drawn(path: Path, arrays: Mapping[str, NDArray[Any]], table: BenchmarkTable, study_seed: int) -> list[RepeatDraw]:
    """The draws of a file's fits, which must be those that the study draws today."""
    size = int(arrays["train_size"])
    if size > len(table):
        raise FormatError(f"{path}: fits to {size} architectures of a table of {len(table)}; {_AGAIN}")
    key = FitKey(str(arrays["predictor"]), table.name, size or None)
    drawn: dict[int, list[RepeatDraw]] = {}
    found = []
    for k, repeat in enumerate(arrays["repeats"].tolist()):
        fold = int(arrays["folds"][k]) if "folds" in arrays else 0
        # Seeds are compared first: they cost nothing, whatever number a damaged file has for a repeat.
        if int(arrays["seeds"][k]) != _seed(key, study_seed, repeat, fold):
            raise _other_draw(path, repeat)
        if repeat not in drawn:
            drawn = {repeat: draw_fits(table, study_seed, key, [repeat])}  # fits of one repeat stand together
        draw = drawn[repeat][fold]
        if any(not np.array_equal(arrays[name][k], getattr(draw, part)) for name, part in _STORED.items()):
            raise _other_draw(path, repeat)
        found.append(draw)
    return found


def _seed(key: FitKey, study_seed: int, repeat: int, fold: int) -> int | None:
    """Seed of a fit as the study draws it; None for a fold that there is not."""
    if key.train_size is not None:
        return repeat_seed(key.benchmark, study_seed, key.train_size, repeat)
    return fold_seed(key.benchmark, study_seed, key.predictor, repeat, fold) if 0 <= fold < FOLDS else None


def _other_draw(path: Path, repeat: int) -> FormatError:
    return FormatError(
        f"{path}: repeat {repeat} was fitted to other rows, labels or a seed than the study draws today, since a "
        "sampler or the table has changed: raise FIT_STAGE_VERSION in src/neural_predictor/workflow/versions.py, which "
        "refits all predictors, or delete the file; then run the same command again"
    )


def _arrays(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    try:
        found = read_npz(path, (*required, *optional))
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: not a file of scores ({error}); {_AGAIN}") from error
    for name, array in found.items():
        kinds, dimensions = _LAYOUT[name]
        if array.dtype.kind not in kinds or array.ndim != dimensions:
            raise FormatError(f"{path}: {name} is {array.dtype} {array.shape}, which no file of scores has; {_AGAIN}")
    written = int(found["format"]) if "format" in found else 1
    if written != FORMAT:
        raise FormatError(
            f"{path}: a file of scores in format {written}; this version reads format {FORMAT}, which says what a fit "
            f"was fitted to: {_AGAIN}"
        )
    missing = [name for name in required if name not in found]
    if missing:
        raise FormatError(f"{path}: a file of scores without {', '.join(missing)}; {_AGAIN}")
    return found
