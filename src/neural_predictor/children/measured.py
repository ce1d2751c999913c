"""What is measured of a set of children: each of its networks, as it is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.children.plan import plan_of, read_chosen, sample
from neural_predictor.errors import ConfigError
from neural_predictor.images.registry import image_source
from neural_predictor.latency.profile import Plan
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from pathlib import Path

    from neural_predictor.config.study import Study


def measured_plan(study: Study, children: str, chosen: Path | None) -> Plan:
    """What is measured of a set: its networks, for one of its images.

    Args:
        study: the study.
        children: the set, such as `digits` or `digits-chosen`.
        chosen: for a chosen set, the file that names its architectures.

    Raises:
        ConfigError: if the latencies of the set are not measured here.
        FormatError: if the file of a choice is damaged.
    """
    plan = plan_of(study, children)
    if plan.latency is None or plan.latency.model != "here":
        raise ConfigError(f"the latencies of {children} of {study.name} are not measured: it has no `latency` of here")
    codes = sample(study, children) if chosen is None else read_chosen(chosen)[0]
    space, source, network = ProxylessNasSpace(), image_source(plan.images), plan.network
    return Plan(
        networks=len(codes),
        seed=study.seed,
        width=network.width,
        resolution=network.resolution,
        stem_stride=network.stem_stride,
        channels=source.channels,
        classes=source.classes,
        architectures=tuple(space.format(code) for code in codes),
    )
