"""What the Snakefile asks of methods that share weights: a part of `plan.Plan`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from neural_predictor.errors import ConfigError
from neural_predictor.figures.wanted import find
from neural_predictor.workflow.versions import SHARING_STAGE_VERSION

if TYPE_CHECKING:
    from neural_predictor.config.project import Project


class Supernets:
    """Files and parameters of the rule `train_supernet`, by its wildcards study, children and method."""

    project: Project

    @property
    def sharing_methods(self) -> list[str]:
        """Names of the methods of all studies; a pattern that nothing has where there are none."""
        sections = [self.project.study(name).sharing for name in self.project.study_names()]
        names = [name for section in sections if section is not None for name in section.methods]
        return list(dict.fromkeys(names)) or ["none"]

    def experiment_shared(self, wildcards: Any) -> list[str]:
        """Files of methods that share weights that an artefact reads, in the order of the study."""
        section = self.project.study(wildcards.study).sharing
        if section is None or not find(wildcards.experiment).shared:
            return []
        return [f"results/{wildcards.study}/sharing/{section.children}/{name}.npz" for name in section.methods]

    def shared_files(self, wildcards: Any) -> list[str]:
        """Files of all methods of a set, whose choices are trained alone.

        Raises:
            ConfigError: if the study has no methods on this set.
        """
        section = self.project.study(wildcards.study).sharing
        if section is None or section.children != wildcards.children:
            raise ConfigError(f"the study {wildcards.study} has no methods under `sharing` on {wildcards.children}")
        return [f"results/{wildcards.study}/sharing/{section.children}/{name}.npz" for name in section.methods]

    def supernet_params(self, wildcards: Any) -> str:
        """What a supernet and its scores depend on besides the images.

        Raises:
            ConfigError: if the study has no such method on this set.
        """
        study = self.project.study(wildcards.study)
        section = study.sharing
        if section is None or section.children != wildcards.children or wildcards.method not in section.methods:
            had = "none" if section is None else f"{', '.join(section.methods)} on {section.children}"
            raise ConfigError(
                f"the study {study.name} has no method {wildcards.method!r} on {wildcards.children}; under `sharing` "
                f"it has {had}"
            )
        recipe, plan = section.methods[wildcards.method].model_dump(mode="json"), study.children[section.children]
        sampled = plan.model_dump(mode="json", include={"images", "sampling", "networks", "network"})
        return hashlib.sha256(repr((SHARING_STAGE_VERSION, study.seed, sampled, recipe)).encode()).hexdigest()
