"""What the Snakefile asks of methods that share weights: a part of `plan.Plan`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from neural_predictor.errors import ConfigError
from neural_predictor.sharing.tuning import every_search, named, recipes_of
from neural_predictor.workflow.versions import SHARING_STAGE_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from neural_predictor.config.project import Project
    from neural_predictor.figures.wanted import Wanted


class Supernets:
    """Files and parameters of the rule `train_supernet`, by its wildcards study, children and method."""

    project: Project
    wanted: Callable[[str], Wanted]

    @property
    def supernets(self) -> list[str]:
        """Names of the supernets of all studies; a pattern that nothing has where there are none."""
        studies = [self.project.study(name) for name in self.project.study_names()]
        names = [name for each in studies if each.sharing is not None for name in recipes_of(each.sharing, each.seed)]
        return list(dict.fromkeys(names)) or ["none"]

    def experiment_shared(self, wildcards: Any) -> list[str]:
        """Files of methods that share weights that an artefact reads, in the order of the study."""
        wanted = self.wanted(wildcards.study)
        names, section = wanted.shared_of(wildcards.experiment), wanted.study.sharing
        if section is None:
            return []
        return [f"results/{wildcards.study}/sharing/{section.children}/{name}.npz" for name in names]

    def shared_files(self, wildcards: Any) -> list[str]:
        """Files of all methods of a set by their own recipes, whose choices are trained alone.

        Raises:
            ConfigError: if the study has no methods on this set.
        """
        section = self.project.study(wildcards.study).sharing
        if section is None or section.children != wildcards.children:
            raise ConfigError(f"the study {wildcards.study} has no methods under `sharing` on {wildcards.children}")
        folder = f"results/{wildcards.study}/sharing/{section.children}"
        return [f"{folder}/{name}.npz" for name in every_search(section)]

    def supernet_params(self, wildcards: Any) -> str:
        """What a supernet and its scores depend on besides the images.

        Raises:
            ConfigError: if the study has no such method on this set.
        """
        study = self.project.study(wildcards.study)
        section = study.sharing
        recipes = {} if section is None else recipes_of(section, study.seed)
        if section is None or section.children != wildcards.children or wildcards.method not in recipes:
            had = "none" if section is None else f"{named(section)} on {section.children}"
            raise ConfigError(
                f"the study {study.name} has no method {wildcards.method!r} on {wildcards.children}; under `sharing` "
                f"it has {had}"
            )
        recipe, plan = recipes[wildcards.method].model_dump(mode="json"), study.children[section.children]
        sampled = plan.model_dump(mode="json", include={"images", "sampling", "networks", "network"})
        return hashlib.sha256(repr((SHARING_STAGE_VERSION, study.seed, sampled, recipe)).encode()).hexdigest()
