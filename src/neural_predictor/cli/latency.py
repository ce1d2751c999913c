"""Commands of latencies: measure those of this machine, and say those of architectures in a file."""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path  # noqa: TC003 - typer needs it
from typing import Annotated

import typer

from neural_predictor.cli.children import HERE, Children, Chosen, Root, StudyName

app = typer.Typer()


@app.command()
def measure_latency(
    output: Annotated[Path, typer.Option(help="Folder of the profile; a profile that was begun is finished.")],
    device: Annotated[str, typer.Option(help="cpu (LiteRT) or gpu (compiled TensorFlow function).")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="Threads of the CPU.")] = 1,
    networks: Annotated[int, typer.Option(min=20, help="Whole networks that are measured.")] = 100,
    runs: Annotated[int, typer.Option(min=50, help="Fewest runs of each part.")] = 50,
    width: Annotated[float, typer.Option(min=0.01, help="Multiplier of the channels.")] = 1.0,
    resolution: Annotated[int, typer.Option(min=8, help="Pixels of the images.")] = 224,
    seed: Annotated[int, typer.Option(min=0, help="Of networks and orders.")] = 1,
    noise: Annotated[
        float, typer.Option(min=0.001, help="Share by which a part's two fastest visits differ that is too much.")
    ] = 0.1,
) -> None:
    """Measure blocks and networks of the ProxylessNAS space on this machine, and fit latency models."""
    from neural_predictor.errors import LatencyError
    from neural_predictor.io.files import check_writable
    from neural_predictor.latency.profile import JOURNAL, Plan, measure_profile
    from neural_predictor.latency.report import write_report
    from neural_predictor.predictors.device import configure

    if device not in ("cpu", "gpu"):
        raise LatencyError(f"device is {device!r}; expected cpu or gpu")
    check_writable(output / f"{JOURNAL}.check")
    configure(threads, device)
    plan = Plan("gpu" if device == "gpu" else "cpu", threads, networks, runs, seed, width, resolution)
    typer.echo(write_report(measure_profile(plan, output), output, noise))


@app.command()
def measure_children(
    children: Children,
    study: StudyName,
    output: Annotated[Path, typer.Option(help="Where the measurements shall be, in a folder of their own.")],
    work: Annotated[Path, typer.Option(help="Folder of the same before it is finished; it survives a kill.")],
    chosen: Chosen = None,
    root: Root = HERE,
) -> None:
    """Measure the networks of a set of children on this machine, on one thread."""
    from neural_predictor.children.measured import measured_plan
    from neural_predictor.config.project import Project
    from neural_predictor.errors import ConfigError
    from neural_predictor.io.files import write_text
    from neural_predictor.latency.profile import JOURNAL, header_of, measure_profile
    from neural_predictor.predictors.device import configure

    if output.name != JOURNAL:
        raise ConfigError(f"output is {output}; its name must be {JOURNAL}")
    plan = measured_plan(Project(root).study(study), children, chosen)
    configure(1, "cpu")
    scratch = work / sha256(json.dumps(header_of(plan)).encode()).hexdigest()[:12]
    measure_profile(plan, scratch)
    write_text(output, (scratch / JOURNAL).read_text(encoding="utf-8"))


@app.command()
def estimate_latency(
    file: Annotated[Path, typer.Argument(help="CSV with the columns of the model's space (proxylessnas: text).")],
    model: Annotated[str, typer.Option(help="pixel1, pixel1-lut, device-table or here.")],
    data: Annotated[Path | None, typer.Option(help="File or folder that the model reads.")] = None,
) -> None:
    """Print the rows of a CSV with the latency of each architecture by a model."""
    from neural_predictor.errors import LatencyError
    from neural_predictor.latency import LATENCY_MODELS, load_latency
    from neural_predictor.spaces import make_space
    from neural_predictor.spaces.files import add_column

    if model == "column" or model not in LATENCY_MODELS:
        known = ", ".join(name for name in LATENCY_MODELS if name != "column")
        raise LatencyError(f"model is {model!r}; expected one of {known}")
    found = load_latency(model, data)
    add_column(
        file,
        make_space(found.space),
        ("latency_ms",),
        lambda _, codes: [f"{ms:.6g}" for ms in found.latency_ms(codes)],
        sys.stdout.buffer,
    )
