"""Commands of the claims page; `cli` adds them to its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

HERE = Path()


@app.command()
def judge_claims(
    study: Annotated[str, typer.Option("--study", help="Name of the study, a file in config/studies.")],
    results: Annotated[Path, typer.Option(help="Folder of its numbers.")],
    csv: Annotated[Path, typer.Option("--csv", help="Where the verdicts shall be.")],
    root: Annotated[Path, typer.Option(envvar="NEURAL_PREDICTOR_ROOT", help="Folder that holds config/.")] = HERE,
) -> None:
    """Test the claims of config/claims.yaml with a study's numbers."""
    from neural_predictor.claims.judge import judge
    from neural_predictor.config.project import Project
    from neural_predictor.io.files import atomic

    found = judge(Project(root), study, results)
    with atomic(csv) as part:
        found.to_csv(part, index=False, float_format="%.8g", lineterminator="\n")


@app.command()
def render_claims(
    verdicts: Annotated[list[Path], typer.Argument(help="claims.csv of one study or several.")],
    html: Annotated[Path, typer.Option("--html", help="Where the page shall be.")],
    md: Annotated[Path, typer.Option("--md", help="Where the same as Markdown shall be.")],
) -> None:
    """Write the page of verdicts, of several studies side by side."""
    from neural_predictor.claims.page import render

    render(verdicts, html, md)
