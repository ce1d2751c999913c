"""Fig. 8 of the paper: the ProxylessNAS search space, and what its architectures cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.config.project import digest
from neural_predictor.errors import ConfigError
from neural_predictor.figures.protocol import versions
from neural_predictor.figures.results import ProtocolRecord
from neural_predictor.seeds import seed_of
from neural_predictor.spaces.proxylessnas.cost import map_sizes, multiply_adds, parameters
from neural_predictor.spaces.proxylessnas.layers import (
    CHOICES,
    HEAD,
    LAYERS,
    STEM,
    STEM_KERNEL,
    STEM_STRIDE,
    cardinality,
    distinct_architectures,
)
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from neural_predictor.figures.request import Request

COLUMNS = (
    "kind",
    "name",
    "layer",
    "stage",
    "kernel",
    "expansion",
    "channels",
    "stride",
    "size",
    "low",
    "high",
    "count",
    "value",
    "text",
)
_INTEGERS = ("layer", "stage", "channels", "stride", "size", "count")
BINS = 60
MIN_SAMPLES = 2
COSTS = ("multiply_adds", "parameters")


SAMPLES, RESOLUTION, CLASSES = 100_000, 224, 1000  # the paper's images: ImageNet's


def run(request: Request[None]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """The space, and the costs of `SAMPLES` architectures of it; nothing is trained."""
    study = request.study
    seed = seed_of(study.seed, "fig8")
    notes = [
        f"{SAMPLES:,} architectures, uniform over the choices of the 22 layers; costs at {RESOLUTION} pixels, "
        f"{CLASSES:,} classes and width 1 in closed form: multiply-adds of convolutions and the last layer; trainable "
        "parameters."
    ]
    protocol = ProtocolRecord(
        experiment=request.artefact,
        study=study.name,
        benchmark="proxylessnas",
        benchmark_title="ProxylessNAS search space",
        architectures=cardinality(),
        signal="multiply-adds",
        target="parameters",
        unit="",
        scale=1,
        maximise=False,
        label="none: nothing is trained",
        sampling="uniform over the choices of the 22 layers, without replacement",
        scored="nothing",
        reported="costs in closed form",
        repeats={"networks": SAMPLES},
        interval="none",
        notes=notes,
        seed=study.seed,
        study_digest=digest(study),
        versions=versions(),
    )
    return space_and_costs(SAMPLES, seed, RESOLUTION, CLASSES), protocol


def space_and_costs(count: int, seed: int, resolution: int, classes: int) -> pd.DataFrame:
    """The space as it is defined, and the costs of architectures drawn uniformly over code rows.

    Args:
        count: architectures to draw.
        seed: of their draw.
        resolution: side of the images in pixels.
        classes: outputs of the architectures.

    Returns:
        Rows of kind

        - `image`, `stem`, `layer` (22 of them, in order), `head` and `classes`: `channels` that go out, `stride`,
          `size` (side of the map that goes out, in pixels). For convolutions `kernel`, and of layers `expansion`
          too, the choices between slashes; of layers also `layer` and `stage`, counted from 0, and `value`, the
          number of choices.
        - `histogram`, for each of `COSTS`: `count` of the architectures with a cost in [low, high), the last bin with
          its end.
        - `summary`: for each of `COSTS` the mean (`value`), least (`low`) and largest (`high`) of `count` of
          them; and `cardinality` and `networks`, the number of code rows and of different architectures, as exact
          `text`.

    Raises:
        ConfigError: for a count too small for histograms.
        ArchitectureError: for a resolution or a number of classes that is not positive.
    """
    if count < MIN_SAMPLES:
        raise ConfigError(f"fig8 draws {count} architectures; its histograms take {MIN_SAMPLES} or more")
    codes = ProxylessNasSpace().sample(count, np.random.default_rng(seed))
    costs = multiply_adds(codes, resolution, classes), parameters(codes, classes)
    rows = _network(resolution, classes)
    for name, values in zip(COSTS, costs, strict=True):
        rows += _histogram(name, values)
    # With thousands separators, since a column of plain digits would be read back as rounded floats.
    exact = {"cardinality": cardinality(), "networks": distinct_architectures()}
    rows += [{"kind": "summary", "name": name, "text": f"{number:,}"} for name, number in exact.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(_INTEGERS, "Int64"))


def _choices(values: Iterable[int]) -> str:
    return "/".join(map(str, sorted(set(values))))


def _network(resolution: int, classes: int) -> list[dict[str, object]]:
    """Rows of the image, the stem, the layers, the head and the classes, from the definition of the space."""
    some_network = np.zeros((1, len(LAYERS)), np.uint8)  # no layer that changes the size can be zero
    first, *sizes = map_sizes(some_network, resolution)[0].tolist()
    rows: list[dict[str, object]] = [
        {"kind": "image", "name": "image", "channels": 3, "size": resolution},
        {"kind": "stem", "name": "stem", "channels": STEM, "stride": STEM_STRIDE, "size": first}
        | {"kernel": str(STEM_KERNEL)},
    ]
    for k, (layer, size) in enumerate(zip(LAYERS, sizes, strict=True)):
        rows.append(
            {"kind": "layer", "name": f"layer {k}", "layer": k, "stage": layer.stage}
            | {"kernel": _choices(block.kernel for block in layer.blocks)}
            | {"expansion": _choices(block.expansion for block in layer.blocks)}
            | {"channels": layer.outputs, "stride": layer.stride, "size": size, "value": int(CHOICES[k])}
        )
    head = {"kind": "head", "name": "head", "kernel": "1", "channels": HEAD, "stride": 1, "size": sizes[-1]}
    return [*rows, head, {"kind": "classes", "name": "classes", "channels": classes}]


def _histogram(name: str, values: NDArray[np.int64]) -> list[dict[str, object]]:
    counts, edges = np.histogram(values, BINS)
    bins = zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    rows: list[dict[str, object]] = [
        {"kind": "histogram", "name": name, "low": low, "high": high, "count": count} for low, high, count in bins
    ]
    ends = {"low": float(values.min()), "high": float(values.max()), "value": float(values.mean())}
    return [*rows, {"kind": "summary", "name": name, "count": len(values)} | ends]
