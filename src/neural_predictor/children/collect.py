"""From the records of shards to the trainings of a set of children."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from neural_predictor.children.latencies import latencies
from neural_predictor.children.plan import plan_of, read_chosen, recipe_digest, sample, training_seed
from neural_predictor.children.records import ChildRecord, read_shard, typed
from neural_predictor.errors import FormatError
from neural_predictor.images.registry import image_source
from neural_predictor.spaces.proxylessnas.cost import multiply_adds, parameters
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config.sections import ChildSet
    from neural_predictor.config.study import Study


def collect(
    study: Study,
    children: str,
    shards: Iterable[Path],
    images: dict[str, Any],
    chosen: Path | None = None,
    profile: Path | None = None,
) -> pd.DataFrame:
    """All trainings of a set of children, a row each, with the columns of `records.COLUMNS`.

    A set with latencies has the column latency_ms besides: by the study's model, or as they were measured here.

    Args:
        study: its plan.
        children: the set, such as `digits` or `digits-chosen`.
        shards: files of finished shards, together all architectures of the set.
        images: protocol of the images.
        chosen: for a chosen set, the file that names its architectures.
        profile: for a set whose latencies are measured here, the folder of `measure-children`.

    Raises:
        FormatError: if a shard is damaged, trainings are missing, or an architecture or a seed is not the one that
            the study draws today.
        ConfigError: if a profile is missing.
        LatencyError: if it is not finished, or of other architectures.
    """
    plan = plan_of(study, children)
    codes, predicted = (sample(study, children), None) if chosen is None else read_chosen(chosen)
    space = ProxylessNasSpace()
    texts = [space.format(code) for code in codes]
    read = [(path, record) for path in shards for record in read_shard(path)]
    records = _checked(read, study, children, texts)
    frame = pd.DataFrame([record.model_dump() for record in records])
    frame = frame.sort_values(["network", "training"], ignore_index=True)
    rows = frame["network"].to_numpy()
    for name, values in _costs(plan, codes).items():
        frame[name] = values[rows]
    frame["predicted"] = float("nan") if predicted is None else pd.Series(predicted).to_numpy()[rows]
    frame["recipe"] = recipe_digest(plan, images)
    frame["variant"], frame["images"] = plan.network.variant, plan.images
    latency = None if plan.latency is None else latencies(plan.latency, codes, profile)
    return typed(frame) if latency is None else typed(frame).assign(latency_ms=latency[rows])


_ANEW = (
    "raise CHILD_STAGE_VERSION in src/neural_predictor/workflow/versions.py, which trains all children anew, or delete "
    "the file; then run the same command again"
)


def _checked(
    records: list[tuple[Path, ChildRecord]], study: Study, children: str, architectures: list[str]
) -> list[ChildRecord]:
    """The records of all trainings of these architectures, each once."""
    expected = len(architectures) * plan_of(study, children).seeds
    if len(records) != expected:
        raise FormatError(f"{children}: {len(records)} trainings; the study has {expected}: run train-children again")
    seen: set[tuple[int, int]] = set()
    for path, record in records:
        which = f"{path}: network {record.network}"
        if record.network >= len(architectures):
            raise FormatError(f"{which}; {children} has {len(architectures)}, from 0: run train-children again")
        if (record.network, record.training) in seen:
            raise FormatError(f"{which}, training {record.training} is there twice: run train-children again")
        seen.add((record.network, record.training))
        if record.architecture != architectures[record.network]:
            raise FormatError(
                f"{which} is {record.architecture}, but the study draws {architectures[record.network]}, since a "
                f"sampler has changed: {_ANEW}"
            )
        seed = training_seed(study.seed, children, record.network, record.training)
        if record.seed != seed:
            raise FormatError(
                f"{which}, training {record.training} has the seed {record.seed}, but the study draws {seed}, since "
                f"the study's seed or how seeds follow from it has changed: {_ANEW}"
            )
    return [record for _, record in records]


def _costs(plan: ChildSet, codes: NDArray[Any]) -> dict[str, NDArray[Any]]:
    source, network = image_source(plan.images), plan.network
    return {
        "trainable_parameters": parameters(codes, source.classes, network.width, source.channels),
        "multiply_adds": multiply_adds(
            codes,
            network.resolution,
            source.classes,
            network.width,
            network.stem_stride,
            network.variant,
            source.channels,
        ),
    }
