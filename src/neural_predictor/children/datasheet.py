"""The datasheet of a table of children: what it holds, where that comes from, and how far it can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import kendalltau

from neural_predictor.children.device import COLUMNS, measured_rows
from neural_predictor.children.latencies import window_of
from neural_predictor.children.table import children_table
from neural_predictor.config.sections import Bootstrap
from neural_predictor.errors import TableError
from neural_predictor.images.registry import image_source
from neural_predictor.statistics.reliability import reliability

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from pydantic import BaseModel

    from neural_predictor.children.device import DeviceFile
    from neural_predictor.config.sections import ChildSet
    from neural_predictor.statistics.bootstrap import Estimate
    from neural_predictor.tables.table import BenchmarkTable

SAMPLED = {
    "uniform": "Each layer's op code was drawn uniformly and independently.",
    "stratified": "The number of zero layers was drawn uniformly from 0 to 15, all other choices uniformly.",
}
STATISTICS = ("mean", "standard deviation", "minimum", "lower quartile", "median", "upper quartile", "maximum")
QUANTITIES = {
    "validation_accuracy": ("validation accuracy (%)", 100.0, 2),
    "test_accuracy": ("test accuracy (%)", 100.0, 2),
    "trainable_parameters": ("trainable parameters", 1.0, 0),
    "multiply_adds": ("multiply-adds an image", 1.0, 0),
    "training_time_s": ("training time (s)", 1.0, 1),
    "latency_ms": ("latency (ms)", 1.0, 3),
}
"""Column -> its name for readers, factor, decimals."""


def datasheet(
    frame: pd.DataFrame,
    plan: ChildSet | None,
    source: str,
    image_protocol: Mapping[str, Any] | None,
    device: DeviceFile | None = None,
) -> str:
    """The datasheet of a table as Markdown; every number in it is of the table.

    Args:
        frame: trainings, as `records.typed` gives them.
        plan: what the study says of the set; None for imported pairs.
        source: name of the study, or what else the pairs come from.
        image_protocol: of `images.splits.split_protocol`; None where nobody knows the splits.
        device: of a set that was trained on a GPU, what it was trained by.
    """
    parts = [_what(frame, source), _sampling(frame, plan)]
    if plan is not None:
        parts += [_recipe("How they are built", plan.network), _recipe("How they are trained", plan.training)]
    if device is not None:
        parts.append(_computed(device))
    for name in frame["images"].unique().tolist():
        part = frame[frame["images"] == name]
        parts += [_images(name, image_protocol), _counts(part), _statistics(part), _agreement(part)]
    parts.append(_missing(frame, plan, image_protocol))
    return "\n\n".join(parts) + "\n"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *rows))


def _what(frame: pd.DataFrame, source: str) -> str:
    titles = ", ".join(image_source(name).title for name in frame["images"].unique())
    count = len(frame.drop_duplicates(["images", "network"]))
    text = (
        f"# Children: architectures of the ProxylessNAS space on {titles}\n\nSource: {source}. "
        f"{count:,} architectures, {len(frame):,} trainings, a row each. A row has the architecture's 22 op codes, its "
        "accuracies as fractions, and what it cost."
    )
    if (frame["variant"] == "as-replicated").any():
        text += (
            " They have the strides of the 2021 replication, a defect: each block of a stage strides, so "
            "that an image ends as one pixel. They say little of the paper's architectures."
        )
    return text


def _sampling(frame: pd.DataFrame, plan: ChildSet | None) -> str:
    heading = "## How the architectures were sampled\n\n"
    if plan is None:
        return f"{heading}By the 2021 replication: each layer's op code uniform, so nearly all have 0 to 5 zero layers."
    window = window_of(plan)
    bounded = "" if window is None else f" Only {str(window).removeprefix('of ')} were taken."
    rule = f"{SAMPLED[plan.sampling]}{bounded} An architecture that was drawn before was drawn again."
    if frame["predicted"].notna().any():
        return (
            f"{heading}They are the best of {plan.candidates:,} candidates by a predictor that was fitted to the "
            f"study's sample (column `predicted`), and no random sample. Of the candidates: {rule}"
        )
    return heading + rule


def _recipe(heading: str, recipe: BaseModel) -> str:
    rows = []
    for name, value in recipe.model_dump(mode="json").items():
        text = ", ".join(f"{key} {part}" for key, part in value.items()) if isinstance(value, dict) else str(value)
        rows.append([name.replace("_", " "), text])
    return f"## {heading}\n\n{_table(['key', 'value'], rows)}"


def _computed(device: DeviceFile) -> str:
    text = f"## What they were computed by\n\n{device.note}"
    if device.driver is not None:
        versions = ", ".join(f"{name} {version}" for name, version in device.libraries.items())
        text += f" Driver: {device.driver}. Libraries: {versions}."
    return text + (f"\n\n{_table(COLUMNS, measured_rows(device))}" if device.settings else "")


def _images(name: str, protocol: Mapping[str, Any] | None) -> str:
    source = image_source(name)
    text = [f"## {source.title}", f"{source.classes} classes. Licence: {source.licence}. Cite: {source.citation}."]
    if protocol is None:
        text.append("Splits: not those of this project; which images they held was not kept.")
    else:
        rows = [
            [split, f"{about['images']:,}", f"`{about['ids_sha256']}`"] for split, about in protocol["splits"].items()
        ]
        text += [f"Splits: {protocol['rule']}.", _table(["split", "images", "SHA-256 of the sorted ids"], rows)]
    return "\n\n".join(text)


def _counts(frame: pd.DataFrame) -> str:
    counts = frame["status"].value_counts()
    rows = [[status, f"{counts.get(status, 0):,}"] for status in ("ok", "diverged")]
    each = frame.groupby("network")["training"].count()
    trainings = f"{each.min()} to {each.max()}" if each.min() < each.max() else str(each.max())
    lines = [f"### Trainings\n\nTrainings of each architecture: {trainings}.", _table(["status", "trainings"], rows)]
    digests = frame["recipe"][frame["recipe"] != ""].unique().tolist()
    if digests:
        lines.append(f"Digest of recipes and images: {', '.join(f'`{digest}`' for digest in digests)}.")
    return "\n\n".join(lines)


def _statistics(frame: pd.DataFrame) -> str:
    rows = []
    for column, (name, factor, decimals) in QUANTITIES.items():
        if column not in frame:
            continue
        values = factor * frame[column].dropna().to_numpy(np.float64)
        if not len(values):
            continue
        numbers = [values.mean(), values.std(), *np.quantile(values, (0, 0.25, 0.5, 0.75, 1))]
        rows.append([name, f"{len(values):,}", *(f"{number:,.{decimals}f}" for number in numbers)])
    text = f"### Statistics over trainings\n\n{_table(['', 'rows', *STATISTICS], rows)}"
    if frame["training_time_s"].notna().any():
        text += (
            "\n\nTraining time: of all epochs and the validation after each; on a CPU the seconds that its cores "
            "worked. Trainings of one architecture may run together; then each has an equal share of their seconds."
        )
    return text


def _agreement(frame: pd.DataFrame) -> str:
    heading = "### How far the numbers agree\n\n"
    try:
        table = children_table(frame, "children")
    except TableError:  # all diverged
        return f"{heading}No training ended well."
    return heading + "\n".join(f"- {line}" for line in (_with_test(table), *_between(table)))


def _with_test(table: BenchmarkTable) -> str:
    if table.target == table.signal or len(table) < 2:
        return "Kendall tau of validation and test: not known."
    tau = kendalltau(table.mean(table.signal), table.mean(table.target)).statistic
    return f"Kendall tau of validation and test over {len(table):,} architectures, means of their trainings: {tau:.3f}."


def _between(table: BenchmarkTable) -> list[str]:
    bootstrap = Bootstrap()
    found = reliability(table.metrics[table.signal], bootstrap, 0)
    if found is None:
        return ["Between trainings of an architecture: not known, for each was trained once."]

    def shown(value: Estimate, factor: float = 1.0) -> str:
        return f"{factor * value.value:.3f} [{factor * value.low:.3f}, {factor * value.high:.3f}]"

    return [
        f"Kendall tau between two trainings, validation: {shown(found.tau)}.",
        f"Standard deviation of validation in percentage points: between architectures {shown(found.sd_between, 100)}, "
        f"between trainings of one {shown(found.sd_within, 100)}.",
        f"Reliability (intraclass correlation) of one training: {shown(found.one)}; of the mean of "
        f"{found.trainings}: {shown(found.mean)}. No predictor can explain a larger share of the labels' variance.",
        f"Brackets: {bootstrap.confidence:.0%} bootstrap intervals over architectures.",
    ]


def _missing(frame: pd.DataFrame, plan: ChildSet | None, protocol: Mapping[str, Any] | None) -> str:
    lines = []
    good = frame[frame["status"] == "ok"]
    for column in ("test_accuracy", "epochs", "training_time_s", "seed"):
        absent = int(good[column].isna().sum())
        if absent:
            lines.append(f"`{column}` of {absent:,} of {len(good):,} trainings that ended well.")
    diverged = len(frame) - len(good)
    if diverged:
        lines.append(f"Both accuracies of {diverged:,} trainings that diverged.")
    if plan is None:
        lines.append("The recipe of training, as a file.")
    if protocol is None:
        lines.append("Which images were seen in training, validation and test.")
    return "## What is missing\n\n" + ("\n".join(f"- {line}" for line in lines) or "Nothing.")
