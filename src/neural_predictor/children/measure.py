"""How fast one setting trains some architectures here, measured in a process of its own.

`probe` writes a job as JSON on its standard input, and reads a line of JSON for each architecture. The process ends
itself when the time of one is over, also where it hangs in a compilation and its parent has been killed.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

WARM_STEPS = 3
"""Steps whose losses are compared with those of float32."""
TIMED_S = 2.0
"""For so long, at least, steps are timed."""


def noise(shape: tuple[int, int, int], classes: int, count: int) -> Any:
    """A set of noise images: only seconds are measured, and losses compared between settings."""
    from neural_predictor.images.base import ImageSet, Split

    rng, names = np.random.default_rng(0), tuple(map(str, range(classes)))

    def split(name: str, size: int) -> Split:
        ids = np.array([f"{name}-{k}" for k in range(size)], object)
        labels = (np.arange(size) % classes).astype(np.int32)
        return Split(rng.integers(0, 256, (size, *shape), np.uint8), labels, ids)

    sizes = {"train": max(count, classes), "validation": classes, "test": classes}
    return ImageSet("noise", names, {name: split(name, size) for name, size in sizes.items()})


def measured(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What each architecture of a job gives: see `probe.Job`."""
    import tensorflow as tf

    from neural_predictor.children.feeds import Resident
    from neural_predictor.children.trainer import Trainer
    from neural_predictor.config.child_recipes import NetworkRecipe, TrainingRecipe

    network, training = NetworkRecipe.model_validate(job["network"]), TrainingRecipe.model_validate(job["training"])
    feed = Resident(noise(tuple(job["shape"]), job["classes"], training.batch_size))
    for code in job["codes"]:
        trainer = Trainer(np.array(code, np.uint8), network, training, feed)
        yield one(tf, trainer, job["last"])
        _arm(job["limit_s"])


def one(tf: Any, trainer: Any, last: int) -> dict[str, Any]:
    """Seconds to the first steps on a full batch and one of `last` images (0: none), speed, memory and losses."""
    size, state = trainer.training.batch_size, trainer.start(0)
    images, labels = trainer.feed.place("train")
    values = tf.nest.map_structure(tf.constant, (state.weights, state.statistics, state.slots))

    def step(values: Any, count: int, batch: int) -> tuple[Any, float]:
        from neural_predictor.children.feeds import Section

        section = Section(images, labels, tf.constant(np.tile(np.arange(batch), (count, 1)), tf.int32))
        with trainer.memory_advice() as tried:
            call = partial(_train, tf, trainer, values)
            tried(call, section)
            values, total = call(section)
            loss = float(total.numpy()[0])  # waits for the device
        return values, loss / (count * batch)

    start, losses = time.perf_counter(), []
    values, loss = step(values, 1, size)
    losses.append(loss)
    if last:
        step(values, 1, last)
    first_s = time.perf_counter() - start
    for _ in range(WARM_STEPS - 1):
        values, loss = step(values, 1, size)
        losses.append(loss)
    count, spent = 1, 0.0
    while spent < TIMED_S:
        count = count if not spent else max(count + 1, int(1.2 * TIMED_S / spent * count))
        start = time.perf_counter()
        step(values, count, size)
        spent = time.perf_counter() - start
    return {
        "first_step_s": first_s,
        "images_per_s": count * size / spent,
        "memory_mib": _peak_mib(tf),
        "losses": losses,
    }


def _train(tf: Any, trainer: Any, values: Any, section: Any) -> Any:
    return trainer.train_steps(values, section, tf.constant([0, 0], tf.int64))


def _peak_mib(tf: Any) -> float | None:
    if not tf.config.list_logical_devices("GPU"):
        return None
    return float(tf.config.experimental.get_memory_info("GPU:0")["peak"]) / 2**20


def _arm(limit_s: float) -> None:
    """End this process after so many seconds, whatever it does then."""
    signal.alarm(max(1, round(limit_s)))


def main() -> None:
    """Take a job, print its lines; a fault of the user's is a line too."""
    from neural_predictor.errors import UserError
    from neural_predictor.predictors.device import configure

    job = json.load(sys.stdin)
    _arm(job["limit_s"])
    try:
        configure(job["threads"], job["accelerator"], claimed=True)
    except UserError as error:
        print(json.dumps({"no_device": str(error)}), flush=True)
        return
    try:
        for found in measured(job):
            print(json.dumps(found), flush=True)
    except UserError as error:
        print(json.dumps({"fault": str(error)}), flush=True)


if __name__ == "__main__":
    main()
