"""Trained children as a `BenchmarkTable`: one row an architecture, one column a metric and training.

Architectures all of whose trainings diverged have no row; `provenance["left_out"]` holds them. Other keys of the
provenance: `title`, `images`, `variant`, `sampling` (as sentences quote it), `trainings` and `diverged` (counts),
`epochs` (those that trainings lasted), `recipe` (digest of recipes and images), and of what a GPU trained, `note`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import TableError
from neural_predictor.images.registry import image_source
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from neural_predictor.tables.table import BenchmarkTable

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_OF_TRAINING = ("validation_accuracy", "test_accuracy", "training_time_s")
_OF_ARCHITECTURE = {
    "trainable_parameters": "trainable_parameters",
    "multiply_adds": "multiply_adds",
    "predicted": "predicted_accuracy",
    "latency_ms": "latency_ms",
}


def children_table(frame: pd.DataFrame, name: str, sampling: str = "", note: str | None = None) -> BenchmarkTable:
    """The architectures of one set of children.

    A metric that some training which ended well lacks is left out; without test accuracies the validation accuracy is
    what is reported.

    Args:
        frame: trainings, as `records.typed` gives them, of one set of images.
        name: of the table, such as `digits` or `digits-chosen`.
        sampling: how the architectures were drawn.
        note: what protocols say of how they were computed.

    Raises:
        TableError: if trainings are of several sets of images, or none ended well.
    """
    sets = frame["images"].unique().tolist()
    if len(sets) != 1:
        raise TableError(f"children of one set of images are needed; the table has {', '.join(sets) or 'none'}")
    good = frame[frame["status"] == "ok"].sort_values(["network", "training"])
    if good.empty:
        raise TableError(f"children {name}: none of {len(frame)} trainings ended well; change the recipe")
    space = ProxylessNasSpace()
    first = good.drop_duplicates("network")
    codes = space.canonical(np.stack([space.parse(text) for text in first["architecture"]]))
    metrics = _side_by_side(good)
    for column, metric in _OF_ARCHITECTURE.items():
        if column in first and first[column].notna().all():
            metrics[metric] = first[[column]].to_numpy()
    target = "test_accuracy" if "test_accuracy" in metrics else "validation_accuracy"
    return BenchmarkTable(
        name=name,
        space=space.name,
        architecture=space.identify(codes),
        encoding=codes,
        metrics=metrics,
        target=target,
        provenance=_provenance(frame, good, sampling) | ({} if note is None else {"note": note}),
        dtype="float64",
    )


def _side_by_side(good: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Metric -> (n, r) values of each architecture's trainings, NaN after the last one."""
    numbers, rows = np.unique(good["network"].to_numpy(), return_inverse=True)
    places = good.groupby("network").cumcount().to_numpy()
    metrics = {}
    for column in _OF_TRAINING:
        if good[column].notna().all():
            metrics[column] = np.full((len(numbers), places.max() + 1), np.nan)
            metrics[column][rows, places] = good[column].to_numpy()
    return metrics


def _provenance(frame: pd.DataFrame, good: pd.DataFrame, sampling: str) -> dict[str, Any]:
    lost = frame[~frame["network"].isin(good["network"])].drop_duplicates("network").sort_values("network")
    (variant,), (images,) = (frame[name].unique().tolist() for name in ("variant", "images"))
    return {
        "title": f"ProxylessNAS architectures on {image_source(images).title}",
        "images": images,
        "variant": variant,
        "sampling": sampling,
        "trainings": len(frame),
        "diverged": len(frame) - len(good),
        "epochs": sorted(good["epochs"].dropna().unique().tolist()),
        "recipe": ", ".join(digest for digest in frame["recipe"].unique().tolist() if digest),
        "left_out": [
            {"place": int(place), "architecture": text}
            for place, text in zip(lost["network"], lost["architecture"], strict=True)
        ],
    }


def zero_layers(table: BenchmarkTable) -> NDArray[np.int64]:
    """(n,) number of zero layers of each architecture of a table of ProxylessNAS chains."""
    zero = len(ProxylessNasSpace().operations) - 1
    return np.asarray((table.encoding == zero).sum(axis=1))


def in_order_of_training(table: BenchmarkTable, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n + k,) values (n,) of a table's rows at their places in the set, NaN for the k architectures left out."""
    places = [one["place"] for one in table.provenance["left_out"]]
    found = np.full(len(table) + len(places), np.nan)
    found[np.setdiff1d(np.arange(len(found)), places)] = values
    return found
