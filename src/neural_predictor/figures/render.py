"""From the numbers of an artefact to its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.errors import ConfigError
from neural_predictor.figures.artefact import PAGES
from neural_predictor.figures.entry_points import load
from neural_predictor.figures.findings import as_rst
from neural_predictor.figures.results import read_result
from neural_predictor.figures.wanted import find
from neural_predictor.io.files import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def render(name: str, csv: Path, protocol: Path, pages: Mapping[str, Path], finding: Path | None = None) -> None:
    """Draw a figure, or write a table, and what is seen in it.

    Args:
        name: the artefact, such as `fig7`.
        csv: its numbers.
        protocol: their protocol.
        pages: where they shall be: of a figure `pdf` and `png`, of a table `md`.
        finding: where the sentences shall be that say what is seen, as reStructuredText; None: nowhere.

    Raises:
        ConfigError: if there is no such artefact, or it has other pages than these.
        FormatError: if the numbers are missing or damaged.
    """
    row = find(name)
    if set(pages) != set(PAGES[row.kind]):
        given = ", ".join(f"--{kind}" for kind in pages) or "nothing"
        raise ConfigError(
            f"{name} is a {row.kind}: give {' and '.join(f'--{kind}' for kind in PAGES[row.kind])}; given: {given}"
        )
    frame, read = read_result(csv, protocol, load(row.page, "COLUMNS"))
    page = load(row.page)
    if row.kind == "figure":
        from neural_predictor.figures.style import save_figure, style  # here: a table needs no matplotlib

        with style():
            drawn = page(frame, read)
        save_figure(drawn, pages["pdf"], pages["png"])
    else:
        write_text(pages["md"], page(frame, read))
    if finding is not None:
        write_text(finding, as_rst(load(row.page, "finding")(frame, read)))
