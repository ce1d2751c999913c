"""From the records of shards to the table of a set of children."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from neural_predictor.children.journal import is_record
from neural_predictor.children.plan import plan_of, read_chosen, recipe_digest, sample
from neural_predictor.children.table import COLUMNS
from neural_predictor.errors import FormatError
from neural_predictor.images.registry import image_source
from neural_predictor.io.untrusted import parse_json, shown
from neural_predictor.spaces.proxylessnas.cost import multiply_adds, parameters
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config.sections import ChildSet
    from neural_predictor.config.study import Study


def read_shard(path: Path) -> list[dict[str, Any]]:
    """The records of a finished shard.

    Raises:
        FormatError: if a line is no record.
    """
    try:
        records = [parse_json(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: not the records of a shard ({error}); run train-children again") from error
    for number, record in enumerate(records, 1):
        if not is_record(record) or not {"status", "seed"} <= record.keys():
            raise FormatError(f"{path}: line {number} is no child's record; run train-children again")
        for name in set(COLUMNS) & record.keys():
            if not _is_plain(record[name]):
                raise FormatError(f"{path}: line {number}: {name} is {shown(record[name])}; run train-children again")
    return records


def _is_plain(value: object) -> bool:
    """Whether a column may hold this: a text, a number of 64 bits, or nothing."""
    return value is None or isinstance(value, str | float) or (isinstance(value, int) and abs(value) < 2**63)


def collect(
    study: Study, children: str, shards: Iterable[Path], images: dict[str, Any], chosen: Path | None = None
) -> pd.DataFrame:
    """All trainings of a set of children, one row each, as `table.write_children` takes them.

    Args:
        study: its plan.
        children: the set, such as `digits` or `digits-chosen`.
        shards: files of finished shards, together all networks of the set.
        images: protocol of the images.
        chosen: for a chosen set, the file that names its networks.

    Raises:
        FormatError: if a shard is damaged, or networks are missing.
    """
    plan = plan_of(study, children)
    codes, predicted = (sample(study, children), None) if chosen is None else read_chosen(chosen)
    records = [(path, record) for path in shards for record in read_shard(path)]
    expected = len(codes) * plan.seeds
    if len(records) != expected:
        raise FormatError(f"{children}: {len(records)} trainings; the study has {expected}: run train-children again")
    for path, record in records:
        if record["network"] >= len(codes):
            raise FormatError(
                f"{path}: network {record['network']}; {children} has {len(codes)}, from 0: run train-children again"
            )
    frame = pd.DataFrame([record for _, record in records])
    frame = frame.sort_values(["network", "training"], ignore_index=True)
    rows = frame["network"].to_numpy()
    for name, values in _about(plan, codes).items():
        frame[name] = values[rows]
    space = ProxylessNasSpace()
    frame["architecture"] = [space.format(codes[row]) for row in rows]
    frame["predicted"] = float("nan") if predicted is None else pd.Series(predicted).to_numpy()[rows]
    frame["recipe"] = recipe_digest(plan, images)
    frame["variant"], frame["images"] = plan.network.variant, plan.images
    return frame.reindex(columns=list(COLUMNS))


def _about(plan: ChildSet, codes: NDArray[Any]) -> dict[str, NDArray[Any]]:
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
