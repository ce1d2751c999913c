"""Commands of a finished study: its manifest, and whether its files are still those; `cli` adds them to its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

Folder = Annotated[Path, typer.Argument(help="Folder of the study, such as results/smoke-v1.")]
HERE = Path()


@app.command()
def write_manifest(
    folder: Folder,
    study: Annotated[str, typer.Option("--study", help="Name of the study, a file in config/studies.")],
    accelerator: Annotated[str, typer.Option(help="What it was built on: cpu or gpu.")] = "cpu",
    config: Annotated[
        str | None, typer.Option(help="Digest of the configuration, where it is not that of config/config.yaml.")
    ] = None,
    benchmarks: Annotated[Path, typer.Option(help="Folder of Snakemake's benchmark files.")] = Path("work/benchmarks"),
    root: Annotated[Path, typer.Option(envvar="NEURAL_PREDICTOR_ROOT", help="Folder that holds config/.")] = HERE,
) -> None:
    """List every file of a finished study with its digest, and what made them."""
    from neural_predictor.config.project import Project
    from neural_predictor.errors import ConfigError
    from neural_predictor.workflow import manifest

    project = Project(root)
    found = manifest.config_digest(project.config) if config is None else config
    if re.fullmatch(manifest.SHA256_PATTERN, found) is None:
        raise ConfigError(f"--config is {found!r}; it must be a SHA-256 in 64 hexadecimal digits")
    if accelerator not in ("cpu", "gpu"):
        raise ConfigError(f"--accelerator is {accelerator!r}; it must be cpu or gpu")
    manifest.write_manifest(
        study, project.study(study), folder, config_sha256=found, accelerator=accelerator, benchmarks=benchmarks
    )


@app.command()
def verify(folder: Folder) -> None:
    """Compare the files of a finished study with its manifest; exit status 1 where one is missing, cut or altered."""
    from neural_predictor.workflow import manifest

    found = manifest.verify(folder)
    for line in found.faults:
        typer.echo(f"{folder}/{line}")
    for name in found.unlisted:
        typer.echo(f"{folder}/{name}: not in the manifest")
    listed = found.good + len(found.faults)
    typer.echo(f"{folder}: {found.good:,} of {listed:,} files are as the manifest says")
    if found.faults:
        raise typer.Exit(1)
