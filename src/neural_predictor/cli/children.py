"""Commands of the ProxylessNAS children, in the order in which data flow; `cli` adds them to its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer()

Root = Annotated[Path, typer.Option(envvar="NEURAL_PREDICTOR_ROOT", help="Folder that holds config/.")]
StudyName = Annotated[str, typer.Option("--study", help="Name of the study, a file in config/studies.")]
Children = Annotated[str, typer.Option("--children", help="The study's set, such as digits, or digits-chosen.")]
Chosen = Annotated[Path | None, typer.Option("--chosen", help="For a chosen set: the file of choose-children.")]
Place = Annotated[Path, typer.Option("--place", help="Folder of prepared images; of digits, their raw file.")]
ImagesJson = Annotated[Path, typer.Option("--images", help="Protocol of the images, of prepare-images.")]
Parquet = Annotated[Path, typer.Option("--parquet", help="Table of children.")]
Threads = Annotated[int, typer.Option(min=1, help="CPU threads.")]
Accelerator = Annotated[str, typer.Option(help="cpu or gpu.")]
HERE = Path()


def _protocol(path: Path) -> dict[str, Any]:
    from neural_predictor.errors import FormatError
    from neural_predictor.io.untrusted import parse_json

    try:
        found = parse_json(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError(f"a JSON {type(found).__name__}")
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: not the protocol of images ({error}); run prepare-images again") from error
    return found


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
    if image_source(plan.images).version is not None:
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
    shard: Annotated[int, typer.Option(help="Which share of the networks.")],
    images: ImagesJson,
    place: Place,
    work: Annotated[Path, typer.Option(help="Folder of scratch that survives a kill.")],
    output: Annotated[Path, typer.Option(help="Where the records (JSON lines) shall be.")],
    chosen: Chosen = None,
    threads: Threads = 1,
    accelerator: Accelerator = "cpu",
    root: Root = HERE,
) -> None:
    """Train a shard of networks; run again after a kill, it goes on where it was."""
    from neural_predictor.children.plan import plan_of, read_chosen, recipe_digest, sample, shards_of
    from neural_predictor.config.project import Project
    from neural_predictor.errors import ChildError
    from neural_predictor.io.progress import progress
    from neural_predictor.predictors.device import configure

    project = Project(root)
    whole, protocol = project.study(study), _protocol(images)
    plan = plan_of(whole, children)
    if shard not in shards_of(whole, children):
        raise ChildError(f"{children} of {study} has {len(shards_of(whole, children))} shards; there is no {shard}")
    configure(threads, accelerator)
    from neural_predictor.children.images import open_images
    from neural_predictor.children.shard import Shard, device_name, train_shard, write_shard

    codes = sample(whole, children) if chosen is None else read_chosen(chosen)[0]
    first = shard * plan.networks_per_shard
    part = codes[first : first + plan.networks_per_shard]
    this = Shard(children, part, first, plan.seeds, whole.seed, plan.network, plan.training, protocol)
    feed, found = open_images(
        plan.images, place, plan.network.resolution, manual=project.config.images.manual, download=False
    )
    if found != protocol:
        raise ChildError(f"{place}: other images than {images} says; run prepare-images again")
    scratch = work / recipe_digest(plan, protocol)[:12] / str(shard)
    epochs = len(part) * plan.seeds * plan.training.epochs
    with progress(f"train {children}, networks {first} to {first + len(part) - 1}", epochs, "epochs") as advance:
        records = train_shard(this, feed, scratch, device=device_name(), advance=advance)
    write_shard(output, records)


@app.command()
def collect_children(
    children: Children,
    study: StudyName,
    images: ImagesJson,
    shards: Annotated[list[Path], typer.Argument(help="Records of all shards.")],
    parquet: Parquet,
    csv: Annotated[Path, typer.Option(help="The same table as text.")],
    sheet: Annotated[Path, typer.Option(help="Where its datasheet (Markdown) shall be.")],
    chosen: Chosen = None,
    root: Root = HERE,
) -> None:
    """Put the records of all shards into one table, with its datasheet."""
    from neural_predictor.children.collect import collect
    from neural_predictor.children.datasheet import datasheet
    from neural_predictor.children.plan import plan_of
    from neural_predictor.children.table import write_children
    from neural_predictor.config.project import Project

    whole, protocol = Project(root).study(study), _protocol(images)
    frame = collect(whole, children, shards, protocol, chosen)
    write_children(frame, parquet, csv, (sheet, datasheet(frame, plan_of(whole, children), study, protocol)))


@app.command()
def choose_children(
    children: Children,
    study: StudyName,
    parquet: Parquet,
    output: Annotated[Path, typer.Option(help="Where the choice (CSV) shall be.")],
    threads: Threads = 1,
    accelerator: Accelerator = "cpu",
    root: Root = HERE,
) -> None:
    """Fit the study's predictor to trained children, score sampled candidates, and name the best."""
    from neural_predictor.children.table import read_children
    from neural_predictor.config.project import Project
    from neural_predictor.io.files import atomic
    from neural_predictor.predictors.device import configure

    frame = read_children(parquet)
    workers = configure(threads, accelerator)
    from neural_predictor.figures.fig9_children.numbers import choose

    found: pd.DataFrame = choose(Project(root).study(study), children, frame, workers=workers)
    with atomic(output) as part:
        found.to_csv(part, index=False, float_format="%.8g", lineterminator="\n")


@app.command()
def run_children(
    experiment: Annotated[str, typer.Argument(help="Such as fig9-digits or fig4-digits.")],
    study: StudyName,
    tables: Annotated[list[Path], typer.Argument(help="Table of the sample; for fig4 also of the chosen.")],
    csv: Annotated[Path, typer.Option(help="Tidy numbers.")],
    protocol: Annotated[Path, typer.Option(help="Protocol of the numbers.")],
    threads: Threads = 1,
    accelerator: Accelerator = "cpu",
    root: Root = HERE,
) -> None:
    """Run an experiment on trained children: its numbers (CSV) and its protocol (JSON)."""
    from neural_predictor.children.table import read_children
    from neural_predictor.config.project import Project
    from neural_predictor.figures.results import write_result
    from neural_predictor.predictors.device import configure

    whole, frames = Project(root).study(study), [read_children(path) for path in tables]
    figure, _, name = experiment.partition("-")
    workers = configure(threads, accelerator)
    from neural_predictor.figures.fig9_children import numbers as chains

    if figure == "fig4":
        found, described = chains.run_fig4_children(experiment, whole, name, *frames)
    else:
        found, described = chains.run_fig9_children(experiment, whole, name, *frames, workers=workers)
    write_result(found, described, csv, protocol)


@app.command()
def import_children(
    file: Annotated[Path, typer.Argument(help="The replication's pairs: CSV of set, architecture, accuracy.")],
    output: Annotated[Path, typer.Option(help="Where the table (Parquet) shall be; its CSV is put beside it.")],
) -> None:
    """Read the 2021 replication's architecture-accuracy pairs, of networks with its stride defect."""
    from neural_predictor.children.imported import import_children as read
    from neural_predictor.children.table import write_children

    frame = read(file)
    write_children(frame, output, output.with_suffix(".csv"))
    typer.echo(
        f"{len(frame)} networks: {', '.join(f'{n} {name}' for name, n in frame['images'].value_counts().items())}"
    )
