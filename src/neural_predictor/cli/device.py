"""Commands about the machine: what it has for training, and by which setting a set of children is trained on it."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import Annotated, Any

import typer

from neural_predictor.cli.children import HERE, Accelerator, Children, ImagesJson, Root, StudyName, Threads

app = typer.Typer()


@app.command()
def device(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what is here to train on: GPUs, driver, libraries; and how children would be trained, and why."""
    found = _found()
    typer.echo(json.dumps(found, indent=2) if as_json else _as_text(found))


def _found() -> dict[str, Any]:
    from neural_predictor.children.settings import DEFAULT, SETTINGS
    from neural_predictor.predictors import gpus

    listed, seen = gpus.gpus(), gpus.look()
    gpu = f"{DEFAULT.name}, until probe-device has measured it against {', '.join(list(SETTINGS)[1:])}"
    return {
        "gpus": [one._asdict() for one in listed],
        "processes": [one._asdict() for one in gpus.holders()],
        "libraries": gpus.libraries(),
        "tensorflow": {"cuda": seen.cuda, "cudnn": seen.cudnn, "gpus": seen.usable, "fault": seen.fault},
        "warning": gpus.crowded(),
        "settings": {
            "cpu": "float32 without XLA: on a CPU half precision and XLA are slower",
            "gpu": f"{gpu}; a set on small maps is trained on the CPU" if seen.usable else None,
        },
    }


def _as_text(found: dict[str, Any]) -> str:
    lines = [
        f"GPU {one['number']}: {one['name']}, driver {one['driver']}, "
        f"{one['free_mib']:,} of {one['memory_mib']:,} MiB free"
        for one in found["gpus"]
    ] or ["GPUs: none that a driver lists"]
    lines += [f"  process {one['pid']} ({one['name']}) holds {one['memory_mib']:,} MiB" for one in found["processes"]]
    about = found["tensorflow"]
    lines.append(
        f"TensorFlow {found['libraries'].get('tensorflow', '(not installed)')}, built for CUDA {about['cuda'] or '?'} "
        f"and cuDNN {about['cudnn'] or '?'}, can use {about['gpus']} GPU{'s' * (about['gpus'] != 1)}"
    )
    lines += [f"  {about['fault']}"] if about["fault"] else []
    lines += [f"  {name} {version}" for name, version in found["libraries"].items() if name != "tensorflow"]
    lines += [found["warning"]] if found["warning"] else []
    lines.append(f"Children with accelerator cpu: {found['settings']['cpu']}")
    if found["settings"]["gpu"]:
        lines.append(f"Children with accelerator gpu: {found['settings']['gpu']}")
    return "\n".join(lines)


@app.command()
def probe_device(
    children: Children,
    study: StudyName,
    images: ImagesJson,
    output: Annotated[Path, typer.Option(help="Where the choice and what was measured (JSON) shall be.")],
    threads: Threads = 1,
    accelerator: Accelerator = "cpu",
    root: Root = HERE,
) -> None:
    """Measure by which setting a set of children is trained soonest on this machine's GPU; at once on a CPU."""
    from neural_predictor.children.probe import Limits, probe
    from neural_predictor.cli.children import read_protocol
    from neural_predictor.config.project import Project
    from neural_predictor.io.files import write_text
    from neural_predictor.predictors.gpu_locks import claim_gpu

    project = Project(root)
    whole, limits = project.study(study), project.config.probe
    size = read_protocol(images)["splits"]["train"]["images"]
    if accelerator == "gpu":
        claim_gpu()
    found = probe(
        whole,
        children,
        size,
        threads=threads,
        accelerator=accelerator,
        limits=Limits(limits.setting_s, limits.all_s),
    )
    write_text(output, found.model_dump_json(indent=2) + "\n")
    typer.echo(f"{output}: {found.setting}, since {found.why}")
