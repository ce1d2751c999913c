"""The command that says what to train next; `cli` adds it to its own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

Trained = Annotated[
    Path | None,
    typer.Option(
        help="Trained architectures with their labels (CSV, TSV, JSON lines, Parquet); none before the first."
    ),
]
Candidates = Annotated[Path, typer.Option(help="All architectures that can be trained, in any of these forms.")]
Output = Annotated[Path, typer.Option(help="Where the chosen candidates shall be, in the form of its extension.")]
Pending = Annotated[Path | None, typer.Option(help="Candidates that are being trained, in any of these forms.")]


@app.command()
def suggest(
    candidates: Candidates,
    count: Annotated[int, typer.Option(help="How many architectures to choose.")],
    output: Output,
    trained: Trained = None,
    label: Annotated[str, typer.Option(help="Column of the trained architectures' labels.")] = "label",
    minimise: Annotated[bool, typer.Option("--minimise", help="The label is better the lower it is.")] = False,
    pending: Pending = None,
    seed: Annotated[int, typer.Option(help="Seed of all draws.")] = 0,
    cost: Annotated[str | None, typer.Option(help="Column of a cost, such as a latency; lower is better.")] = None,
    at_most: Annotated[float | None, typer.Option(help="Keep candidates of this cost or less.")] = None,
    at_least: Annotated[float | None, typer.Option(help="Keep candidates of this cost or more.")] = None,
    front: Annotated[bool, typer.Option("--front", help="Order by the front of predicted label and cost.")] = False,
) -> None:
    """Choose the candidates to train next, round after round."""
    start = time.monotonic()
    from neural_predictor.ranking.cost import cost_of
    from neural_predictor.ranking.suggest import suggest_files

    report = suggest_files(
        trained,
        candidates,
        output,
        count=count,
        label=label,
        minimise=minimise,
        pending=pending,
        seed=seed,
        cost=cost_of(cost, at_most, at_least, front=front),
    )
    typer.echo(f"{report}\nWrote {output} in {time.monotonic() - start:.0f} s")
