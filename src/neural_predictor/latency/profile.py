"""A profile of a machine: a folder with a journal of what was measured, and tables and a report of it.

The journal survives a kill: a group of parts that was measured whole is not measured again. Each group holds the same
reference besides, so that a machine whose speed changed between groups is noticed.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from neural_predictor.children.journal import Journal, Terms, locked
from neural_predictor.config.child_recipes import NetworkRecipe
from neural_predictor.errors import FormatError, LatencyError
from neural_predictor.io.progress import progress
from neural_predictor.io.untrusted import shown
from neural_predictor.latency import backends
from neural_predictor.latency.machine import machine
from neural_predictor.latency.parts import distinct_blocks, network
from neural_predictor.latency.timing import Clock, Timing, clock_of, measure
from neural_predictor.spaces.proxylessnas.layers import PROXYLESSNAS_MOBILE
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from neural_predictor.latency.parts import Part

logger = logging.getLogger(__name__)

JOURNAL = "measurements.jsonl"
GROUP = 12
"""Parts that are measured together: their models lie in memory, some 16 MB each."""
_TERMS = Terms(
    whole="measurements of another machine or plan",
    advice="choose another folder, or remove the file to measure anew",
    again="to measure these again",
    torn="its part is measured again",
    busy="another process measures into this folder",
)
_KEYS = ("q1_ms", "median_ms", "q3_ms", "reference_ms")


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        device: cpu or gpu.
        threads: of a CPU.
        networks: how many whole ones, uniform over the space.
        runs: fewest of each part.
        seed: of networks and orders.
        width: multiplier of the channels.
        resolution: of the images in pixels.
        stem_stride: stride of the stem.
        channels: of an image.
        classes: outputs of the dense layer.
        architectures: rows of op codes in place of random networks; then no blocks are measured.
    """

    device: backends.Device = "cpu"
    threads: int = 1
    networks: int = 100
    runs: int = 50
    seed: int = 1
    width: float = 1.0
    resolution: int = 224
    stem_stride: Literal[1, 2] = 2
    channels: int = 3
    classes: int = 1000
    architectures: tuple[str, ...] = ()

    @property
    def recipe(self) -> NetworkRecipe:
        """How architectures are built."""
        return NetworkRecipe(width=self.width, resolution=self.resolution, stem_stride=self.stem_stride)

    @property
    def codes(self) -> NDArray[np.uint8]:
        """(networks, 22) the architectures that are measured as a whole."""
        space = ProxylessNasSpace()
        if self.architectures:
            return np.stack([space.parse(text) for text in self.architectures])
        return space.sample(self.networks, np.random.default_rng(self.seed))

    @property
    def clock(self) -> Clock:
        """What runs are timed by."""
        return clock_of(one_thread=self.device == "cpu" and self.threads == 1)

    def network(self, code: ArrayLike, name: str) -> Part:
        """An architecture as it is measured."""
        return network(np.asarray(code, np.uint8), self.recipe, name, self.channels, self.classes)

    def parts(self) -> list[Part]:
        """All that is measured, blocks and networks mixed at random."""
        names = ProxylessNasSpace().identify(self.codes)
        parts = [self.network(code, str(name)) for code, name in zip(self.codes, names, strict=True)]
        if not self.architectures:
            parts = [*distinct_blocks(self.recipe, self.channels, self.classes), *parts]
        return [parts[k] for k in np.random.default_rng(self.seed).permutation(len(parts))]


@dataclass(frozen=True)
class Profile:
    """What was measured.

    Attributes:
        plan: what was asked for.
        machine: as `machine.machine` has it, and what ran the parts.
        timings: name of a part -> its timing.
        references: of each group, the milliseconds of the reference.
    """

    plan: Plan
    machine: dict[str, Any]
    timings: dict[str, Timing]
    references: list[float]

    @property
    def drift(self) -> float:
        """By how much the slowest reference exceeds the fastest, as a share."""
        return max(self.references) / min(self.references) - 1


