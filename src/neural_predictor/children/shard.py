"""A shard of children: architectures that one process trains, one after another, and takes up where a kill left them.

Trainings of one architecture run together, in stacks of as many as their trainer takes. Finished children lie in the
shard's journal; the stack in hand has a checkpoint after an epoch now and then. Weights, order and augmentation of a
training follow from its seed and epoch, and its stack from the recipes, so that on one CPU a shard that was killed
ends with the numbers of one that was not.
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
from neural_predictor.children.stack_trainer import make_trainer
from neural_predictor.children.trainer import core_seconds, on_gpu
from neural_predictor.errors import ChildError
from neural_predictor.io.files import atomic, write_text
from neural_predictor.io.untrusted import read_npz
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.children.feeds import Feed
    from neural_predictor.children.trainer import State, Trainer
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
    history: list[list[float]] = field(default_factory=list)
    seconds: float = 0.0


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
            if done.issuperset(keys):
                continue
            trainer = make_trainer(code, shard.network, shard.training, feed)
            for first in range(0, shard.trainings, trainer.stack):
                stack = keys[first : first + trainer.stack]
                if done.issuperset(stack):
                    continue
                checkpoint = work / f"{stack[0][0]}-{stack[0][1]}.checkpoint.npz"
                for record in _train(shard, trainer, stack, done, checkpoint, advance):
                    journal.append(record | {"device": device})
                checkpoint.unlink(missing_ok=True)
        # The journal's header says which architectures they are of.
        named = [record | {"architecture": shard.name_of(record["network"])} for record in journal.records]
        return sorted(named, key=lambda record: (record["network"], record["training"]))


def _train(
    shard: Shard,
    trainer: Trainer,
    stack: Sequence[tuple[int, int]],
    done: Container[tuple[int, int]],
    checkpoint: Path,
    advance: Callable[[int], None],
) -> Iterator[dict[str, Any]]:
    """A stack from its checkpoint, or its beginning, to its end: the records of those that are not done, as they end.

    What is done trains along, so that the others meet the same stack whenever a kill came.
    """
    begun = [_Child(key, trainer.start(training_seed(shard.seed, shard.children, *key))) for key in stack]
    children = _load(checkpoint, trainer, begun, done) or begun

    def forward(children: Sequence[_Child], epochs: int) -> None:
        advance(epochs * sum(child.key not in done for child in children))

    forward(children, children[0].state.epoch)
    saved = time.monotonic()
    while children and children[0].state.epoch < shard.training.epochs:
        forward(children, 1)
        children, diverged = _epoch(trainer, children)
        for child in diverged:
            logger.warning("network %d, training %d: diverged in epoch %d", *child.key, child.state.epoch)
            forward([child], shard.training.epochs - child.state.epoch)
            if child.key not in done:
                yield _record(child, None)
        if time.monotonic() - saved > CHECKPOINT_EVERY_S and children:
            _save(checkpoint, children)
            saved = time.monotonic()
    # Test images are met here, once.
    tests = trainer.evaluations([child.state for child in children], "test") if children else []
    for child, test in zip(children, tests, strict=True):
        if child.key not in done:
            yield _record(child, test.accuracy)


def _epoch(trainer: Trainer, children: Sequence[_Child]) -> tuple[list[_Child], list[_Child]]:
    """One more epoch of each; those that go on, and those that diverged. They share the seconds out evenly."""
    start = core_seconds()
    epochs = trainer.run_epochs([child.state for child in children])
    for child, epoch in zip(children, epochs, strict=True):
        child.state = epoch.state
    fine = [(child, epoch) for child, epoch in zip(children, epochs, strict=True) if not epoch.diverged]
    found = trainer.evaluations([child.state for child, _ in fine], "validation") if fine else []
    for (child, epoch), evaluation in zip(fine, found, strict=True):
        child.history.append([epoch.loss, epoch.accuracy, evaluation.accuracy])
    for child in children:
        child.seconds += (core_seconds() - start) / len(children)
    diverged = [child for child, epoch in zip(children, epochs, strict=True) if epoch.diverged]
    return [child for child, _ in fine], diverged


def _record(child: _Child, test_accuracy: float | None) -> dict[str, Any]:
    """What the journal keeps of a training that has ended; without a test accuracy it diverged."""
    diverged = test_accuracy is None
    return {
        "network": child.key[0],
        "training": child.key[1],
        "seed": child.state.seed,
        "status": "diverged" if diverged else "ok",
        "validation_accuracy": None if diverged else child.history[-1][2],
        "test_accuracy": test_accuracy,
        "epochs": child.state.epoch,
        "training_time_s": round(child.seconds, 3),
        "history": [[round(value, 6) for value in epoch] for epoch in child.history],
    }


def _save(path: Path, children: Sequence[_Child]) -> None:
    arrays: dict[str, Any] = {}
    for child in children:
        about = np.array([*child.key, child.seconds], np.float64)
        own = {"about": about, "history": np.array(child.history, np.float64), **child.state.arrays()}
        arrays |= {f"{child.key[1]}.{name}": value for name, value in own.items()}
    with atomic(path) as part, part.open("wb") as file:
        np.savez(file, **arrays)


def _load(
    path: Path, trainer: Trainer, begun: Sequence[_Child], done: Container[tuple[int, int]]
) -> list[_Child] | None:
    """What `_save` wrote of the trainings that were begun, or None where nothing is there.

    Raises:
        ChildError: if the file is damaged or of other trainings.
    """
    if not path.exists():
        return None
    try:
        arrays = read_npz(path)
        found = {name.partition(".")[0] for name in arrays}
        children = []
        for child in begun:
            name = str(child.key[1])
            if name in found:
                found.remove(name)
                own = {
                    key.removeprefix(f"{name}."): value for key, value in arrays.items() if key.startswith(f"{name}.")
                }
                children.append(_restored(trainer, child, own))
            elif child.key not in done:  # only what diverged is missing, and done
                raise ChildError(f"it lacks training {name}")
        if found or not children or len({child.state.epoch for child in children}) > 1:
            raise ChildError("it is of another stack")
    except (OSError, ValueError, KeyError, TypeError, ChildError) as error:
        raise ChildError(f"{path}: not a checkpoint of this training ({error}); delete it to begin it anew") from error
    logger.info("network %d, trainings from %d on: go on after epoch %d", *children[0].key, children[0].state.epoch)
    return children


def _restored(trainer: Trainer, begun: _Child, arrays: dict[str, Any]) -> _Child:
    about, history = arrays.pop("about"), arrays.pop("history")
    state = trainer.restore(arrays)
    same = state.seed == begun.state.seed and history.shape == (state.epoch, 3) and about.shape == (3,)
    if not same or about[:2].tolist() != list(begun.key) or state.epoch > trainer.training.epochs:
        raise ChildError("it is of another training")
    if not (np.isfinite(history).all() and 0 <= about[2] < np.inf and np.isfinite(state.weights).all()):
        raise ChildError("it holds numbers that are not finite")
    return _Child(begun.key, state, history.tolist(), float(about[2]))


def write_shard(path: Path, records: list[dict[str, Any]]) -> None:
    """Write a finished shard's records, a line of JSON each."""
    write_text(path, "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records))


def device_name() -> str:
    """What TensorFlow computes on, as its maker calls it."""
    if not on_gpu():
        return f"CPU, {tf.config.threading.get_intra_op_parallelism_threads()} threads"
    device = tf.config.list_physical_devices("GPU")[0]
    return str(tf.config.experimental.get_device_details(device).get("device_name", "GPU"))
