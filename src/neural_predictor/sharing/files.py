"""The file of a method: its scores of a set's architectures and its choice; beside it, the seconds that it took."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from neural_predictor.errors import ArchitectureError, FormatError
from neural_predictor.io.files import atomic_together
from neural_predictor.io.untrusted import read_npz
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

STATUSES = ("ok", "diverged")
_AGAIN = "run train-supernet again"
_KINDS = {
    "method": ("U", 0),
    "status": ("U", 0),
    "architecture": ("U", 1),
    "scores": ("f", 1),
    "accuracies": ("f", 1),
    "choice": ("U", 0),
    "choice_accuracy": ("f", 0),
    "history": ("f", 2),
}
"""Array of the file -> kind of its values, and its dimensions."""


@dataclass(frozen=True, eq=False)
class Shared:
    """What a method gave.

    Attributes:
        method: its name in the study.
        status: `ok`, or `diverged`: then scores are NaN and there is no choice.
        architecture: (n,) identities.
        scores: (n,) by which the method ranks them, higher is better.
        accuracies: (n,) their validation accuracy with shared weights, as shares.
        choice: the architecture that it chose, as text; empty for none.
        choice_accuracy: its validation accuracy with shared weights.
        history: (epochs, 2) mean loss and accuracy in training.
        seconds: core seconds of `training`, `evaluation` of the architectures and `choice`.
    """

    method: str
    status: str
    architecture: NDArray[Any]
    scores: NDArray[np.float64]
    accuracies: NDArray[np.float64]
    choice: str
    choice_accuracy: float
    history: NDArray[np.float64]
    seconds: dict[str, float]


class _Taken(BaseModel):
    """The file of seconds."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="forbid")

    training: Annotated[float, Field(ge=0)]
    evaluation: Annotated[float, Field(ge=0)]
    choice: Annotated[float, Field(ge=0)]


def times_of(path: Path) -> Path:
    """The file of seconds beside a method's, which is the same in every run."""
    return path.with_suffix(".seconds.json")


def write_shared(path: Path, found: Shared) -> None:
    """Write what a method gave, and beside it the seconds."""
    arrays = {name: np.array(getattr(found, name)) for name in _KINDS}
    arrays["architecture"] = found.architecture.astype(np.str_)
    with atomic_together(path, times_of(path)) as (numbers, clock):
        seconds = {name: round(value, 3) for name, value in found.seconds.items()}
        clock.write_text(json.dumps(seconds) + "\n", encoding="utf-8")
        with numbers.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)


def read_shared(path: Path) -> Shared:
    """Read what `write_shared` wrote.

    Raises:
        FormatError: if a file is missing or damaged, or a value is none that a method gives.
    """
    try:
        arrays = read_npz(path)
        taken = _Taken.model_validate_json(times_of(path).read_bytes())
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: not what train-supernet writes ({error}); {_AGAIN}") from error
    for name, (kind, dimensions) in _KINDS.items():
        if name not in arrays or arrays[name].dtype.kind != kind or arrays[name].ndim != dimensions:
            told = "is missing" if name not in arrays else f"is {arrays[name].dtype} {arrays[name].shape}"
            raise FormatError(f"{path}: {name} {told}; {_AGAIN}")
    values: dict[str, Any] = {
        name: arrays[name] if dimensions else arrays[name].item() for name, (_, dimensions) in _KINDS.items()
    }
    found = Shared(**values, seconds=taken.model_dump())
    _check(path, found)
    return found


def _check(path: Path, found: Shared) -> None:
    if found.status not in STATUSES:
        raise FormatError(f"{path}: status is {found.status!r}; expected {' or '.join(STATUSES)}; {_AGAIN}")
    count = len(found.architecture)
    if not found.scores.shape == found.accuracies.shape == (count,) or len(set(found.architecture)) < count:
        raise FormatError(f"{path}: one score of each of {count} architectures is needed, once; {_AGAIN}")
    if found.status == "ok":
        accuracies = np.append(found.accuracies, found.choice_accuracy)
        if not (np.isfinite(found.scores).all() and ((accuracies >= 0) & (accuracies <= 1)).all()):
            raise FormatError(f"{path}: a score that is no number, or an accuracy outside 0 to 1; {_AGAIN}")
        try:
            ProxylessNasSpace().parse(found.choice)
        except ArchitectureError as error:
            raise FormatError(f"{path}: choice: {error}; {_AGAIN}") from error
