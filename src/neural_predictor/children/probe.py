"""Which setting trains a set of children soonest on this machine's GPU: each is measured in a process of its own.

A setting that hangs in a compilation, crashes or exhausts the memory fails alone: its process is ended, the log says
so, and the next one is tried. Nothing here imports TensorFlow.
"""

from __future__ import annotations

import json
import logging
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from neural_predictor.children.device import DeviceFile, Measured
from neural_predictor.children.plan import plan_of, sample
from neural_predictor.children.settings import DEFAULT, Setting, candidates
from neural_predictor.errors import ChildError, PredictorError
from neural_predictor.images.registry import image_source
from neural_predictor.io.untrusted import parse_json
from neural_predictor.predictors import gpus
from neural_predictor.spaces.proxylessnas.cost import multiply_adds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neural_predictor.config.sections import ChildSet
    from neural_predictor.config.study import Study

logger = logging.getLogger(__name__)

QUANTILES = (0.25, 0.75)
"""Of the set's multiply-adds: where the two architectures lie that are measured."""
FARTHEST = 0.1
"""Relative difference of the first losses to those of float32 from which a setting computes something else."""
LEAST_S = 10.0
"""With less time left, no further setting is begun: loading TensorFlow takes as long."""


class Job(NamedTuple):
    """What is measured.

    Attributes:
        codes: architectures.
        network: the recipe of networks, as JSON has it.
        training: the recipe of training, likewise, before a setting is applied.
        shape: of a stored image.
        classes: number of classes.
        last: images of an epoch's last, smaller batch; 0 where all are full.
        threads: of the CPU.
        accelerator: `cpu` or `gpu`.
    """

    codes: list[list[int]]
    network: dict[str, Any]
    training: dict[str, Any]
    shape: tuple[int, int, int]
    classes: int
    last: int
    threads: int
    accelerator: str


class Limits(NamedTuple):
    """Seconds: of one architecture by one setting, loading TensorFlow included, and of all."""

    setting_s: float
    all_s: float


def probe(study: Study, children: str, images: int, *, threads: int, accelerator: str, limits: Limits) -> DeviceFile:
    """The setting of a set of children on this machine; measured only where there is a choice.

    Args:
        study: the study.
        children: the set, such as `cifar100`.
        images: of its training split.
        threads: of the CPU.
        accelerator: `cpu` or `gpu`; a GPU must have been claimed.
        limits: of time.

    Raises:
        ConfigError: if no setting has what the recipe fixes.
        ChildError: if no setting works.
        PredictorError: if TensorFlow can use no such device.
    """
    plan = plan_of(study, children)
    open_ones = candidates(plan.training)
    if accelerator == "cpu":
        why = "on a CPU half precision and XLA are slower, so nothing is measured"
        return DeviceFile(accelerator="cpu", device="CPU", setting=open_ones[0].name, why=why)
    gpu = gpus.here()
    here = {
        "accelerator": "gpu",
        "device": gpu.name if gpu else "GPU",
        "driver": gpu.driver if gpu else None,
        "libraries": gpus.libraries(),
    }
    if len(open_ones) == 1:
        return DeviceFile(**here, setting=open_ones[0].name, why="the study's recipe fixes it")
    found = measure(job_of(plan, sample(study, children), images, threads, accelerator), open_ones, limits)
    best, measured = choose(found, plan, images)
    why = f"of {len(found)} settings it ends the trainings soonest, by what was measured of two architectures"
    return DeviceFile(**here, setting=best, why=why, settings=measured)


def job_of(plan: ChildSet, codes: NDArray[np.uint8], images: int, threads: int, accelerator: str) -> Job:
    """The measurement of a set: two architectures of it, neither the smallest nor the largest."""
    source, network = image_source(plan.images), plan.network
    costs = multiply_adds(
        codes, network.resolution, source.classes, network.width, network.stem_stride, network.variant, source.channels
    )
    order = np.argsort(costs, kind="stable")
    two = codes[order[[int(share * (len(codes) - 1)) for share in QUANTILES]]]
    own = source.pixels
    side = own if own is not None and own <= network.resolution else network.resolution
    return Job(
        two.tolist(),
        network.model_dump(mode="json"),
        plan.training.model_dump(mode="json"),
        (side, side, source.channels),
        source.classes,
        images % plan.training.batch_size,
        threads,
        accelerator,
    )


class Outcome(NamedTuple):
    """What the process of a setting gave: a mapping for each architecture; why it failed, if it did."""

    setting: Setting
    rows: list[dict[str, Any]]
    fault: str | None


