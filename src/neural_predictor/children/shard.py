"""A shard of children: architectures that one process trains, one after another, and takes up where a kill left them.

Finished children lie in the shard's journal; the one in hand has a checkpoint after an epoch now and then. Weights,
order and augmentation of a training follow from its seed and epoch, so that on one CPU a shard that was killed ends
with the numbers of one that was not.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from neural_predictor.children.journal import Journal, locked
from neural_predictor.children.plan import training_seed
from neural_predictor.children.trainer import Trainer, on_gpu
from neural_predictor.errors import ChildError
from neural_predictor.io.files import atomic, write_text
from neural_predictor.io.untrusted import read_npz
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.children.feeds import Feed
    from neural_predictor.children.trainer import State
    from neural_predictor.config.child_recipes import NetworkRecipe, TrainingRecipe

logger = logging.getLogger(__name__)

CHECKPOINT_EVERY_S = 20.0


@dataclass(frozen=True, eq=False)
class Shard:
    """What one process trains.

    Attributes:
        children: name of the set of children, such as `digits` or `digits-chosen`; a part of every seed.
        codes: (k, 22) uint8, the architectures.
        first: number of the first of them among all architectures of the set.
        trainings: how often each is trained, from different seeds.
        seed: the study's.
        network: what they are built as.
        training: how they are trained.
        images: the protocol of the images, whose digests say which they are.
    """

    children: str
    codes: NDArray[np.uint8]
    first: int
    trainings: int
    seed: int
    network: NetworkRecipe
    training: TrainingRecipe
    images: dict[str, Any] = field(default_factory=dict)

    def name_of(self, number: int) -> str:
        """The architecture of a number in the set, as text."""
        return ProxylessNasSpace().format(self.codes[number - self.first])

    def header(self) -> dict[str, Any]:
        """All that the shard's numbers follow from, as JSON."""
        space = ProxylessNasSpace()
        return {
            "children": self.children,
            "networks": [space.format(code) for code in self.codes],
            "first": self.first,
            "trainings": self.trainings,
            "seed": self.seed,
            "network": self.network.model_dump(mode="json"),
            "training": self.training.model_dump(mode="json"),
            "images": self.images,
        }


@dataclass
class _Child:
    """One training: where it stands, and what it gave so far."""

    key: tuple[int, int]
    state: State
    history: list[list[float]]
    seconds: float


def train_shard(
    shard: Shard,
    feed: Feed,
    work: Path,
    *,
    device: str,
    advance: Callable[[int], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """Train what is not yet trained, and give all children of the shard, in order.

    Args:
        shard: the architectures and recipes.
        feed: their images.
        work: folder of this shard's scratch: journal, lock, checkpoint.
        device: what it runs on, for the record.
        advance: called with the number of epochs done.

    Returns:
        One record a training, as `records.ChildRecord` says, and with `device` and `history` (an epoch's loss,
        accuracy in training, validation accuracy).

    Raises:
        ChildError: if another process trains the shard, its scratch is of other recipes, or memory is exhausted.
        FormatError: if its journal is damaged.
        UserError: when the disk is full or read-only.
    """
    with locked(work / "journal"):
        journal = Journal(work / "journal", shard.header())
        done = journal.keys()
        advance(shard.training.epochs * len(done))
        for place, code in enumerate(shard.codes):
            keys = [(shard.first + place, training) for training in range(shard.trainings)]
            left = [key for key in keys if key not in done]
            if not left:
                continue
            trainer = Trainer(code, shard.network, shard.training, feed)  # one trace for all its trainings
            for key in left:
                checkpoint = work / f"{key[0]}-{key[1]}.checkpoint.npz"
                record = _train(shard, trainer, key, checkpoint, advance) | {"device": device}
                journal.append(record)
                checkpoint.unlink(missing_ok=True)
        # The journal's header says which architectures they are of.
        named = [record | {"architecture": shard.name_of(record["network"])} for record in journal.records]
        return sorted(named, key=lambda record: (record["network"], record["training"]))


def _train(
    shard: Shard, trainer: Trainer, key: tuple[int, int], checkpoint: Path, advance: Callable[[int], None]
) -> dict[str, Any]:
    """One training from its checkpoint, or its beginning, to its end."""
    seed = training_seed(shard.seed, shard.children, *key)
    child = _load(checkpoint, trainer, key, seed) or _Child(key, trainer.start(seed), [], 0.0)
    advance(child.state.epoch)
    saved = time.monotonic()
    diverged = False
    while child.state.epoch < shard.training.epochs and not diverged:
        start = time.monotonic()
        epoch = trainer.run_epoch(child.state)
        diverged = epoch.diverged
        if not diverged:
            validation = trainer.evaluate(epoch.state, "validation").accuracy
            child.history.append([epoch.loss, epoch.accuracy, validation])
        child.state = epoch.state
        child.seconds += time.monotonic() - start
        advance(1)
        if time.monotonic() - saved > CHECKPOINT_EVERY_S and not diverged:
            _save(checkpoint, child)
            saved = time.monotonic()
    if diverged:
        logger.warning("network %d, training %d: diverged in epoch %d", *key, child.state.epoch)
        advance(shard.training.epochs - child.state.epoch)
    return {
        "network": key[0],
        "training": key[1],
        "seed": seed,
        "status": "diverged" if diverged else "ok",
        "validation_accuracy": None if diverged else child.history[-1][2],
        # Test images are met here, once.
        "test_accuracy": None if diverged else trainer.evaluate(child.state, "test").accuracy,
        "epochs": child.state.epoch,
        "training_time_s": round(child.seconds, 3),
        "history": [[round(value, 6) for value in epoch] for epoch in child.history],
    }


def _save(path: Path, child: _Child) -> None:
    about = np.array([*child.key, child.seconds], np.float64)
    arrays: dict[str, Any] = {"about": about, "history": np.array(child.history, np.float64)}
    arrays |= child.state.arrays()
    with atomic(path) as part, part.open("wb") as file:
        np.savez(file, **arrays)


def _load(path: Path, trainer: Trainer, key: tuple[int, int], seed: int) -> _Child | None:
    """What `_save` wrote, or None where nothing is there."""
    if not path.exists():
        return None
    try:
        arrays = read_npz(path)
        about, history = arrays.pop("about"), arrays.pop("history")
        state = trainer.restore(arrays)
        same = state.seed == seed and history.shape == (state.epoch, 3) and about.shape == (3,)
        if not same or about[:2].tolist() != list(key) or state.epoch > trainer.training.epochs:
            raise ChildError("it is of another training")
        if not (np.isfinite(history).all() and 0 <= about[2] < np.inf and np.isfinite(state.weights).all()):
            raise ChildError("it holds numbers that are not finite")
    except (OSError, ValueError, KeyError, TypeError, ChildError) as error:
        raise ChildError(f"{path}: not a checkpoint of this training ({error}); delete it to begin it anew") from error
    logger.info("network %d, training %d: goes on after epoch %d", *key, state.epoch)
    return _Child(key, state, history.tolist(), float(about[2]))


def write_shard(path: Path, records: list[dict[str, Any]]) -> None:
    """Write a finished shard's records, a line of JSON each."""
    write_text(path, "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records))


def device_name() -> str:
    """What TensorFlow computes on, as its maker calls it."""
    if not on_gpu():
        return f"CPU, {tf.config.threading.get_intra_op_parallelism_threads()} threads"
    device = tf.config.list_physical_devices("GPU")[0]
    return str(tf.config.experimental.get_device_details(device).get("device_name", "GPU"))