def header_of(plan: Plan) -> dict[str, Any]:
    """What a journal begins with: the plan, and this machine.

    Raises:
        LatencyError: if LiteRT is missing.
    """
    runs_on = {"runs_on": backends.version(plan.device), "clock": plan.clock.name}
    about = {"plan": asdict(plan), "machine": machine(plan.device) | runs_on}
    found: dict[str, Any] = json.loads(json.dumps(about))
    return found


def measure_profile(
    plan: Plan, folder: Path, prepare: Callable[[Part, backends.Device, int], backends.Runner] = backends.prepare
) -> Profile:
    """Measure what the folder's journal lacks, and read all of it.

    Args:
        plan: what is measured.
        folder: where the journal lies.
        prepare: what runs a part.

    Raises:
        LatencyError: if LiteRT or a GPU is missing, or a part cannot be converted.
        ChildError: if the journal is of another plan or machine, or another process writes it.
        FormatError: if the journal is damaged.
        UserError: when the disk is full or read-only.
    """
    about = header_of(plan)
    path = folder / JOURNAL
    with locked(path, _TERMS):
        journal = Journal(path, about, _TERMS)
        parts = plan.parts()
        done = set(_timings(path, journal.records))
        left = [part for part in parts if part.name not in done]
        if done and left:
            logger.info("%s: %d of %d parts are measured; going on", path, len(parts) - len(left), len(parts))
        with progress("measure", len(parts), "parts") as advance:
            advance.to(len(parts) - len(left))
            for first in range(0, len(left), GROUP):
                group = left[first : first + GROUP]
                for record in _measure_group(plan, group, len(journal.records), prepare):
                    journal.append(record)
                advance.to(len(parts) - len(left) + first + len(group))
        return _profile(path, journal.records, plan, about["machine"])


def _measure_group(plan: Plan, group: list[Part], seed: int, prepare: Any) -> list[dict[str, Any]]:
    reference = plan.network(PROXYLESSNAS_MOBILE, "ProxylessNAS-mobile")
    runners = [prepare(part, plan.device, plan.threads) for part in (*group, reference)]
    *found, fixed = measure(runners, plan.runs, np.random.default_rng((plan.seed, seed)), plan.clock.seconds)
    return [
        {"part": part.name, **asdict(timing), "reference_ms": fixed.median_ms}
        for part, timing in zip(group, found, strict=True)
    ]


def read_profile(folder: Path) -> Profile:
    """A profile that `measure_profile` wrote.

    Raises:
        LatencyError: if the folder holds none, or one that is not finished.
        FormatError: if its journal is damaged.
    """
    path = folder / JOURNAL
    if not path.is_file():
        raise LatencyError(f"{folder}: no profile of a machine; make one with `neural-predictor measure-latency`")
    header, *records = Journal.read(path, _TERMS) or [{}]
    try:
        asked = dict(header["plan"])
        plan = Plan(**asked | {"architectures": tuple(asked.get("architectures", ()))})
        about = header["machine"]
        names = {part.name for part in plan.parts()}
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path}: its first line is {shown(header)}; expected what was measured") from error
    missing = names - set(_timings(path, records))
    if missing:
        raise LatencyError(
            f"{folder}: {len(missing)} of {len(names)} parts are not measured, such as {min(missing)}; run the same "
            "`neural-predictor measure-latency` again to go on"
        )
    return _profile(path, records, plan, about)


def _profile(path: Path, records: list[dict[str, Any]], plan: Plan, about: dict[str, Any]) -> Profile:
    references = list(dict.fromkeys(record["reference_ms"] for record in records))
    return Profile(plan, about, _timings(path, records), references)


def _timings(path: Path, records: list[dict[str, Any]]) -> dict[str, Timing]:
    found: dict[str, Timing] = {}
    for line, record in enumerate(records, 2):
        values: list[Any] = [record.get(key) for key in _KEYS]
        numbers = all(type(value) is float and 0 < value < 1e9 for value in values)
        if not (isinstance(record.get("part"), str) and numbers and type(record.get("runs")) is int):
            raise FormatError(
                f"{path}: line {line} is {shown(record)}; expected the quartiles of a part in milliseconds"
            )
        found[record["part"]] = Timing(values[0], values[1], values[2], record["runs"])
    return found
