"""Which architectures of a study are trained by which job. Needs neither images nor TensorFlow.

A set of children is named after the study's key: `digits`, the sample that the predictor is fitted to. Those that it
then chooses are a set of their own, `digits-chosen`; further random ones of a window of latencies `digits-random`;
those that methods which share weights choose `digits-shared`.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.seeds import seed_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config.sections import ChildSet
    from neural_predictor.config.study import Study

CHOSEN, RANDOM, SHARED = "-chosen", "-random", "-shared"
ENSEMBLE = 10
"""Predictors of different seeds whose mean score chooses."""
ROLE = "chosen"
"""What a choice calls those that are to be trained, where it lists other candidates too."""
SAMPLINGS = {
    "uniform": "the op code of each of the 22 layers uniform and independent",
    "stratified": "the number of zero layers uniform over 0 to 15, all other choices uniform",
}
"""How architectures are sampled; one that was drawn before is drawn again."""


def sampling_of(plan: ChildSet) -> str:
    """How a set's architectures are sampled, as sentences quote it."""
    from neural_predictor.children.latencies import window_of

    window = window_of(plan)
    return SAMPLINGS[plan.sampling] + ("" if window is None else f", {window}")


def key_of(children: str) -> str:
    """The study's key of a set of children."""
    return children.removesuffix(CHOSEN).removesuffix(RANDOM).removesuffix(SHARED)


def sets_of(name: str, plan: ChildSet) -> dict[str, int]:
    """Set -> its number of architectures, of a key of the study: the sample, what is chosen, further random ones."""
    further = 0 if plan.latency is None else plan.latency.random
    counts = {name: plan.networks, f"{name}{CHOSEN}": plan.chosen, f"{name}{RANDOM}": further}
    return {children: count for children, count in counts.items() if count}


def trained_sets(study: Study) -> list[str]:
    """All sets of children that a study trains, those that methods which share weights choose among them."""
    sets = [children for name, plan in study.children.items() for children in sets_of(name, plan)]
    if study.sharing is not None and study.sharing.against is not None:
        sets.append(f"{study.sharing.children}{SHARED}")
    return sets


def plan_of(study: Study, children: str) -> ChildSet:
    """What the study says of a set of children.

    Raises:
        ConfigError: if it says nothing of it.
    """
    key = key_of(children)
    if key not in study.children:
        known = ", ".join(study.children) or "none"
        raise ConfigError(f"the study has no children {key!r}; under `children` it has {known}")
    return study.children[key]


def shards_of(study: Study, children: str) -> range:
    """Numbers of the jobs that train a set of children."""
    plan = plan_of(study, children)
    if children.endswith(SHARED):
        return range(1)
    networks = sets_of(key_of(children), plan).get(children, 0)
    return range(-(-networks // plan.networks_per_shard))


def per_shard(study: Study, children: str) -> int:
    """Architectures that a job trains: of those that methods chose, whose number nobody knows before, all."""
    if children.endswith(SHARED):
        assert study.sharing is not None  # or there is no such set
        return len(study.sharing.methods) * study.sharing.seeds
    return plan_of(study, children).networks_per_shard


def draw(plan: ChildSet, count: int, seed: int) -> NDArray[np.uint8]:
    """`count` architectures (count, 22) by the plan's way of sampling, within its window of latencies if it has one.

    Raises:
        ArchitectureError: if nearly none of those that are drawn lie within; it says what comes nearest.
    """
    from neural_predictor.children.latencies import window_of
    from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

    space, rng = ProxylessNasSpace(), np.random.default_rng(seed)
    draws = space.sample if plan.sampling == "uniform" else space.sample_stratified
    return draws(count, rng, bounds=window_of(plan))


def sample(study: Study, children: str) -> NDArray[np.uint8]:
    """The architectures of a study's sample (architectures, 22), or of its further random ones, which go on from it."""
    plan, seed = plan_of(study, children), seed_of(study.seed, "children", key_of(children), "sample")
    if children.endswith(RANDOM):
        return draw(plan, plan.networks + sets_of(key_of(children), plan).get(children, 0), seed)[plan.networks :]
    return draw(plan, plan.networks, seed)


def training_seed(study_seed: int, children: str, network: int, training: int) -> int:
    """The seed of a training, a signed number of 64 bits to TensorFlow.

    Args:
        study_seed: the study's.
        children: the set, such as `digits` or `digits-chosen`.
        network: number of the architecture in the set.
        training: which of its trainings.
    """
    return seed_of(study_seed, "children", children, network, training) >> 1


def read_chosen(path: Path) -> tuple[NDArray[np.uint8], list[float]]:
    """The architectures that a file of `choose-children` names as chosen, in its order, and their predictions.

    Raises:
        FormatError: if the file has no such columns.
        ArchitectureError: for a row that is no architecture of the space.
    """
    from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.DictReader(file) if row.get("role", ROLE) == ROLE]
        architectures = [row["architecture"] or "" for row in rows]
        predicted = [float(row["predicted"]) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise FormatError(
            f"{path}: expected rows with architecture and predicted ({error}); run choose-children again"
        ) from error
    if not rows or not all(map(math.isfinite, predicted)):
        raise FormatError(f"{path}: expected rows with architecture and predicted; run choose-children again")
    return ProxylessNasSpace().from_columns([architectures], lambda row: f"{path}, row {row}"), predicted


def recipe_digest(plan: ChildSet, images: dict[str, Any]) -> str:
    """SHA-256 of all that the numbers of an architecture follow from besides its seed: recipes and images."""
    parts = [plan.network.model_dump(mode="json"), plan.training.model_dump(mode="json"), images]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def scratch(work: Path, digest: str, shard: int, chosen: NDArray[np.uint8] | None) -> Path:
    """The folder of a shard before it is finished.

    Another choice has another folder, so that what was trained of an earlier one does not stand in its way.

    Args:
        work: folder of the set's scratch.
        digest: `recipe_digest`.
        shard: its number.
        chosen: (n, 22) the architectures of a chosen set's shard; None for a sample, which the study determines.
    """
    name = str(shard) if chosen is None else f"{shard}-{hashlib.sha256(chosen.tobytes()).hexdigest()[:12]}"
    return work / digest[:12] / name
