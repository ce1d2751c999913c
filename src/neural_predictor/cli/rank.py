"""The command that ranks candidates of any search space; `cli` adds it to its own."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

Train = Annotated[Path, typer.Option(help="Trained architectures with their labels (CSV, TSV, JSON lines, Parquet).")]
Candidates = Annotated[Path, typer.Option(help="Architectures to rank, in any of these forms.")]
Output = Annotated[Path, typer.Option(help="Where the ranked candidates shall be, in the form of its extension.")]


@app.command()
def rank(
    train: Train,
    candidates: Candidates,
    output: Output,
    label: Annotated[str, typer.Option(help="Column of the training architectures' labels.")] = "label",
    minimise: Annotated[bool, typer.Option("--minimise", help="The label is better the lower it is.")] = False,
    top: Annotated[int | None, typer.Option(help="Keep the K best only.")] = None,
    predictor: Annotated[str, typer.Option(help="Name of a predictor, such as best or paper.")] = "best",
    seed: Annotated[int, typer.Option(help="Seed of the fits.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; all by default.")] = None,
    accelerator: Annotated[str, typer.Option(help="cpu or gpu.")] = "cpu",
    learning_curve: Annotated[
        bool, typer.Option("--learning-curve/--no-learning-curve", help="Measure what more architectures would help.")
    ] = True,
    cost: Annotated[str | None, typer.Option(help="Column of a cost, such as a latency; lower is better.")] = None,
    at_most: Annotated[float | None, typer.Option(help="Keep candidates of this cost or less.")] = None,
    at_least: Annotated[float | None, typer.Option(help="Keep candidates of this cost or more.")] = None,
    front: Annotated[bool, typer.Option("--front", help="Order by the front of predicted label and cost.")] = False,
) -> None:
    """Rank the candidates of your own search space by what some trained architectures teach."""
    start = time.monotonic()
    from neural_predictor.ranking.cost import cost_of
    from neural_predictor.ranking.rank import rank_files
    from neural_predictor.ranking.score import Options

    options = Options(minimise=minimise, top=top, seed=seed, curve=learning_curve)
    report = rank_files(
        train,
        candidates,
        output,
        label=label,
        options=options,
        predictor=predictor,
        workers=threads or os.cpu_count() or 1,
        accelerator=accelerator,
        cost=cost_of(cost, at_most, at_least, front=front),
    )
    typer.echo(f"{report}\nWrote {output} in {time.monotonic() - start:.0f} s")
