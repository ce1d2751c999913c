"""The configuration: what a study computes, where data lie, which files are downloaded.

Science stands in `config/`, machines in `profiles/`. Every file is checked before a job is planned; unknown keys,
wrong types and impossible sizes are refused with the file, the key, the value, what is allowed and an example.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from neural_predictor.config.sections import Section
from neural_predictor.config.study import Study
from neural_predictor.errors import ConfigError
from neural_predictor.io.untrusted import printable, shortened, shown

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

    folder: Path = Field(Path("resources/images"), description="where sets are prepared")
    manual: Path | None = Field(
        None, description="folder of archives that you brought by hand; none: downloads/manual in `folder`"
    )
    download: bool = Field(True, description="whether missing archives may be downloaded")


class Config(Section):
    """`config/config.yaml`."""

    study: str = Field(description="the study that fills results/*.pdf", examples=["embedded-v1"])
    accelerator: Literal["cpu", "gpu"] = Field("cpu", description="what predictors and children are trained on")
    scoring_memory_mb: Annotated[int, Field(ge=64)] = Field(
        2048, description="bound on the embeddings that scoring a space holds at once"
    )
    data: dict[str, Path] = Field(
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


class Sources(Section):
    """`config/sources.yaml`."""

    sources: dict[str, Source]


Model = TypeVar("Model", bound=BaseModel)


_FAULTS = 20
"""Faults that an error lists."""
_YAML_BYTES = 2**18
"""Largest configuration file: dozens of times any that exists, and seconds to parse."""
_YAML_VALUES = 20_000
"""Values of a file with all its aliases written out."""


class _UniqueKeys(yaml.SafeLoader):
    """YAML without tags that build objects, without keys given twice, and without aliases that multiply."""

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None and self._values(node, {}) > _YAML_VALUES:
            raise yaml.constructor.ConstructorError(
                None, None, f"more than {_YAML_VALUES:,} values, with aliases written out", node.start_mark
            )
        return node

    def _values(self, node: yaml.Node, counted: dict[int, int | None]) -> int:
        if id(node) not in counted:
            counted[id(node)] = None
            inner = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
            counted[id(node)] = 1 + (
                0 if isinstance(node, yaml.ScalarNode) else sum(self._values(part, counted) for part in inner)
            )
        found = counted[id(node)]
        if found is None:
            raise yaml.constructor.ConstructorError(None, None, "an alias of what it is a part of", node.start_mark)
        return found

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (str(key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is given twice", node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """The content of a YAML file.

    Raises:
        ConfigError: if it is missing, too large for a configuration, or not YAML.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_YAML_BYTES + 1)
        if len(data) > _YAML_BYTES:
            raise ConfigError(f"{path}: more than {_YAML_BYTES:,} bytes; a configuration file has some thousand")
        return yaml.load(data.decode(), _UniqueKeys)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file") from error
    except ConfigError:
        raise
    except Exception as error:  # PyYAML raises nearly anything for a scalar that is not what its tag says
        told = str(error) if isinstance(error, yaml.YAMLError) else f"{type(error).__name__}: {error}"
        raise ConfigError(f"{path}: not a readable YAML file: {printable(shortened(told, 1000))}") from error


def load(model: type[Model], path: Path, content: Any = None) -> Model:
    """Read and check a configuration file.

    Args:
        model: what it must be.
        path: the file, named in errors.
        content: already parsed content to check instead of the file's.

    Raises:
        ConfigError: one line a fault: file, key, value, what is allowed, an example.
    """
    try:
        return model.model_validate(read_yaml(path) if content is None else content)
    except ValidationError as error:
        faults = error.errors()
        told = "\n".join(_explain(fault, model, path) for fault in faults[:_FAULTS])
        more = f"\nand {len(faults) - _FAULTS:,} more" if len(faults) > _FAULTS else ""
        raise ConfigError(printable(told) + more) from error


def _explain(fault: Any, model: type[BaseModel], path: Path) -> str:
    keys = [shortened(str(key)) for key in fault["loc"]]
    place: type[BaseModel] | None = model
    known, example = list(model.model_fields), None
    for key in keys:
        field = None if place is None else place.model_fields.get(key)
        if field is None:
            break
        example = field.examples[0] if field.examples else None
        place = _model_in(field.annotation)
        known = known if place is None else list(place.model_fields)
    where = f"{path}: {'.'.join(keys)}" if keys else str(path)
    if fault["type"] == "extra_forbidden":
        return f"{where}: unknown key; allowed here are {', '.join(known)}"
    value = "" if fault["type"] == "missing" or isinstance(fault["input"], dict) else f" is {shown(fault['input'])}"
    message = shortened(fault["msg"].removeprefix("Value error, "))
    hint = f" (for example {json.dumps(example)})" if example is not None else ""
    return f"{where}{value}: {message}{hint}"


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, also where it may be None; None where it holds something else."""
    for part in (annotation, *(get_args(annotation) if type(None) in get_args(annotation) else ())):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


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
        for name in (self.config.study, *self.study_names()):
            self.study(name)

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
                raise ConfigError(f"{path}: no such study; there are {', '.join(self.study_names())}")
            self._studies[name] = load(Study, path).with_name(name)
        return self._studies[name]

    def study_names(self) -> list[str]:
        """Names of all studies."""
        return sorted(path.stem for path in (self.root / "config/studies").glob("*.yaml"))


def digest(model: BaseModel) -> str:
    """SHA-256 of a model's values, independent of key order and comments."""
    return hashlib.sha256(model.model_dump_json().encode()).hexdigest()


def schema() -> dict[str, Any]:
    """JSON Schemas of the three kinds of configuration file."""
    kinds: dict[Literal["config", "study", "sources"], type[BaseModel]] = {
        "config": Config,
        "study": Study,
        "sources": Sources,
    }
    return {name: model.model_json_schema() for name, model in kinds.items()}
