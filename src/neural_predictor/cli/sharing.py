"""The command of methods that share weights; `cli` adds it to its own."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer needs it
from typing import Annotated

import typer

from neural_predictor.cli.children import HERE, Accelerator, ImagesJson, Place, Root, StudyName, Threads, read_protocol

app = typer.Typer()


@app.command()
def train_supernet(
    method: Annotated[
        str,
        typer.Argument(
            help="One of the study's sharing.methods, such as one-shot; another seed, ~seed1; a drawn setting, ~1."
        ),
    ],
    study: StudyName,
    images: ImagesJson,
    place: Place,
    work: Annotated[Path, typer.Option(help="Folder of scratch that survives a kill.")],
    output: Annotated[Path, typer.Option(help="Where scores and choice (.npz) shall be; the seconds lie beside it.")],
    threads: Threads = 1,
    accelerator: Accelerator = "cpu",
    root: Root = HERE,
) -> None:
    """Train a supernet by a method that shares weights, and score the architectures of a set of children by it."""
    from neural_predictor.children.plan import plan_of, sample
    from neural_predictor.config.project import Project
    from neural_predictor.errors import ConfigError
    from neural_predictor.io.files import check_writable
    from neural_predictor.io.progress import progress
    from neural_predictor.predictors.device import configure
    from neural_predictor.records import meant
    from neural_predictor.sharing.tuning import named, recipes_of

    project = Project(root)
    whole, protocol = project.study(study), read_protocol(images)
    methods = recipes_of(whole.sharing, whole.seed) if whole.sharing is not None else {}
    if whole.sharing is None or method not in methods:
        known = "none" if whole.sharing is None else named(whole.sharing)
        raise ConfigError(
            f"the study {study} has no method {method!r}{meant(method, methods)}; under sharing.methods it has {known}"
        )
    check_writable(output)
    configure(threads, accelerator)
    from neural_predictor.children.images import open_prepared
    from neural_predictor.sharing.files import write_shared
    from neural_predictor.sharing.job import Job
    from neural_predictor.sharing.job import train_supernet as train

    children, recipe = whole.sharing.children, methods[method]
    plan = plan_of(whole, children)
    job = Job(method, recipe, plan.network, sample(whole, children), whole.seed, children, protocol)
    manual, resolution = project.config.images.manual, plan.network.resolution
    feed = open_prepared(plan.images, place, resolution, manual=manual, protocol=protocol, said_by=images)
    units = recipe.training.epochs + len(job.codes) + recipe.evaluated
    with progress(f"train the supernet of {method}", units, "epochs and architectures") as advance:
        shared = train(job, feed, work / job.digest[:12], advance=advance)
    write_shared(output, shared)


@app.command()
def choose_shared(
    scores: Annotated[list[Path], typer.Argument(help="Files of train-supernet, those of all methods of a study.")],
    output: Annotated[Path, typer.Option(help="Where their choices (CSV) shall be.")],
) -> None:
    """Name the architectures that methods which share weights chose, to be trained alone."""
    from neural_predictor.io.files import atomic
    from neural_predictor.sharing.choices import choices
    from neural_predictor.sharing.files import read_shared

    found = choices(map(read_shared, scores))
    with atomic(output) as part:
        found.to_csv(part, index=False, float_format="%.8g", lineterminator="\n")
