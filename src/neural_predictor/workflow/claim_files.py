"""What the rules of claims ask the plan: numbers, pages and code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from neural_predictor.claims.artefacts import artefacts_of
from neural_predictor.figures.artefact import PAGES
from neural_predictor.workflow.code import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from neural_predictor.config.project import Project
    from neural_predictor.figures.artefact import Artefact
    from neural_predictor.figures.wanted import Wanted


class ClaimFiles:
    """The part of `plan.Plan` that is about claims."""

    project: Project
    artefacts: dict[str, Artefact]
    wanted: Callable[[str], Wanted]
    code: Callable[[str], list[str]]

    def claim_numbers(self, wildcards: Any) -> list[str]:
        """Numbers and protocols that a study's claims are tested with."""
        return [
            f"results/{wildcards.study}/{name}.{kind}"
            for name in artefacts_of(self.project.claims, self.wanted(wildcards.study))
            for kind in ("csv", "protocol.json")
        ]

    def claim_pages(self, wildcards: Any) -> list[str]:
        """Pictures and tables that a study's page of claims shows; it is as good where they are drawn anew."""
        from snakemake.io import ancient

        names = artefacts_of(self.project.claims, self.wanted(wildcards.study))
        files = (f"results/{wildcards.study}/{name}.{PAGES[self.artefacts[name].kind][-1]}" for name in names)
        return [ancient(path) for path in files]

    def claim_code(self) -> list[str]:
        """Modules and templates of the page of claims."""
        templates = sorted((PACKAGE / "claims").glob("*.j2"))
        return [*self.code("claims.page"), *map(os.path.relpath, templates)]

    def claim_studies(self) -> list[str]:
        """The studies whose verdicts stand side by side."""
        return list(self.project.config.claims or (self.project.config.study,))
