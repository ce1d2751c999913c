"""The configuration: what a study computes, where data lie, which files are downloaded.

Science stands in `config/`, machines in `profiles/`. Every file is checked before a job is planned; unknown keys,
wrong types and impossible sizes are refused with the file, the key, the value, what is allowed and an example.
"""

from __future__ import annotations

import hashlib
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

from neural_predictor.config.claims import Claim, Claims
from neural_predictor.config.sections import Section
from neural_predictor.config.study import Study
from neural_predictor.config.yaml_files import load
from neural_predictor.errors import ConfigError
from neural_predictor.records import meant

STUDY_NAMING = (
    "A study is a file config/studies/<name>.yaml, and its name has lower-case letters, digits and hyphens, and a "
    "version at its end: mine-v1"
)
_STUDY_NAME = re.compile(r"[a-z0-9-]+-v[0-9]+")


def _expanded(path: Path) -> Path:
    """A path with `~` and variables of the environment written out.

    Raises:
        ValueError: naming a variable that is not set, or a user without a home.
    """
    found = os.path.expandvars(path.expanduser() if str(path).startswith("~") else path)
    unset = re.search(r"\$(\w+|\{\w+\})", found)
    if unset is not None and not os.path.lexists(found):
        raise ValueError(f"the variable {unset[1].strip('{}')} is not set; set it, or write the path out")
    return Path(found)


UserPath = Annotated[Path, AfterValidator(_expanded)]
"""A path as a user writes it: `~` and `$VARIABLE` stand for what they stand for in a shell."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Source(Section):
    """One raw file: where it comes from, what it must be, and what its users owe its makers."""

    url: str | None = Field(None, description="where it is downloaded from")
    mirror: str | None = Field(None, description="tried when url fails")
    package: str | None = Field(None, description="installed Python package that holds it, in place of a url")
    path: str | None = Field(None, description="its path inside the package")
    sha256: Sha256 | None = Field(
        None, description="left out where no public source states it, and only then; the url must then name a version"
    )
    bytes: Annotated[int, Field(gt=0)] | None = Field(
        None, description="size; left out where no public source states it"
    )
    licence: str
    citation: str

    @model_validator(mode="after")
    def _comes_from_somewhere(self) -> Source:
        if (self.url is None) == (self.package is None) or (self.package is None) != (self.path is None):
            raise ValueError("a source has either a url, or a package and a path inside it")
        if self.package is not None and self.sha256 is None:
            raise ValueError("a file inside a package has a sha256: that of the package's version in requirements.lock")
        return self


class Images(Section):
    """Where photographs lie that tensorflow-datasets prepares."""

    folder: UserPath = Field(Path("resources/images"), description="where sets are prepared")
    manual: UserPath | None = Field(
        None, description="folder of archives that you brought by hand; none: downloads/manual in `folder`"
    )
    download: bool = Field(True, description="whether missing archives may be downloaded")


class ProbeLimits(Section):
    """How long `probe-device` looks for the fastest setting of children on a GPU."""

    setting_s: Annotated[float, Field(gt=0)] = Field(
        90, description="seconds after which a setting that has not compiled and measured an architecture is ended"
    )
    all_s: Annotated[float, Field(gt=0)] = Field(180, description="seconds after which no further setting is tried")


class Config(Section):
    """`config/config.yaml`."""

    study: str = Field(description="the study that fills results/*.pdf", examples=["embedded-v2"])
    accelerator: Literal["cpu", "gpu"] = Field(
        "cpu",
        description="what predictors and children are trained on; children on small maps take the CPU in any case",
    )
    scoring_memory_mb: Annotated[int, Field(ge=64)] = Field(
        2048, description="bound on the embeddings that scoring a space holds at once"
    )
    data: dict[str, UserPath] = Field(
        default_factory=dict,
        description="local files to use instead of a download, by source name",
        examples=[{"nasbench101": "/data/nasbench_only108.tfrecord"}],
    )
    tolerated_logs: Annotated[int, Field(ge=0)] = Field(
        0,
        description="how many logs of a benchmark's raw file may be left out since they do not follow the format",
        examples=[0],
    )
    images: Images = Images()
    claims: tuple[str, ...] = Field(
        (), description="studies that results/claims.html shows side by side; none: `study`", examples=[["embedded-v2"]]
    )
    probe: ProbeLimits = ProbeLimits()


class Sources(Section):
    """`config/sources.yaml`."""

    sources: dict[str, Source]


class Project:
    """The configuration files of a project folder, all of them checked.

    Args:
        root: folder that holds `config/`.
        overrides: content of `config.yaml`, where Snakemake has merged it with --config and --configfile.
    """

    def __init__(self, root: Path = Path(), overrides: dict[str, Any] | None = None) -> None:
        self.root = root
        self.config = load(Config, root / "config/config.yaml", overrides)
        self.sources = load(Sources, root / "config/sources.yaml").sources
        self._studies: dict[str, Study] = {}
        for name in self.config.data:
            if name not in self.sources:
                raise ConfigError(
                    f"{root / 'config/config.yaml'}: data.{name}: no such source; known are {', '.join(self.sources)}"
                )
        for name in (self.config.study, *self.config.claims, *self.study_names()):
            self.study(name)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """The claims that studies are tested with.

        Raises:
            ConfigError: if `config/claims.yaml` is missing or not valid.
        """
        return load(Claims, self.root / "config/claims.yaml").claims

    def study_path(self, name: str) -> Path:
        """The file of a study, there or not."""
        return self.root / "config/studies" / f"{name}.yaml"

    def study(self, name: str) -> Study:
        """One study by name.

        Raises:
            ConfigError: if there is no such study, or it is not valid.
        """
        if name not in self._studies:
            path = self.study_path(name)
            if not path.is_file():
                near = meant(name, self.study_names())
                there = ", ".join(self.study_names())
                raise ConfigError(f"{path}: no such study{near}; there are {there}. {STUDY_NAMING}")
            self._studies[name] = load(Study, path).with_name(name)
        return self._studies[name]

    def study_names(self) -> list[str]:
        """Names of all studies.

        Raises:
            ConfigError: for a file whose name is no study's.
        """
        files = [path for path in (self.root / "config/studies").glob("*.y*ml") if not path.name.startswith(".")]
        for path in files:
            if path.suffix != ".yaml" or _STUDY_NAME.fullmatch(path.stem) is None:
                raise ConfigError(f"{path}: not the name of a study: rename the file. {STUDY_NAMING}")
        return sorted(path.stem for path in files)


def digest(model: BaseModel) -> str:
    """SHA-256 of a model's values, independent of key order and comments."""
    return hashlib.sha256(model.model_dump_json().encode()).hexdigest()


def schema() -> dict[str, Any]:
    """JSON Schemas of the four kinds of configuration file."""
    kinds: dict[Literal["config", "study", "sources", "claims"], type[BaseModel]] = {
        "claims": Claims,
        "config": Config,
        "study": Study,
        "sources": Sources,
    }
    return {name: model.model_json_schema() for name, model in kinds.items()}
