"""One supernet from its beginning, or from where a kill left it, to the scores of a set's architectures and a choice.

The method in hand has a checkpoint after an epoch now and then. Weights, order and draws follow from seed and epoch, so
that on a CPU a job that was killed ends with the bytes of one that was not.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.children.journal import Terms, locked
from neural_predictor.children.shard import CHECKPOINT_EVERY_S
from neural_predictor.children.trainer import core_seconds
from neural_predictor.errors import ChildError
from neural_predictor.io.files import atomic
from neural_predictor.io.untrusted import read_npz
from neural_predictor.seeds import seed_of
from neural_predictor.sharing.files import Shared
from neural_predictor.sharing.registry import make_method
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.children.feeds import Feed
    from neural_predictor.config.child_recipes import NetworkRecipe
    from neural_predictor.config.sharing_recipes import Recipe
    from neural_predictor.sharing.base import Method

logger = logging.getLogger(__name__)

TERMS = Terms(busy="another process trains this supernet")


@dataclass(frozen=True, eq=False)
class Job:
    """What one process trains and scores.

    Attributes:
        name: of the method in the study.
        recipe: of the method.
        network: what architectures are built as.
        codes: (n, 22) uint8, those to be scored.
        study_seed: the study's.
        children: name of their set.
        images: the protocol of the images, whose digests say which they are.
    """

    name: str
    recipe: Recipe
    network: NetworkRecipe
    codes: NDArray[np.uint8]
    study_seed: int
    children: str
    images: dict[str, Any] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """Of weights, order and draws, a signed number of 64 bits to TensorFlow."""
        return seed_of(self.study_seed, "sharing", self.children, self.name) >> 1

    @property
    def digest(self) -> str:
        """SHA-256 of all that a checkpoint follows from: method, network, images, seed."""
        parts = [self.recipe.model_dump(mode="json"), self.network.model_dump(mode="json"), self.images, self.seed]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass
class _Progress:
    """Where a training stands: (loss, accuracy in training) of each epoch, and core seconds until now."""

    history: list[tuple[float, float]] = field(default_factory=list)
    seconds: float = 0.0


def train_supernet(job: Job, feed: Feed, work: Path, *, advance: Callable[[int], None] = lambda _: None) -> Shared:
    """Train a supernet, score architectures by it, and let the method choose one.

    Args:
        job: the method and the architectures.
        feed: their images; test images are never asked for.
        work: folder of the job's scratch: lock and checkpoint.
        advance: called with the number of units done: epochs, then architectures that are evaluated.

    Returns:
        Where the training diverged, `status` says so and scores are NaN.

    Raises:
        ChildError: if another process trains it, its checkpoint is damaged or of another job, or memory is exhausted.
        UserError: when the disk is full or read-only.
    """
    with locked(work / "supernet", TERMS):
        method, checkpoint = make_method(job.recipe, job.network, feed, job.seed), work / "supernet.checkpoint.npz"
        progress = _load(checkpoint, job, method)
        advance(len(progress.history))
        diverged = _train(job, method, progress, checkpoint, advance)
        if diverged:
            logger.warning("%s: diverged in epoch %d", job.name, len(progress.history))
        found = _scored(job, method, progress, advance) if not diverged else _diverged(job, progress)
        checkpoint.unlink(missing_ok=True)
        return found


def _train(
    job: Job, method: Method[Any], progress: _Progress, checkpoint: Path, advance: Callable[[int], None]
) -> bool:
    """Train to the end; whether it diverged."""
    saved = time.monotonic()
    while len(progress.history) < job.recipe.training.epochs:
        start = core_seconds()
        found = method.run_epoch(len(progress.history))
        progress.history.append((float(found[0]), float(found[1])))
        progress.seconds += core_seconds() - start
        advance(1)
        if not (np.isfinite(found).all() and method.finite):
            return True
        if time.monotonic() - saved > CHECKPOINT_EVERY_S:
            _save(checkpoint, job, method, progress)
            saved = time.monotonic()
    _save(checkpoint, job, method, progress)
    return False


def _scored(job: Job, method: Method[Any], progress: _Progress, advance: Callable[[int], None]) -> Shared:
    start = core_seconds()
    accuracies = method.accuracies(job.codes, advance)
    scores = method.scores(job.codes, accuracies)
    evaluated = core_seconds()
    candidates = method.candidates()
    found = method.accuracies(candidates, advance)
    choice = candidates[int(np.argmax(found))]
    return Shared(
        method=job.name,
        status="ok",
        architecture=method.space.identify(job.codes),
        scores=scores,
        accuracies=accuracies,
        choice=method.space.format(choice),
        choice_accuracy=float(found.max()),
        history=np.array(progress.history),
        seconds={
            "training": progress.seconds,
            "evaluation": evaluated - start,
            "choice": core_seconds() - evaluated,
        },
    )


def _diverged(job: Job, progress: _Progress) -> Shared:
    nothing = np.full(len(job.codes), np.nan)
    return Shared(
        method=job.name,
        status="diverged",
        architecture=ProxylessNasSpace().identify(job.codes),
        scores=nothing,
        accuracies=nothing,
        choice="",
        choice_accuracy=float("nan"),
        history=np.array(progress.history),
        seconds={"training": progress.seconds, "evaluation": 0.0, "choice": 0.0},
    )


def _save(path: Path, job: Job, method: Method[Any], progress: _Progress) -> None:
    about = {
        "digest": np.array(job.digest),
        "history": np.array(progress.history, np.float64),
        "seconds": np.array(progress.seconds),
    }
    with atomic(path) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **about, **{f"method.{name}": a for name, a in method.arrays().items()})


def _load(path: Path, job: Job, method: Method[Any]) -> _Progress:
    """Restore what `_save` wrote, or begin where nothing is there.

    Raises:
        ChildError: if the file is damaged or of another job.
    """
    if not path.exists():
        return _Progress()
    try:
        arrays = read_npz(path)
        if str(arrays["digest"]) != job.digest:
            raise ChildError("it is of another method, network, seed or set of images")
        history, seconds = arrays["history"], float(arrays["seconds"])
        if history.ndim != 2 or history.shape[1] != 2 or not 0 < len(history) <= job.recipe.training.epochs:
            raise ChildError(f"its history is {history.shape}; expected loss and accuracy of each epoch")
        if not (np.isfinite(history).all() and 0 <= seconds < np.inf):
            raise ChildError("it holds numbers that are not finite")
        own = {name.removeprefix("method."): a for name, a in arrays.items() if name.startswith("method.")}
        method.restore(own)
    except (OSError, ValueError, KeyError, TypeError, ChildError) as error:
        raise ChildError(f"{path}: not a checkpoint of this supernet ({error}); delete it to begin it anew") from error
    logger.info("%s: goes on after epoch %d", job.name, len(history))
    return _Progress([(float(loss), float(accuracy)) for loss, accuracy in history], seconds)