def measure(job: Job, settings: Sequence[Setting], limits: Limits) -> list[Outcome]:
    """Each setting in a process of its own, one after another, until the time is over."""
    begun, found = time.monotonic(), list[Outcome]()
    for setting in settings:
        left = limits.all_s - (time.monotonic() - begun)
        if found and left < LEAST_S:
            found.append(Outcome(setting, [], None))
            continue
        rows, fault = run_one(job, setting, limits.setting_s, left if found else limits.all_s)
        if fault is None and len(rows) < len(job.codes):
            fault = "it ended without a result"
        found.append(Outcome(setting, rows, fault))
        if fault is None:
            rate = np.mean([row["images_per_s"] for row in rows])
            first = np.mean([row["first_step_s"] for row in rows])
            logger.info("setting %s: first step after %.1f s, %.0f images/s", setting.name, first, rate)
        else:
            logger.warning("setting %s failed, the next one is tried: %s", setting.name, fault)
    return found


def run_one(job: Job, setting: Setting, limit_s: float, left_s: float) -> tuple[list[dict[str, Any]], str | None]:
    """What one setting's process printed in its time, and why it failed, if it did.

    Args:
        job: what is measured.
        setting: by which.
        limit_s: seconds of each architecture, loading TensorFlow included.
        left_s: seconds of all of them.

    Raises:
        PredictorError: if TensorFlow can use no such device.
    """
    environment = dict(os.environ)
    setting.enter(environment)
    package = str(Path(__file__).parents[2])
    environment["PYTHONPATH"] = os.pathsep.join([package, *filter(None, [environment.get("PYTHONPATH")])])
    environment["TF_CPP_MIN_LOG_LEVEL"] = "0"  # what TensorFlow says of a failure
    training = job.training | setting.keys
    text = json.dumps(job._asdict() | {"training": training, "limit_s": limit_s})
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+", errors="replace") as log:
        command = [sys.executable, "-m", "neural_predictor.children.measure"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=log, env=environment, text=True)
        try:
            process.communicate(text, timeout=min(limit_s * len(job.codes), left_s))
        except subprocess.TimeoutExpired:
            process.kill()
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        out.seek(0)
        log.seek(0)
        printed, said = out.read().splitlines(), log.read()
    rows = [row for row in map(_row, printed) if row is not None]
    if (row := next((row for row in rows if "no_device" in row), None)) is not None:
        raise PredictorError(row["no_device"])  # no setting can mend that
    faults = [row["fault"] for row in rows if "fault" in row]
    rows = [row for row in rows if "fault" not in row]
    return rows, faults[0] if faults else _fault(process.returncode, said, min(limit_s, left_s))


def _row(line: str) -> dict[str, Any] | None:
    try:
        found = parse_json(line)
    except ValueError:  # a line that a kill cut, or a library's
        return None
    return found if isinstance(found, dict) else None


def _fault(code: int, log: str, limit_s: float) -> str | None:
    if code == 0:
        return None
    if -code in (signal.SIGKILL, signal.SIGALRM):
        return f"not compiled and measured after {limit_s:.0f} s, and ended"
    last = next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "it said nothing")
    name = signal.Signals(-code).name if -code in {one.value for one in signal.Signals} else f"exit status {code}"
    return gpus.cause(log) or f"{name}: {last[:300]}"


def choose(found: Sequence[Outcome], plan: ChildSet, images: int) -> tuple[str, list[Measured]]:
    """The setting that ends a set's trainings soonest, compilation included; and what was measured of each.

    Raises:
        ChildError: if none was measured, with the fault of each.
    """
    reference = next((one.rows for one in found if one.setting == DEFAULT and one.fault is None), None)
    measured = [_measured(one, reference, plan, images) for one in found]
    fine = [one for one in measured if one.status == "measured"]
    if not fine:
        told = "; ".join(f"{one.name}: {one.fault or one.status}" for one in measured)
        raise ChildError(f"no setting trains these children on this device: {told}. See docs/gpu.md")
    return min(fine, key=lambda one: one.trainings_s or math.inf).name, measured


def _measured(one: Outcome, reference: list[dict[str, Any]] | None, plan: ChildSet, images: int) -> Measured:
    if one.fault is not None or not one.rows:
        return Measured(name=one.setting.name, status="failed" if one.fault else "not tried", fault=one.fault)
    losses = np.array([row["losses"] for row in one.rows])
    if not np.isfinite(losses).all():
        return Measured(name=one.setting.name, status="failed", fault="a loss is no finite number")
    expected = None if reference is None else np.array([row["losses"] for row in reference])
    difference = None if expected is None else float(np.abs(losses / expected - 1).max())
    if difference is not None and difference > FARTHEST:
        fault = f"its first losses differ from those of float32 by {difference:.0%}"
        return Measured(name=one.setting.name, status="failed", difference=difference, fault=fault)
    first = float(np.mean([row["first_step_s"] for row in one.rows]))
    seconds = np.mean([plan.seeds * plan.training.epochs * images / row["images_per_s"] for row in one.rows])
    memory = [row["memory_mib"] for row in one.rows if row["memory_mib"] is not None]
    return Measured(
        name=one.setting.name,
        status="measured",
        first_step_s=round(first, 2),
        images_per_s=round(float(np.mean([row["images_per_s"] for row in one.rows])), 1),
        memory_mib=round(max(memory), 1) if memory else None,
        difference=difference,
        trainings_s=round(float(plan.networks * (first + seconds)), 1),
    )
