"""What a target that nothing makes was meant to be: a study, a figure or a file of it under another name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from neural_predictor.errors import ConfigError
from neural_predictor.figures.artefact import BESIDE, PAGES
from neural_predictor.records import meant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from neural_predictor.config.project import Project
    from neural_predictor.figures.artefact import Artefact

FOLDER = "results"


def explain(target: str, project: Project, artefacts: Mapping[str, Artefact]) -> str | None:
    """Why there is no such target, and which there are; None where it is no figure, table or study.

    Args:
        target: what was asked for, such as `results/Mine-v1/fig7.pdf`.
        project: its studies.
        artefacts: name -> row of all figures and tables.
    """
    first, *rest = Path(os.path.relpath(target)).parts or (".",)
    if first != FOLDER:
        stem = Path(target).name.partition(".")[0]
        return None if stem not in artefacts else f"no target {target!r}; did you mean {_page(stem, artefacts)}?"
    if not rest:
        return f"{FOLDER} is a folder; name a file in it, such as {FOLDER}/fig7.pdf"
    if len(rest) == 1 and rest[0] in project.study_names():
        return f"{target} is a folder; everything of this study is {FOLDER}/{rest[0]}/all"
    if len(rest) == 1 and "." in rest[0]:
        return _unknown_file(target, rest[0], artefacts, published=True)
    try:
        project.study(rest[0])
    except ConfigError as error:
        return f"{target}: {error}"
    return _unknown_file(target, rest[1], artefacts, published=False) if len(rest) == 2 else None


def _page(name: str, artefacts: Mapping[str, Artefact]) -> str:
    return f"{FOLDER}/{name}.{PAGES[artefacts[name].kind][0]}"


def _unknown_file(target: str, file: str, artefacts: Mapping[str, Artefact], *, published: bool) -> str:
    name, _, kind = file.partition(".")
    if name not in artefacts:
        return f"{target}: no figure or table {name!r}{meant(name, artefacts)}; there are {', '.join(artefacts)}"
    pages = PAGES[artefacts[name].kind]
    kinds = pages[:1] if published else (*pages, *BESIDE)
    more = f"; others are in the folder of a study, such as {FOLDER}/<study>/{name}.{BESIDE[0]}" if published else ""
    return f"{target}: no file {kind!r} of {name}; there is {', '.join(f'{name}.{each}' for each in kinds)}{more}"


def name_what_was_meant(explained: Callable[[str], str | None]) -> None:
    """Let Snakemake say what a target was meant to be that no rule makes: its own message cannot know.

    The exception is looked up when it is raised; should that change, Snakemake's own message is back.
    """
    from snakemake import dag, exceptions

    class MissingRuleException(exceptions.MissingRuleException):  # type: ignore[misc]
        def __init__(self, file: object, lineno: int | None = None, snakefile: str | None = None) -> None:
            super().__init__(file, lineno=lineno, snakefile=snakefile)
            told = explained(str(file))
            if told is not None:
                self.args = (told,)

    dag.MissingRuleException = MissingRuleException
