"""Commands of the ProxylessNAS children, in the order in which data flow; `cli` adds them to its own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from neural_predictor.config.study import Study

app = typer.Typer()

Root = Annotated[Path, typer.Option(envvar="NEURAL_PREDICTOR_ROOT", help="Folder that holds config/.")]
StudyName = Annotated[str, typer.Option("--study", help="Name of the study, a file in config/studies.")]
Children = Annotated[str, typer.Option("--children", help="The study's set, such as digits, or digits-chosen.")]
Chosen = Annotated[Path | None, typer.Option("--chosen", help="For a chosen set: the file of choose-children.")]
Place = Annotated[Path, typer.Option("--place", help="Folder of prepared images; of digits, their raw file.")]
ImagesJson = Annotated[Path, typer.Option("--images", help="Protocol of the images, of prepare-images.")]
Parquet = Annotated[Path, typer.Option("--parquet", help="Table of children.")]
Device = Annotated[Path | None, typer.Option("--device", help="On a GPU: the file of probe-device.")]
Profile = Annotated[
    Path | None, typer.Option("--profile", help="Folder of measure-children, for a set whose latencies are measured.")
]
Threads = Annotated[int, typer.Option(min=1, help="CPU threads.")]
Accelerator = Annotated[str, typer.Option(help="cpu or gpu.")]
HERE = Path()


def read_protocol(path: Path) -> dict[str, Any]:
    """The protocol of a set's images, as `prepare-images` writes it."""
    from neural_predictor.errors import FormatError
    from neural_predictor.io.untrusted import parse_json

    try:
        found = parse_json(path.read_text(encoding="utf-8-sig"))
        if not isinstance(found, dict):
            raise ValueError(f"a JSON {type(found).__name__}")
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: not the protocol of images ({error}); run prepare-images again") from error
    return found


def _computed(study: Study, children: str, device: Path | None) -> Study:
    """The study, with the set's recipe as the setting of a file of `probe-device` computes it."""
    from neural_predictor.children.device import as_set, read_device

    return study if device is None else as_set(study, children, read_device(device))


def _enter(device: Path | None, accelerator: str) -> None:
    """Claim a GPU, hold the file of `probe-device` to it, and set the variables of its setting."""
    from neural_predictor.children.device import check_device, read_device
    from neural_predictor.predictors import gpus
    from neural_predictor.predictors.gpu_locks import claim_gpu

    if accelerator == "gpu":
        claim_gpu()
    if device is not None:
        found, gpu = read_device(device), gpus.here() if accelerator == "gpu" else None
        check_device(found, device, accelerator, gpu.name if gpu else accelerator.upper())
        found.chosen.enter(os.environ)


@app.command()
def prepare_images(
    children: Children,
    study: StudyName,
    place: Place,
    output: Annotated[Path, typer.Option(help="Where the protocol of the splits shall be.")],
    root: Root = HERE,
) -> None:
    """Find, download or prepare the images of a set of children, and write the protocol of their splits."""
    from neural_predictor.children.plan import plan_of
    from neural_predictor.config.project import Project
    from neural_predictor.images.archives import require
    from neural_predictor.images.registry import image_source
    from neural_predictor.io.files import write_text
    from neural_predictor.predictors.device import configure

    project = Project(root)
    plan, config = plan_of(project.study(study), children), project.config.images
    if image_source(plan.images).builder is not None:
        require(plan.images, place, config.manual, download=config.download)  # before anything slow
    configure(1, "cpu")
    from neural_predictor.children.images import open_images

    _, protocol = open_images(
        plan.images, place, plan.network.resolution, manual=config.manual, download=config.download
    )
    write_text(output, json.dumps(protocol, indent=2) + "\n")


