"""A profile of a machine: a folder with a journal of what was measured, and tables and a report of it.

Every part is visited `timing.VISITS` times, in rounds of another order each that begin `timing.APART_S` or more after
one another. The journal survives a kill: what was visited is not visited again. A reference is visited besides, again
and again, so that a machine that changes its speed is noticed.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict, dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from neural_predictor.children.journal import Journal, Terms, locked
from neural_predictor.config.child_recipes import NetworkRecipe
from neural_predictor.errors import FormatError, LatencyError
from neural_predictor.io.progress import progress
from neural_predictor.io.untrusted import shown
from neural_predictor.latency import backends, timing
from neural_predictor.latency.machine import machine
from neural_predictor.latency.parts import distinct_blocks, network
from neural_predictor.latency.timing import VISITS, Clock, Timing, clock_of, visit
from neural_predictor.spaces.proxylessnas.layers import PROXYLESSNAS_MOBILE
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from neural_predictor.latency.parts import Part

logger = logging.getLogger(__name__)

JOURNAL = "measurements.jsonl"
REFERENCE, BETWEEN = "ProxylessNAS-mobile", 12
"""What is visited besides, and the visits of other parts between two of its own."""
_TERMS = Terms(
    whole="measurements of another machine or plan",
    advice="choose another folder, or remove the file to measure anew",
    again="to measure these again",
    torn="its part is visited again",
    busy="another process measures into this folder",
)


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
        references: of each visit of the reference, the milliseconds of its fastest run.
    """

    plan: Plan
    machine: dict[str, Any]
    timings: dict[str, Timing]
    references: list[float]

    @property
    def drift(self) -> float:
        """By how much the slowest visit of the reference exceeds the fastest, as a share."""
        return max(self.references) / min(self.references) - 1


def header_of(plan: Plan) -> dict[str, Any]:
    """What a journal begins with: the plan, and this machine.

    Raises:
        LatencyError: if LiteRT is missing.
    """
    runs_on = {"runs_on": backends.version(plan.device), "clock": plan.clock.name}
    about = {"plan": asdict(plan), "visits": VISITS, "machine": machine(plan.device) | runs_on}
    found: dict[str, Any] = json.loads(json.dumps(about))
    return found


def measure_profile(
    plan: Plan, folder: Path, prepare: Callable[[Part, backends.Device, int], backends.Loader] = backends.prepare
) -> Profile:
    """Make the visits that the folder's journal lacks, and read all of it.

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
        done = {name: len(visits) for name, visits in _visits(path, journal.records).items()}
        counts = [done.get(part.name, 0) for part in parts]
        if 0 < sum(counts) < VISITS * len(parts):
            logger.info("%s: %d of %d visits are made; going on", path, sum(counts), VISITS * len(parts))
        _measure(plan, _left(plan, parts, counts), sum(counts), journal, prepare)
        return _profile(path, journal.records, plan, about["machine"])


def _left(plan: Plan, parts: list[Part], counts: list[int]) -> list[list[Part]]:
    """The visits to come: a part once a round, in a random order of each round."""
    rounds = []
    for visits in range(VISITS):
        order = np.random.default_rng((plan.seed, visits)).permutation(len(parts))
        rounds.append([parts[k] for k in order if counts[k] <= visits])
    return [part for part in rounds if part]


def _measure(plan: Plan, rounds: list[list[Part]], done: int, journal: Journal, prepare: Any) -> None:
    """Visit the parts of each round, which begins when `timing.APART_S` have passed, and the reference between them."""
    if not rounds:
        return
    named = {part.name: part for part in (plan.network(PROXYLESSNAS_MOBILE, REFERENCE), *chain(*rounds))}
    with progress("convert", len(named), "parts") as advance:
        loaders = {}
        for name, part in named.items():
            loaders[name] = prepare(part, plan.device, plan.threads)
            advance(1)
    runs, number, begun = -(-plan.runs // VISITS), 0, -np.inf
    with progress("measure", done + sum(map(len, rounds)), "visits") as advance:
        advance.to(done)
        for parts in rounds:
            time.sleep(max(0.0, begun + timing.APART_S - time.monotonic()))
            begun = time.monotonic()
            for part in parts:
                names = (part.name,) if number % BETWEEN else (REFERENCE, part.name)
                for name in names:
                    found = visit(loaders[name](), runs, plan.clock.seconds)
                    journal.append({"part": name, "runs_ms": found})
                advance(1)
                number += 1


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
        about, names = header["machine"], {part.name for part in plan.parts()}
        if header["visits"] != VISITS:
            raise ValueError(f"{VISITS} visits are needed")
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"{path}: its first line is {shown(header)}; expected what was measured, in {VISITS} visits"
        ) from error
    found = _visits(path, records)
    missing = [name for name in sorted(names) if len(found.get(name, ())) < VISITS]
    if missing:
        raise LatencyError(
            f"{folder}: {len(missing)} of {len(names)} parts are not measured, such as {missing[0]}; run the same "
            "`neural-predictor measure-latency` again to go on"
        )
    return _profile(path, records, plan, about)


def _profile(path: Path, records: list[dict[str, Any]], plan: Plan, about: dict[str, Any]) -> Profile:
    visits = _visits(path, records)
    references = [min(each) for each in visits.pop(REFERENCE, [])]
    if not references:
        raise FormatError(f"{path}: no visit of {REFERENCE}; every journal has some, so this one is damaged")
    return Profile(plan, about, {name: Timing(tuple(each)) for name, each in visits.items()}, references)


def _visits(path: Path, records: list[dict[str, Any]]) -> dict[str, list[tuple[float, ...]]]:
    """Of each part, milliseconds of the runs of each visit, in order."""
    found: dict[str, list[tuple[float, ...]]] = {}
    for line, record in enumerate(records, 2):
        name, runs = record.get("part"), record.get("runs_ms")
        if not (isinstance(name, str) and isinstance(runs, list) and runs and all(map(_is_time, runs))):
            raise FormatError(f"{path}: line {line} is {shown(record)}; expected a part's runs in milliseconds")
        found.setdefault(name, []).append(tuple(runs))
    return found


def _is_time(ms: object) -> bool:
    return type(ms) is float and 0 < ms < 1e9
