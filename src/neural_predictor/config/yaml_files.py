"""Reading configuration files: YAML, and the fault of a value by file, key and what is allowed."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, Tag, ValidationError

from neural_predictor.errors import ConfigError
from neural_predictor.io.untrusted import shortened, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Model = TypeVar("Model", bound=BaseModel)

_LISTED_FAULTS = 20
"""Faults that an error lists."""
_YAML_BYTES = 2**18
"""Largest configuration file: dozens of times any that exists, and seconds to parse."""
_YAML_VALUES = 20_000
"""Values of a file with all its aliases written out."""


class _Loader(yaml.SafeLoader):
    """YAML without tags that build objects, without keys given twice, and without aliases that multiply."""

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None and next(islice(_written_out(node), _YAML_VALUES, None), None) is not None:
            raise yaml.constructor.ConstructorError(
                None, None, f"more than {_YAML_VALUES:,} values, with aliases written out", node.start_mark
            )
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (str(key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is given twice", node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def _written_out(node: yaml.Node) -> Iterator[yaml.Node]:
    """A node and all nodes in it, those of an alias wherever it stands."""
    yield node
    if isinstance(node, yaml.CollectionNode):
        for part in node.value:
            for inner in part if isinstance(part, tuple) else (part,):  # a mapping has pairs
                yield from _written_out(inner)


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
        return yaml.load(data.decode(), _Loader)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file") from error
    except ConfigError:
        raise
    except Exception as error:  # PyYAML raises nearly anything for a scalar that is not what its tag says
        told = str(error) if isinstance(error, yaml.YAMLError) else f"{type(error).__name__}: {error}"
        raise ConfigError(f"{path}: not a readable YAML file: {shortened(told, 1000)}") from error


def read_mapping(model: type[BaseModel], path: Path) -> dict[Any, Any]:
    """The content of a YAML file of keys with values, not checked further.

    Args:
        model: what the file shall be, for the message.
        path: the file.

    Raises:
        ConfigError: as `read_yaml`, and if the file is empty or holds something else.
    """
    content = read_yaml(path)
    if isinstance(content, dict):
        return content
    needed = {name: field.examples for name, field in model.model_fields.items() if field.is_required()}
    example = next((f" (for example {name}: {known[0]})" for name, known in needed.items() if known), "")
    allowed = f"it must hold keys with their values, at least {', '.join(needed)}{example}"
    if content is None:
        raise ConfigError(f"{path}: the file is empty, or holds comments alone; {allowed}")
    kind = {"list": "a list", "str": "a text"}.get(type(content).__name__, "a single value")
    raise ConfigError(f"{path}: it holds {kind}, {shown(content)}; {allowed}")


def load(model: type[Model], path: Path, content: Any = None) -> Model:
    """Read and check a configuration file.

    Args:
        model: what it must be.
        path: the file, named in errors.
        content: already parsed content to check instead of the file's.

    Raises:
        ConfigError: as `read_mapping`, or one line a fault: file, key, value, what is allowed, an example.
    """
    try:
        return model.model_validate(read_mapping(model, path) if content is None else content)
    except ValidationError as error:
        faults = error.errors()
        told = "\n".join(_explain(fault, model, path) for fault in faults[:_LISTED_FAULTS])
        more = f"\nand {len(faults) - _LISTED_FAULTS:,} more" if len(faults) > _LISTED_FAULTS else ""
        raise ConfigError(told + more) from error


def _explain(fault: Any, model: type[BaseModel], path: Path) -> str:
    keys = [shortened(str(key)) for key in fault["loc"]]
    place: type[BaseModel] | None = model
    known, example = list(model.model_fields), None
    for number, key in enumerate(keys):
        field = None if place is None else place.model_fields.get(key)
        if field is None:
            break
        example = field.examples[0] if field.examples else None
        place = _model_in(field.annotation)
        tagged = _tagged(field.annotation)
        if tagged and number + 1 < len(keys):
            place = tagged[keys.pop(number + 1)]  # which member of a union: no key of the file
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


def _tagged(annotation: Any) -> dict[str, type[BaseModel]]:
    """Tag -> model, of a field that holds a union whose members have tags; nothing for another."""
    found: dict[str, type[BaseModel]] = {}
    for part in get_args(annotation):
        if get_origin(part) is Annotated:
            held, *about = get_args(part)
            found |= {each.tag: held for each in about if isinstance(each, Tag)} or _tagged(held)
    return found
