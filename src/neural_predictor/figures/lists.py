"""The list of figures and tables in docs/figures.md, made from the registry."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from neural_predictor.errors import ConfigError
from neural_predictor.figures.artefact import PAGES
from neural_predictor.figures.registry import ARTEFACTS
from neural_predictor.figures.validation import FOLDER
from neural_predictor.figures.wanted import Wanted
from neural_predictor.io.files import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from neural_predictor.config.project import Project
    from neural_predictor.figures.artefact import Artefact

BEGIN, END = "<!-- figures: neural-predictor write-lists -->", "<!-- figures: end -->"
"""The lines above and below the list in its document."""


def lists(project: Project) -> dict[Path, str]:
    """Document -> its whole text, with the list as the registry has it now.

    Raises:
        ConfigError: if the document is missing, or has no place for the list.
    """
    made = {name: Wanted(project.study(name)).artefacts for name in _studies(project)}
    path = project.root / "docs/figures.md"
    return {path: _placed(path, f"{_targets(project, made)}\n{_gallery(path.parent, made)}")}


def write_lists(project: Project) -> None:
    """Write the document anew.

    Raises:
        ConfigError: as `lists`.
    """
    for path, text in lists(project).items():
        write_text(path, text)


def _studies(project: Project) -> list[str]:
    """All studies, the default one first."""
    return list(dict.fromkeys((project.config.study, *project.study_names())))


def _where(row: Artefact, made: dict[str, dict[str, Artefact]]) -> dict[str, list[str]]:
    """Study -> names of what it makes of a row."""
    found = {study: [name for name, each in artefacts.items() if each is row] for study, artefacts in made.items()}
    return {study: names for study, names in found.items() if names}


def _targets(project: Project, made: dict[str, dict[str, Artefact]]) -> str:
    """One line a row: its target in the first study that makes it, the default one by its stable name."""
    lines = ["| target | what |", "|---|---|"]
    for row in ARTEFACTS:
        for study, names in list(_where(row, made).items())[:1]:
            folder = "results" if study == project.config.study else f"results/{study}"
            lines.append(f"| `{folder}/{names[0]}.{PAGES[row.kind][0]}` | {row.about} |")
    return "\n".join(lines) + "\n"


def _gallery(docs: Path, made: dict[str, dict[str, Artefact]]) -> str:
    """A section a row: picture, caption, section of the study, studies, modules."""
    return "\n".join(_entry(docs, row, _where(row, made)) for row in ARTEFACTS)


def _entry(docs: Path, row: Artefact, where: dict[str, list[str]]) -> str:
    caption = (FOLDER / row.folder / "caption.rst").read_text(encoding="utf-8")
    caption = " ".join(caption.split())
    files = [f"`figures/{entry.partition(':')[0].replace('.', '/')}.py`" for entry in (row.numbers, row.page)]
    facts = [
        f"- section of the study: {'none' if row.section is None else f'`{row.section}`'}",
        f"- studies: {', '.join(where) or 'none'}",
        f"- numbers: {files[0]}; page: {files[1]}",
    ]
    name = row.name.replace("{", "<").replace("}", ">")
    pictures = [f"images/{each}.png" for each in next(iter(where.values()), [])]
    shown = [f"![{name}: {row.about}]({path})\n" for path in pictures if (docs / path).exists()]
    return "\n".join([f"### `{name}`\n", *shown, textwrap.fill(caption, 120) + "\n", *facts, ""])


def _placed(path: Path, text: str) -> str:
    try:
        whole = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; run this in a checkout of the project") from error
    before, begin, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ConfigError(f"{path}: no place for the list: it stands between the lines {BEGIN} and {END}")
    return f"{before}{begin}\n\n{text.rstrip()}\n\n{end}{after}"
