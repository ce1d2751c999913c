"""What the Snakefile asks of the latencies of children, and of choices that figures read: a part of `plan.Plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural_predictor.children.plan import key_of, plan_of
from neural_predictor.figures.wanted import Wanted, find

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from neural_predictor.config.project import Project


class Latencies:
    """Files and options of rules, by their wildcards study, children and experiment."""

    project: Project
    wanted: Callable[[str], Wanted]

    def child_profile(self, wildcards: Any) -> list[str]:
        """What was measured of a set whose latencies are measured here; a choice needs that of its sample."""
        study = self.project.study(wildcards.study)
        asked = plan_of(study, wildcards.children).latency
        measured = asked is not None and asked.model == "here"
        return [f"results/{study.name}/latency/{wildcards.children}/measurements.jsonl"] if measured else []

    @staticmethod
    def profile_option(files: Sequence[str]) -> str:
        """Option that names the folder of what was measured."""
        return " ".join(f"--profile {Path(file).parent}" for file in files)

    def experiment_choice(self, wildcards: Any) -> list[str]:
        """The choice of a predictor that an artefact reads."""
        names = find(wildcards.experiment).choices(self.wanted(wildcards.study).section(wildcards.experiment))
        return [f"results/{wildcards.study}/children/{key_of(name)}.choice.csv" for name in names]