@app.command()
def train_children(
    children: Children,
    study: StudyName,
    shard: Annotated[int, typer.Option(help="Which share of the architectures.")],
    images: ImagesJson,
    place: Place,
    work: Annotated[Path, typer.Option(help="Folder of scratch that survives a kill.")],
    output: Annotated[Path, typer.Option(help="Where the records (JSON lines) shall be.")],
    chosen: Chosen = None,
    device: Device = None,
    threads: Threads = 1,
    accelerator: Accelerator = "cpu",
    root: Root = HERE,
) -> None:
    """Train a shard of architectures; run again after a kill, it goes on where it was."""
    from neural_predictor.children.plan import (
        per_shard,
        plan_of,
        read_chosen,
        recipe_digest,
        sample,
        scratch,
        shards_of,
    )
    from neural_predictor.config.project import Project
    from neural_predictor.errors import ChildError
    from neural_predictor.io.progress import progress
    from neural_predictor.predictors.device import configure

    project = Project(root)
    whole, protocol = _computed(project.study(study), children, device), read_protocol(images)
    plan = plan_of(whole, children)
    if shard not in shards_of(whole, children):
        raise ChildError(f"{children} of {study} has {len(shards_of(whole, children))} shards; there is no {shard}")
    _enter(device, accelerator)
    configure(threads, accelerator, claimed=True)
    from neural_predictor.children.images import open_prepared
    from neural_predictor.children.shard import Shard, device_name, train_shard, write_shard

    codes = sample(whole, children) if chosen is None else read_chosen(chosen)[0]
    first = shard * per_shard(whole, children)
    part = codes[first : first + per_shard(whole, children)]
    this = Shard(children, part, first, plan.seeds, whole.seed, plan.network, plan.training, protocol)
    manual, resolution = project.config.images.manual, plan.network.resolution
    feed = open_prepared(plan.images, place, resolution, manual=manual, protocol=protocol, said_by=images)
    folder = scratch(work, recipe_digest(plan, protocol), shard, None if chosen is None else part)
    epochs = len(part) * plan.seeds * plan.training.epochs
    with progress(f"train {children}, architectures {first} to {first + len(part) - 1}", epochs, "epochs") as advance:
        records = train_shard(this, feed, folder, device=device_name(), advance=advance)
    write_shard(output, records)


@app.command()
def collect_children(
    children: Children,
    study: StudyName,
    images: ImagesJson,
    shards: Annotated[list[Path], typer.Argument(help="Records of all shards.")],
    parquet: Parquet,
    csv: Annotated[Path, typer.Option(help="All trainings as text, a row each.")],
    sheet: Annotated[Path, typer.Option(help="Where its datasheet (Markdown) shall be.")],
    chosen: Chosen = None,
    device: Device = None,
    profile: Profile = None,
    root: Root = HERE,
) -> None:
    """Put the records of all shards into one table, with its datasheet."""
    from neural_predictor.children.collect import collect
    from neural_predictor.children.datasheet import datasheet
    from neural_predictor.children.device import read_device
    from neural_predictor.children.plan import plan_of, sampling_of
    from neural_predictor.children.records import as_csv
    from neural_predictor.children.table import children_table
    from neural_predictor.config.project import Project
    from neural_predictor.io.files import write_text
    from neural_predictor.tables.table import write_table

    whole, protocol = _computed(Project(root).study(study), children, device), read_protocol(images)
    probed = None if device is None else read_device(device)
    frame, plan = collect(whole, children, shards, protocol, chosen, profile), plan_of(whole, children)
    write_text(csv, as_csv(frame))
    write_text(sheet, datasheet(frame, plan, study, protocol, probed))
    note = None if probed is None else probed.note
    write_table(children_table(frame, children, sampling_of(plan), note), parquet)


@app.command()
def choose_children(
    study: StudyName,
    parquet: Parquet,
    output: Annotated[Path, typer.Option(help="Where the choice (CSV) shall be.")],
    profile: Profile = None,
    threads: Threads = 1,
    accelerator: Accelerator = "cpu",
    root: Root = HERE,
) -> None:
    """Fit the study's predictor to trained children, score sampled candidates, and name the best."""
    from neural_predictor.config.project import Project
    from neural_predictor.io.files import atomic
    from neural_predictor.predictors.device import configure
    from neural_predictor.tables.table import read_table

    table = read_table(parquet)
    workers = configure(threads, accelerator)
    from neural_predictor.children.choose import choose

    found: pd.DataFrame = choose(Project(root).study(study), table, workers=workers, profile=profile)
    with atomic(output) as part:
        found.to_csv(part, index=False, float_format="%.8g", lineterminator="\n")


@app.command()
def import_children(
    file: Annotated[Path, typer.Argument(help="The replication's pairs: CSV of set, architecture, accuracy.")],
    output: Annotated[Path, typer.Option(help="Folder for a table (Parquet) of each set, with its CSV beside it.")],
) -> None:
    """Read the 2021 replication's architecture-accuracy pairs, of architectures with its stride defect."""
    from neural_predictor.children.imported import SAMPLING
    from neural_predictor.children.imported import import_children as read
    from neural_predictor.children.records import as_csv
    from neural_predictor.children.table import children_table
    from neural_predictor.io.files import write_text
    from neural_predictor.tables.table import write_table

    for images, frame in read(file).groupby("images", sort=False):
        write_text(output / f"{images}.csv", as_csv(frame))
        write_table(children_table(frame, str(images), SAMPLING), output / f"{images}.parquet")
        typer.echo(f"{output}/{images}.parquet: {len(frame)} architectures")
